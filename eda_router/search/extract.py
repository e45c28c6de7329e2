"""From drawn tiles to a tree: what a model proposes becomes wire, or is refused.

The extraction is simple on purpose. It does not know what an edge costs: it joins pins by the
fewest tiles inside the drawing. A drawing that covers every tile therefore gets a congestion-blind
tree, so the price of the trees tells whether the drawing, not the extraction, saw congestion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, IntArray

TILE_MAP, RIGHT_MAP, UP_MAP = 0, 1, 2
"""A drawing's maps; an edge's map is RIGHT_MAP plus its direction."""


@dataclass(frozen=True, eq=False)
class Extraction:
    """Trees taken from a batch of drawings.

    Attributes:
        ok: bool ``(num_windows,)``, whether all pins could be joined.
        offsets: int64 ``(num_windows + 1,)``, window i's tree is
            ``edges[offsets[i]:offsets[i + 1]]``, empty where ``ok`` is False.
        edges: int32, sorted edge ids inside the window (:mod:`eda_router.design`).
        drawn_tiles: int32 ``(num_windows,)``, tiles drawn, pins included.
    """

    ok: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    edges: IntArray
    drawn_tiles: IntArray

    @property
    def lengths(self) -> IntArray:
        """int32 ``(num_windows,)``: edges of each tree."""
        return np.diff(self.offsets).astype(np.int32)

    @property
    def ink(self) -> NDArray[np.float64]:
        """float64 ``(num_windows,)``: tiles drawn over tiles of the tree, NaN without a tree."""
        return np.where(self.ok, self.drawn_tiles / (self.lengths + 1), np.nan)

    def tree(self, window: int) -> IntArray:
        """Edges of the tree of window number ``window``."""
        return self.edges[self.offsets[window] : self.offsets[window + 1]]


def extract_trees(
    free: NDArray[np.integer], pins: NDArray[np.bool_], drawn: NDArray[np.bool_]
) -> Extraction:
    """Take a tree over the pins from each drawing of tiles.

    From the pin with the lowest tile the tree grows pin by pin: a breadth-first search from all its
    tiles over drawn tiles and edges with a free track finds the nearest pin. Ties fall to the tile
    that joined the tree first, then to the steps right, up, left, down. Every path ends at a pin,
    so there are no dead ends. O(pins x tiles) a window.

    Args:
        free: integers ``(num_windows, height, width, 2)``, free tracks of each tile's right and
            upper edge; an edge is open when it is above 0. Edges that leave the window are never
            followed.
        pins: bool ``(num_windows, height, width)``.
        drawn: bool of the same shape; pins count as drawn.
    """
    maps = np.ones((*drawn.shape, 3), np.float32)
    maps[..., TILE_MAP] = drawn
    return extract_surest(free, pins, maps, np.ones(1, np.float32))


def extract_surest(
    free: NDArray[np.integer],
    pins: NDArray[np.bool_],
    maps: NDArray[np.float32],
    levels: NDArray[np.float32],
) -> Extraction:
    """Take a tree as :func:`extract_trees` does, over what is drawn most surely.

    The levels are tried one after the other until all pins are joined over tiles and edges whose
    probability reaches the level; at last the tiles of the last level and any open edge.

    Args:
        free: as in :func:`extract_trees`.
        pins: likewise.
        maps: float32 ``(num_windows, height, width, 3)``, probability that the route takes the
            tile, its right edge and its upper edge.
        levels: float32, falling. The last one decides which tiles count as drawn.
    """
    ok, offsets, edges, drawn_tiles = _extract(free, pins, maps, levels)
    return Extraction(ok, offsets, edges, drawn_tiles)


@njit(cache=True, nogil=True)
def _extract(free, pins, maps, levels):  # type: ignore[no-untyped-def]
    num_windows, height, width = pins.shape
    num_tiles = height * width
    ok = np.zeros(num_windows, np.bool_)
    offsets = np.zeros(num_windows + 1, np.int64)
    drawn_tiles = np.zeros(num_windows, np.int32)
    edges = np.empty(max(64, 16 * num_windows) + num_tiles, np.int32)
    queue = np.empty(num_tiles, np.int32)
    tree = np.empty(num_tiles, np.int32)
    parent = np.full(num_tiles, -1, np.int32)
    in_tree = np.zeros(num_tiles, np.bool_)
    last = len(levels) - 1
    total = 0
    for i in range(num_windows):
        num_pins = 0
        first = 0
        for r in range(height):
            for c in range(width):
                if pins[i, r, c]:
                    if num_pins == 0:
                        first = r * width + c
                    num_pins += 1
                    drawn_tiles[i] += 1
                elif maps[i, r, c, TILE_MAP] >= levels[last]:
                    drawn_tiles[i] += 1
        if total + num_tiles > len(edges):
            grown = np.empty(2 * len(edges) + num_tiles, np.int32)
            grown[:total] = edges[:total]
            edges = grown
        begin = total
        for attempt in range(last + 2):
            tile_level = levels[min(attempt, last)]
            edge_level = tile_level if attempt <= last else np.float32(-1.0)
            total = begin
            size = 0
            if num_pins > 0:
                tree[0] = first
                in_tree[first] = True
                size = 1
            missing = num_pins - size
            while missing > 0:
                found, visited = _nearest_pin(
                    free[i], pins[i], maps[i], tile_level, edge_level, tree, size, parent, queue
                )
                if found >= 0:
                    missing -= 1
                    tile = found
                    while not in_tree[tile]:
                        in_tree[tile] = True
                        tree[size] = tile
                        size += 1
                        lower = min(tile, parent[tile])
                        direction = VERTICAL if abs(tile - parent[tile]) == width else HORIZONTAL
                        edges[total] = 2 * lower + direction
                        total += 1
                        tile = parent[tile]
                    parent[found] = -1
                for j in range(visited):
                    parent[queue[j]] = -1
                if found < 0:
                    break
            for j in range(size):
                in_tree[tree[j]] = False
            if missing == 0:
                ok[i] = True
                edges[begin:total].sort()
                break
            total = begin
        offsets[i + 1] = total
    return ok, offsets, edges[:total].copy(), drawn_tiles


@njit(cache=True, nogil=True)
def _nearest_pin(free, pins, maps, tile_level, edge_level, tree, size, parent, queue):  # type: ignore[no-untyped-def]
    """The pin outside the tree that takes the fewest tiles to reach, or -1.

    ``parent`` leads from it back to the tree. Also returns how many tiles of ``queue`` got a
    parent.
    """
    height, width = pins.shape
    for j in range(size):
        queue[j] = tree[j]
        parent[tree[j]] = tree[j]
    head, tail = 0, size
    while head < tail:
        tile = queue[head]
        head += 1
        r, c = tile // width, tile % width
        for step in range(4):
            nr, nc = r, c
            er, ec = r, c
            direction = HORIZONTAL
            if step == 0:
                nc = c + 1
                inside = nc < width
            elif step == 1:
                nr = r + 1
                direction = VERTICAL
                inside = nr < height
            elif step == 2:
                nc = c - 1
                ec = nc
                inside = nc >= 0
            else:
                nr = r - 1
                er = nr
                direction = VERTICAL
                inside = nr >= 0
            if (
                not inside
                or free[er, ec, direction] <= 0
                or maps[er, ec, RIGHT_MAP + direction] < edge_level
            ):
                continue
            neighbour = nr * width + nc
            if parent[neighbour] >= 0:
                continue
            if pins[nr, nc]:
                parent[neighbour] = tile
                return neighbour, tail
            if maps[nr, nc, TILE_MAP] >= tile_level:
                parent[neighbour] = tile
                queue[tail] = neighbour
                tail += 1
    return -1, tail
