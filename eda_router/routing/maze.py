"""The deterministic router: first pass, negotiation, refinement.

1. *First pass.* Nets in order of their boxes' half perimeters get the cheapest tree under gentle
   congestion prices: exact Steiner trees for few pins, grown and improved trees for more.
2. *Negotiation.* While edges overflow, their history rises and the nets on them are rerouted.
3. *Legalisation*, only when negotiation could not remove all overflow and overflow is not allowed:
   nets on overflowed edges are taken out and routed through free tracks alone, or stay unrouted.
4. *Refinement.* Full edges are closed and every net longer than its lower bound is tried again;
   wirelength only falls and legality is never lost.

:class:`MazeRouter` holds the state of one run, so that another router can hand it nets that it has
already routed and let it finish.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.clock import PhaseTime, timed
from eda_router.config import RouteConfig
from eda_router.design import Design, IntArray, Routes
from eda_router.routing import negotiation as kernels
from eda_router.routing.negotiation import SPAN, UNIT, Market, Wires
from eda_router.routing.result import PassRow, RouteSource, RoutingResult
from eda_router.search.box import CLOSED, new_box
from eda_router.search.tree import new_tree_scratch

CHUNK = 4096
"""Nets a kernel routes before the clock and Ctrl-C are looked at."""

MAX_EXACT_PINS = 8
FIELD_ENTRIES = 1 << 21


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How hard the router tries; see :data:`EFFORTS`.

    Attributes:
        congestion_weight: height of the price's logistic step, in tile edges. Gentle prices keep
            wires short and take more rounds.
        history_step: what the first round adds to the history of an overflowed edge.
        history_growth: factor from round to round on that step.
        history_limit: largest step.
        rounds: rounds of negotiation at most.
        patience: rounds without a new least overflow after which negotiation gives up.
        rounds_per_margin: rounds after which the search boxes grow by a tile.
        exact_pins: nets up to this many pins get exact trees.
        improvements: passes over a grown tree's key tiles.
        refinements: passes of refinement at most.
        refine_exact_pins: as ``exact_pins``, in refinement.
        max_nodes: nodes of a two-pin search box, halved for every further pin; larger boxes are
            thinned out.
    """

    congestion_weight: float
    history_step: float
    history_growth: float
    history_limit: float
    rounds: int
    patience: int
    rounds_per_margin: int
    exact_pins: int
    improvements: int
    refinements: int
    refine_exact_pins: int
    max_nodes: int


EFFORTS = {
    "low": Effort(
        congestion_weight=1.5,
        history_step=2.0,
        history_growth=1.1,
        history_limit=4.0,
        rounds=100,
        patience=30,
        rounds_per_margin=2,
        exact_pins=4,
        improvements=1,
        refinements=0,
        refine_exact_pins=4,
        max_nodes=4096,
    ),
    "medium": Effort(
        congestion_weight=0.9,
        history_step=1.0,
        history_growth=1.08,
        history_limit=3.0,
        rounds=250,
        patience=60,
        rounds_per_margin=4,
        exact_pins=5,
        improvements=2,
        refinements=1,
        refine_exact_pins=6,
        max_nodes=4096,
    ),
    "high": Effort(
        congestion_weight=0.3,
        history_step=0.2,
        history_growth=1.03,
        history_limit=2.0,
        rounds=600,
        patience=120,
        rounds_per_margin=4,
        exact_pins=6,
        improvements=3,
        refinements=6,
        refine_exact_pins=7,
        max_nodes=8192,
    ),
}

STEEPNESS = 1.2
WIDE_MARGIN = 8
SLACK_TRACKS = 8


NEGOTIATION_SHARE = 0.8
"""Share of the time limit after which negotiation stops, so that overflow can still be removed."""


class OutOfTime(Exception):
    """The deadline passed between two kernel calls."""


