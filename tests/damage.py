"""Texts that are damaged: at a known place, or anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import strategies as st

from eda_router.errors import InputError


class Damage(NamedTuple):
    """What is put in place of ``old``, and what the error then says at which line."""

    old: str
    new: str
    line: int
    words: str

    def check(self, text: str, read: Callable[[str], object]) -> None:
        """Make sure that ``read`` refuses the damaged text in one line."""
        assert self.old in text
        with pytest.raises(InputError) as caught:
            read(text.replace(self.old, self.new, 1))
        error = caught.value
        assert error.line == self.line
        assert self.words in str(error)
        assert str(error).startswith(f"{error.path}:{self.line}: ")
        assert "\n" not in str(error)


def damages(table: str, *rows: tuple[str, str, int, str]) -> pytest.MarkDecorator:
    """Give a test one ``damage`` after the other.

    Args:
        table: a line for each: what stood there, what stands there now, the line and the words of
            the error, between bars. ``\\n`` and ``\\0`` stand for a line's end and a zero byte.
        rows: further ones, which a table cannot hold.
    """
    found = [Damage(*row) for row in rows]
    for line in table.strip().splitlines():
        old, new, number, words = (cell.strip() for cell in line.split("|"))
        old, new = (cell.replace(r"\n", "\n").replace(r"\0", "\0") for cell in (old, new))
        found.append(Damage(old, new, int(number), words))
    return pytest.mark.parametrize("damage", found, ids=str)


@st.composite
def damaged_texts(draw: st.DrawFn, text: str, pieces: Sequence[str]) -> str:
    """``text`` with one of ``pieces`` in place of up to 40 characters, perhaps cut short."""
    start = draw(st.integers(0, len(text)))
    stop = draw(st.integers(start, min(start + 40, len(text))))
    damaged = text[:start] + draw(st.sampled_from(pieces)) + text[stop:]
    return damaged[: draw(st.integers(0, len(damaged)))] if draw(st.booleans()) else damaged


def read_or_refused(text: str, read: Callable[[str], object]) -> None:
    """Make sure that ``read`` takes a text or names the line that it refuses."""
    try:
        read(text)
    except InputError as error:
        assert error.line is not None
        assert 1 <= error.line <= text.count("\n") + 1
