"""From drawn tiles to a tree: what a model proposes becomes wire, or is refused.

The extraction is simple on purpose. It does not know what an edge costs: it joins pins by the
fewest tiles inside the drawing. A drawing that covers every tile therefore gets a congestion-blind
tree, so the price of the trees tells whether the drawing, not the extraction, saw congestion.

References:
    [1] M. Pollack: The maximum capacity through a network. Operations Research 8(5), 1960.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray
from eda_router.kernels import inlined, kernel
from eda_router.search.grid import (
    COUNTERCLOCKWISE,
    direction_of,
    edge_between,
    neighbour,
    stays_inside,
)

TILE_MAP, RIGHT_MAP, UP_MAP = 0, 1, 2
"""A drawing's maps; an edge's map is RIGHT_MAP plus its direction."""

ANY_EDGE = np.float32(-np.inf)
"""Level at which every edge counts as drawn."""

UNSEEN = 255
"""Rank of a tile that no search has met; there are fewer levels."""

LOOKED_AT = 16
"""Bit of a tile whose steps are known; the bits below it are the steps."""


@dataclass(frozen=True, eq=False)
class Extraction:
    """Trees taken from a batch of drawings.

    Attributes:
        ok: bool ``(num_windows,)``, whether all pins could be joined.
        offsets: int64 ``(num_windows + 1,)``, window i's tree is
            ``edges[offsets[i]:offsets[i + 1]]``, empty where ``ok`` is False.
        edges: int32, sorted edge ids inside the window (:mod:`eda_router.design`).
        drawn_tiles: int32 ``(num_windows,)``, tiles drawn at the last level, pins included.
        taken_tiles: int32 ``(num_windows,)``, tiles drawn at the level that the tree was taken
            from; as ``drawn_tiles`` without a tree.
        taken_levels: float32 ``(num_windows,)``, that level; the last one without a tree.
    """

    ok: NDArray[np.bool_]
    offsets: NDArray[np.int64]
    edges: IntArray
    drawn_tiles: IntArray
    taken_tiles: IntArray
    taken_levels: NDArray[np.float32]

    @property
    def lengths(self) -> IntArray:
        """int32 ``(num_windows,)``: edges of each tree."""
        return np.diff(self.offsets).astype(np.int32)

    @property
    def ink(self) -> NDArray[np.float64]:
        """float64 ``(num_windows,)``: tiles drawn over tiles of the tree, NaN without a tree."""
        return np.where(self.ok, self.drawn_tiles / (self.lengths + 1), np.nan)

    @property
    def taken_ink(self) -> NDArray[np.float64]:
        """As :attr:`ink`, of the tiles drawn at the level that the tree was taken from."""
        return np.where(self.ok, self.taken_tiles / (self.lengths + 1), np.nan)

    def tree(self, window: int) -> IntArray:
        """Edges of the tree of window number ``window``."""
        return self.edges[self.offsets[window] : self.offsets[window + 1]]

    def only(self, window: int) -> Extraction:
        """The batch of that window alone."""
        one, tree = slice(window, window + 1), self.tree(window)
        return Extraction(
            self.ok[one],
            np.array([0, len(tree)], np.int64),
            tree,
            self.drawn_tiles[one],
            self.taken_tiles[one],
            self.taken_levels[one],
        )


def extract_surest(
    free: NDArray[np.integer],
    pins: NDArray[np.bool_],
    maps: NDArray[np.float32],
    levels: NDArray[np.float32],
) -> Extraction:
    """Take a tree over the pins from each drawing, at the highest level that joins all of them.

    From the pin with the lowest tile the tree grows pin by pin: a breadth-first search from all its
    tiles, over tiles and edges whose probability reaches the level and edges with a free track,
    finds the nearest pin. Ties fall to the tile that joined the tree first, then to the steps
    right, up, left, down. Every path ends at a pin, so there are no dead ends. Where no level joins
    the pins, the tiles of the last level and any open edge are tried. O(pins x tiles) a window.

    Args:
        free: integers ``(num_windows, height, width, 2)``, free tracks of each tile's right and
            upper edge; an edge is open when it is above 0. Edges that leave the window are never
            followed.
        pins: bool ``(num_windows, height, width)``; pins count as drawn.
        maps: float32 ``(num_windows, height, width, 3)``, probability that the route takes the
            tile, its right edge and its upper edge. Or coarser by a power of 2, see
            :func:`value_at`.
        levels: float32, falling. The last one decides which tiles count as drawn.
    """
    count, height, width = pins.shape
    trees = Extraction(
        ok=np.zeros(count, np.bool_),
        offsets=np.zeros(count + 1, np.int64),
        edges=np.empty(pins.size, np.int32),
        drawn_tiles=np.zeros(count, np.int32),
        taken_tiles=np.zeros(count, np.int32),
        taken_levels=np.full(count, levels[-1], np.float32),
    )
    _extract(
        free, pins, maps, levels, _new_scratch(height * width, maps.shape[1:]),
        trees.ok, trees.offsets, trees.edges,
        trees.drawn_tiles, trees.taken_tiles, trees.taken_levels,
    )  # fmt: skip
    return replace(trees, edges=_sorted_trees(trees.edges[: trees.offsets[-1]], trees.offsets))


def _sorted_trees(edges: IntArray, offsets: NDArray[np.int64]) -> IntArray:
    """Edges as they are in the trees at ``offsets``, but rising in each."""
    keys = np.repeat(np.arange(len(offsets) - 1, dtype=np.int64) << 32, np.diff(offsets)) | edges
    keys.sort()
    return (keys & 0xFFFFFFFF).astype(np.int32)


class _Scratch(NamedTuple):
    """What an extraction remembers of a window, with an entry for each of its tiles.

    Attributes:
        queue: int32, tiles met by a search.
        waiting: int32, tiles that a later level reaches.
        own: int32, the pins.
        tree: int32, the tiles of the tree.
        parent: int32, the tile from which a search came, -1 where it did not.
        ranks: uint8, levels from which tiles are reached.
        steps: uint8, ways on from a tile, once they are known.
        in_tree: bool.
        drawn: uint8 of the maps' shape, levels from which each is drawn.
        blocks: bool of the maps' rows and columns.
    """

    queue: IntArray
    waiting: IntArray
    own: IntArray
    tree: IntArray
    parent: IntArray
    ranks: NDArray[np.uint8]
    steps: NDArray[np.uint8]
    in_tree: NDArray[np.bool_]
    drawn: NDArray[np.uint8]
    blocks: NDArray[np.bool_]


def _new_scratch(tiles: int, shape: tuple[int, ...]) -> _Scratch:
    return _Scratch(
        queue=np.empty(tiles, np.int32),
        waiting=np.empty(tiles, np.int32),
        own=np.empty(tiles, np.int32),
        tree=np.empty(tiles, np.int32),
        parent=np.full(tiles, -1, np.int32),
        ranks=np.full(tiles, UNSEEN, np.uint8),
        steps=np.zeros(tiles, np.uint8),
        in_tree=np.zeros(tiles, np.bool_),
        drawn=np.empty(shape, np.uint8),
        blocks=np.empty(shape[:2], np.bool_),
    )


@inlined
def neighbour_place(r, c, step):
    """Row and column of the tile that a step leads to."""
    sign = 2 * (step & 1) - 1
    return r + sign * (step >> 1), c + sign * (1 - (step >> 1))


@inlined
def coarseness(maps, pins):
    """How many times windows with these pins have twice the rows of their maps."""
    shift = 0
    while maps.shape[1] << shift < pins.shape[1]:
        shift += 1
    return shift


@inlined
def value_at(maps, r, c, channel, shift):
    """Of a tile or an edge, in one window's maps or in the ranks of their values.

    Each tile of coarser maps is a block of tiles. All edges inside a drawn block are drawn, so its
    edges are as probable as its tiles.
    """
    return maps[r >> shift, c >> shift, channel if shift == 0 else TILE_MAP]


@kernel
def _extract(
    free, pins, maps, levels, scratch,
    ok, offsets, edges, drawn_tiles, taken_tiles, taken_levels,
):  # fmt: skip
    """Fill the arrays of an :class:`Extraction`, its trees with edges in any order."""
    queue, waiting, own, tree, parent, ranks, steps, in_tree, drawn, blocks = scratch
    num_windows, height, width = pins.shape
    shift = coarseness(maps, pins)
    num_tiles = height * width
    last = len(levels) - 1
    total = 0
    for i in range(num_windows):
        num_pins = 0
        is_pin = pins[i].reshape(-1)
        for tile in range(num_tiles):
            if is_pin[tile]:
                own[num_pins] = tile
                num_pins += 1
        first = own[0] if num_pins > 0 else 0
        drawn_tiles[i] = _count_drawn(own[:num_pins], maps[i], width, shift, levels[last])
        taken_tiles[i] = drawn_tiles[i]
        rank = last + 2
        _rank_all(maps[i], levels, drawn)
        if (
            shift == 0
            or num_pins < 2
            or _blocks_join(own[:num_pins], drawn, shift, last, width, blocks, queue)
        ):
            rank = _joining_rank(
                free[i], pins[i], drawn, shift, last, first, num_pins, ranks, queue, waiting
            )
        if rank > last + 1:
            offsets[i + 1] = total
            continue
        tile_level = levels[min(rank, last)]
        edge_level = tile_level if rank <= last else ANY_EDGE
        tree[0] = first
        in_tree[first] = num_pins > 0
        size = min(num_pins, 1)
        for _ in range(num_pins - 1):
            for j in range(size):
                queue[j] = tree[j]
            tile, reached = _flood(
                free[i], pins[i], maps[i], shift, tile_level, edge_level, size, parent, steps, queue
            )
            while not in_tree[tile]:
                in_tree[tile] = True
                tree[size] = tile
                size += 1
                edges[total] = edge_between(tile, parent[tile], width)
                total += 1
                tile = parent[tile]
            for j in range(reached):
                parent[queue[j]] = -1
        for j in range(size):
            in_tree[tree[j]] = False
        if num_pins > 1:
            steps[:] = 0
        ok[i] = True
        if rank < last:
            taken_tiles[i] = _count_drawn(own[:num_pins], maps[i], width, shift, tile_level)
            taken_levels[i] = tile_level
        offsets[i + 1] = total


@kernel
def _joining_rank(free, pins, drawn, shift, last, first, num_pins, ranks, queue, waiting):
    """The first of the levels, up to ``last``, at which what is drawn joins the pins.

    One more than ``last`` where only the last level's tiles over any open edge do, one more where
    nothing does. The search for the widest path [1]: tiles are reached in the order of their ranks,
    the level from which a drawn way leads there from ``first``.

    ``drawn`` holds what :func:`_rank_all` finds.
    """
    height, width = pins.shape
    nothing = last + 2
    if num_pins < 2:
        return 0
    rank = 0
    wanted = num_pins - 1
    queue[0] = first
    ranks[first] = 0
    head, tail, left = 0, 1, 0
    # ``queue`` holds what is reached at this rank or before, ``waiting`` what later ones reach.
    while True:
        while head < tail and wanted > 0:
            tile = queue[head]
            head += 1
            r, c = tile // width, tile % width
            for step in COUNTERCLOCKWISE:
                if not stays_inside(c, r, step, width, height):
                    continue
                other = neighbour(tile, step, width)
                if ranks[other] <= rank:
                    continue
                nr, nc = neighbour_place(r, c, step)
                er, ec, direction = min(r, nr), min(c, nc), direction_of(step)
                if free[er, ec, direction] <= 0:
                    continue
                own = rank
                if not pins[nr, nc]:
                    own = value_at(drawn, nr, nc, TILE_MAP, shift)
                    if own > last:
                        continue
                    own = max(own, rank)
                over = max(own, value_at(drawn, er, ec, RIGHT_MAP + direction, shift))
                if over >= ranks[other]:
                    continue
                if over > rank:
                    if ranks[other] == UNSEEN:
                        waiting[left] = other
                        left += 1
                    ranks[other] = over
                    continue
                ranks[other] = rank
                queue[tail] = other
                tail += 1
                if pins[nr, nc]:
                    wanted -= 1
        if wanted == 0:
            break
        # On to the lowest rank of what waits; tiles that were reached meanwhile are dropped.
        following = nothing
        kept = 0
        for j in range(left):
            tile = waiting[j]
            if ranks[tile] > rank:
                waiting[kept] = tile
                kept += 1
                following = min(following, ranks[tile])
        left = kept
        rank = following
        if rank == nothing:
            break
        for j in range(left):
            if ranks[waiting[j]] == rank:
                queue[tail] = waiting[j]
                tail += 1
                if pins[waiting[j] // width, waiting[j] % width]:
                    wanted -= 1
    for j in range(tail):
        ranks[queue[j]] = UNSEEN
    for j in range(left):
        ranks[waiting[j]] = UNSEEN
    return rank


@kernel
def _rank_all(maps, levels, drawn):
    """Write to ``drawn`` the number of the first level that each probability reaches.

    ``len(levels)`` where it reaches none.
    """
    for r in range(maps.shape[0]):
        for c in range(maps.shape[1]):
            for channel in range(maps.shape[2]):
                value = maps[r, c, channel]
                rank = len(levels)
                if value >= levels[-1]:
                    rank = 0
                    while value < levels[rank]:
                        rank += 1
                drawn[r, c, channel] = rank


@kernel
def _flood(free, pins, maps, shift, tile_level, edge_level, size, parent, steps, queue):
    """Grow the first ``size`` tiles of ``queue`` breadth first until one more pin is reached.

    ``parent`` leads from every tile reached back to those. ``steps`` keeps which steps lead from a
    tile over what is drawn, from flood to flood; 0: not looked at yet.

    Returns:
        the pin, which must be in reach; and how many tiles of ``queue`` have a parent now.
    """
    width = pins.shape[1]
    is_pin = pins.reshape(-1)
    for j in range(size):
        parent[queue[j]] = queue[j]
    head, tail = 0, size
    while True:
        tile = queue[head]
        head += 1
        if steps[tile] == 0:
            r, c = tile // width, tile % width
            steps[tile] = _drawn_steps(free, pins, maps, shift, tile_level, edge_level, r, c)
        for step in COUNTERCLOCKWISE:
            if not steps[tile] >> step & 1:
                continue
            other = neighbour(tile, step, width)
            if parent[other] >= 0:
                continue
            parent[other] = tile
            queue[tail] = other
            tail += 1
            if is_pin[other]:
                return other, tail


@kernel
def _drawn_steps(free, pins, maps, shift, tile_level, edge_level, r, c):
    """Bits of the steps from a tile over drawn and open edges to drawn tiles, and a bit more."""
    height, width = pins.shape
    bits = LOOKED_AT
    for step in COUNTERCLOCKWISE:
        if not stays_inside(c, r, step, width, height):
            continue
        nr, nc = neighbour_place(r, c, step)
        er, ec, direction = min(r, nr), min(c, nc), direction_of(step)
        if free[er, ec, direction] <= 0:
            continue
        if value_at(maps, er, ec, RIGHT_MAP + direction, shift) < edge_level:
            continue
        if pins[nr, nc] or value_at(maps, nr, nc, TILE_MAP, shift) >= tile_level:
            bits |= 1 << step
    return bits


@kernel
def _count_drawn(pins, maps, width, shift, level):
    """Tiles that are drawn at a level, those of ``pins`` included."""
    count = 0
    for row in range(maps.shape[0]):
        for column in range(maps.shape[1]):
            count += maps[row, column, TILE_MAP] >= level
    count <<= 2 * shift
    for pin in pins:
        count += value_at(maps, pin // width, pin % width, TILE_MAP, shift) < level
    return count


@kernel
def _blocks_join(pins, drawn, shift, last, width, blocks, queue):
    """Whether ``pins`` may be joined: whether the drawn blocks and those with a pin join them.

    Most drawings that do not join their pins fail here, long before the search of all their tiles.
    ``blocks`` is memory, bool ``(rows, columns)``.
    """
    rows, columns = blocks.shape
    for r in range(rows):
        for c in range(columns):
            blocks[r, c] = drawn[r, c, TILE_MAP] <= last
    for pin in pins:
        blocks[pin // width >> shift, pin % width >> shift] = True
    r, c = pins[0] // width >> shift, pins[0] % width >> shift
    blocks[r, c] = False
    queue[0] = r * columns + c
    head, tail = 0, 1
    while head < tail:
        block = queue[head]
        head += 1
        for step in COUNTERCLOCKWISE:
            if not stays_inside(block % columns, block // columns, step, columns, rows):
                continue
            other = neighbour(block, step, columns)
            if blocks[other // columns, other % columns]:
                blocks[other // columns, other % columns] = False
                queue[tail] = other
                tail += 1
    unmet = 0
    for pin in pins:
        unmet += blocks[pin // width >> shift, pin % width >> shift]
    return unmet == 0
