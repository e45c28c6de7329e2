"""Shorter whole routings near the best fractional one: a part of the nets at a time, exactly.

A routing without overflow stays one while some of its nets choose anew among the trees that are
nearly the cheapest at the best prices, all others kept: a small integer programme, which HiGHS
solves. Known as large neighbourhood search [1]; the prices tell which trees are worth a choice.

Which nets choose together is found in two ways:

- *Boxes* of the grid, cut in two until the programme is small, which lie elsewhere in every pass,
  so that all borders are crossed.
- *Differences.* Of all short fractional routings the one nearest to the routing is looked for, in
  which each net that leaves its tree costs a little. Only the nets that it moves choose anew, with
  others that their trees compete with: what a whole and a fractional routing share is kept [3].

Passes over small boxes come first, then those over differences, then those over larger boxes.

Beside wires that are kept, tracks have other prices than in the whole. So each part first has a
column generation of its own, in fractions, which brings it the trees that it lacks. Where its value
says that no choice can be shorter, the programme need not be solved, and trees whose reduced cost
is more than what can be gained are left out [2]. Where all nets have two pins, all these
programmes obey odd cuts (:mod:`eda_router.proof.odd_cuts`), and lengths change by two at least.

[1] P. Shaw: Using constraint programming and local search methods to solve vehicle routing
    problems. CP 1998, 417-431.
[2] H. Crowder, E. L. Johnson, M. Padberg: Solving large-scale zero-one linear programming problems.
    Operations Research 31 (1983), 803-834.
[3] E. Danna, E. Rothberg, C. Le Pape: Exploring relaxation induced neighborhoods to improve MIP
    solutions. Mathematical Programming 102 (2005), 71-90.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Routes
from eda_router.proof.generation import BLOCKED, NEARLY, Generation
from eda_router.proof.master import Solution, choose_trees, nearest_routing, price_part
from eda_router.proof.pricing import SCALE

DISTANCES = 0.3, 0.05, 0.01
"""What a net costs that leaves its tree, tile edges, in passes over differences, in turn."""

DIFFERENCES = 1000, 1500, 2500
"""Trees of the programme of a pass over differences, before its own column generation: the next
size once passes of one gain too little, unless they gain nothing. Larger ones did not either then,
and took minutes."""

FIRST_BOXES = ((16, 900),)
"""Tiles of a side of the largest box, and trees of the largest programme before its own column
generation, in passes before those over differences."""

LAST_BOXES = (24, 1500), (32, 2500)
"""The same in passes after them."""

LEAST_SIDE = 3
"""Tiles of a side that is not cut further; of too many trees the cheapest are taken then."""

DEAREST = 0.5
"""What a tree may cost beyond the cheapest one of its net, tile edges."""

PASSES = 60
"""Most passes of each kind."""

LEAST_GAIN = 0.05
"""Share of the wire beyond the bound that a pass has to gain to be worth another of its size: the
mean of the last :data:`JUDGED` passes over boxes, or of one for each of :data:`DISTANCES`."""

JUDGED = 2
"""Passes over boxes of one size before it is judged."""

LEAST_BEYOND = 2.5e-4
"""The wire beyond the bound is taken for at least this share of all, where nets have more than two
pins: their cheapest trees may not have been found, so the bound may be above the optimum."""

KEPT_TREES = 20
"""Trees a group, in the mean, that are kept from pass to pass besides those held."""

ROUNDS = 2
"""Most rounds of a part's own column generation."""

