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
    """Take a tree over the pins from each drawing.

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
    ok, offsets, edges, drawn_tiles = _extract(free, pins, drawn)
    return Extraction(ok, offsets, edges, drawn_tiles)


@njit(cache=True, nogil=True)
def _extract(free, pins, drawn):  # type: ignore[no-untyped-def]
    num_windows, height, width = pins.shape
    num_tiles = height * width
    ok = np.zeros(num_windows, np.bool_)
    offsets = np.zeros(num_windows + 1, np.int64)
    drawn_tiles = np.zeros(num_windows, np.int32)
    edges = np.empty(max(64, 16 * num_windows), np.int32)
    queue = np.empty(num_tiles, np.int32)
    tree = np.empty(num_tiles, np.int32)
    parent = np.empty(num_tiles, np.int32)
    in_tree = np.empty(num_tiles, np.bool_)
    total = 0
    for i in range(num_windows):
        missing = size = 0
        for tile in range(num_tiles):
            r, c = tile // width, tile % width
            in_tree[tile] = False
            if pins[i, r, c]:
                missing += 1
                if size == 0:
                    tree[0] = tile
                    in_tree[tile] = True
                    size = 1
            if pins[i, r, c] or drawn[i, r, c]:
                drawn_tiles[i] += 1
        missing -= size
        begin = total
        if total + num_tiles > len(edges):
            grown = np.empty(2 * len(edges) + num_tiles, np.int32)
            grown[:total] = edges[:total]
            edges = grown
        while missing > 0:
            found = _nearest_pin(free[i], pins[i], drawn[i], tree, size, parent, queue)
            if found < 0:
                break
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
        ok[i] = missing == 0
        if missing == 0:
            edges[begin:total].sort()
        else:
            total = begin
        offsets[i + 1] = total
    return ok, offsets, edges[:total].copy(), drawn_tiles


@njit(cache=True, nogil=True)
def _nearest_pin(free, pins, drawn, tree, size, parent, queue):  # type: ignore[no-untyped-def]
    """The pin outside the tree that takes the fewest tiles to reach, or -1.

    ``parent`` leads from it back to the tree.
    """
    height, width = pins.shape
    parent[:] = -1
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
            if step == 0:
                nc = c + 1
                opened = nc < width and free[r, c, HORIZONTAL] > 0
            elif step == 1:
                nr = r + 1
                opened = nr < height and free[r, c, VERTICAL] > 0
            elif step == 2:
                nc = c - 1
                opened = nc >= 0 and free[r, nc, HORIZONTAL] > 0
            else:
                nr = r - 1
                opened = nr >= 0 and free[nr, c, VERTICAL] > 0
            if not opened:
                continue
            neighbour = nr * width + nc
            if parent[neighbour] >= 0:
                continue
            if pins[nr, nc]:
                parent[neighbour] = tile
                return neighbour
            if drawn[nr, nc]:
                parent[neighbour] = tile
                queue[tail] = neighbour
                tail += 1
    return -1
