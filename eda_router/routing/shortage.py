"""How many tracks a design lacks whatever the routing: a lower bound on overflow.

Wires need as many tracks as they are long, and every net with pins on both sides of a closed line
crosses it, so a line that more nets must cross than it has tracks overflows by the difference.
Lines that share no edge add up. :func:`crowded_boxes` says where such lines lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray


def missing_tracks(design: Design) -> int:
    """Lower bound on the total overflow of any routing that joins all nets of ``design``.

    The largest of what these show, the families of cuts each with no edge in two cuts:

    - the tracks of the whole grid beside the least length of all nets;
    - all straight lines across the whole grid;
    - the borders of every second square of a chequerboard, for squares of 1, 2, 4 ... tiles.

    O(pins x log(pins) x log(side)) time.

    Returns:
        tracks; 0 says nothing.
    """
    most = max(_in_all(design), _across(design))
    side = 1
    while side < max(design.width, design.height):
        most = max(most, _around_squares(design, side))
        side *= 2
    return most


def shortage_details(
    design: Design, demand: IntArray, unrouted: NDArray[np.int64]
) -> dict[str, Any]:
    """What a run's details say of missing tracks: plain values for JSON.

    Args:
        design: the grid and its nets.
        demand: int32 ``(height, width, 2)``, of the routing that was given up.
        unrouted: nets without wire.

    Returns:
        ``missing_tracks``, the larger lower bound of :func:`missing_tracks` and
        :func:`crowded_boxes`, and ``crowded_boxes``, the places that prove it or a part of it.
    """
    boxes = crowded_boxes(design, troubled_tiles(design, demand, unrouted))
    return {
        "missing_tracks": max(missing_tracks(design), sum(box.missing for box in boxes)),
        "crowded_boxes": [
            {
                "box": list(one.box),
                "missing": one.missing,
                "tracks": one.tracks,
                "nets": [design.net_names[net] for net in one.nets.tolist()],
            }
            for one in boxes
        ],
    }


_Box = tuple[int, int, int, int]
"""Lowest column and row, highest column and row."""


@dataclass(frozen=True, eq=False)
class CrowdedBox:
    """A box whose border more nets must cross than it has tracks.

    Attributes:
        box: lowest column and row, highest column and row of its tiles; a box from one side of the
            grid to the opposite one is cut off by straight lines.
        tracks: of the edges that lead out of the box.
        nets: int64, rising, the nets with pins both inside and outside.
    """

    box: tuple[int, int, int, int]
    tracks: int
    nets: NDArray[np.int64]

    @property
    def missing(self) -> int:
        """Overflow of these edges in any routing that joins the nets, tracks, at least."""
        return len(self.nets) - self.tracks


def crowded_boxes(design: Design, tiles: NDArray[np.int64]) -> list[CrowdedBox]:
    """Boxes that lack tracks whatever the routing, no two with a common edge on their borders.

    Looked for are all that straight lines cut off, and boxes that begin around ``tiles``: each side
    in turn goes where the most tracks are missing, until none moves. So not every box that lacks
    tracks is found, but what is found is proven.

    O(pins) time a side.

    Args:
        design: the grid and its nets.
        tiles: where tracks may be missing, see :func:`troubled_tiles`.

    Returns:
        The greatest shortage first. Their shortages add up to a lower bound on the total overflow
        of any routing that joins all nets.
    """
    cuts = _Cuts(design)
    found = dict(cuts.halves())
    for seed in _seeds(design, tiles):
        box, missing = cuts.climb(seed)
        found[box] = missing
    taken = np.zeros(design.capacity.size, np.bool_)
    chosen = []
    for box in sorted((box for box in found if found[box] > 0), key=lambda b: (-found[b], b)):
        border = _border(design, box)
        if taken[border].any():
            continue
        taken[border] = True
        tracks = int(design.capacity.reshape(-1)[border].sum(dtype=np.int64))
        chosen.append(CrowdedBox(box, tracks, cuts.crossing(box)))
    return chosen


def troubled_tiles(
    design: Design, demand: IntArray, unrouted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Tiles where a routing shows that tracks may be missing, at most 4.

    Args:
        design: the grid and its nets.
        demand: int32 ``(height, width, 2)``, of the routing.
        unrouted: nets without wire.

    Returns:
        int64: the tiles at the most overflowed edges; where none overflows, those with the most
        pins of unrouted nets.
    """
    weights = (demand.astype(np.int64) - design.capacity).reshape(-1, 2).max(axis=1)
    if weights.max(initial=0) <= 0:
        of_pin = np.repeat(np.isin(np.arange(design.num_nets), unrouted), design.pin_counts)
        weights = np.bincount(design.pins[of_pin], minlength=design.num_tiles)
    first: NDArray[np.int64] = np.argsort(-weights, kind="stable")[:_MOST_TILES]
    troubled: NDArray[np.int64] = first[weights[first] > 0]
    return troubled


