"""Negotiation at known prices: whole routings near the best fractional one.

At the prices of the best fractional routing (:mod:`eda_router.proof.generation`) many trees of a
net are all as cheap, and a whole routing is a choice among them. Negotiation chooses: where an edge
overflows its price rises a little and the nets on it move on, and where tracks stay free it falls a
little. Prices that follow what is left over in both directions are the subgradient method for the
Lagrangian dual [1]; here they walk about the optimum. From the best routing of every stretch of
the walk its last overflow is negotiated away, at prices that rise faster, and the shortest routing
without any is the answer.

[1] M. Held, P. Wolfe, H. P. Crowder: Validation of subgradient optimization. Mathematical
    Programming 6 (1974), 62-88.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Routes
from eda_router.routing.ledger import MAX_HISTORY, SPAN
from eda_router.routing.maze import MazeRouter
from eda_router.routing.negotiation import NEGOTIATE
from eda_router.routing.pool import routes_of, snapshot
from eda_router.routing.run import OutOfTime
from eda_router.search.grid import TILE_EDGE


class Steps(NamedTuple):
    """How prices move from round to round, tile edges.

    Attributes:
        rise: of an edge with overflow.
        fall: of an edge for each track that stays free, up to :data:`MOST_FREE`.
        overfull: what a net pays beyond the price where no track is free, in the first round of a
            stretch.
        last: the same in its last round.
    """

    rise: float
    fall: float
    overfull: float
    last: float


WALK = Steps(rise=0.01, fall=0.01, overfull=0.02, last=0.1)
"""While walking about: less lets more overflow stay, more costs more wire."""

FINISH = Steps(rise=0.1, fall=0.01, overfull=1.0, last=1.0)
"""While the last overflow is negotiated away."""

MOST_FREE = 3
"""Free tracks of an edge that count."""

SCARCE = 0.01
"""What a net pays for the last free track of an edge; of ways as cheap it takes the freer one."""

DETOUR = 2
"""What a track of overflow costs beyond its price: detours come in twos."""

MARGIN = 8
"""Tiles around a net's pins that its tree may use."""

STRETCH = 100
"""Rounds of a stretch of the walk."""

STRETCHES = 30
"""Most stretches."""

PATIENCE = 6
"""Stretches without a shorter routing after which the walk ends."""

FINISH_ROUNDS = 300
"""Rounds after which overflow that is left then stays."""


class PricedRouter(MazeRouter):
    """A router that moves nets at given prices; see the module's head."""

    def search(
        self,
        routes: Routes,
        prices: NDArray[np.float64],
        on_stretch: Callable[[int, int, int], None] | None = None,
    ) -> Routes | None:
        """The shortest routing without overflow that was met until the deadline, or None.

        Args:
            routes: all nets routed, to begin with; best near the best fractional routing.
            prices: float64, of each edge, tile edges.
            on_stretch: called after each stretch of the walk with its number, how many nets moved,
                and the length of the routing found from it, 0 for none.
        """
        prices = np.minimum(prices, MAX_HISTORY)
        best, since = None, 0
        here, now = routes, prices
        with suppress(OutOfTime):
            for number in range(1, STRETCHES + 1):
                self._book(here, now)
                moved, nearest = self._stretch(prices + DETOUR)
                here, now = self.routes(), self._prices.astype(np.float64)
                self._book(nearest, prices)
                found = self._finished()
                since += 1
                if found is not None and (best is None or found.wirelength < best.wirelength):
                    best, since = found, 0
                if on_stretch is not None:
                    on_stretch(number, moved, 0 if found is None else found.wirelength)
                if since == PATIENCE:
                    break
        return best

    def _stretch(self, overfull: NDArray[np.float64]) -> tuple[int, Routes]:
        """Walk a stretch; returns how many nets moved, and the routing met whose length and
        overflow, at the costs ``overfull``, are the least together."""
        moved, least = 0, math.inf
        for number in range(STRETCH):
            moved += self._step(WALK, number / STRETCH)
            over = self.ledger.overflow.reshape(-1)
            cost = int(self._pool.length.sum()) + float(overfull @ over)
            if cost < least:
                nearest, least = snapshot(self._pool), cost
        return moved, routes_of(nearest, 2 * self.design.num_tiles)

    def _finished(self) -> Routes | None:
        """The routing once the last overflow is negotiated away and it is refined, or None."""
        for _ in range(FINISH_ROUNDS):
            self._step(FINISH)
            if self.total_overflow == 0:
                self.refine()
                return self.routes()
        return None

    def _step(self, steps: Steps, share: float = 0.0) -> int:
        """Change the prices and move the nets on edges with overflow; returns how many moved.

        Args:
            steps: how prices change.
            share: of the stretch that is done.
        """
        free = self.ledger.free.reshape(-1)
        change = np.where(free < 0, steps.rise, -steps.fall * np.clip(free, 0, MOST_FREE))
        self._prices[:] = np.clip(self._prices + change, 0, MAX_HISTORY)
        self._cost_at_prices(steps.overfull ** (1 - share) * steps.last**share)
        limits = self._limits(self.effort.refine_exact_pins, MARGIN, 1)
        return self._route(self.order, limits, self._no_bounds, NEGOTIATE).rerouted

    @property
    def _prices(self) -> NDArray[np.float32]:
        """The prices now, a view: what is history to other negotiations."""
        assert self.ledger.costs is not None
        prices: NDArray[np.float32] = self.ledger.costs.history
        return prices

    def _cost_at_prices(self, overfull: float) -> None:
        d = np.arange(-SPAN, SPAN + 1)
        base = 1 + overfull * (d > 0) + SCARCE * np.exp(np.minimum(d, 0) / 2)
        self.ledger.set_costs(
            (TILE_EDGE * base).astype(np.int32), np.full(len(d), TILE_EDGE, float)
        )

    def _book(self, routes: Routes, prices: NDArray[np.float64]) -> None:
        """Go on from a routing and prices."""
        self._pool = self._new_pool(routes)
        self.ledger.book_only(routes)
        self._prices[:] = prices
