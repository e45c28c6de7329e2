"""The neural router: the model draws net after net under the ledger, the maze router finishes.

Nets go to the smallest exit whose window holds them, short ones first. A *wave* is a batch of nets
of one exit that see the same ledger; their trees are committed one after the other, each against
the ledger as it is at that moment. A net whose tree lost the race for a track gets another one from
the same drawing, or else goes to the front of the next wave, so each wave commits at least its
first drawable net and the order is fixed. A wave of one net is the plain sequential router.

How a net is drawn, and drawn again where its drawing does not join its pins, is the drawer's
(:mod:`eda_router.neural.drawer`); what no drawing joins goes to the maze router, and so does a net
that no exit takes, because its window would be too coarse (:data:`COARSEST`) or out of proportion
to the grid (:data:`eda_router.neural.coarse.MOST_GRIDS`). Then negotiation and refinement as in
:mod:`eda_router.routing.maze`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.clock import PhaseTime, timed
from eda_router.config import RouteConfig
from eda_router.design import Design, IntArray
from eda_router.neural.coarse import ScaledExit, assign_exits, pyramid
from eda_router.neural.drawer import Attempt, Drawer
from eda_router.neural.engines import Engine, load_engine
from eda_router.neural.rudy import ExpectedDemand
from eda_router.neural.views import ViewsEngine
from eda_router.neural.waves import in_waves
from eda_router.neural.windows import Windows, cut_windows, grid_edges, place_windows
from eda_router.routing.exit_count import ExitCount
from eda_router.routing.hook import PassState
from eda_router.routing.maze import MazeRouter, finish
from eda_router.routing.model_share import model_share, same_wires
from eda_router.routing.result import BY_MODEL, RouteSource, RoutingResult
from eda_router.routing.run import OutOfTime
from eda_router.routing.story import Story

WAVE_TILES = 1 << 18
"""Tiles of all windows of a default wave; large windows share many tracks and race more."""

LARGEST_WAVE = 256

COARSEST = 2
"""Tiles of the grid along one tile of the coarsest windows where the maze router takes wider nets.
A coarser drawing is a wide corridor, whose wire negotiation or refinement mostly replaces: with
them, the wires end longer and the run takes longer."""

DRAWING_SHARE = 0.5
"""Share of the time limit after which the maze router, which is faster, takes all that is left."""


class NeuralRouter:
    """State of one neural run.

    Args:
        design: what to route.
        config: settings.
        engine: the loaded model.
        on_pass: shown the state after each pass; see :mod:`eda_router.routing.hook`.
        deadline: when to stop, on ``clock``, or None.
        clock: seconds that only rise.

    Attributes:
        maze: holds the ledger and the wires, and finishes.
        drawer: draws the nets.
        counts: what became of the nets, by exit.
        too_wide: number of nets that no exit takes.
    """

    def __init__(
        self,
        design: Design,
        config: RouteConfig,
        engine: Engine,
        *,
        on_pass: Callable[[PassState], object] | None = None,
        deadline: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.design = design
        self.config = config
        self.engine = engine
        self.maze = MazeRouter(design, config, on_pass=on_pass, deadline=deadline, clock=clock)
        self.drawer = Drawer(
            engine,
            redraws=config.redraws,
            samples=config.samples,
            seed=config.seed,
            phase=self.maze.phase,
        )
        self.counts: dict[ScaledExit, ExitCount] = {}
        self._nets: dict[ScaledExit, NDArray[np.int64]] = {}
        self.too_wide = 0
        self.story = Story.of(design, config.explain)
        self._sizes = pyramid(engine, design.num_tiles, config.window, config.largest_window)
        with self.maze.phase("features"):
            self._boxes = design.net_boxes
            self._expected = ExpectedDemand(
                self._boxes, design.routable, design.width, design.height, config.expected_demand
            )

    def draw_all(self) -> NDArray[np.int64]:
        """Let the model route every net it can.

        Returns:
            the nets that it could not, in order.

        Raises:
            OutOfTime: the deadline passed; what is committed stays.
        """
        order = self.maze.order
        assigned = list(
            assign_exits(
                self._boxes[order], self._sizes, self.design.num_tiles, _coarsest(self.config)
            )
        )
        left = np.ones(len(order), np.bool_)
        for _, nets in assigned:
            left[nets] = False
        self.too_wide = int(left.sum())
        self.story.tell_too_wide(order[left])
        failed = [self._draw_exit(order[nets], exit_) for exit_, nets in assigned]
        self.maze.report("draw", len(order) - self.too_wide)
        return np.concatenate([*failed, order[left]])

    def _draw_exit(self, nets: NDArray[np.int64], exit_: ScaledExit) -> NDArray[np.int64]:
        """Draw the nets of one exit, wave by wave; returns those that failed."""
        count = self.counts[exit_] = ExitCount(nets=len(nets))
        self._nets[exit_] = nets
        origins = place_windows(
            self._boxes[nets], exit_.side, self.design.width, self.design.height
        )
        failed = []

        def draw(chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
            self.maze.check_clock()
            wave = LedgerWave(self, exit_, nets[chosen], origins[chosen])
            self.drawer.route(wave)
            with self.maze.phase("features"):
                self._expected.remove(wave.nets[~wave.lost])
            failed.append(wave.nets[wave.failed])
            return wave.lost

        in_waves(len(nets), self.wave_size(exit_), draw)
        count.failed = sum(map(len, failed))
        return np.concatenate(failed)

    def wave_size(self, exit_: ScaledExit) -> int:
        """Nets in a wave of an exit."""
        default = min(LARGEST_WAVE, max(1, WAVE_TILES // exit_.side**2))
        return self.config.wave or default * self.engine.batches

    def cut(self, nets: NDArray[np.int64], origins: IntArray, exit_: ScaledExit) -> Windows:
        """Windows of the ledger as it is now, as an exit takes them, one a net."""
        with self.maze.phase("features"):
            starts = self.design.pin_offsets[nets]
            lengths = self.design.pin_offsets[nets + 1] - starts
            offsets = np.zeros(len(nets) + 1, np.int64)
            np.cumsum(lengths, out=offsets[1:])
            pins = self.design.pins[
                np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
            ]
            free = self.maze.ledger.free
            expected = self._expected.per_edge
            return cut_windows(free, expected, origins, offsets, pins, exit_.side, exit_.scale)

    def count_kept(self, kept: NDArray[np.bool_]) -> None:
        """Count, by exit, the nets whose final wire is as the model drew it.

        Args:
            kept: bool ``(num_nets,)``.
        """
        for exit_, count in self.counts.items():
            count.kept = int(kept[self._nets[exit_]].sum())

    def _precision(self) -> str:
        """In what the exits that drew compute."""
        used = [exit_.size for exit_ in self.counts] or self._sizes
        return " and ".join(dict.fromkeys(self.engine.precisions[size] for size in used))

    def details(self) -> dict[str, Any]:
        """The account of the model's part, as plain values."""
        net_exits = np.zeros(self.design.num_nets, np.uint8)
        for exit_, nets in self._nets.items():
            net_exits[nets] = exit_.size.bit_length() - 3
        return {
            "engine": self.engine.name,
            "precision": self._precision(),
            "views": self.config.views,
            "thresholds": {str(k): v for k, v in self.engine.thresholds.items()},
            "exits": {
                exit_.name: {**count.figures(), "wave": self.wave_size(exit_)}
                for exit_, count in self.counts.items()
            },
            "too_wide": self.too_wide,
            "story": self.story.lines,
            # One digit a net: 0, drawn by no exit; d, by the exit of 4 * 2 ** d tiles.
            "net_exits": "".join(map(str, net_exits.tolist())),
        }


