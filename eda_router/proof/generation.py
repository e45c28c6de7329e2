"""Column generation: trees and prices in turn, until the best fractional routing is known.

Of the trees known, the master problem finds the best fractional routing and what one more track of
each edge would save, its price (:mod:`eda_router.proof.master`). At these prices every group of
nets looks for a cheaper tree (:mod:`eda_router.proof.pricing`). Any prices give a lower bound, the
Lagrangian one [1]; where it meets the master's value, both are optimal.

Where all nets have two pins, whole routings obey odd cuts besides
(:mod:`eda_router.proof.odd_cuts`). Further rounds find those that the fractional routing violates,
and prices with them: nearer to a whole routing, but no certificate has room for what they prove.

The prices of a young master are wild. So trees are looked for at prices between the best so far and
the master's too, which is known as smoothing [2].

[1] G. B. Dantzig, P. Wolfe: Decomposition principle for linear programs. Operations Research 8
    (1960), 101-111.
[2] P. Wentges: Weighted Dantzig-Wolfe decomposition for linear mixed-integer programming.
    International Transactions in Operational Research 4 (1997), 151-162.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, Routes
from eda_router.proof.columns import Columns
from eda_router.proof.groups import groups_of
from eda_router.proof.master import Solution, solve_master
from eda_router.proof.odd_cuts import OddCuts
from eda_router.proof.pricing import SCALE, Pricer
from eda_router.search.grid import Grid

BLOCKED = 1000
"""Price of a track that is not there, tile edges: of edges without tracks, whose price adds nothing
to what all tracks are worth, and of overflow where the least wire without any is sought."""

SMOOTHING = 0.5
"""Share of the best prices in those at which trees are looked for first."""

NEARLY = 1e-3
"""What a master's value may be off, tile edges or tracks."""


@dataclass(frozen=True)
class Round:
    """One round of column generation.

    Attributes:
        number: from 1.
        lower: largest Lagrangian value; a bound only where all trees were the cheapest.
        upper: value of the master problem.
        columns: trees known.
        new: of them found in this round.
        seconds: since the beginning.
    """

    number: int
    lower: float
    upper: float
    columns: int
    new: int
    seconds: float