NEAREST_ROUNDS = 2
"""Most rounds of the column generation of a nearest fractional routing, where all nets have two
pins."""

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
        # All paths between two pins are odd, or all even.
        self._step = 2 if generation.cuts.possible else 1
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
        columns, prices = generation.columns, SCALE + generation.whole_prices
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
        costs = columns.costs_of(new, SCALE + generation.whole_prices)
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
            generation.look(generation.whole_prices + dearer.astype(np.int64))
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
        """Pass over boxes and differences, with more and more trees at a time.

        It ends where the routing is as short as a bound that is sure. Programmes become larger once
        as many passes as are judged together have gained less than :data:`LEAST_GAIN` of the wire
        beyond the bound each; once the largest have, that is the end of a kind, and for differences
        once such passes have gained nothing at all. No clock decides.

        Args:
            deadline: when to end at the latest, on the monotonic clock, or None.
            on_pass: called with the number of each pass and the wirelength after it.
        """
        self._generation.limit(deadline)
        number = 0
        differences = [partial(self._differences, most) for most in DIFFERENCES]
        for passes, judged, gives_up in (
            ([partial(self._boxes, *size) for size in FIRST_BOXES], JUDGED, False),
            (differences, len(DISTANCES), True),
            ([partial(self._boxes, *size) for size in LAST_BOXES], JUDGED, False),
        ):
            place, turn, gains = 0, 0, []
            while place < len(passes) and turn < PASSES:
                before = self.length
                beyond: float = before - self._generation.whole_bound
                if not self._generation.cuts.possible:
                    beyond = max(beyond, LEAST_BEYOND * before)
                if beyond <= 0:
                    return
                if number:
                    self._widen(number)
                self._forget()
                more = passes[place](turn, deadline)
                if deadline is not None and time.monotonic() >= deadline:
                    return
                if not more:
                    break
                number, turn = number + 1, turn + 1
                if on_pass is not None:
                    on_pass(number, self.length)
                gains.append((before - self.length) / beyond)
                if len(gains) >= judged and sum(gains[-judged:]) < judged * LEAST_GAIN:
                    if gives_up and not any(gains[-judged:]):
                        break
                    place, gains = place + 1, []

    def _differences(self, most: int, turn: int, deadline: float | None) -> bool:
        """One pass over the nets that differ in the nearest fractional routing; False if even the
        shortest of these saves less than a tile edge."""
        generation = self._generation
        columns = generation.columns
        trees = np.flatnonzero(self._near())
        distance = DISTANCES[turn % len(DISTANCES)]
        nearest = self._nearest(trees, distance, deadline)
        if nearest is None:
            return True
        trees, found = nearest
        if found @ columns.lengths[trees] > self.length - self._step + NEARLY:
            return distance > min(DISTANCES)
        differ = trees[np.abs(found - self.amounts[trees]) > NEARLY]
        met = np.zeros(len(generation.groups), bool)
        met[columns.groups[differ]] = True
        met |= self._company(met, differ, trees, most)
        chosen = self._open(trees[met[columns.groups[trees]]])
        self._choose(self._cheapest(chosen, most, differ), deadline)
        return True

    def _nearest(
        self, trees: NDArray[np.int64], distance: float, deadline: float | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
        """The nearest fractional routing: trees, and how many nets it has on each.

        Where odd cuts are possible, it brings those that it violates and trees at its own prices.
        """
        generation = self._generation
        columns, cuts, capacity = generation.columns, generation.cuts, generation.capacity
        everyone = np.arange(len(generation.groups))
        left = NEAREST_ROUNDS if cuts.possible else 0
        while True:
            nearest = nearest_routing(
                columns, trees, self.amounts, capacity, distance, deadline, cuts
            )
            if nearest is None:
                return None
            if left == 0:
                return trees, nearest.amounts
            left -= 1
            owner, edges = columns.entries(trees)
            use = np.bincount(edges, nearest.amounts[owner], len(capacity)).astype(np.float64)
            violated = cuts.find(capacity - use)
            new = self._look(everyone, trees, nearest, capacity, deadline)
            if violated + len(new) == 0:
                return trees, nearest.amounts
            trees = np.union1d(trees, new)

    def _company(
        self,
        met: NDArray[np.bool_],
        differ: NDArray[np.int64],
        trees: NDArray[np.int64],
        most: int,
    ) -> NDArray[np.bool_]:
        """Further groups, those first of which a tree meets most of the priced edges of others.

        Args:
            met: bool, per group: those that choose.
            differ: int64, the trees in which they differ.
            trees: int64, all that are worth a choice.
            most: trees of all groups together.

        Returns:
            bool, per group.
        """
        columns, prices = self._generation.columns, self._generation.whole_prices
        wanted = np.zeros(len(prices), bool)
        wanted[columns.entries(differ)[1]] = True
        owner, edges = columns.entries(trees)
        meets = np.bincount(owner, (wanted & (prices > 0))[edges], len(trees))
        best = np.zeros(len(met))
        np.maximum.at(best, columns.groups[trees], meets)
        counts = np.bincount(columns.groups[trees], minlength=len(met))
        order = np.argsort(-best, kind="stable")
        order = order[(best[order] > 0) & (counts[order] > 1) & ~met[order]]
        taken = counts[met].sum() + np.cumsum(counts[order])
        company = np.zeros(len(met), bool)
        company[order[taken <= most]] = True
        return company

    def _boxes(self, side: int, most: int, turn: int, deadline: float | None) -> bool:
        """One pass over all boxes; True, as the next may gain."""
        pairs = self._pairs()
        for box in self._places(turn, side):
            for trees in self._parts(box, most, pairs):
                if deadline is not None and time.monotonic() >= deadline:
                    return True
                self._choose(trees, deadline)
        return True

    def routes(self) -> Routes:
        """The routing."""
        generation = self._generation
        return generation.groups.routes(generation.columns, self.amounts)

    def _places(self, number: int, side: int) -> Iterator[Box]:
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
            yield self._cheapest(trees, most)
        elif right - left >= high - low:
            middle = (left + right) // 2
            yield from self._parts((left, low, middle, high), most, pairs)
            yield from self._parts((middle, low, right, high), most, pairs)
        else:
            middle = (low + high) // 2
            yield from self._parts((left, low, right, middle), most, pairs)
            yield from self._parts((left, middle, right, high), most, pairs)

    def _cheapest(
        self, trees: NDArray[np.int64], most: int, kept: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """The cheapest of some trees, but first those that are held or ``kept``; rising."""
        first = self.amounts > 0
        if kept is not None:
            first[kept] = True
        order = np.lexsort((self._beyond[trees], ~first[trees]))
        return np.sort(trees[order[:most]])

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
        wanted = dear[chosen][owner] | (generation.whole_prices[edges] > 0)
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
        """The trees among which some groups may choose."""
        near = self._near() & groups[self._generation.columns.groups]
        return self._open(np.flatnonzero(near))

    def _open(self, trees: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of some trees, of which all that some groups hold, that can be chosen: other groups
        leave them a track of each edge."""
        owner, edges = self._generation.columns.entries(trees)
        closed = np.zeros(len(trees), bool)
        closed[owner[self._spare(trees)[edges] <= 0]] = True
        return trees[~closed]

    def _choose(self, trees: NDArray[np.int64], deadline: float | None) -> None:
        """Choose anew among some trees, as many nets of each group as they hold now.

        Args:
            trees: int64, rising.
            deadline: when to give up, on the monotonic clock, or None.
        """
        columns, cuts = self._generation.columns, self._generation.cuts
        groups = np.unique(columns.groups[trees])
        members = np.bincount(
            columns.groups[trees],
            weights=self.amounts[trees],
            minlength=len(self._generation.groups),
        ).astype(np.int64)
        length = int(self.amounts[trees] @ columns.lengths[trees])
        spare = self._spare(trees)
        if self._most_gain(trees, spare) < self._step - NEARLY:
            return
        left = ROUNDS
        while True:
            priced = price_part(columns, trees, members, spare, float(BLOCKED), deadline, cuts)
            if priced is None:
                return
            new = self._look(groups, trees, priced, spare, deadline) if left else trees[:0]
            if len(new) == 0:
                break
            left -= 1
            trees = np.union1d(trees, new)
        room = length - self._step - priced.value + NEARLY
        if room < 0:
            return
        prices = np.rint(SCALE * (1 + self._prices(priced))).astype(np.int64)
        costs = columns.costs_of(trees, prices) / SCALE
        least = np.full(len(members), np.inf)
        np.minimum.at(least, columns.groups[trees], costs)
        reduced = costs - least[columns.groups[trees]]
        held = self.amounts[trees] > 0
        trees = trees[(reduced <= room) | held]
        amounts = self.amounts[trees]
        if int(amounts @ columns.lengths[trees]) != length:
            return  # A tree that was found is held by a net that is kept.
        found = choose_trees(columns, trees, amounts, spare, deadline, cuts)
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
        worth = free @ self._generation.whole_prices[met] / SCALE
        return float(amounts @ self._beyond[trees] + worth)

    def _prices(self, priced: Solution) -> NDArray[np.float64]:
        """float64, per edge: what a track costs, the borders of odd cuts included."""
        return priced.prices + self._generation.cuts.prices(priced.worths, len(priced.prices))

    def _look(
        self,
        groups: NDArray[np.int64],
        trees: NDArray[np.int64],
        priced: Solution,
        spare: NDArray[np.int64],
        deadline: float | None,
    ) -> NDArray[np.int64]:
        """Trees of some groups that are cheaper at a part's prices than all of ``trees``."""
        generation = self._generation
        columns = generation.columns
        prices = self._prices(priced) + BLOCKED * (spare <= 0)
        costs = np.rint(SCALE * (1 + prices)).astype(np.int64)
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
