"""The deterministic router: first pass, negotiation, legalisation, refinement.

1. *First pass.* Nets in order of their boxes' half perimeters get the cheapest tree under gentle
   costs of congestion: exact Steiner trees for few pins, grown and improved trees for more.
2. *Negotiation.* While edges overflow, their history rises and the nets on them are rerouted.
3. *Legalisation*, only when negotiation could not remove all overflow and overflow is not allowed:
   as few nets as possible are taken out and brought back through free tracks, or past nets that can
   move, or stay unrouted.
4. *Refinement.* Full edges are closed and every net longer than its lower bound is tried again;
   wirelength only falls and legality is never lost.

:class:`MazeRouter` holds the state of one run, so that another router can hand it nets that it has
already routed and let it finish.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from eda_router.config import MOST_EXACT_PINS, RouteConfig
from eda_router.design import Design, IntArray, Routes
from eda_router.routing import legalisation
from eda_router.routing.bounds import steiner_bounds
from eda_router.routing.costs import update_costs
from eda_router.routing.crew import Counts, Crew, Pass
from eda_router.routing.effort import effort_of
from eda_router.routing.hook import PassState, read_only
from eda_router.routing.ledger import SPAN, CapacityLedger
from eda_router.routing.negotiation import MAKE_ROOM, NEGOTIATE, SHORTEN, commit_free
from eda_router.routing.pool import RoutePool, new_pool, pool_of, routes_of, snapshot
from eda_router.routing.result import BY_MODEL, PassRow, RouteSource, RoutingResult
from eda_router.routing.run import OutOfTime, Run
from eda_router.routing.watch import watched
from eda_router.search.box import CLOSED
from eda_router.search.draw import Limits
from eda_router.search.grid import TILE_EDGE, Grid, Nets

Found = TypeVar("Found")

FIELD_ENTRIES = 1 << 21
"""Nodes of all distance fields of a search together; where a tree needs more to be mended around
a tile, it is left as it is there."""

STEEPNESS = 1.2
"""Of the logistic step of congestion costs, per track."""

WIDE_MARGIN = 8
"""Tiles around a net's pins where near ways end; beyond, boxes grow half as fast."""

DETOUR_MARGIN = 2
"""Tiles around a net's pins, or a wire taken out, that rerouting of detours may use."""

SLACK_TRACKS = 8
"""Free tracks from which on an edge costs no more than its length in refinement."""

NEGOTIATION_EXACT_PINS = 5
"""Most pins of an exact tree in negotiation, which routes the same nets again and again."""

STALL_ROUNDS = 20
"""Rounds in which the least overflow has to fall by a fifth, or negotiation is getting nowhere."""

STALL_OVERFLOW = 1e-4
"""Overflow, as a share of the wirelength, below which that is no matter: the last few overflowed
edges take their time, and legalisation clears them at once."""

FULL_EDGE_COST = 20
"""What a full edge costs a net that is brought back, in tile edges; others have to move for it."""

MOST_REFINEMENTS = 100
"""Passes of refinement where time is the only limit; it ends when one gains nothing."""

ROOM_ROUNDS = 3
"""Times that legalisation shortens other nets to make room for open ones."""

NEGOTIATION_SHARE = 0.8
"""Share of the time limit after which negotiation stops, so that overflow can still be removed."""


