"""Shorter whole routings near the best fractional one: a part of the nets at a time, exactly.

A routing without overflow stays one while the nets around one place choose anew among the trees
that are nearly the cheapest at the best prices, all others kept: a small integer programme, which
HiGHS solves. Places are boxes of the grid, cut in two until the programme is small, and lie
elsewhere in every pass, so that all borders are crossed. Known as large neighbourhood search [1];
the prices tell which trees are worth a choice.

Beside wires that are kept, tracks have other prices than in the whole. So each part first has a
column generation of its own, in fractions, which brings it the trees that it lacks. Where its value
says that no choice can be shorter, the programme need not be solved, and trees whose reduced cost
is more than what can be gained are left out [2].

[1] P. Shaw: Using constraint programming and local search methods to solve vehicle routing
    problems. CP 1998, 417-431.
[2] H. Crowder, E. L. Johnson, M. Padberg: Solving large-scale zero-one linear programming problems.
    Operations Research 31 (1983), 803-834.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Routes
from eda_router.proof.generation import BLOCKED, NEARLY, Generation
from eda_router.proof.master import choose_trees, price_part
from eda_router.proof.pricing import SCALE

FIRST_SIZE = 16, 900
"""Tiles of a side of the largest box, and trees of the largest programme before its own column
generation, in the first pass."""

SIZES = (24, 1500), (32, 2500)
"""The same in later passes: the next size once passes of one gain too little."""

LEAST_SIDE = 3
"""Tiles of a side that is not cut further; of too many trees the cheapest are taken then."""

DEAREST = 0.5
"""What a tree may cost beyond the cheapest one of its net, tile edges."""

PASSES = 60
"""Most passes."""

LEAST_GAIN = 0.05
"""Share of the wire beyond the bound that a pass has to gain to be worth another of its size: the
mean of the last :data:`JUDGED` passes."""

JUDGED = 2
"""Passes of one size before it is judged."""

KEPT_TREES = 20
"""Trees a group, in the mean, that are kept from pass to pass besides those held."""

ROUNDS = 2
"""Most rounds of a part's own column generation."""

WIDENINGS = 2
"""Times that more trees are looked for before a pass."""

DEARER = 0.5
"""What a full edge costs more then at most, tile edges."""

