"""Formats of lines: the words of each, and where it stands when something is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from eda_router.errors import InputError
from eda_router.formats.text import LINE_END, shorten


class LineReader:
    """The lines of a text one after the other; blank ones are passed over.

    Attributes:
        path: of the text, for errors.
        line: number of the line read last, from 1.
        lines_of: the line in which each net begins, by its name.
    """

    def __init__(self, path: str | Path, text: str):
        self.path = path
        self.line = 0
        self.lines_of: dict[str, int] = {}
        lines = LINE_END.split(text)
        self._last = max(1, len(lines) - (lines[-1] == ""))
        self._rest = enumerate(lines, 1)

    def __iter__(self) -> Iterator[str]:
        """The lines that are left, without the blanks around them."""
        while line := self.following():
            yield line

    def following(self) -> str:
        """The next line, without the blanks around it; empty at the end of the text."""
        for number, line in self._rest:
            if stripped := line.strip():
                self.line = number
                return stripped
        self.line = self._last
        return ""

    def next(self, what: str) -> list[str]:
        """The words of the next line, which ``what`` names.

        Raises:
            InputError: the text ends.
        """
        words = self.following().split()
        if not words:
            self.fail("the file ends here", what)
        return words

    def next_net(self, number: int, num_nets: int, expected: Sequence[str]) -> list[str]:
        """The words of the line with which net ``number`` of ``num_nets`` begins.

        Raises:
            InputError: they are not as many as ``expected``, or the text ends.
        """
        what = f"net {number} of {num_nets}"
        words = self.next(what)
        if len(words) != len(expected):
            *most, last = expected
            self.fail(
                f"{shorten(' '.join(words))} where {what} begins", f"{', '.join(most)} and {last}"
            )
        return words

    def begin_net(self, name: str, count: int) -> None:
        """Note where the net begins.

        Raises:
            InputError: one of its name began before, or its number of pins is none.
        """
        if name in self.lines_of:
            self.fail(
                f"net name {shorten(name)} is taken since line {self.lines_of[name]}",
                "each net's own name",
            )
        if count < 1:
            self.fail(f"net {shorten(name)} with {count} pins", "1 or more")
        self.lines_of[name] = self.line

    def header(self, keywords: str, count: int, expected: str) -> list[str]:
        """The ``count`` words after the keywords that the next line has to begin with.

        Raises:
            InputError: the line is another, or the text ends.
        """
        found, known = self.next(expected), keywords.split()
        if found[: len(known)] != known or len(found) != len(known) + count:
            self.fail(shorten(" ".join(found)), expected)
        return found[len(known) :]

    def end(self, last: str) -> None:
        """Make sure that nothing follows ``last``.

        Raises:
            InputError: something does.
        """
        if line := self.following():
            self.fail(f"{shorten(' '.join(line.split()))} after {last}", "the end")

    def fail(self, problem: str, expected: str) -> NoReturn:
        """Refuse the line read last.

        Raises:
            InputError: always.
        """
        raise InputError(self.path, self.line, problem, expected)


class NetBlocks(LineReader):
    """A text of blocks, each a net's head, lines of its wires, and a line that closes it.

    Subclasses say what a head is.
    """

    def blocks(self, close: str) -> Iterator[tuple[int, str]]:
        """Number of the net and text of each line between a head and the next ``close``.

        Raises:
            InputError: a head names no net, or the text ends within a block.
        """
        net: int | None = None
        name = ""
        for line in self:
            if net is None:
                name, net = self.head(line)
            elif line == close:
                net = None
            else:
                yield net, line
        if net is not None:
            self.ends_within(name, close)

    def head(self, line: str) -> tuple[str, int]:
        """Name and number of the net whose block begins with ``line``."""
        raise NotImplementedError

    def once(self, name: str) -> None:
        """Note that the block of the net of this name begins.

        Raises:
            InputError: it has one already.
        """
        if name in self.lines_of:
            self.fail(
                f"net {shorten(name)} stands in line {self.lines_of[name]} already", "each net once"
            )
        self.lines_of[name] = self.line

    def ends_within(self, name: str, missing: str) -> NoReturn:
        """Refuse the end of the text within the block of a net.

        Raises:
            InputError: always.
        """
        self.fail(
            f"the file ends within net {shorten(name)} of line {self.lines_of[name]}",
            f"'{missing}'",
        )


class SolutionBlocks(NetBlocks):
    """Blocks as the ISPD 2008 contest has them: name and id, segments, and ``!``.

    Args:
        path: of the text, for errors.
        text: of the file.
        owner: name of the design or problem, for errors.
        net_names: of the design or problem.
        net_ids: of its nets.

    Attributes:
        listed: bool ``(num_nets,)``: whether the net stands in the text so far.
    """

    def __init__(
        self,
        path: str | Path,
        text: str,
        owner: str,
        net_names: Sequence[str],
        net_ids: NDArray[np.int64],
    ):
        super().__init__(path, text)
        self.listed = np.zeros(len(net_names), np.bool_)
        self._owner = owner
        self._nets = {name: net for net, name in enumerate(net_names)}
        self._ids = net_ids

    def head(self, line: str) -> tuple[str, int]:
        """Name and number of the net whose block begins with ``line``.

        Raises:
            InputError: no net is called so, has this id, or has no block yet.
        """
        name, *rest = line.split()
        net = self._nets.get(name)
        if net is None:
            self.fail(f"{shorten(line)} names no net of {self._owner}", "a net's name and id")
        net_id = str(self._ids[net])
        if rest != [net_id]:
            self.fail(f"{shorten(line)} where net {shorten(name)} begins", f"its id {net_id}")
        self.once(name)
        self.listed[net] = True
        return name, net