class MazeRouter(Run):
    """State and phases of one deterministic run.

    Args:
        design: what to route.
        config: settings; ``effort`` and what departs from it, ``seed`` and ``allow_overflow`` count
            here.
        on_pass: shown the state after each pass; see :mod:`eda_router.routing.hook`.
        deadline: when to stop, on ``clock``, or None.
        clock: seconds that only rise.

    Attributes:
        ledger: who uses what, with the costs that searches read.
        order: int64, the routable nets in the order in which the first pass routes them.
        stage: uint8 ``(num_nets,)``, the :class:`RouteSource` of each net.
        negotiation: how negotiation ended, empty before; see :class:`RoutingResult`.
    """

    def __init__(
        self,
        design: Design,
        config: RouteConfig,
        *,
        on_pass: Callable[[PassState], object] | None = None,
        deadline: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        super().__init__(on_pass=on_pass, deadline=deadline, clock=clock)
        self.design = design
        self.config = config
        self.effort = effort_of(config)
        self.negotiation: dict[str, Any] = {}
        with self.phase("setup"):
            self._set_up()

    def _set_up(self) -> None:
        design = self.design
        self.ledger = CapacityLedger.of(design)
        self._cost_congestion()
        self.stage = np.where(
            design.pin_counts > 1, RouteSource.UNROUTED, RouteSource.TRIVIAL
        ).astype(np.uint8)
        half_perimeters = design.half_perimeters[design.routable]
        jitter = np.random.default_rng(self.config.seed).random(design.num_nets)
        self.order: NDArray[np.int64] = design.routable[
            np.lexsort((jitter[design.routable], half_perimeters))
        ]
        self._nets = Nets(design.pin_offsets, design.pins)
        self._crew = self._new_crew()
        self._pool = new_pool(
            design.num_nets,
            4 * int(half_perimeters.sum()) + 4 * design.num_tiles,
        )
        self._touched = np.zeros(design.num_nets, np.uint8)

    # Phases

    def route_first(
        self, nets: NDArray[np.int64] | None = None, *, legally: bool = False, margin: int = 1
    ) -> None:
        """Route ``nets``, one after the other, under the cost of congestion.

        Args:
            nets: net numbers, none of which has a route; None, all routable nets.
            legally: close full edges, so that a net without a way stays unrouted; else overflow
                has its cost but is allowed.
            margin: tiles around a net's pins that its tree may use.
        """
        order = self.order if nets is None else nets
        limits = self._limits(self.effort.exact_pins, margin, self.effort.improvements)
        with self.phase("first pass"):
            self._cost_congestion(closed=legally)
            try:
                self._route(order, limits, self._no_bounds)
            finally:
                self._mark(RouteSource.MAZE)
                routed = order[self._pool.length[order] > 0]
            self.report("first", len(routed))

    def negotiate(self, *, reroute_detours: bool = False) -> None:
        """Reroute nets on overflowed edges until total overflow is 0 or it stops falling.

        Ends with the state of least overflow that was seen. Where overflow is not allowed in the
        end, it also ends once a fifth less takes more than STALL_ROUNDS: most of what is left then
        has no room anywhere, and legalisation does the rest faster.

        Args:
            reroute_detours: before that, reroute nets that the model drew longer than their lower
                bound, under gentle costs with overflow allowed, so that they can displace nets
                routed before them. The maze router's own wires come from such costs already.
        """
        with self.phase("negotiation"):
            self._cost_congestion()
            effort = self.effort
            if reroute_detours:
                longest = np.where(np.isin(self.stage, BY_MODEL), self.bounds, self._no_bounds)
                self.report("relax", self._negotiate_round(DETOUR_MARGIN, longest))
            least = self.total_overflow
            best = snapshot(self._pool)
            since_best = 0
            lowest = [least]
            step = effort.history_step
            try:
                for number in range(effort.iterations):
                    if least == 0 or since_best > effort.patience or self._stalled(lowest):
                        break
                    self.ledger.raise_history(step)
                    step = min(step * effort.history_growth, effort.history_limit)
                    margin = 1 + number // effort.rounds_per_margin
                    if margin > WIDE_MARGIN:
                        margin = WIDE_MARGIN + (margin - WIDE_MARGIN) // 2
                    rerouted = self._negotiate_round(margin, self._no_bounds)
                    overflow = self.report(f"negotiate {number + 1}", rerouted)
                    since_best += 1
                    if overflow < least:
                        least = overflow
                        since_best = 0
                        best = snapshot(self._pool)
                    lowest.append(least)
            finally:
                self.negotiation = {
                    "rounds": len(lowest) - 1,
                    "least_overflow": least,
                    "stalled": least > 0
                    and (since_best > effort.patience or self._stalled(lowest)),
                }
                if least > 0:
                    routes = routes_of(best, 2 * self.design.num_tiles)
                    self._pool = self._new_pool(routes)
                    self.ledger.book_only(routes)
                self._mark(RouteSource.NEGOTIATED)

    def legalise(self) -> None:
        """Take as few nets out as leave no overflow, and bring back those that find room."""
        with self.phase("legalisation"):
            self._cost_free_tracks()
            removed = legalisation.remove_overflow(self.ledger.costs, self._pool, self.order)
            self.stage[removed] = RouteSource.UNROUTED
            try:
                self._refine_round(WIDE_MARGIN, self.open_nets, self._no_bounds)
                self._refine_round(self._reach, self.open_nets, self._no_bounds)
                # Shorter routes of others leave tracks that open nets can use.
                for _ in range(ROOM_ROUNDS):
                    while len(self.open_nets) and self._bring_back():
                        pass
                    if len(self.open_nets) == 0 or self._refine_round(2, self.order).saved == 0:
                        break
            finally:
                self._mark(RouteSource.NEGOTIATED)
                self.report("legalise", len(removed))

    def connect_far(self, *, legally: bool = True) -> None:
        """Route open nets by their shortest way, however far, on the whole grid.

        The passes before look at boxes near the pins, thinned out where they are large, and add
        costs up in 32 bits; this finds a way wherever there is one.

        Args:
            legally: through free tracks only.
        """
        with self.phase("far connections"):
            d = np.arange(-SPAN, SPAN + 1)
            self.ledger.set_costs(np.where(legally & (d > 0), CLOSED, 1), np.zeros(len(d)))
            limits = Limits(0, self._reach, self.design.num_tiles, 1, 1)
            try:
                late = self._route(self.open_nets, limits, self._no_bounds).rerouted
            finally:
                self._mark(RouteSource.MAZE)
            self.report("far", late)

    def refine_until_deadline(self) -> None:
        """As :meth:`refine`, whatever the effort, until the deadline."""
        with suppress(OutOfTime):
            self.refine(MOST_REFINEMENTS)

    def refine(self, passes: int | None = None) -> None:
        """Shorten nets through free tracks, pass by pass, until nothing is gained.

        Nets that cross what overflow is left stay as they are: the tracks they hold are closed.

        Args:
            passes: most of them; None, as the effort says.
        """
        with self.phase("refinement"):
            self._cost_free_tracks()
            nets = self.order
            if self.total_overflow > 0:
                nets = nets[~self._overflows()[nets]]
            try:
                passes = self.effort.refinements if passes is None else passes
                for number in range(passes):
                    # After the last pass nobody needs the room that equally long routes make.
                    aim = SHORTEN if number == passes - 1 else MAKE_ROOM
                    found = self._refine_round(2 + 2 * number, nets, aim=aim)
                    self.report(f"refine {number + 1}", found.shortened)
                    if found.saved == 0:
                        break
            finally:
                self._mark(RouteSource.REFINED)

    # State

    @property
    def total_overflow(self) -> int:
        """Sum of all edges' overflow, tracks."""
        return self.ledger.total_overflow

    @property
    def demand(self) -> IntArray:
        """int32 ``(height, width, 2)``: nets on each edge; the ledger's own array."""
        return self.ledger.demand

    @property
    def open_nets(self) -> NDArray[np.int64]:
        """The routable nets without route, in the order of :attr:`order`."""
        open_nets: NDArray[np.int64] = self.order[self._pool.length[self.order] == 0]
        return open_nets

    @cached_property
    def bounds(self) -> IntArray:
        """int32 ``(num_nets,)``: lower bound of each net's length, exact up to some pins."""
        return steiner_bounds(self.design, self.effort.refine_exact_pins, self.check_clock)

    def commit_free(
        self,
        nets: NDArray[np.int64],
        offsets: NDArray[np.int64],
        edges: IntArray,
        stage: RouteSource,
    ) -> NDArray[np.bool_]:
        """Give nets without route the trees that somebody else drew, one after the other.

        A tree that finds an edge full at its turn is refused whole, so every commit is legal.

        Args:
            nets: net numbers.
            offsets: int64 ``(len(nets) + 1,)``; net i's tree is
                ``edges[offsets[i]:offsets[i + 1]]``, empty for none.
            edges: int32 edge ids.
            stage: who drew them.

        Returns:
            bool ``(len(nets),)``: which trees were committed.
        """
        committed = np.zeros(len(nets), np.bool_)
        done = 0
        while done < len(nets):
            done += commit_free(
                self.ledger.costs, self._pool, nets[done:], offsets[done:], edges, committed[done:]
            )
            if done < len(nets):
                self._make_room()
        self.stage[nets[committed]] = stage
        return committed

    def routes(self) -> Routes:
        """The routes as they are now."""
        return routes_of(self._pool, 2 * self.design.num_tiles)

    def result(self) -> RoutingResult:
        """The state as a result."""
        return RoutingResult(
            design=self.design,
            routes=self.routes(),
            stage=self.stage,
            phases=self.phases,
            passes=self.passes,
            config=self.config,
            details={"out_of_time": self.out_of_time, "negotiation": self.negotiation},
        )

    def report(self, name: str, rerouted: int) -> int:
        """Add a row to the status table; returns the total overflow."""
        overflow = self.ledger.overflow_figures()
        self.add_row(
            PassRow(
                name=name,
                seconds=self.age,
                rerouted=rerouted,
                overflow=overflow.total,
                max_overflow=overflow.largest,
                overflowed_edges=overflow.edges,
                wirelength=int(self._pool.length.sum()),
            ),
            lambda row: PassState(row, self.design, read_only(self.demand), self.routes),
        )
        return overflow.total

    # Inside

    def _new_crew(self) -> Crew:
        grid = Grid(self.design.width, self.design.height)
        entries = max(FIELD_ENTRIES, self.effort.box_nodes << MOST_EXACT_PINS - 2)
        return Crew(self.config.threads, self._nets, grid, MOST_EXACT_PINS, entries)

    def _limits(self, exact_pins: int, margin: int, rounds: int) -> Limits:
        nodes = self.effort.box_nodes
        return Limits(exact_pins, margin, nodes, rounds, TILE_EDGE)

    @cached_property
    def _no_bounds(self) -> IntArray:
        return np.full(self.design.num_nets, np.iinfo(np.int32).max, np.int32)

    @property
    def _reach(self) -> int:
        """A margin that takes in the whole grid."""
        return max(self.design.width, self.design.height)

    def _stalled(self, lowest: Sequence[int]) -> bool:
        """Whether negotiation, with the least overflow after each round so far, gets nowhere."""
        if self.config.allow_overflow or len(lowest) <= STALL_ROUNDS:
            return False
        matters = lowest[-1] > STALL_OVERFLOW * int(self._pool.length.sum())
        return matters and 5 * lowest[-1] > 4 * lowest[-1 - STALL_ROUNDS]

    def _bring_back(self) -> int:
        """Route open nets past others that can move; returns how many."""
        closed = self.ledger.costs
        assert closed is not None
        d = np.arange(-SPAN, SPAN + 1)
        soft = closed._replace(
            cost=np.zeros_like(closed.cost),
            base=np.where(d > 0, FULL_EDGE_COST * TILE_EDGE, TILE_EDGE).astype(np.int32),
            slope=np.where(d > 0, TILE_EDGE, 0).astype(np.float32),
        )
        update_costs(soft, np.arange(len(soft.cost)))
        limits = self._limits(NEGOTIATION_EXACT_PINS, WIDE_MARGIN, 1)

        def run(nets: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
            done, back = legalisation.bring_back(
                closed, soft, self._pool, self._crew.workspace, self._nets, limits, self.order,
                nets, self._touched,
            )  # fmt: skip
            return nets[done:], back

        return sum(self._over(self.open_nets, run))

    def _negotiate_round(self, margin: int, longest: IntArray) -> int:
        limits = self._limits(min(self.effort.exact_pins, NEGOTIATION_EXACT_PINS), margin, 1)
        return self._route(self.order, limits, longest, NEGOTIATE).rerouted

    def _overflows(self) -> NDArray[np.bool_]:
        """bool ``(num_nets,)``: the nets that cross an edge with overflow."""
        routes = self.routes()
        owner = np.repeat(np.arange(routes.num_nets), routes.lengths)
        over = self.ledger.overflow.reshape(-1)[routes.edges] > 0
        return np.bincount(owner, over, routes.num_nets) > 0

    def _refine_round(
        self,
        margin: int,
        nets: NDArray[np.int64],
        bounds: IntArray | None = None,
        aim: int = MAKE_ROOM,
    ) -> Counts:
        limits = self._limits(self.effort.refine_exact_pins, margin, 1)
        return self._route(nets, limits, self.bounds if bounds is None else bounds, aim)

    def _route(
        self,
        nets: NDArray[np.int64],
        limits: Limits,
        longest: IntArray,
        aim: int = MAKE_ROOM,
    ) -> Counts:
        """Run a :class:`~eda_router.routing.crew.Pass` over ``nets``."""
        task = Pass(limits, longest, self._touched, aim)
        costs = self.ledger.costs
        assert costs is not None

        def run(nets: NDArray[np.int64]) -> tuple[NDArray[np.int64], Counts]:
            return self._crew.run(task, costs, self._pool, nets)

        found = self._over(nets, run)
        return Counts(*(sum(counts) for counts in zip(Counts(0, 0, 0), *found, strict=True)))

    def _over(
        self,
        nets: NDArray[np.int64],
        run: Callable[[NDArray[np.int64]], tuple[NDArray[np.int64], Found]],
    ) -> list[Found]:
        """Deal with ``nets`` until the deadline.

        Args:
            nets: net numbers.
            run: deals with nets until it is through, the pool is full, or the crew is stopped;
                returns those that are left, and what it found.

        Returns:
            what ``run`` found at every call.
        """
        found = []
        times = 1
        while len(nets):
            self.check_clock()
            with watched(self._crew.stop, self.time_left):
                left, what = run(nets)
            found.append(what)
            if len(left) and not self._crew.stop[0]:
                # A net that moves many others needs room for all of their trees at once.
                times = 1 if len(left) < len(nets) else 2 * times
                self._make_room(times)
            nets = left
        return found

    def _make_room(self, times: int = 1) -> None:
        """Move the routes to a larger pool, with ``times`` the usual room."""
        self._pool = self._new_pool(self.routes(), times)

    def _new_pool(self, routes: Routes, times: int = 1) -> RoutePool:
        """A pool with ``times`` the usual room."""
        return pool_of(routes, times * self._spare(routes.wirelength))

    def _spare(self, wirelength: int) -> int:
        """Edges to leave unused in a pool: more than any tree has."""
        return wirelength + 8 * self.design.num_tiles

    def _cost_congestion(self, *, closed: bool = False) -> None:
        """Let costs rise where demand comes near capacity; ``closed``: close full edges too."""
        d = np.arange(-SPAN, SPAN + 1)
        weight = TILE_EDGE * self.effort.congestion_weight
        base = np.where(closed & (d > 0), CLOSED, TILE_EDGE)
        self.ledger.set_costs(base, weight / (1 + np.exp(-STEEPNESS * d)))

    def _cost_free_tracks(self) -> None:
        """Close full edges, and let the others cost their length and a little for scarce tracks."""
        d = np.arange(-SPAN, SPAN + 1)
        base = np.where(d > 0, CLOSED, TILE_EDGE + np.maximum(0, SLACK_TRACKS + d))
        self.ledger.set_costs(base, np.zeros(len(d)))

    def _mark(self, stage: RouteSource) -> None:
        changed = (self._touched != 0) & (self._pool.length > 0)
        self.stage[changed] = stage
        self._touched[:] = 0


def route_maze(
    design: Design,
    config: RouteConfig,
    *,
    on_pass: Callable[[PassState], object] | None = None,
    deadline: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> RoutingResult:
    """Route a design with the deterministic router alone.

    Without negotiation nothing would take overflow away again, so then the first pass itself keeps
    to free tracks, unless overflow is allowed.

    Args:
        design: what to route.
        config: settings; the neural ones are ignored.
        on_pass: shown the state after each pass; see :mod:`eda_router.routing.hook`.
        deadline: when to stop, on ``clock``; the best state so far is returned.
        clock: seconds that only rise.

    Returns:
        the result; legal unless ``config.allow_overflow``, but nets may be unrouted.
    """
    router = MazeRouter(design, config, on_pass=on_pass, deadline=deadline, clock=clock)
    route_all(router)
    finish(router)
    return router.result()


def route_all(router: MazeRouter) -> None:
    """The first pass over all nets, as the settings ask.

    Args:
        router: without routes so far.
    """
    config = router.config
    legally = not (config.negotiate or config.allow_overflow)
    with suppress(OutOfTime):
        router.route_first(legally=legally, margin=WIDE_MARGIN if legally else 1)


def finish(router: MazeRouter, *, reroute_detours: bool = False) -> None:
    """Negotiate, legalise and refine whatever is routed so far, as the settings ask.

    Args:
        router: holds the routes.
        reroute_detours: see :meth:`MazeRouter.negotiate`.
    """
    config = router.config
    with suppress(OutOfTime), router.share_of_time(NEGOTIATION_SHARE):
        if config.negotiate:
            router.negotiate(reroute_detours=reroute_detours)
    with suppress(OutOfTime):
        if router.total_overflow > 0 and not config.allow_overflow:
            router.legalise()
        if config.finishes and len(router.open_nets):
            router.connect_far(legally=not config.allow_overflow)
        if config.refine:
            router.refine()
