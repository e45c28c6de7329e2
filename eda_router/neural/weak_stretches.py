"""Waypoints of a doubtful tree.

Where a drawing is unsure the tree taken from it runs over weak tiles. One tile in the middle of
each weak stretch, given to the model as if it were a pin, makes it choose a side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray
from eda_router.kernels import kernel
from eda_router.neural.extract import RIGHT_MAP, TILE_MAP
from eda_router.search.grid import COUNTERCLOCKWISE, edge_step, edge_tiles, neighbour, opposite


def weak_middles(
    pins: NDArray[np.bool_],
    maps: NDArray[np.float32],
    offsets: NDArray[np.int64],
    edges: IntArray,
    sure: float,
    most: int,
) -> NDArray[np.bool_]:
    """The surest tile in the middle half of each tree's longest weak stretches.

    A *stretch* is a connected part of the tree, pins left out, whose tiles are less probable than
    ``sure``; where all tiles are sure, the tiles at unsure edges. O(tiles) a window.

    Args:
        pins: bool ``(num_windows, height, width)``.
        maps: float32 ``(num_windows, height, width, 3)``, probability that the route takes the
            tile, its right edge and its upper edge.
        offsets: int64 ``(num_windows + 1,)``.
        edges: int32, edges of window i's tree at ``offsets[i]:offsets[i + 1]``.
        sure: probability.
        most: stretches of a tree that get one.

    Returns:
        bool ``(num_windows, height, width)``; none of the tiles is a pin.
    """
    chosen: NDArray[np.bool_] = _weak_middles(pins, maps, offsets, edges, np.float32(sure), most)
    return chosen


@kernel
def _link(links, edge, width):
    """Note an edge at both of its tiles: bit s tells of an edge over the step s."""
    owner, other = edge_tiles(edge, width)
    step = edge_step(edge)
    links[owner] |= 1 << step
    links[other] |= 1 << opposite(step)


@kernel
def _walk(start, links, weak, seen, mark, queue, width):
    """Queue the weak stretch of ``start`` breadth first; tiles met are set to ``mark``."""
    queue[0] = start
    seen[start] = mark
    head, tail = 0, 1
    while head < tail:
        tile = queue[head]
        head += 1
        for step in COUNTERCLOCKWISE:
            if not links[tile] >> step & 1:
                continue
            other = neighbour(tile, step, width)
            if weak[other] and seen[other] != mark:
                seen[other] = mark
                queue[tail] = other
                tail += 1
    return tail


@kernel
def _is_end(tile, links, weak, width):
    count = 0
    for step in range(4):
        if links[tile] >> step & 1 and weak[neighbour(tile, step, width)]:
            count += 1
    return count <= 1


@kernel
def _weak_middles(pins, maps, offsets, edges, sure, most):
    num_windows, height, width = pins.shape
    num_tiles = height * width
    chosen = np.zeros(pins.shape, np.bool_)
    links = np.zeros(num_tiles, np.uint8)
    weak = np.zeros(num_tiles, np.bool_)
    seen = np.zeros(num_tiles, np.uint8)
    queue = np.empty(num_tiles, np.int64)
    lengths = np.empty(num_tiles, np.int64)
    middles = np.empty(num_tiles, np.int64)
    for i in range(num_windows):
        begin, end = offsets[i], offsets[i + 1]
        found = False
        for edge in edges[begin:end]:
            _link(links, edge, width)
            for tile in edge_tiles(edge, width):
                r, c = tile // width, tile % width
                if not pins[i, r, c] and maps[i, r, c, TILE_MAP] < sure:
                    weak[tile] = True
                    found = True
        if not found:
            for edge in edges[begin:end]:
                low = edge >> 1
                if maps[i, low // width, low % width, RIGHT_MAP + (edge & 1)] < sure:
                    for tile in edge_tiles(edge, width):
                        if not pins[i, tile // width, tile % width]:
                            weak[tile] = True
        stretches = 0
        for edge in edges[begin:end]:
            for tile in edge_tiles(edge, width):
                if not weak[tile] or seen[tile]:
                    continue
                size = _walk(tile, links, weak, seen, 1, queue, width)
                first = tile
                for j in range(size):
                    if _is_end(queue[j], links, weak, width):
                        first = queue[j]
                        break
                size = _walk(first, links, weak, seen, 2, queue, width)
                low = size // 4
                high = max(low + 1, (3 * size + 3) // 4)
                best = queue[low]
                for j in range(low + 1, high):
                    other = queue[j]
                    if (
                        maps[i, other // width, other % width, TILE_MAP]
                        > maps[i, best // width, best % width, TILE_MAP]
                    ):
                        best = other
                lengths[stretches] = size
                middles[stretches] = best
                stretches += 1
        # A stable sort, so that of equal stretches the one with the lowest edge counts as longer.
        order = np.argsort(-lengths[:stretches], kind="mergesort")
        for j in order[:most]:
            chosen[i, middles[j] // width, middles[j] % width] = True
        for edge in edges[begin:end]:
            for tile in edge_tiles(edge, width):
                links[tile] = 0
                weak[tile] = False
                seen[tile] = 0
    return chosen