class LedgerWave:
    """Nets of one exit whose trees go to the ledger; a :class:`eda_router.neural.drawer.Wave`.

    Args:
        router: holds the ledger.
        exit_: through which the nets are drawn.
        nets: int64 ``(count,)``.
        origins: int32 ``(count, 2)``, x and y of their windows.

    Attributes:
        nets: as given.
    """

    def __init__(
        self,
        router: NeuralRouter,
        exit_: ScaledExit,
        nets: NDArray[np.int64],
        origins: IntArray,
    ):
        self.exit, self.nets = exit_, nets
        self._router, self._origins = router, origins
        self._count = router.counts[exit_]
        self._threshold = router.engine.thresholds[exit_.size]
        self._raced = np.zeros(len(nets), np.bool_)
        self._routed = np.zeros(len(nets), np.bool_)

    def __len__(self) -> int:
        return len(self.nets)

    @property
    def lost(self) -> NDArray[np.bool_]:
        """bool ``(count,)``: nets whose first drawing lost its tracks, to be drawn once more."""
        return self._raced & ~self._routed

    @property
    def failed(self) -> NDArray[np.bool_]:
        """bool ``(count,)``: nets that nothing joins."""
        return ~self._raced & ~self._routed

    def cut(self, positions: NDArray[np.int64]) -> Windows:
        """See :meth:`eda_router.neural.drawer.Wave.cut`."""
        return self._router.cut(self.nets[positions], self._origins[positions], self.exit)

    def commit(self, attempt: Attempt) -> NDArray[np.bool_]:
        """See :meth:`eda_router.neural.drawer.Wave.commit`."""
        nets, origins = self.nets[attempt.positions], self._origins[attempt.positions]
        if attempt.is_first and self._router.config.control:
            with self._router.maze.phase("control"):
                self._count.compare_with_blank(attempt)
        with self._router.maze.phase("ledger"):
            edges = grid_edges(
                attempt.trees.edges,
                attempt.trees.offsets,
                origins,
                self.exit.side,
                self._router.design.width,
            )
            committed = self._router.maze.commit_free(
                nets, attempt.trees.offsets, edges, RouteSource[attempt.source.upper()]
            )
        self._routed[attempt.positions] |= committed
        if attempt.is_first:
            self._raced = attempt.trees.ok & ~committed
        self._count.book(attempt, committed)
        self._router.story.tell(nets, origins, self.exit, self._threshold, attempt, committed)
        return committed