class MazeRouter:
    """State and phases of one deterministic run.

    Args:
        design: what to route.
        config: settings; ``effort``, ``seed``, ``iterations`` and ``allow_overflow`` count here.
        on_pass: called with a :class:`~eda_router.routing.result.PassRow` after each pass.
        deadline: ``time.monotonic()`` at which to stop, or None.

    Attributes:
        stage: uint8 ``(num_nets,)``, the stage that gave each net its wire.
        phases: time of the phases that ran.
        passes: one row a pass.
    """

    def __init__(
        self,
        design: Design,
        config: RouteConfig,
        *,
        on_pass: Callable[[PassRow], None] | None = None,
        deadline: float | None = None,
    ):
        self.design = design
        self.config = config
        self.effort = EFFORTS[config.effort]
        self.phases: dict[str, PhaseTime] = {}
        self.passes: list[PassRow] = []
        self.stage = np.where(
            design.pin_counts > 1, RouteSource.UNROUTED, RouteSource.TRIVIAL
        ).astype(np.uint8)
        self._on_pass = on_pass
        self._deadline = deadline
        self._began = time.monotonic()
        with self.phase("setup"):
            self._set_up()

    def _set_up(self) -> None:
        design = self.design
        num_edges = 2 * design.num_tiles
        self._market = Market(
            capacity=np.ascontiguousarray(design.capacity.reshape(-1), np.int32),
            demand=np.zeros(num_edges, np.int32),
            history=np.ones(num_edges, np.float32),
            price=np.zeros(num_edges, np.int32),
            base=np.zeros(2 * SPAN + 1, np.int32),
            slope=np.zeros(2 * SPAN + 1, np.float32),
        )
        self._box = new_box(
            design.width,
            design.height,
            MAX_EXACT_PINS,
            max(FIELD_ENTRIES, self.effort.max_nodes << MAX_EXACT_PINS - 2),
        )
        self._scratch = new_tree_scratch(design.width, design.height)
        half_perimeters = self._half_perimeters()
        jitter = np.random.default_rng(self.config.seed).random(design.num_nets)
        self._order = design.routable[
            np.lexsort((jitter[design.routable], half_perimeters[design.routable]))
        ].astype(np.int64)
        self._bounds: IntArray | None = None
        self._wires = _new_wires(
            design.num_nets, 4 * int(half_perimeters.sum()) + 4 * design.num_tiles
        )
        self._touched = np.zeros(design.num_nets, np.uint8)
        self._no_limits = np.full(design.num_nets, np.iinfo(np.int32).max, np.int32)

    # Phases

    def route_first(
        self, nets: NDArray[np.int64] | None = None, *, legally: bool = False, margin: int = 1
    ) -> None:
        """Route ``nets``, one after the other, under congestion prices.

        Args:
            nets: net numbers, none of which has a wire; None, all routable nets.
            legally: close full edges, so that a net without a way stays unrouted; else overflow
                is priced but allowed.
            margin: tiles around a net's pins that its tree may use.
        """
        with self.phase("first pass"):
            self._price_congestion(closed=legally)
            order = self._order if nets is None else nets
            effort = self.effort
            done = 0
            try:
                while done < len(order):
                    self.check_clock()
                    done += self._with_room(
                        lambda part: kernels.first_pass(
                            self._market, self._wires, self._box, self._scratch,
                            self.design.width, self.design.height, part,
                            self.design.pin_offsets, self.design.pins,
                            effort.exact_pins, margin, effort.max_nodes, effort.improvements,
                        ),
                        order[done : done + CHUNK],
                    )  # fmt: skip
            finally:
                routed = order[self._wires.length[order] > 0]
                self.stage[routed] = RouteSource.MAZE
            self.report("first", len(routed))

    def negotiate(self, *, relax: bool = False) -> None:
        """Reroute nets on overflowed edges until total overflow is 0 or it stops falling.

        Ends with the state of least overflow that was seen.

        Args:
            relax: before that, reroute nets longer than their lower bound under gentle prices,
                overflow allowed. Wires that were kept legal one after the other detour around
                nets that could have moved; this lets them compete for the short way again.
        """
        with self.phase("negotiation"):
            self._price_congestion()
            effort = self.effort
            rounds = effort.rounds if self.config.iterations is None else self.config.iterations
            if relax:
                self.report("relax", self._negotiate_round(1, self.bounds))
            least = self.total_overflow
            best = self._snapshot()
            since_best = 0
            step = effort.history_step
            try:
                for number in range(rounds):
                    if least == 0 or since_best > effort.patience:
                        break
                    kernels.raise_history(self._market, np.float32(step))
                    step = min(step * effort.history_growth, effort.history_limit)
                    margin = 1 + number // effort.rounds_per_margin
                    if margin > WIDE_MARGIN:
                        margin = WIDE_MARGIN + (margin - WIDE_MARGIN) // 2
                    rerouted = self._negotiate_round(margin)
                    overflow = self.report(f"negotiate {number + 1}", rerouted)
                    since_best += 1
                    if overflow < least:
                        least = overflow
                        since_best = 0
                        best = self._snapshot()
            finally:
                if least > 0:
                    self._restore(best)
                self._mark(RouteSource.NEGOTIATED)

    def legalise(self) -> None:
        """Take nets on overflowed edges out and route them through free tracks where possible.

        The clock stops far detours only: near ways for so few nets take a moment, and without a
        wire all work on them is lost.
        """
        with self.phase("legalisation"):
            removed = kernels.remove_overflow(self._market, self._wires, self._order)
            self.stage[self._order[self._wires.length[self._order] == 0]] = RouteSource.UNROUTED
            self._price_free_tracks()
            reach = max(self.design.width, self.design.height)
            with self.share_of_time(None):
                self._refine_round(WIDE_MARGIN, self.open_nets)
            with suppress(OutOfTime):
                self._refine_round(reach)
            self._mark(RouteSource.NEGOTIATED)
            self.report("legalise", removed)

    def refine(self) -> None:
        """Shorten nets through free tracks, pass by pass, until nothing is gained."""
        with self.phase("refinement"):
            self._price_free_tracks()
            try:
                for number in range(self.effort.refinements):
                    shortened, saved = self._refine_round(2 + 2 * number)
                    self.report(f"refine {number + 1}", shortened)
                    if saved == 0:
                        break
            finally:
                self._mark(RouteSource.REFINED)

    # State

    @property
    def total_overflow(self) -> int:
        """Sum of all edges' overflow, tracks."""
        return int(kernels.overflow_figures(self._market)[0])

    @property
    def open_nets(self) -> NDArray[np.int64]:
        """The routable nets without wire, in the order of :attr:`order`."""
        open_nets: NDArray[np.int64] = self._order[self._wires.length[self._order] == 0]
        return open_nets

    @property
    def demand(self) -> IntArray:
        """int32 ``(height, width, 2)``: nets on each edge; the router's own array."""
        return self._market.demand.reshape(self.design.capacity.shape)  # type: ignore[no-any-return]

    @property
    def order(self) -> NDArray[np.int64]:
        """The routable nets in the order in which the first pass routes them."""
        return self._order

    @property
    def bounds(self) -> IntArray:
        """int32 ``(num_nets,)``: lower bound of each net's length, exact up to some pins."""
        if self._bounds is None:
            self._bounds = steiner_bounds(self.design, self.effort.refine_exact_pins)
        return self._bounds

    def adopt(self, routes: Routes, stage: NDArray[np.uint8]) -> None:
        """Take over wires that somebody else routed, and who that was.

        Args:
            routes: of the same design; booked whether they overflow or not.
            stage: uint8 ``(num_nets,)``.
        """
        self._load(routes)
        self.stage[:] = stage

    def commit_free(
        self,
        nets: NDArray[np.int64],
        offsets: NDArray[np.int64],
        edges: IntArray,
        stage: RouteSource,
    ) -> NDArray[np.bool_]:
        """Give nets without wire the trees that somebody else drew, one after the other.

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
            done += kernels.commit_free(
                self._market, self._wires, nets[done:], offsets[done:], edges, committed[done:]
            )
            if done < len(nets):
                self._load(self.routes(), keep_market=True)
        self.stage[nets[committed]] = stage
        return committed

    def routes(self) -> Routes:
        """The wires as they are now."""
        return _pack(self._wires, 2 * self.design.num_tiles)

    def result(self) -> RoutingResult:
        """The state as a result."""
        return RoutingResult(
            design=self.design,
            routes=self.routes(),
            stage=self.stage,
            phases=self.phases,
            passes=self.passes,
            config=self.config,
        )

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Book the time of the enclosed code on a phase."""
        return timed(self.phases, name)

    @contextmanager
    def share_of_time(self, share: float | None) -> Iterator[None]:
        """Stop the enclosed code after a share of the time to the deadline; None: never."""
        deadline = self._deadline
        if share is None:
            self._deadline = None
        elif deadline is not None:
            self._deadline = self._began + share * (deadline - self._began)
        try:
            yield
        finally:
            self._deadline = deadline

    def check_clock(self) -> None:
        """Raise :class:`OutOfTime` once the deadline has passed."""
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise OutOfTime

    def report(self, name: str, rerouted: int) -> int:
        """Add a row to the status table; returns the total overflow."""
        total, largest, count = kernels.overflow_figures(self._market)
        row = PassRow(
            name=name,
            seconds=time.monotonic() - self._began,
            rerouted=rerouted,
            overflow=int(total),
            max_overflow=int(largest),
            overflowed_edges=int(count),
            wirelength=int(self._wires.length.sum()),
        )
        self.passes.append(row)
        if self._on_pass is not None:
            self._on_pass(row)
        return int(total)

    # Inside

    def _half_perimeters(self) -> IntArray:
        return steiner_bounds(self.design, 0)

    def _with_room(
        self, kernel: Callable[[NDArray[np.int64]], int], nets: NDArray[np.int64]
    ) -> int:
        """Run a kernel over ``nets``, giving it a larger pool whenever it runs out of room."""
        done = 0
        while done < len(nets):
            done += kernel(nets[done:])
            if done < len(nets):
                self._load(self.routes(), keep_market=True)
        return done

    def _negotiate_round(self, margin: int, longest: IntArray | None = None) -> int:
        rerouted = 0
        effort = self.effort
        limits = self._no_limits if longest is None else longest

        def kernel(part: NDArray[np.int64]) -> int:
            nonlocal rerouted
            done, count = kernels.negotiate_pass(
                self._market, self._wires, self._box, self._scratch,
                self.design.width, self.design.height, part,
                self.design.pin_offsets, self.design.pins, limits, self._touched,
                min(effort.exact_pins, 5), margin, effort.max_nodes, 1,
            )  # fmt: skip
            rerouted += count
            return int(done)

        self._in_chunks(kernel, self._order)
        return rerouted

    def _refine_round(self, margin: int, nets: NDArray[np.int64] | None = None) -> tuple[int, int]:
        shortened = saved = 0
        effort = self.effort
        bounds = self.bounds

        def kernel(part: NDArray[np.int64]) -> int:
            nonlocal shortened, saved
            done, count, edges = kernels.refine_pass(
                self._market, self._wires, self._box, self._scratch,
                self.design.width, self.design.height, part,
                self.design.pin_offsets, self.design.pins, bounds, self._touched,
                effort.refine_exact_pins, margin, effort.max_nodes, 1,
            )  # fmt: skip
            shortened += count
            saved += edges
            return int(done)

        self._in_chunks(kernel, self._order if nets is None else nets)
        return shortened, saved

    def _in_chunks(
        self, kernel: Callable[[NDArray[np.int64]], int], nets: NDArray[np.int64]
    ) -> None:
        done = 0
        while done < len(nets):
            self.check_clock()
            done += self._with_room(kernel, nets[done : done + CHUNK])

    def _price_congestion(self, *, closed: bool = False) -> None:
        d = np.arange(-SPAN, SPAN + 1)
        weight = UNIT * self.effort.congestion_weight
        self._market.base[:] = np.where(closed & (d > 0), CLOSED, UNIT)
        self._market.slope[:] = weight / (1 + np.exp(-STEEPNESS * d))
        kernels.update_prices(self._market)

    def _price_free_tracks(self) -> None:
        d = np.arange(-SPAN, SPAN + 1)
        self._market.base[:] = np.where(d > 0, CLOSED, UNIT + np.maximum(0, SLACK_TRACKS + d))
        self._market.slope[:] = 0
        kernels.update_prices(self._market)

    def _mark(self, stage: RouteSource) -> None:
        changed = (self._touched != 0) & (self._wires.length > 0)
        self.stage[changed] = stage
        self._touched[:] = 0

    def _snapshot(self) -> Wires:
        """A copy of the wires; unlike :meth:`routes` without sorting, for most are thrown away."""
        wires = self._wires
        return wires._replace(
            start=wires.start.copy(),
            length=wires.length.copy(),
            pool=wires.pool[: wires.used[0]].copy(),
        )

    def _restore(self, wires: Wires) -> None:
        self._load(_pack(wires, 2 * self.design.num_tiles))

    def _load(self, routes: Routes, *, keep_market: bool = False) -> None:
        """Replace all wires, with room to spare behind them."""
        wires = _new_wires(self.design.num_nets, 2 * routes.wirelength + 8 * self.design.num_tiles)
        wires.start[:] = routes.offsets[:-1]
        wires.length[:] = routes.lengths
        wires.room[:] = routes.lengths
        wires.pool[: routes.wirelength] = routes.edges
        wires.used[0] = routes.wirelength
        self._wires = wires
        if not keep_market:
            self._market.demand[:] = np.bincount(routes.edges, minlength=len(self._market.demand))
            kernels.update_prices(self._market)