class Generation:
    """The state of column generation for one design.

    Args:
        design: grid, capacities and nets.
        kind: ``overflow`` or ``wirelength``, what is minimised.
        routes: wires to begin with; nets without one begin with a shortest tree.

    Attributes:
        groups: the nets to route.
        columns: the trees found.
        capacity: int64, tracks of each edge.
        prices: int64, the best prices, in units of ``1 / SCALE``.
        lower: Lagrangian value of the best prices.
        cuts: the odd cuts that were found.
        whole_prices: int64, the best prices of whole routings: those of the borders of odd cuts are
            in them.
        whole_lower: Lagrangian value of these.
        solution: of the master without odd cuts, None before the first round.
        rounds: that were run.
    """

    def __init__(self, design: Design, kind: str, routes: Routes | None = None):
        self.design = design
        self.kind = kind
        self.unit = SCALE if kind == "wirelength" else 0
        self.groups = groups_of(design)
        self.capacity = design.capacity.reshape(-1).astype(np.int64)
        self.columns = Columns()
        self._deadline: float | None = None
        self.pricer = Pricer(Grid(design.width, design.height), self.groups, self.unit)
        self.solution: Solution | None = None
        self.rounds: list[Round] = []
        self.most_price = float(BLOCKED if self.unit else 1)
        self._began = time.monotonic()
        self._floor = np.where(self.capacity == 0, round(SCALE * self.most_price), 0)
        self._begin(routes)
        self.prices = self._floor
        self.lower = -math.inf
        self.cuts = OddCuts(design, self.groups)
        self.whole_prices, self._kept_free = self._floor, 0
        self.whole_lower = -math.inf
        self.look(self._floor)

    def _begin(self, routes: Routes | None) -> None:
        """The first trees: those of ``routes``, and a shortest one of each group."""
        if routes is not None:
            self.add(routes)
        everyone = np.arange(len(self.groups))
        _, trees = self.pricer.trees(SCALE + self._floor, everyone)
        self.columns.add(everyone[: len(trees)], trees)
        self._least = self.columns.cheapest(len(self.groups), self.unit + self._floor)
        lengths = self.columns.cheapest(len(self.groups), np.ones_like(self._floor))
        self._shortest = int(lengths @ self.groups.members)

    def add(self, routes: Routes) -> None:
        """Add the trees of a routing."""
        nets = np.flatnonzero((self.groups.group_of >= 0) & (routes.lengths > 0))
        self.columns.add(
            self.groups.group_of[nets], [routes.net_edges(net) for net in nets.tolist()]
        )

    def look(self, prices: NDArray[np.int64], kept_free: int = 0) -> int:
        """Look for cheaper trees at some prices; returns how many were found.

        Args:
            prices: int64, of each edge.
            kept_free: what the tracks are worth, in the same units, that odd cuts keep free at the
                prices of their borders.
        """
        costs = self.unit + prices
        known = self.columns.cheapest(len(self.groups), costs)
        wanted = np.flatnonzero(known > self._least)
        found, trees = self.pricer.trees(costs, wanted, self._deadline)
        if len(trees) < len(wanted):
            return 0
        least = known.copy()
        least[wanted] = np.minimum(known[wanted], found)
        value = (int(least @ self.groups.members) - int(prices @ self.capacity)) / SCALE
        if value > self.lower:
            self.lower, self.prices = value, prices
        if value + kept_free / SCALE > self.whole_lower:
            self.whole_lower = value + kept_free / SCALE
            self.whole_prices, self._kept_free = prices, kept_free
        better = np.flatnonzero(found < known[wanted])
        return self.columns.add(wanted[better], [trees[place] for place in better])

    @property
    def upper(self) -> float:
        """Value of the master problem; infinite before the first round."""
        return math.inf if self.solution is None else self.solution.value

    @property
    def bound(self) -> int:
        """The least whole number that the Lagrangian value leaves possible."""
        return max(0, math.ceil(self.lower - NEARLY))

    @property
    def whole_bound(self) -> int:
        """The least whole number that odd cuts leave possible too. It is as odd or even as the
        length of every routing, where all nets have two pins."""
        bound = max(self.bound, math.ceil(self.whole_lower - NEARLY))
        if self.cuts.possible and self.unit:
            bound += (bound - self._shortest) % 2
        return bound

    @property
    def optimal(self) -> bool:
        """Whether no further round can raise the bound."""
        return self.solution is not None and self.bound >= math.ceil(self.upper - NEARLY)

    def limit(self, deadline: float | None) -> None:
        """End all searches at a moment on the monotonic clock; None: at none."""
        self._deadline = deadline

    def run(
        self,
        rounds: int,
        *,
        enough: int | None = None,
        on_round: Callable[[Round], None] | None = None,
        deadline: float | None = None,
    ) -> None:
        """Some rounds, fewer where the optimum is known before.

        Args:
            rounds: most of them.
            enough: a bound beyond which nothing is won, such as the value of a routing.
            on_round: called after each.
            deadline: when to end, on the monotonic clock, or None.
        """
        self.limit(deadline)
        for _ in range(rounds):
            if deadline is not None and time.monotonic() >= deadline:
                return
            if self.optimal or (enough is not None and self.bound >= enough):
                return
            new = self.step()
            if on_round is not None:
                on_round(self.rounds[-1])
            if new == 0:
                return

    def step(self) -> int:
        """One round; returns how many trees it found."""
        solution = self._solve()
        new = 0
        if solution is not None:
            self.solution = solution
            duals = self._rounded_prices(solution)
            if self.rounds:
                mixed = SMOOTHING * self.prices + (1 - SMOOTHING) * duals
                new = self.look(np.rint(mixed).astype(np.int64))
            new += self.look(duals)
        seconds = time.monotonic() - self._began
        row = Round(len(self.rounds) + 1, self.lower, self.upper, len(self.columns), new, seconds)
        self.rounds.append(row)
        return new

    def run_whole(self, rounds: int, enough: int, deadline: float | None = None) -> None:
        """Some rounds with odd cuts, fewer where no more are violated and the prices are the best.

        Args:
            rounds: most of them.
            enough: a bound beyond which nothing is won, such as the length of a routing.
            deadline: when to end, on the monotonic clock, or None.
        """
        self.limit(deadline)
        for _ in range(rounds if self.cuts.possible else 0):
            if self.whole_bound >= enough:
                return
            solution = self._solve(self.cuts)
            if solution is None:
                return
            found = self.cuts.find(self.capacity - self._use(solution))
            worths = np.floor(solution.worths * SCALE)
            borders = self.cuts.prices(worths, len(self.capacity)).astype(np.int64)
            prices, kept_free = self._rounded_prices(solution) + borders, int(worths.sum())
            mixed = SMOOTHING * self.whole_prices + (1 - SMOOTHING) * prices
            self.look(
                np.rint(mixed).astype(np.int64),
                math.floor(SMOOTHING * self._kept_free + (1 - SMOOTHING) * kept_free),
            )
            self.look(prices, kept_free)
            if found == 0 and self.whole_bound >= math.ceil(solution.value - NEARLY):
                return

    def _solve(self, cuts: OddCuts | None = None) -> Solution | None:
        """The master's optimum, or None at the deadline."""
        return solve_master(
            self.columns,
            self.groups.members,
            self.capacity,
            float(self.unit > 0),
            self.most_price,
            self._deadline,
            cuts,
        )

    def _rounded_prices(self, solution: Solution) -> NDArray[np.int64]:
        """int64, per edge: a solution's prices."""
        return np.maximum(np.rint(solution.prices * SCALE).astype(np.int64), self._floor)

    def _use(self, solution: Solution) -> NDArray[np.float64]:
        """float64, per edge: tracks that a solution with all trees takes."""
        weights = np.repeat(solution.amounts, self.columns.lengths)
        use = np.bincount(self.columns.edges, weights=weights, minlength=len(self.capacity))
        return use.astype(np.float64)

    def rounded(self) -> Routes:
        """The fractional routing made whole: each group's nets take the trees that it uses most.

        Edges may be overfilled. Fractions of the master's columns are rounded down, and what is
        left of a group goes to the largest remainders.
        """
        assert self.solution is not None
        columns, groups = self.columns, self.groups
        used = np.pad(self.solution.amounts, (0, len(columns) - len(self.solution.amounts)))
        whole = np.floor(used + NEARLY).astype(np.int64)
        missing = groups.members - np.bincount(columns.groups, whole, len(groups)).astype(np.int64)
        order = np.lexsort((whole - used, columns.groups))
        first = np.searchsorted(columns.groups[order], np.arange(len(groups)))
        rank = np.arange(len(order)) - first[columns.groups[order]]
        whole[order] += rank < missing[columns.groups[order]]
        return groups.routes(columns, whole)

    @property
    def overfilled(self) -> bool:
        """Whether the fractional routing overfills an edge."""
        assert self.solution is not None
        use = self._use(self.solution)
        return bool(np.any(use > self.capacity + NEARLY))