def route_neural(
    design: Design,
    config: RouteConfig,
    *,
    on_pass: Callable[[PassState], object] | None = None,
    deadline: float | None = None,
) -> RoutingResult:
    """Route a design with the model, and finish with the deterministic router as configured.

    Args:
        design: what to route.
        config: settings.
        on_pass: shown the state after each pass; see :mod:`eda_router.routing.hook`.
        deadline: ``time.monotonic()`` at which to stop; the best state so far is returned.

    Returns:
        the result; ``details`` holds the account of :meth:`NeuralRouter.details`.

    Raises:
        InputError: the model cannot be loaded, or no net is called ``config.explain``.
        EdarouteError: the engine or the exit asked for is not there.
    """
    from eda_router.resources import bundled

    phases: dict[str, PhaseTime] = {}
    with timed(phases, "load model"):
        engine = load_engine(
            config.model or bundled("models", ""), config.engine, config.threads, config.precision
        )
        if config.views > 1:
            engine = ViewsEngine(engine, config.views)
    return route_with(engine, design, config, phases=phases, on_pass=on_pass, deadline=deadline)


def route_with(
    engine: Engine,
    design: Design,
    config: RouteConfig,
    *,
    phases: Mapping[str, PhaseTime] | None = None,
    on_pass: Callable[[PassState], object] | None = None,
    deadline: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> RoutingResult:
    """As :func:`route_neural`, with an engine that is loaded and a clock for the deadline."""
    router = NeuralRouter(design, config, engine, on_pass=on_pass, deadline=deadline, clock=clock)
    maze = router.maze
    maze.phases.update(phases or {})
    finished = config.fallback == "maze"
    try:
        with maze.share_of_time(DRAWING_SHARE if finished else 1):
            failed = router.draw_all()
    except OutOfTime:
        failed = maze.open_nets
    with suppress(OutOfTime):
        if finished and len(failed):
            maze.route_first(failed)
    drawn = maze.result()
    drawn.stage = drawn.stage.copy()
    if finished or config.negotiate or config.refine:
        finish(maze, reroute_detours=True)
    result = maze.result()
    unchanged = same_wires(drawn.routes, result.routes)
    result.stage[unchanged] = drawn.stage[unchanged]
    kept = unchanged & np.isin(drawn.stage, BY_MODEL)
    router.count_kept(kept)
    result.details.update(router.details(), model=model_share(drawn, result, kept))
    return result


def _coarsest(config: RouteConfig) -> int | None:
    """The largest scale of windows, None where nothing limits it."""
    if config.coarsest is None and config.fallback == "maze":
        return COARSEST
    return config.coarsest