def route_maze(
    design: Design,
    config: RouteConfig,
    *,
    on_pass: Callable[[PassRow], None] | None = None,
    deadline: float | None = None,
) -> RoutingResult:
    """Route a design with the deterministic router alone.

    Without negotiation nothing would take overflow away again, so then the first pass itself keeps
    to free tracks, unless overflow is allowed.

    Args:
        design: what to route.
        config: settings; the neural ones are ignored.
        on_pass: called after each pass.
        deadline: ``time.monotonic()`` at which to stop; the best state so far is returned.

    Returns:
        the result; legal unless ``config.allow_overflow``, but nets may be unrouted.
    """
    router = MazeRouter(design, config, on_pass=on_pass, deadline=deadline)
    legally = not (config.negotiate or config.allow_overflow)
    with suppress(OutOfTime):
        router.route_first(legally=legally, margin=WIDE_MARGIN if legally else 1)
    finish(router)
    return router.result()


def finish(router: MazeRouter, *, relax: bool = False) -> None:
    """Negotiate, legalise and refine whatever is routed so far, as the settings ask.

    Args:
        router: holds the wires.
        relax: see :meth:`MazeRouter.negotiate`.
    """
    config = router.config
    with suppress(OutOfTime), router.share_of_time(NEGOTIATION_SHARE):
        if config.negotiate:
            router.negotiate(relax=relax)
    if router.total_overflow > 0:
        if config.allow_overflow:
            return
        router.legalise()
    with suppress(OutOfTime):
        if config.refine:
            router.refine()