Box = tuple[int, int, int, int]

Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Groups, and the columns and rows of tiles where they may gain."""


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
        """Bring what is known of each tree up to date with all trees and prices."""
        generation = self._generation
        columns, prices = generation.columns, SCALE + generation.prices
        costs = columns.costs(prices)
        self._least = np.full(len(generation.groups), np.iinfo(np.int64).max)
        np.minimum.at(self._least, columns.groups, costs)
        self._beyond = (costs - self._least[columns.groups]) / SCALE
        self.amounts = np.pad(self.amounts, (0, len(columns) - len(self.amounts)))
        held = np.flatnonzero(self.amounts)
        owner, edges = columns.entries(held)
        use = np.bincount(edges, self.amounts[held][owner], len(generation.capacity))
        self._use = use.astype(np.int64)

    def _count_new(self) -> None:
        """As :meth:`_count_trees`, for trees that were added, none of which is held."""
        generation, known = self._generation, len(self.amounts)
        columns = generation.columns
        new = np.arange(known, len(columns))
        costs = columns.costs_of(new, SCALE + generation.prices)
        beyond = np.maximum(costs - self._least[columns.groups[known:]], 0) / SCALE
        self._beyond = np.concatenate((self._beyond, beyond))
        self.amounts = np.pad(self.amounts, (0, len(new)))

    def _widen(self, number: int) -> None:
        """Look for more trees, around the edges that are full now."""
        generation = self._generation
        rng = np.random.default_rng(number)
        full = self._use >= generation.capacity
        for _ in range(WIDENINGS):
            dearer = DEARER * SCALE * rng.random(len(full)) * full
            generation.look(generation.prices + dearer.astype(np.int64))
        self._count_trees()

    def _forget(self) -> None:
        """Forget the trees that no part would choose from, and the dearest of too many."""
        near = self._near()
        most = KEPT_TREES * len(self._generation.groups)
        if near.sum() > most:
            dear = np.argsort(np.where(near, self._beyond, np.inf), kind="stable")[most:]
            near[dear] = self.amounts[dear] > 0
        if not near.all():
            self._generation.columns.keep(near)
            self.amounts, self._beyond = self.amounts[near], self._beyond[near]

    @property
    def length(self) -> int:
        """Wirelength of the routing."""
        return int(self.amounts @ self._generation.columns.lengths)

    def improve(
        self, deadline: float | None = None, on_pass: Callable[[int, int], None] | None = None
    ) -> None:
        """Pass over all places, with larger and larger boxes, while that gains enough.

        It ends where the routing is as short as the bound, or once the last :data:`JUDGED` passes
        with the largest boxes have gained less than :data:`LEAST_GAIN` of the wire beyond the bound
        each. A pass goes over the whole grid, so this is a gain for work done; no clock decides.

        Args:
            deadline: when to end at the latest, on the monotonic clock, or None.
            on_pass: called with the number of each pass and the wirelength after it.
        """
        self._generation.limit(deadline)
        size, gains = 0, []
        for number in range(PASSES):
            before = self.length
            beyond = before - self._generation.bound
            if beyond <= 0:
                return
            if number:
                self._widen(number)
            self._forget()
            side, most = SIZES[size] if number else FIRST_SIZE
            if not self._pass(number, side, most, deadline):
                return
            if on_pass is not None:
                on_pass(number + 1, self.length)
            if number:
                gains.append((before - self.length) / beyond)
            if len(gains) >= JUDGED and sum(gains[-JUDGED:]) < JUDGED * LEAST_GAIN:
                size, gains = size + 1, []
            if size == len(SIZES):
                return

    def _pass(self, number: int, side: int, most: int, deadline: float | None) -> bool:
        """One pass over all places; False where the deadline ended it."""
        pairs = self._pairs()
        for box in self._boxes(number, side):
            for trees in self._parts(box, most, pairs):
                if deadline is not None and time.monotonic() >= deadline:
                    return False
                self._choose(trees, deadline)
        return True

    def routes(self) -> Routes:
        """The routing."""
        generation = self._generation
        return generation.groups.routes(generation.columns, self.amounts)

    def _boxes(self, number: int, side: int) -> Iterator[Box]:
        """Boxes that cover the grid, elsewhere in every pass."""
        design = self._generation.design
        shift = number * (side // 2 + 1) % side
        for y in range(-shift, design.height, side):
            for x in range(-shift, design.width, side):
                yield x, y, x + side, y + side

    def _parts(self, box: Box, most: int, pairs: Pairs) -> Iterator[NDArray[np.int64]]:
        """The trees of small parts of the nets in a box."""
        groups, x, y = pairs
        left, low, right, high = box
        inside = (x >= left) & (x < right) & (y >= low) & (y < high)
        pairs = groups[inside], x[inside], y[inside]
        met = np.zeros(len(self._generation.groups), bool)
        met[pairs[0]] = True
        trees = self._trees(met)
        if len(trees) <= most:
            if len(trees):
                yield trees
        elif max(right - left, high - low) <= LEAST_SIDE:
            cheap = np.argsort(
                self._beyond[trees] - 10.0 * (self.amounts[trees] > 0), kind="stable"
            )
            yield np.sort(trees[cheap[:most]])
        elif right - left >= high - low:
            middle = (left + right) // 2
            yield from self._parts((left, low, middle, high), most, pairs)
            yield from self._parts((middle, low, right, high), most, pairs)
        else:
            middle = (low + high) // 2
            yield from self._parts((left, low, right, middle), most, pairs)
            yield from self._parts((left, middle, right, high), most, pairs)

    def _near(self) -> NDArray[np.bool_]:
        """bool, per tree: worth a choice."""
        near: NDArray[np.bool_] = (self._beyond <= DEAREST) | (self.amounts > 0)
        return near

    def _pairs(self) -> Pairs:
        """Groups and places where they may gain: a tree that is worth a choice meets a priced edge
        there, or one that is held and costs more than the cheapest meets any edge."""
        generation = self._generation
        columns, width = generation.columns, generation.design.width
        dear = (self.amounts > 0) & (self._beyond > 0)
        chosen = np.flatnonzero(self._near())
        owner, edges = columns.entries(chosen)
        wanted = dear[chosen][owner] | (generation.prices[edges] > 0)
        keys = columns.groups[chosen][owner[wanted]] * len(generation.capacity) + edges[wanted]
        groups, edges = np.divmod(np.unique(keys), len(generation.capacity))
        return groups, edges // 2 % width, edges // 2 // width

    def _spare(self, trees: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64, per edge: tracks that are left where the nets on some trees are taken away."""
        held = trees[self.amounts[trees] > 0]
        owner, edges = self._generation.columns.entries(held)
        freed = np.bincount(edges, self.amounts[held][owner], len(self._use))
        spare: NDArray[np.int64] = self._generation.capacity - self._use + freed.astype(np.int64)
        return spare

    def _trees(self, groups: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The trees among which some groups may choose: others leave them a track of each edge."""
        columns = self._generation.columns
        trees = np.flatnonzero(self._near() & groups[columns.groups])
        owner, edges = columns.entries(trees)
        closed = np.zeros(len(trees), bool)
        closed[owner[self._spare(trees)[edges] <= 0]] = True
        return trees[~closed]

    def _choose(self, trees: NDArray[np.int64], deadline: float | None) -> None:
        """Choose anew among some trees, as many nets of each group as they hold now.

        Args:
            trees: int64, rising.
            deadline: when to give up, on the monotonic clock, or None.
        """
        columns = self._generation.columns
        groups = np.unique(columns.groups[trees])
        members = np.bincount(
            columns.groups[trees],
            weights=self.amounts[trees],
            minlength=len(self._generation.groups),
        ).astype(np.int64)
        length = int(self.amounts[trees] @ columns.lengths[trees])
        spare = self._spare(trees)
        if self._most_gain(trees, spare) < 1 - NEARLY:
            return
        for left in range(ROUNDS, -1, -1):
            priced = price_part(columns, trees, members, spare, float(BLOCKED), deadline)
            if priced is None:
                return
            value, prices = priced
            new = self._look(groups, trees, prices, spare, deadline) if left else trees[:0]
            if len(new) == 0:
                break
            trees = np.union1d(trees, new)
        if value > length - 1 + NEARLY:
            return
        costs = columns.costs_of(trees, np.rint(SCALE * (1 + prices)).astype(np.int64)) / SCALE
        least = np.full(len(members), np.inf)
        np.minimum.at(least, columns.groups[trees], costs)
        reduced = costs - least[columns.groups[trees]]
        held = self.amounts[trees] > 0
        trees = trees[(reduced <= length - 1 - value + NEARLY) | held]
        amounts = self.amounts[trees]
        if int(amounts @ columns.lengths[trees]) != length:
            return  # A tree that was found is held by a net that is kept.
        found = choose_trees(columns, trees, amounts, spare, deadline)
        if found is not None and found @ columns.lengths[trees] <= length:
            self.amounts[trees] = found
            owner, edges = columns.entries(trees)
            taken = np.bincount(edges, found[owner], len(spare)).astype(np.int64)
            self._use = self._generation.capacity - spare + taken

    def _most_gain(self, trees: NDArray[np.int64], spare: NDArray[np.int64]) -> float:
        """What choosing among some trees could gain at most, by the prices of the whole: what the
        trees held cost beyond the cheapest, and the priced tracks that they leave free."""
        owner, edges = self._generation.columns.entries(trees)
        amounts = self.amounts[trees]
        met = np.unique(edges)
        taken = np.bincount(edges, amounts[owner], len(spare))[met]
        free = np.maximum(spare[met] - taken, 0)
        worth = free @ self._generation.prices[met] / SCALE
        return float(amounts @ self._beyond[trees] + worth)

    def _look(
        self,
        groups: NDArray[np.int64],
        trees: NDArray[np.int64],
        prices: NDArray[np.float64],
        spare: NDArray[np.int64],
        deadline: float | None,
    ) -> NDArray[np.int64]:
        """Trees of some groups that are cheaper at a part's prices than all of ``trees``."""
        generation = self._generation
        columns = generation.columns
        costs = np.rint(SCALE * (1 + prices + BLOCKED * (spare <= 0))).astype(np.int64)
        known = np.full(len(generation.groups), np.iinfo(np.int64).max)
        np.minimum.at(known, columns.groups[trees], columns.costs_of(trees, costs))
        values, found = generation.pricer.trees(costs, groups, deadline)
        cheaper = np.flatnonzero(values < known[groups[: len(found)]])
        wanted = groups[cheaper]
        chosen = [found[place] for place in cheaper]
        columns.add(wanted, chosen)
        self._count_new()
        places = columns.places()
        pairs = zip(wanted.tolist(), chosen, strict=True)
        return np.array([places[group, np.sort(tree).tobytes()] for group, tree in pairs], np.int64)
