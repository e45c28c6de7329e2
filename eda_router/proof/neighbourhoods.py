"""Shorter whole routings near the best fractional one: a part of the nets at a time, exactly.

A routing without overflow stays one while the nets around one place choose anew among the trees
that are nearly the cheapest at the best prices, all others kept: a small integer programme, which
HiGHS solves. Places are boxes of the grid, cut in two until the programme is small, and lie
elsewhere in every pass, so that all borders are crossed. Known as large neighbourhood search [1];
the prices tell which trees are worth a choice.

[1] P. Shaw: Using constraint programming and local search methods to solve vehicle routing
    problems. CP 1998, 417-431.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Routes
from eda_router.proof.generation import Generation
from eda_router.proof.master import choose_trees
from eda_router.proof.pricing import SCALE

SIDE = 16
"""Tiles of the largest box."""

MOST_TREES = 900
"""Trees of the largest programme."""

LEAST_SIDE = 3
"""Tiles of a side that is not cut further; of too many trees the cheapest are taken then."""

DEAREST = (0.5, 0.5, 0.25)
"""What a tree may cost beyond the cheapest one of its net, tile edges, from pass to pass."""

PASSES = 9
"""Most passes; three without gain are the last."""

WIDENINGS = 2
"""Times that more trees are looked for before a pass."""

DEARER = 0.5
"""What a full edge costs more then at most, tile edges."""

Box = tuple[int, int, int, int]


class Neighbourhoods:
    """A routing without overflow that gets shorter.

    Args:
        generation: whose trees and prices are used; its trees include those of ``routes``.
        routes: all nets routed without overflow.

    Attributes:
        amounts: int64 ``(columns,)``, nets on each tree.
    """

    def __init__(self, generation: Generation, routes: Routes):
        self._generation = generation
        columns, groups = generation.columns, generation.groups
        self.amounts = np.zeros(len(columns), np.int64)
        places = columns.places()
        for net in np.flatnonzero(groups.group_of >= 0).tolist():
            group = int(groups.group_of[net])
            self.amounts[places[group, routes.net_edges(net).tobytes()]] += 1
        self._count_trees()

    def _count_trees(self) -> None:
        """Bring what is known of each tree up to date with the trees."""
        columns, groups = self._generation.columns, self._generation.groups
        costs = columns.costs(SCALE + self._generation.prices)
        least = columns.cheapest(len(groups), SCALE + self._generation.prices)
        self._beyond = (costs - least[columns.groups]) / SCALE
        self._owner = np.repeat(np.arange(len(columns)), columns.lengths)
        self.amounts = np.pad(self.amounts, (0, len(columns) - len(self.amounts)))

    def _widen(self, number: int) -> None:
        """Look for more trees, around the edges that are full now."""
        generation, columns = self._generation, self._generation.columns
        use = np.bincount(
            columns.edges, weights=self.amounts[self._owner], minlength=len(generation.capacity)
        )
        rng = np.random.default_rng(number)
        full = use >= generation.capacity
        for _ in range(WIDENINGS):
            dearer = DEARER * SCALE * rng.random(len(use)) * full
            generation.look(generation.prices + dearer.astype(np.int64))
        self._count_trees()

    @property
    def length(self) -> int:
        """Wirelength of the routing."""
        return int(self.amounts @ self._generation.columns.lengths)

    def improve(
        self, deadline: float | None = None, on_pass: Callable[[int, int], None] | None = None
    ) -> None:
        """Pass over all places until that gains nothing.

        Args:
            deadline: when to end, on the monotonic clock, or None.
            on_pass: called with the number of each pass and the wirelength after it.
        """
        self._generation.limit(deadline)
        idle = 0
        for number in range(PASSES):
            before = self.length
            if number:
                self._widen(number)
            dearest = DEAREST[number % len(DEAREST)]
            for box in self._boxes(number):
                for trees in self._programmes(box, dearest):
                    if deadline is not None and time.monotonic() >= deadline:
                        return
                    self._choose(trees, deadline)
            if on_pass is not None:
                on_pass(number + 1, self.length)
            idle = 0 if self.length < before else idle + 1
            if idle == len(DEAREST):
                return

    def routes(self) -> Routes:
        """The routing: nets of one group take its trees in order."""
        columns, groups = self._generation.columns, self._generation.groups
        waiting: dict[int, list[int]] = {}
        for column in np.flatnonzero(self.amounts).tolist():
            group = int(columns.groups[column])
            waiting.setdefault(group, []).extend([column] * int(self.amounts[column]))
        offsets = np.zeros(len(groups.group_of) + 1, np.int64)
        parts = []
        for net, group in enumerate(groups.group_of.tolist()):
            if group >= 0:
                column = waiting[group].pop(0)
                parts.append(columns.edges[columns.offsets[column] : columns.offsets[column + 1]])
                offsets[net + 1] = len(parts[-1])
        edges = np.concatenate(parts) if parts else np.zeros(0, np.int32)
        return Routes(np.cumsum(offsets), edges)

    def _boxes(self, number: int) -> Iterator[Box]:
        """Boxes that cover the grid, elsewhere in every pass."""
        design = self._generation.design
        shift = number * (SIDE // 2 + 1) % SIDE
        for y in range(-shift, design.height, SIDE):
            for x in range(-shift, design.width, SIDE):
                yield x, y, x + SIDE, y + SIDE

    def _programmes(self, box: Box, dearest: float) -> Iterator[NDArray[np.int64]]:
        """The trees of small programmes for the nets in a box."""
        trees = self._trees(box, dearest)
        if len(trees) <= MOST_TREES:
            if len(trees):
                yield trees
            return
        left, low, right, high = box
        if max(right - left, high - low) <= LEAST_SIDE:
            cheap = np.argsort(
                self._beyond[trees] - 10.0 * (self.amounts[trees] > 0), kind="stable"
            )
            yield np.sort(trees[cheap[:MOST_TREES]])
        elif right - left >= high - low:
            middle = (left + right) // 2
            yield from self._programmes((left, low, middle, high), dearest)
            yield from self._programmes((middle, low, right, high), dearest)
        else:
            middle = (low + high) // 2
            yield from self._programmes((left, low, right, middle), dearest)
            yield from self._programmes((left, middle, right, high), dearest)

    def _trees(self, box: Box, dearest: float) -> NDArray[np.int64]:
        """The trees among which the nets that meet a priced edge in a box may choose."""
        generation = self._generation
        columns, width = generation.columns, generation.design.width
        near = (self._beyond <= dearest) | (self.amounts > 0)
        x, y = columns.edges // 2 % width, columns.edges // 2 // width
        left, low, right, high = box
        inside = (x >= left) & (x < right) & (y >= low) & (y < high)
        inside &= (generation.prices[columns.edges] > 0) & near[self._owner]
        met = np.zeros(len(generation.groups), bool)
        met[columns.groups[self._owner[inside]]] = True
        trees = np.flatnonzero(near & met[columns.groups])
        counts = np.bincount(columns.groups[trees], minlength=len(met))
        chosen: NDArray[np.int64] = trees[counts[columns.groups[trees]] > 1]
        return chosen

    def _choose(self, trees: NDArray[np.int64], deadline: float | None) -> None:
        """Choose anew among some trees, as many nets of each group as they hold now."""
        generation = self._generation
        columns = generation.columns
        amounts = self.amounts[trees]
        rest = self.amounts.copy()
        rest[trees] = 0
        use = np.bincount(
            columns.edges, weights=rest[self._owner], minlength=len(generation.capacity)
        )
        spare = generation.capacity - use.astype(np.int64)
        found = choose_trees(columns, trees, amounts, spare, deadline)
        if found is not None and found @ columns.lengths[trees] <= amounts @ columns.lengths[trees]:
            self.amounts[trees] = found
