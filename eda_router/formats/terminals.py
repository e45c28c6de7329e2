"""Terminals of nets on the grid: the GCells a pin reaches, and the one it is routed to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.formats.gcells import Lines

Int64Array = NDArray[np.int64]

_PASSES = 6
_FAR = 2**20


def candidates(
    shapes: Int64Array, owners: Int64Array, num_terminals: int, xs: Lines, ys: Lines
) -> tuple[Int64Array, NDArray[np.int32], NDArray[np.int8]]:
    """The pairs (tile, layer) that the shapes of terminals overlap.

    Of a shape outside the die the nearest place in it counts.

    Args:
        shapes: int64 ``(n, 5)``: layer, lowest x, lowest y, highest x, highest y.
        owners: int64 ``(n,)``, the terminal of each shape.
        num_terminals: number of terminals.
        xs: borders of the columns.
        ys: borders of the rows.

    Returns:
        int64 ``(num_terminals + 1,)`` offsets into int32 tiles and int8 layers, in order of tile,
        then layer, without repetition within a terminal.
    """
    width, num_tiles = len(xs) - 1, (len(xs) - 1) * (len(ys) - 1)
    left, right = _range(xs, shapes[:, 1], shapes[:, 3])
    low, high = _range(ys, shapes[:, 2], shapes[:, 4])
    columns = right - left + 1
    counts = columns * (high - low + 1)
    source = np.repeat(np.arange(len(shapes)), counts)
    within = np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)
    up, along = np.divmod(within, columns[source])
    tiles = (low[source] + up) * width + left[source] + along
    layers = int(shapes[:, 0].max(initial=0)) + 1
    keys = np.unique((owners[source] * num_tiles + tiles) * layers + shapes[source, 0])
    pairs, layer = np.divmod(keys, layers)
    owner, tile = np.divmod(pairs, num_tiles)
    offsets = np.searchsorted(owner, np.arange(num_terminals + 1))
    return offsets.astype(np.int64), tile.astype(np.int32), layer.astype(np.int8)


def _range(lines: Lines, low: Int64Array, high: Int64Array) -> tuple[Int64Array, Int64Array]:
    """First and last tile that each stretch overlaps with more than a point, if it has any."""
    low, high = np.clip(low, lines[0], lines[-1]), np.clip(high, lines[0], lines[-1])
    first = np.clip(np.searchsorted(lines, low, "right") - 1, 0, len(lines) - 2)
    last = np.searchsorted(lines, high, "left") - 1
    return first, np.maximum(last, first)


def choose_tiles(
    pin_offsets: Int64Array,
    candidate_offsets: Int64Array,
    candidate_tiles: NDArray[np.int32],
    width: int,
) -> NDArray[np.int32]:
    """The tile to which each terminal is routed, so that wires are short.

    Each terminal begins at its middle candidate. In a few passes, every terminal that has a choice
    takes the candidate nearest to the bounding box of its net's other terminals; among equally near
    ones that nearest to the middle of the net's terminals. A net keeps the pass in which its half
    perimeter was smallest, and of those that in which its terminals lay in the fewest tiles.

    Args:
        pin_offsets: int64 ``(num_nets + 1,)``, into the terminals; no net is empty.
        candidate_offsets: int64 ``(num_terminals + 1,)``, into the candidates.
        candidate_tiles: int32 ``(num_candidates,)``.
        width: of the grid, in tiles.

    Returns:
        int32 ``(num_terminals,)``.
    """
    counts = np.diff(candidate_offsets)
    best: NDArray[np.int32] = candidate_tiles[candidate_offsets[:-1] + (counts - 1) // 2]
    net_of = np.repeat(np.arange(len(pin_offsets) - 1), np.diff(pin_offsets))
    choosers = np.flatnonzero(counts > 1)
    if not len(choosers):
        return best
    sizes = counts[choosers]
    ends = np.cumsum(sizes)
    index = np.arange(ends[-1]) + np.repeat(candidate_offsets[choosers] - (ends - sizes), sizes)
    tiles = candidate_tiles[index]
    y, x = np.divmod(tiles.astype(np.int64), width)
    owner = np.repeat(choosers, sizes)

    current = best.copy()
    best_score = _scores(pin_offsets, net_of, current, width)
    for _ in range(_PASSES):
        pin_y, pin_x = np.divmod(current.astype(np.int64), width)
        out_x, mid_x = _pull(pin_offsets, net_of, pin_x, owner, x)
        out_y, mid_y = _pull(pin_offsets, net_of, pin_y, owner, y)
        cost = (out_x + out_y) * _FAR + mid_x + mid_y
        order = np.lexsort((tiles, cost, owner))
        current[choosers] = tiles[order[ends - sizes]]
        score = _scores(pin_offsets, net_of, current, width)
        better = score < best_score
        if not np.any(better):
            break
        best = np.where(better[net_of], current, best)
        best_score = np.minimum(score, best_score)
    return best


def _pull(
    pin_offsets: Int64Array,
    net_of: Int64Array,
    places: Int64Array,
    owner: Int64Array,
    wanted: Int64Array,
) -> tuple[Int64Array, Int64Array]:
    """How far ``wanted`` places lie outside the others of their net, and from its middle."""
    order = np.lexsort((places, net_of))
    lined = places[order]
    first, last = pin_offsets[:-1], pin_offsets[1:] - 1
    middle = lined[(first + last) // 2]
    # Without the owner itself, the lowest of its net is the second lowest if it was the lowest.
    second, before_last = np.minimum(first + 1, last), np.maximum(last - 1, first)
    net, own = net_of[owner], places[owner]
    low = np.where(own == lined[first[net]], lined[second[net]], lined[first[net]])
    high = np.where(own == lined[last[net]], lined[before_last[net]], lined[last[net]])
    outside = np.maximum(np.maximum(low - wanted, wanted - high), 0)
    return outside, np.abs(wanted - middle[net])


def _scores(
    pin_offsets: Int64Array, net_of: Int64Array, tiles: NDArray[np.int32], width: int
) -> Int64Array:
    """Half perimeter of each net, then the number of its tiles, as one number."""
    y, x = np.divmod(tiles.astype(np.int64), width)
    starts = pin_offsets[:-1]
    half = np.maximum.reduceat(x, starts) - np.minimum.reduceat(x, starts)
    half += np.maximum.reduceat(y, starts) - np.minimum.reduceat(y, starts)
    order = np.lexsort((tiles, net_of))
    fresh = np.diff(tiles[order], prepend=-1) != 0
    fresh[starts] = True
    score: Int64Array = half * _FAR + np.add.reduceat(fresh.astype(np.int64), starts)
    return score