def steiner_bounds(design: Design, exact_pins: int = MAX_EXACT_PINS) -> IntArray:
    """Lower bound of the length of each net.

    Args:
        design: the nets.
        exact_pins: up to this many pins (at most about 9) the bound is the length of an optimal
            rectilinear Steiner tree; above, half the perimeter of the bounding box.

    Returns:
        int32 ``(num_nets,)``, tile edges.
    """
    bounds = np.zeros(design.num_nets, np.int32)
    if design.num_nets == 0:
        return bounds
    box = new_box(design.width, design.height, exact_pins, 0)
    unit_price = np.ones(2 * design.num_tiles, np.int32)
    kernels.steiner_bounds(
        box, design.width, design.height, design.routable,
        design.pin_offsets, design.pins, unit_price, exact_pins, bounds,
    )  # fmt: skip
    return bounds


def _new_wires(num_nets: int, pool: int) -> Wires:
    return Wires(
        start=np.zeros(num_nets, np.int64),
        length=np.zeros(num_nets, np.int32),
        room=np.zeros(num_nets, np.int32),
        pool=np.zeros(max(pool, 1), np.int32),
        used=np.zeros(1, np.int64),
    )


def _pack(wires: Wires, num_edges: int) -> Routes:
    """The wires as routes, each net's edges sorted."""
    lengths = wires.length.astype(np.int64)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    keys = wires.pool[np.repeat(wires.start, lengths) + within].astype(np.int64)
    keys += np.repeat(np.arange(len(lengths)), lengths) * num_edges
    keys.sort()
    return Routes(offsets, (keys % num_edges).astype(np.int32))
