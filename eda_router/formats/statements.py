"""Tokens and statements of LEF and DEF files, with the line of each for errors.

Both formats are words between blanks, statements that end at ``;``, blocks that end at ``END`` and
a name, strings in quotes that may go over several lines, and comments from ``#`` to the line's end.
One regular expression makes the tokens of a whole file; the line of a token is counted only when
an error has to name it.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import NoReturn

from eda_router.errors import InputError
from eda_router.formats.text import LINE_END, decode, shorten

_TOKEN = re.compile(r'"[^"]*"|;|#[^\r\n]*|[^\s;"]+|"')
LARGEST = 2**31 - 1
"""Whole numbers of DEF fit 32 bits; so do positions of LEF in database units."""


class Statements:
    """The tokens of one file, comments left out.

    Attributes:
        path: of the file, for errors.
        tokens: the words, strings and semicolons.

    Raises:
        InputError: the file is no text.
    """

    def __init__(self, path: str | Path, data: bytes):
        self.path = path
        self._text = decode(path, data)
        tokens: list[str] = _TOKEN.findall(self._text)
        if "#" in self._text:
            tokens = [token for token in tokens if token[0] != "#"]
        self.tokens = tokens

    def line_of(self, at: int) -> int:
        """The line, from 1, at which token number ``at`` begins; the last line past the end."""
        words = (match for match in _TOKEN.finditer(self._text) if match[0][0] != "#")
        match = next(islice(words, at, None), None)
        text = self._text.rstrip() if match is None else self._text[: match.start()]
        return len(LINE_END.findall(text)) + 1

    def fail(self, at: int, problem: str, expected: str = "") -> NoReturn:
        """Refuse the file at token number ``at``.

        Raises:
            InputError: always.
        """
        raise InputError(self.path, self.line_of(at), problem, expected)

    def end_of(self, at: int) -> int:
        """Index of the ``;`` that ends the statement at ``at``.

        Raises:
            InputError: there is none.
        """
        try:
            return self.tokens.index(";", at)
        except ValueError:
            self.fail(at, f"the statement {self.shown(at)} has no end", "';'")

    def after_block(self, at: int, name: str) -> int:
        """Index after the ``END name`` that ends the block which begins at ``at``.

        Raises:
            InputError: there is none.
        """
        tokens, here = self.tokens, at
        try:
            while True:
                here = tokens.index("END", here) + 1
                if here < len(tokens) and tokens[here] == name:
                    return here + 1
        except ValueError:
            self.fail(at, f"the block {self.shown(at)} has no end", f"END {name}")

    def ends(self, at: int, name: str, where: str) -> bool:
        """Whether the word at ``at`` is the END of the block ``name``.

        Args:
            at: index of the word.
            name: of the block that is open.
            where: where that is, for the error.

        Raises:
            InputError: the END of another block stands there, or no word.
        """
        if self.name_at(at) != "END":
            return False
        if self.name_at(at + 1) != name:
            self.fail(at, f"{self.shown(at, 2)} {where}", f"END {name}")
        return True

    def after_extension(self, at: int) -> int:
        """Index after the ``ENDEXT`` of the ``BEGINEXT`` at ``at``.

        Raises:
            InputError: there is none.
        """
        try:
            return self.tokens.index("ENDEXT", at) + 1
        except ValueError:
            self.fail(at, "the block 'BEGINEXT' has no end", "ENDEXT")

    def name_at(self, at: int) -> str:
        """The name that stands at ``at``.

        Raises:
            InputError: a semicolon or the end of the file stands there.
        """
        if at >= len(self.tokens):
            self.fail(at, f"the file ends after {shorten(self.tokens[-1])}", "a name")
        name = self.tokens[at]
        if name == ";":
            self.fail(at, f"no name after {shorten(self.tokens[at - 1])}", "a name")
        return name

    def shown(self, at: int, words: int = 6) -> str:
        """The first words of the statement at ``at``, for a message."""
        part = self.tokens[at : at + words]
        for stop in (";", "END"):
            if stop in part[1:]:
                part = part[: part.index(stop, 1)]
        return shorten(" ".join(part))


def whole(word: str) -> int:
    """A whole number of 32 bits.

    Raises:
        ValueError: it is none.
    """
    value = int(word)
    if not -LARGEST <= value <= LARGEST:
        raise ValueError
    return value
