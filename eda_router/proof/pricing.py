"""New columns: a cheap tree for every group of nets at the prices of the moment.

Paths between two pins are cheapest paths on the whole grid. Trees up to :data:`EXACT_PINS` pins are
the cheapest in a box around the pins, larger ones are grown and improved, which may miss the
cheapest: what is certified does not depend on them (:mod:`eda_router.proof.checker`).
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray
from eda_router.kernels import kernel
from eda_router.proof.groups import Groups
from eda_router.proof.paths import cheapest_path, new_path_scratch
from eda_router.search.box import CLOSED
from eda_router.search.draw import Limits, draw_tree, new_workspace
from eda_router.search.grid import TILE_EDGE, Grid

SCALE = 10**6
"""What a tile edge costs: prices are whole millionths."""

EXACT_PINS = 7
"""Most pins of an exact tree, as in refinement."""

MARGIN = 4
"""Tiles around a net's pins that its tree may use, where edges cost their length too."""

BOX_NODES = 1 << 13
"""Nodes of a search box for two pins, see :class:`~eda_router.search.draw.Limits`."""

FIELD_ENTRIES = 1 << 20

IMPROVEMENTS = 2
"""Passes over the branches of a grown tree."""


CHUNK = 256
"""Trees between two looks at the clock."""


class Pricer:
    """Finds trees on one grid.

    Args:
        grid: its size.
        groups: whose trees are wanted.
        unit: what a tile edge of wire costs, before prices: SCALE or 0.
    """

    def __init__(self, grid: Grid, groups: Groups, unit: int):
        self._grid = grid
        self._groups = groups
        self._unit = unit
        self._work = new_workspace(grid, EXACT_PINS, FIELD_ENTRIES)
        self._paths = new_path_scratch(grid.width * grid.height)
        margin = MARGIN if unit else max(grid.width, grid.height)
        # Searches that know no unit must still prefer short ways.
        least = TILE_EDGE if unit else 1
        self._limits = Limits(EXACT_PINS, margin, BOX_NODES, IMPROVEMENTS, least)

    def trees(
        self,
        costs: NDArray[np.int64],
        wanted: NDArray[np.int64],
        deadline: float | None = None,
    ) -> tuple[NDArray[np.int64], list[IntArray]]:
        """Cheap trees of some groups.

        Args:
            costs: int64, of each edge, the unit included.
            wanted: int64, groups.
            deadline: when to give up, on the monotonic clock, or None.

        Returns:
            int64, what each tree costs, and the trees; fewer than wanted after the deadline.
        """
        # Searches that know no unit must still prefer short ways.
        rough = np.rint(costs * (TILE_EDGE / SCALE)).astype(np.int64) + (self._unit == 0)
        rough = np.minimum(rough, CLOSED // 4).astype(np.int32)
        search = Search(self._grid, self._work, self._paths, self._limits, costs, rough, self._unit)
        values = np.zeros(len(wanted), np.int64)
        ends = np.zeros(CHUNK + 1, np.int64)
        room = np.zeros(max(4 * self._grid.width * self._grid.height, 1 << 16), np.int32)
        trees: list[IntArray] = []
        while len(trees) < len(wanted):
            # Signals are seen between two chunks.
            if deadline is not None and time.monotonic() >= deadline:
                break
            first = len(trees)
            part = wanted[first : first + CHUNK]
            done = _draw_some(
                search, self._groups.offsets, self._groups.pins, part, values[first:], ends, room
            )
            trees += [room[ends[i] : ends[i + 1]].copy() for i in range(done)]
        return values[: len(trees)], trees


class Search(NamedTuple):
    """What the search for trees at one set of prices needs.

    Attributes:
        grid: :class:`~eda_router.search.grid.Grid`.
        work: memory for trees of three and more pins.
        paths: memory for paths.
        limits: of trees.
        costs: int64, of each edge.
        rough: int32, the same in thousandths of a tile edge.
        unit: what every edge costs at least.
    """

    grid: Any
    work: Any
    paths: Any
    limits: Any
    costs: Any
    rough: Any
    unit: Any


@kernel
def _draw_some(search, offsets, pins, wanted, values, ends, room):
    """Draw trees of the groups ``wanted``, one behind the other in ``room``, while there is room.

    Returns:
        how many are done, one at least; tree i is ``room[ends[i]:ends[i + 1]]``.
    """
    used = 0
    tiles = search.grid.width * search.grid.height
    for i in range(len(wanted)):
        if used + tiles > len(room):
            return i
        first = offsets[wanted[i]]
        last = offsets[wanted[i] + 1]
        total = np.int64(0)
        if last - first == 2:
            total, count = cheapest_path(
                search.costs, search.grid, search.paths, pins[first], pins[first + 1], search.unit
            )
            for j in range(count):
                room[used + j] = search.paths.edges[j]
        else:
            count = draw_tree(
                search.rough, search.work, pins[first:last], search.limits, np.int64(0)
            )
            for j in range(count):
                edge = search.work.tree.edges[j]
                room[used + j] = edge
                total += search.costs[edge]
        values[i] = total
        used += count
        ends[i + 1] = used
    return len(wanted)
