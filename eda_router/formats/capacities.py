"""Tracks of the edges between GCells: what obstructions and adjustments leave, as FastRoute counts.

All functions take one layer as seen along its wires: ``capacity`` is an int32 view ``(across,
along)`` of the layer, whose entry (b, a) is the edge from GCell (b, a) to GCell (b, a + 1); the
last column has no edges. On a vertical layer that is the transposed image.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.formats.gcells import Lines

Capacity = NDArray[np.int32]
Rects = NDArray[np.int64]
"""int64 ``(n, 4)``: lowest along, lowest across, highest along, highest across, database units."""


def take_tracks(
    capacity: Capacity,
    rects: Rects,
    along: Lines,
    across: Lines,
    step: int,
    spare: NDArray[np.bool_] | None = None,
) -> None:
    """Take the tracks away that obstructions cover, in place.

    An edge is obstructed when the obstruction reaches both its GCells; one that lies within one
    GCell obstructs the edge to the next. An obstructed edge loses the length that is covered across
    the layer's direction, overlaps counted once, in tracks, rounded up.

    Args:
        capacity: of the layer.
        rects: the obstructions; what sticks out of the grid is cut off.
        along: borders of the GCells along the layer's direction.
        across: borders across it.
        step: distance of tracks.
        spare: bool ``(n,)``: obstructions that, where they would leave a single track, take it too.
    """
    low, high = [along[0], across[0]], [along[-1], across[-1]]
    inside = np.all((rects[:, :2] < high) & (rects[:, 2:] > low), axis=1)
    rects = np.clip(rects[inside], low * 2, high * 2)
    a1, a2 = _gcells(along, rects[:, 0]), _gcells(along, rects[:, 2])
    b1, b2 = _gcells(across, rects[:, 1]), _gcells(across, rects[:, 3])
    end = np.where((a1 == a2) & (a2 + 1 < capacity.shape[1]), a2 + 1, a2)

    # The first and the last row of each obstruction, with the stretch that is covered in it.
    tall = b2 > b1
    rows = np.concatenate([b1, b2[tall]])
    starts = np.concatenate([rects[:, 1], across[b2[tall]]])
    stops = np.concatenate([np.minimum(rects[:, 3], across[b1 + 1]), rects[tall, 3]])
    if spare is not None:
        columns = np.concatenate([a1, a2[tall]])
        mask = np.concatenate([spare[inside], spare[inside][tall]])
        left = capacity[rows, columns] - _in_tracks(stops - starts, step)
        stops = stops + np.where(mask & (left == 1), step, 0)
    firsts, lasts = np.concatenate([a1, a1[tall]]), np.concatenate([end, end[tall]])
    covered = (stops > starts) & (lasts > firsts)
    blocked = _covered_tracks(
        rows[covered], firsts[covered], lasts[covered], starts[covered], stops[covered],
        capacity.shape, int(across[0]), step,
    )  # fmt: skip
    np.maximum(capacity - blocked, 0, out=capacity)

    between = (b2 > b1 + 1) & (end > a1)
    if np.any(between):
        corners = np.zeros((capacity.shape[0] + 1, capacity.shape[1] + 1), np.int32)
        top, bottom, left, right = b1[between] + 1, b2[between], a1[between], end[between]
        np.add.at(corners, (top, left), 1)
        np.add.at(corners, (top, right), -1)
        np.add.at(corners, (bottom, left), -1)
        np.add.at(corners, (bottom, right), 1)
        capacity[corners.cumsum(0).cumsum(1)[:-1, :-1] > 0] = 0


def _gcells(lines: Lines, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The GCell of each place; a place on a border belongs to the next one."""
    return np.clip(np.searchsorted(lines, places, "right") - 1, 0, len(lines) - 2)


def _in_tracks(lengths: NDArray[np.int64], step: int) -> NDArray[np.int32]:
    tracks: NDArray[np.int32] = np.ceil(lengths.astype(np.float32) / np.float32(step)).astype(
        np.int32
    )
    return tracks


def _covered_tracks(
    rows: NDArray[np.int64],
    firsts: NDArray[np.int64],
    lasts: NDArray[np.int64],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    shape: tuple[int, ...],
    origin: int,
    step: int,
) -> NDArray[np.int32]:
    """int32 ``shape``: tracks of each edge that stretches cover.

    Stretch i covers ``starts[i]`` to ``stops[i]`` of the edges ``(rows[i], firsts[i])`` to
    ``(rows[i], lasts[i] - 1)``.
    """
    covered = np.zeros(shape[0] * shape[1], np.int64)
    counts = lasts - firsts
    edges = np.repeat(rows * shape[1] + firsts, counts)
    edges += np.arange(len(edges)) - np.repeat(np.cumsum(counts) - counts, counts)
    if not len(edges):
        return covered.astype(np.int32).reshape(shape)
    # All edges one after the other on one axis, each with room for every stretch.
    room = int(stops.max()) - origin + 2
    begin = edges * room + np.repeat(starts - origin, counts)
    finish = edges * room + np.repeat(stops - origin, counts)
    order = np.argsort(begin, kind="stable")
    begin, finish = begin[order], np.maximum.accumulate(finish[order])
    heads = np.flatnonzero(np.concatenate([[True], begin[1:] > finish[:-1]]))
    tails = np.concatenate([heads[1:], [len(begin)]]) - 1
    np.add.at(covered, edges[order][heads], finish[tails] - begin[heads])
    return _in_tracks(covered, step).reshape(shape)


def adjust(capacity: Capacity, share: float) -> None:
    """Take a share of every edge's tracks away, in place.

    What is left is rounded down in single precision; one track always is, unless the share is 1.
    """
    left = np.floor(capacity.astype(np.float32) * (np.float32(1) - np.float32(share)))
    capacity[:] = np.maximum(left, (capacity > 0) if share != 1 else 0)


def adjust_region(
    capacity: Capacity, region: Rects, along: Lines, across: Lines, step: int, share: float
) -> None:
    """Take a share of the tracks away in a region, in place, as OpenROAD does.

    Inner GCells lose ``share`` of their tracks. Those of the region's first row or column lose
    ``1 - share`` of the tracks that its first GCell has in the region, and so do those of its last
    row or column with its last GCell; one track is left, unless the share is 1.

    Args:
        capacity: of the layer.
        region: int64 ``(4,)``, as one of :data:`Rects`.
        along: borders of the GCells along the layer's direction.
        across: borders across it.
        step: distance of tracks.
        share: from 0 to 1.
    """
    low_a, low_b, high_a, high_b = region
    a1, a2 = _gcells(along, np.array([low_a, high_a]))
    b1, b2 = _gcells(across, np.array([low_b, high_b]))
    if b1 == b2:
        first = last = high_b - low_b
    else:
        first, last = across[b1 + 1] - low_b, high_b - across[b2]
    left = np.float32(1) - np.float32(share)
    part = capacity[b1 : b2 + 1, a1 : a2 + 1]
    new = np.floor(part * left)
    ends = np.trunc(part - np.ceil(last / step) * left)
    new[-1], new[:, -1] = ends[-1], ends[:, -1]
    starts = np.trunc(part - np.ceil(first / step) * left)
    new[0], new[:, 0] = starts[0], starts[:, 0]
    part[:] = np.clip(new, (part > 0) if share != 1 else 0, part)