_MOST_TILES = 4


def _seeds(design: Design, tiles: NDArray[np.int64]) -> Iterator[_Box]:
    """Squares of 1, 4, 16 ... tiles a side around each tile."""
    for tile in tiles.tolist():
        x, y = tile % design.width, tile // design.width
        side = 1
        while side < max(design.width, design.height):
            x0, y0 = max(0, x - (side - 1) // 2), max(0, y - (side - 1) // 2)
            yield x0, y0, min(x0 + side, design.width) - 1, min(y0 + side, design.height) - 1
            side *= 4


class _Cuts:
    """Counts the nets that must cross the borders of boxes, and their tracks."""

    def __init__(self, design: Design) -> None:
        self._shape = design.width, design.height
        several = design.pin_counts > 1
        self._nets = np.flatnonzero(several)
        of_pin = np.repeat(several, design.pin_counts)
        tiles = design.pins[of_pin]
        self._pins = np.stack([tiles % design.width, tiles // design.width])
        counts = design.pin_counts[several]
        self._starts = np.cumsum(counts) - counts
        # Tracks up to a row or column: of horizontal edges along y, of vertical ones along x.
        capacity = design.capacity.astype(np.int64)
        self._across = [
            np.concatenate([np.zeros((1, design.width), np.int64),
                            capacity[..., HORIZONTAL].cumsum(axis=0)]).T,
            np.concatenate([np.zeros((1, design.height), np.int64),
                            capacity[..., VERTICAL].T.cumsum(axis=0)]).T,
        ]  # fmt: skip

    def halves(self) -> Iterator[tuple[_Box, int]]:
        """The lower boxes that straight lines across the grid cut off, with what is missing."""
        width, height = self._shape
        all_ = (0, 0, width - 1, height - 1)
        for place, missing in enumerate(self._along(all_, 2).tolist()):
            yield (0, 0, place, height - 1), missing
        for place, missing in enumerate(self._along(all_, 3).tolist()):
            yield (0, 0, width - 1, place), missing

    def crossing(self, box: _Box) -> NDArray[np.int64]:
        """The nets with pins both inside and outside."""
        if not len(self._nets):
            return self._nets
        x, y = self._pins
        inside = (x >= box[0]) & (y >= box[1]) & (x <= box[2]) & (y <= box[3])
        some = np.logical_or.reduceat(inside, self._starts)
        return self._nets[some & ~np.logical_and.reduceat(inside, self._starts)]

    def climb(self, box: _Box) -> tuple[_Box, int]:
        """Move one side after the other to where the most is missing, until none moves.

        Returns:
            the box, and nets that must cross its border less its tracks.
        """
        still, side = 0, 0
        while still < 4:
            values = self._along(box, side)
            best = int(values.argmax())
            still += 1
            if values[best] > values[box[side]]:
                still = 1
                sides = list(box)
                sides[side] = best
                box = (sides[0], sides[1], sides[2], sides[3])
            most = int(values[best])
            side = (side + 1) % 4
        return box, most

    def _along(self, box: _Box, side: int) -> NDArray[np.int64]:
        """What is missing for each place of one side of a box, the others staying.

        Returns:
            int64, by column or row of the side; far below 0 where the box would be empty.
        """
        axis, upper = side % 2, side >= 2
        fixed = box[axis] if upper else box[axis + 2]
        low, high = box[1 - axis], box[3 - axis]
        size = self._shape[axis]
        places = np.arange(size)
        # Seen from the fixed side, the moving one goes away from it: distances 0, 1, 2 ...
        reach = size - fixed if upper else fixed + 1
        at = fixed + places[:reach] if upper else fixed - places[:reach]
        along, beside = self._pins[axis], self._pins[1 - axis]
        distance = along - fixed if upper else fixed - along
        within = (distance >= 0) & (beside >= low) & (beside <= high)
        wanted = np.zeros(reach, np.int64)
        if len(self._nets):
            far = np.where(within, distance, reach)
            first = np.minimum.reduceat(far, self._starts)
            last = np.maximum.reduceat(far, self._starts)
            # A net is cut from where its first pin is inside until its last one is.
            begun = np.bincount(first, minlength=reach + 1)[:reach]
            ended = np.bincount(last, minlength=reach + 1)[:reach]
            wanted = np.cumsum(begun - ended)
        tracks = self._lead_out(axis, at if upper else np.full(reach, fixed), low, high)
        tracks += self._lead_out(axis, (np.full(reach, fixed) if upper else at) - 1, low, high)
        for line, inside in ((low - 1, low > 0), (high, high < self._shape[1 - axis] - 1)):
            if inside:
                sums = self._across[1 - axis][line]
                first_place = np.minimum(at, fixed)
                tracks += sums[np.maximum(at, fixed) + 1] - sums[first_place]
        values = np.full(size, np.iinfo(np.int64).min // 2)
        values[at] = wanted - tracks
        return values

    def _lead_out(
        self, axis: int, lines: NDArray[np.int64], low: int, high: int
    ) -> NDArray[np.int64]:
        """Tracks across each line, which lies after a column or row; 0 for the grid's border."""
        inside = (lines >= 0) & (lines < self._shape[axis] - 1)
        sums = self._across[axis][np.where(inside, lines, 0)]
        return np.where(inside, sums[:, high + 1] - sums[:, low], 0)


def _border(design: Design, box: _Box) -> NDArray[np.int64]:
    """Ids of the edges that lead out of a box."""
    x0, y0, x1, y1 = box
    rows = np.arange(y0, y1 + 1) * design.width
    columns = np.arange(x0, x1 + 1)
    parts = []
    if x0 > 0:
        parts.append(2 * (rows + x0 - 1) + HORIZONTAL)
    if x1 < design.width - 1:
        parts.append(2 * (rows + x1) + HORIZONTAL)
    if y0 > 0:
        parts.append(2 * ((y0 - 1) * design.width + columns) + VERTICAL)
    if y1 < design.height - 1:
        parts.append(2 * (y1 * design.width + columns) + VERTICAL)
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _in_all(design: Design) -> int:
    """Tracks missing for wires that are as short as each net alone could have them, at least."""
    shortest = np.maximum(design.half_perimeters, design.pin_counts - 1)
    return max(0, int(shortest.sum(dtype=np.int64)) - int(design.capacity.sum(dtype=np.int64)))


def _across(design: Design) -> int:
    """Tracks missing across all straight lines."""
    return sum(max(0, missing) for _, missing in _Cuts(design).halves())


def _around_squares(design: Design, side: int) -> int:
    """Tracks missing around the squares of one colour, whichever colour misses more."""
    rows, columns = -(-design.height // side), -(-design.width // side)
    row, column = design.pins // design.width // side, design.pins % design.width // side
    squares = rows * columns
    net_of_pin = np.repeat(np.arange(design.num_nets), design.pin_counts)
    keys = np.unique(net_of_pin * squares + row * columns + column)
    leaves = np.bincount(keys // squares, minlength=design.num_nets) > 1
    wanted = np.bincount(keys[leaves[keys // squares]] % squares, minlength=squares)
    tracks = _border_tracks(design.capacity, side, rows, columns)
    black = np.add.outer(np.arange(rows), np.arange(columns)) % 2 == 0
    wanted = wanted.reshape(rows, columns)
    return max(_lacking(wanted[colour], tracks[colour]) for colour in (black, ~black))


def _border_tracks(capacity: IntArray, side: int, rows: int, columns: int) -> NDArray[np.int64]:
    """int64 ``(rows, columns)``: tracks that lead out of each square."""
    height, width, _ = capacity.shape
    tracks = np.zeros((rows, columns), np.int64)
    right = capacity[:, side - 1 : width - 1 : side, HORIZONTAL].astype(np.int64)
    right = np.add.reduceat(right, np.arange(0, height, side), axis=0)
    tracks[:, :-1] += right
    tracks[:, 1:] += right
    up = capacity[side - 1 : height - 1 : side, :, VERTICAL].astype(np.int64)
    up = np.add.reduceat(up, np.arange(0, width, side), axis=1)
    tracks[:-1] += up
    tracks[1:] += up
    return tracks


def _lacking(wanted: NDArray[np.int64], tracks: NDArray[np.int64]) -> int:
    return int(np.maximum(wanted - tracks, 0).sum())
