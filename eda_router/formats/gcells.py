"""The grid of GCells that a die is cut into, and the tracks that lie in each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.formats.def_file import Tracks

TILE_TRACKS = 15
"""Tracks a GCell has in each direction, about."""

Lines = NDArray[np.int64]


def _places(line: Tracks) -> NDArray[np.int64]:
    return line.first + line.step * np.arange(line.num, dtype=np.int64)


class TrackPattern(NamedTuple):
    """Evenly spaced tracks: ``num`` of them at ``first``, ``first + step``, ..."""

    first: int
    step: int
    num: int


def track_pattern(tracks: Iterable[Tracks], layer: str, axis: str) -> TrackPattern | None:
    """The tracks of a layer at places in ``axis``, or None without any.

    Several TRACKS lines become one even pattern, as OpenROAD makes it: all different places, the
    first of them, and the mean distance rounded up.
    """
    lines = [line for line in tracks if line.axis == axis and layer in line.layers]
    if not lines:
        return None
    if len(lines) == 1:
        return TrackPattern(lines[0].first, max(lines[0].step, 1), lines[0].num)
    places = np.unique(np.concatenate([_places(line) for line in lines]))
    span = int(places[-1] - places[0])
    return TrackPattern(int(places[0]), max(math.ceil(span / len(places)), 1), len(places))


def tracks_between(pattern: TrackPattern, lines: Lines) -> NDArray[np.int64]:
    """int64 ``(len(lines) - 1,)``: tracks from each line, itself included, up to the next."""
    below = np.clip(-(-(lines - pattern.first) // pattern.step), 0, pattern.num)
    return below[1:] - below[:-1]


def tile_side(steps: list[int]) -> int:
    """Side of a GCell as OpenROAD chooses it.

    Args:
        steps: track steps of the layers 2, 3 and 4, or of one layer alone.
    """
    if len(steps) == 1:
        return TILE_TRACKS * steps[0]
    return TILE_TRACKS * max(sorted(step // 2 * 2 for step in steps)[len(steps) // 2], 1)


def even_lines(low: int, high: int, tile: int) -> Lines:
    """Borders of tiles from ``low`` on; the last tile takes what is left over."""
    count = max((high - low) // tile, 1)
    lines = low + tile * np.arange(count + 1, dtype=np.int64)
    lines[-1] = high
    return lines


def given_lines(gcells: Iterable[Tracks], axis: str, low: int, high: int) -> Lines:
    """Borders of tiles from GCELLGRID lines, cut to the die; ``low`` and ``high`` are borders."""
    places = [_places(line) for line in gcells if line.axis == axis]
    lines = np.unique(np.concatenate([*places, [low, high]])).astype(np.int64)
    return lines[(lines >= low) & (lines <= high)]
