"""Drawing again by waypoints: what the model is unsure of, it is asked again in parts.

Where several ways are about as good, the model draws all of them faintly, and no threshold tells
one from the other. A tile of one of them, shown as a further pin, settles the choice: the second
drawing is sharp. The tiles are taken from the model's own doubtful tree, one in the middle of each
weak stretch, so a net is drawn step by step from what is sure to what is not. Hub points before
wires are HubRouter's idea [1]; here the hubs come from the drawing itself, and only where it is
weak.

Waypoints are a hint to the model and nothing else: the tree has to join the pins over what the
model draws, as with a first drawing.

References:
    [1] X. Du, C. Wang, R. Zhong, J. Yan: HubRouter: Learning global routing via hub generation and
        pin-hub connection. NeurIPS 2023.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray
from eda_router.kernels import kernel
from eda_router.neural.extract import RIGHT_MAP, TILE_MAP
from eda_router.neural.plans import doubtful_trees
from eda_router.search.grid import (
    COUNTERCLOCKWISE,
    add_wire,
    edge_direction,
    edge_owner,
    edge_tiles,
    neighbour,
)

SURE = 0.5
"""Probability from which a tile of a doubtful tree counts as settled."""

MOST = 8
"""Weak stretches of a tree that get a waypoint at once."""


def add_waypoints(
    images: NDArray[np.float32], waypoints: NDArray[np.bool_], maps: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Further waypoints for drawings that do not join their pins.

    All in the tiles of the images, which may be blocks of the grid's.

    Args:
        images: float32 ``(num_windows, size, size, 3)``, what the model was shown, without
            waypoints.
        waypoints: bool ``(num_windows, size, size)``, those that the drawings were made with.
        maps: float32 ``(num_windows, size, size, 3)``, the drawings.

    Returns:
        bool ``(num_windows, size, size)``: old waypoints and new ones. Equal to ``waypoints`` in
        windows where nothing is weak or nothing joins the pins; drawing those again is of no use.
    """
    given = (images[..., 2] > 0) | waypoints
    trees = doubtful_trees(images, given, maps)
    return waypoints | weak_middles(given, maps, trees.offsets, trees.edges, SURE, MOST)


def show_waypoints(
    images: NDArray[np.float32], waypoints: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Images ``(num_windows, size, size, 3)`` with the waypoints as pins."""
    shown = images.copy()
    shown[..., 2] = np.maximum(shown[..., 2], waypoints)
    return shown


def weak_middles(
    pins: NDArray[np.bool_],
    maps: NDArray[np.float32],
    offsets: NDArray[np.int64],
    edges: IntArray,
    sure: float,
    most: int,
) -> NDArray[np.bool_]:
    """The most probable tile in the middle half of each tree's longest weak stretches.

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
    chosen = np.zeros(pins.shape, np.bool_)
    tiles = pins.shape[1] * pins.shape[2]
    scratch = _Scratch(
        links=np.zeros(tiles, np.uint8),
        weak=np.zeros(tiles, np.bool_),
        seen=np.zeros(tiles, np.uint8),
        queue=np.empty(tiles, np.int64),
        lengths=np.empty(tiles, np.int64),
        middles=np.empty(tiles, np.int64),
    )
    _weak_middles(pins, maps, offsets, edges, np.float32(sure), most, scratch, chosen)
    return chosen


class _Scratch(NamedTuple):
    """What is remembered of a tree, with an entry for each tile of the window.

    Attributes:
        links: uint8, a bit for each step of the tree.
        weak: bool.
        seen: uint8, how often a stretch was walked.
        queue: int64, the tiles of a stretch.
        lengths: int64, of each stretch.
        middles: int64, the tile of each that becomes a waypoint.
    """

    links: NDArray[np.uint8]
    weak: NDArray[np.bool_]
    seen: NDArray[np.uint8]
    queue: NDArray[np.int64]
    lengths: NDArray[np.int64]
    middles: NDArray[np.int64]


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
def _weak_middles(pins, maps, offsets, edges, sure, most, scratch, chosen):
    """Set ``chosen`` at the waypoints."""
    links, weak, seen, queue, lengths, middles = scratch
    num_windows, _, width = pins.shape
    for i in range(num_windows):
        begin, end = offsets[i], offsets[i + 1]
        found = False
        for edge in edges[begin:end]:
            add_wire(links, edge, width)
            for tile in edge_tiles(edge, width):
                r, c = tile // width, tile % width
                if not pins[i, r, c] and maps[i, r, c, TILE_MAP] < sure:
                    weak[tile] = True
                    found = True
        if not found:
            for edge in edges[begin:end]:
                low = edge_owner(edge)
                edge_map = RIGHT_MAP + edge_direction(edge)
                if maps[i, low // width, low % width, edge_map] < sure:
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
                    likely = maps[i, other // width, other % width, TILE_MAP]
                    if likely > maps[i, best // width, best % width, TILE_MAP]:
                        best = other
                lengths[stretches] = size
                middles[stretches] = best
                stretches += 1
        for _ in range(min(most, stretches)):
            # Of equal stretches the one with the lowest edge counts as longer.
            longest = 0
            for j in range(1, stretches):
                if lengths[j] > lengths[longest]:
                    longest = j
            chosen[i, middles[longest] // width, middles[longest] % width] = True
            lengths[longest] = 0
        for edge in edges[begin:end]:
            for tile in edge_tiles(edge, width):
                links[tile] = 0
                weak[tile] = False
                seen[tile] = 0
