"""The neural router: the model draws net after net under the ledger, the maze router finishes.

Nets go to the smallest exit whose window holds them, short ones first. A *wave* is a batch of nets
of one exit that see the same ledger; their trees are committed one after the other, each against
the ledger as it is at that moment. A net whose tree lost the race for a track gets another one from
the same drawing, or else goes to the front of the next wave, so each wave commits at least its
first drawable net and the order is fixed. A wave of one net is the plain sequential router.

A net whose drawing does not join its pins is drawn again by waypoints of that drawing; what no
drawing joins gets samples from the latent; what no sample joins is joined along the probability
map, by lowering the threshold step by step; what is left goes to the maze router. Then negotiation
and refinement as in :mod:`eda_router.routing.maze`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.clock import PhaseTime, timed
from eda_router.config import RouteConfig
from eda_router.design import Design, IntArray, Routes
from eda_router.errors import EdarouteError, InputError
from eda_router.neural.coarse import blow_up, pool_images
from eda_router.neural.decode import decode
from eda_router.neural.engines import Engine, load_engine
from eda_router.neural.extract import Extraction
from eda_router.neural.prices import tree_prices
from eda_router.neural.rudy import ExpectedDemand
from eda_router.neural.waypoints import add_waypoints, show_waypoints
from eda_router.neural.windows import Windows, choose_exits, cut_windows, grid_edges, place_windows
from eda_router.routing.maze import MazeRouter, finish
from eda_router.routing.result import BY_MODEL, PassRow, RouteSource, RoutingResult
from eda_router.routing.run import OutOfTime

WAVE_TILES = 1 << 16
"""Tiles of all windows of a default wave; large windows share many tracks and race more."""

LARGEST_WAVE = 256
JOIN_STEPS = 6
"""Times the threshold is halved to join what was drawn in pieces."""

QUICK_WINDOW = 16
"""Largest window below effort high: a larger one takes the network four times as long."""

DRAWING_SHARE = 0.5
"""Share of the time limit after which the maze router, which is faster, takes all that is left."""

EXPECTED_WEIGHT = 0.2
"""How much of the expected demand of nets still to come the model is shown as used.

The more of it, the sooner wires turn aside for nets that may never come, and up to a point the more
nets the model routes alone (ibm01: 9057, 9064, 9072, 9063 at 0, 0.2, 0.4, 0.7; ibm02: 14215, 14234,
14246, 14241) and the more wire that takes: against a blank drawing's trees on the same nets, prices
are 3.0, 1.7, 0.8, -1.6 % and 1.5, 0.7, -0.6, -2.5 % lower. Final wires move by 0.3 % without
direction (``python scripts/expected.py ibm01 ibm02``).
"""


@dataclass
class ExitCount:
    """What became of the nets of one exit.

    Attributes:
        nets: that went to this exit.
        drawn: routed by their first drawing, whatever the wave.
        redrawn: routed by a further drawing, by waypoints of the one before.
        sampled: routed by a sample of the latent.
        joined: routed along the probability map.
        failed: left to the maze router.
        races: trees that were refused because another net of the wave took the last track.
        retaken: of these nets, those that got another tree from the same drawing; the rest is drawn
            again.
        ink: tiles drawn at the exit's threshold, of drawings, first or further, that became wire.
        taken_ink: tiles drawn at the level that the tree was taken from, of the same.
        tree_tiles: tiles of those trees.
        wirelength: tile edges of all trees of this exit.
        cost: price of first drawings' trees under the teacher's prices, thousandths of a tile
            edge, over the nets that both the drawing and the control join; 0 without control.
        control_cost: the same of trees from blank drawings of the same windows.
    """

    nets: int = 0
    drawn: int = 0
    redrawn: int = 0
    sampled: int = 0
    joined: int = 0
    failed: int = 0
    races: int = 0
    retaken: int = 0
    ink: int = 0
    taken_ink: int = 0
    tree_tiles: int = 0
    wirelength: int = 0
    cost: int = 0
    control_cost: int = 0


@dataclass
class Story:
    """What happened to one net, line by line."""

    net: int
    lines: list[str] = field(default_factory=list)

    def tell(self, nets: NDArray[np.int64], text: Callable[[int], str]) -> None:
        """Add ``text(position)`` if the net is among ``nets``."""
        for position in np.flatnonzero(nets == self.net).tolist():
            self.lines.append(text(position))


def _always(text: str) -> Callable[[int], str]:
    return lambda _: text


def _redrawn(waypoints: NDArray[np.bool_], routed: NDArray[np.bool_]) -> Callable[[int], str]:
    return lambda i: (
        f"drawn again by {waypoints[i].sum()} waypoints: "
        + ("committed" if routed[i] else "does not join the pins")
    )


class NeuralRouter:
    """State of one neural run.

    Args:
        design: what to route.
        config: settings.
        engine: the loaded model.
        on_pass: called after each pass.
        deadline: when to stop, on ``clock``, or None.
        clock: seconds that only rise.

    Attributes:
        maze: holds the ledger and the wires, and finishes.
        counts: by exit size; the key is (size of the exit, scale), scale 1 but for nets wider than
            the largest exit.
    """

    def __init__(
        self,
        design: Design,
        config: RouteConfig,
        engine: Engine,
        *,
        on_pass: Callable[[PassRow], None] | None = None,
        deadline: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.design = design
        self.config = config
        self.engine = engine
        self.maze = MazeRouter(design, config, on_pass=on_pass, deadline=deadline, clock=clock)
        self.counts: dict[tuple[int, int], ExitCount] = {}
        self._net_exits = np.zeros(design.num_nets, np.uint8)
        self._story = _story_of(design, config)
        self._sizes = _pyramid(engine.exits, config)
        with self.maze.phase("features"):
            self._boxes = design.net_boxes
            self._expected = ExpectedDemand(
                self._boxes, design.routable, design.width, design.height, EXPECTED_WEIGHT
            )

    def draw_all(self) -> NDArray[np.int64]:
        """Let the model route every net it can.

        Returns:
            the nets that it could not, in order.

        Raises:
            OutOfTime: the deadline passed; what is committed stays.
        """
        order = self.maze.order
        exits = choose_exits(self._boxes[order], self._sizes)
        failed = [
            self._draw_exit(order[exits == index], size, 1)
            for index, size in enumerate(self._sizes)
        ]
        scale, wide = 2, order[exits < 0]
        while len(wide):
            side = np.max(self._boxes[wide, 2:] - self._boxes[wide, :2], axis=1) + 1
            fits = side <= self._sizes[-1] * scale
            failed.append(self._draw_exit(wide[fits], self._sizes[-1], scale))
            wide = wide[~fits]
            scale *= 2
        self.maze.report("draw", int(sum(count.nets for count in self.counts.values())))
        return np.concatenate(failed)

    def wave(self, size: int) -> int:
        """Nets in a wave of windows of ``size`` tiles."""
        default = min(LARGEST_WAVE, max(1, WAVE_TILES // size**2))
        return self.config.wave or default * self.engine.batches

    def details(self) -> dict[str, Any]:
        """The account of the model's part, as plain values."""
        exits = {}
        for (size, scale), count in self.counts.items():
            name = f"{size}" if scale == 1 else f"{size} (1:{scale})"
            exits[name] = {
                **vars(count),
                "wave": self.wave(size * scale),
                **{
                    name: round(getattr(count, name) / count.tree_tiles, 4)
                    if count.tree_tiles
                    else None
                    for name in ("ink", "taken_ink")
                },
            }
        return {
            "engine": self.engine.name,
            "precision": self.engine.precision,
            "thresholds": {str(k): v for k, v in self.engine.thresholds.items()},
            "exits": exits,
            "story": self._story.lines,
            # One digit a net: 0, drawn by no exit; d, by the exit of 4 * 2 ** d tiles.
            "net_exits": "".join(map(str, self._net_exits.tolist())),
        }

    # Inside

    def _draw_exit(self, nets: NDArray[np.int64], size: int, scale: int) -> NDArray[np.int64]:
        """Draw the nets of one exit, wave by wave; returns those that failed."""
        if len(nets) == 0:
            return nets
        count = self.counts.setdefault((size, scale), ExitCount())
        count.nets += len(nets)
        self._net_exits[nets] = size.bit_length() - 3
        origins = place_windows(
            self._boxes[nets], size * scale, self.design.width, self.design.height
        )
        waiting = np.arange(len(nets))
        failed = []
        together = self.wave(size * scale)
        while len(waiting):
            self.maze.check_clock()
            wave, waiting = waiting[:together], waiting[together:]
            lost, unjoined = self._draw_wave(nets[wave], origins[wave], size, scale, count)
            waiting = np.concatenate([wave[lost], waiting])
            failed.append(nets[wave[unjoined]])
        return np.concatenate(failed)

    def _draw_wave(
        self,
        nets: NDArray[np.int64],
        origins: IntArray,
        size: int,
        scale: int,
        count: ExitCount,
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Draw and commit one wave; returns flags of the nets that lost a race, and that failed."""
        windows = self._cut(nets, origins, size * scale)
        drawing = self._draw(windows, scale)
        threshold = self.engine.thresholds[size]
        drawings = self._decode(windows, drawing, size)
        if self.config.control:
            self._compare_with_blank(windows, drawings, count)
        committed = self._commit_drawn(
            nets, origins, drawings, size * scale, count, RouteSource.DRAWN
        )
        count.drawn += int(committed.sum())
        lost = drawings.ok & ~committed
        count.races += int(lost.sum())
        self._story.tell(nets, lambda i: (
            f"exit {size}{f' at 1:{scale}' if scale > 1 else ''}, window at "
            f"({origins[i, 0]},{origins[i, 1]}), threshold {threshold:.3g}: drew "
            f"{drawings.taken_tiles[i]} of {drawings.drawn_tiles[i]} tiles, "
            + (
                "which do not join the pins" if not drawings.ok[i]
                else f"a tree of {drawings.lengths[i]} edges, "
                + ("committed" if committed[i] else "but another net of the wave was faster")
            )
        ))  # fmt: skip
        lost[self._retake(nets, origins, np.flatnonzero(lost), drawing, size, scale, count)] = False
        open_nets = np.flatnonzero(~drawings.ok)
        if len(open_nets):
            rest = self._redraw(nets, origins, open_nets, drawing, size, scale, count)
            rest = self._sample(nets, origins, rest, size, scale, count)
            rest = self._join(nets, origins, rest, drawing, size, scale, count)
        else:
            rest = open_nets
        count.failed += len(rest)
        failed = np.zeros(len(nets), np.bool_)
        failed[rest] = True
        with self.maze.phase("features"):
            self._expected.remove(nets[~lost])
        return lost, failed

    def _commit_drawn(
        self,
        nets: NDArray[np.int64],
        origins: IntArray,
        drawings: Extraction,
        size: int,
        count: ExitCount,
        stage: RouteSource,
    ) -> NDArray[np.bool_]:
        """Commit trees of drawings and count their tiles."""
        committed = self._commit(nets, origins, drawings, size, stage)
        count.ink += int(drawings.drawn_tiles[committed].sum())
        count.taken_ink += int(drawings.taken_tiles[committed].sum())
        count.tree_tiles += int((drawings.lengths[committed] + 1).sum())
        count.wirelength += int(drawings.lengths[committed].sum())
        return committed

    def _retake(
        self,
        nets: NDArray[np.int64],
        origins: IntArray,
        lost: NDArray[np.int64],
        drawing: NDArray[np.float32],
        size: int,
        scale: int,
        count: ExitCount,
    ) -> NDArray[np.int64]:
        """Give the nets at positions ``lost`` other trees from their drawings, past full edges.

        The network takes a thousand times as long as the decoding.

        Returns:
            the positions of the nets that got one.
        """
        committed = self._commit_past(
            nets[lost], origins[lost], drawing[lost], size, scale, count, RouteSource.DRAWN
        )
        taken = lost[committed]
        count.drawn += len(taken)
        count.retaken += len(taken)
        self._story.tell(nets[taken], _always("another tree from the same drawing"))
        return taken

    def _commit_past(
        self,
        nets: NDArray[np.int64],
        origins: IntArray,
        drawing: NDArray[np.float32],
        size: int,
        scale: int,
        count: ExitCount,
        stage: RouteSource,
    ) -> NDArray[np.bool_]:
        """Commit trees of drawings, those that lose a race past the edges that are full then."""
        routed = np.zeros(len(nets), np.bool_)
        waiting = np.arange(len(nets))
        while len(waiting):
            windows = self._cut(nets[waiting], origins[waiting], size * scale)
            trees = self._decode(windows, drawing[waiting], size)
            committed = self._commit_drawn(
                nets[waiting], origins[waiting], trees, size * scale, count, stage
            )
            routed[waiting[committed]] = True
            waiting = waiting[trees.ok & ~committed]
        return routed

    def _redraw(
        self,
        nets: NDArray[np.int64],
        origins: IntArray,
        rest: NDArray[np.int64],
        drawing: NDArray[np.float32],
        size: int,
        scale: int,
        count: ExitCount,
    ) -> NDArray[np.int64]:
        """Draw the nets at positions ``rest`` again by waypoints; returns those left open."""
        maps = drawing[rest]
        waypoints = np.zeros(maps.shape[:3], np.bool_)
        left = []
        for _ in range(self.config.redraws):
            windows = self._cut(nets[rest], origins[rest], size * scale)
            with self.maze.phase("decoding"):
                more = add_waypoints(windows.free, windows.pins, waypoints, maps)
                new = (more != waypoints).any(axis=(1, 2))
                shown = Windows(
                    show_waypoints(windows.images[new], more[new]),
                    windows.free[new],
                    windows.pins[new],
                )
            left.append(rest[~new])
            rest, waypoints = rest[new], more[new]
            if len(rest) == 0:
                break
            maps = self._draw(shown, scale)
            routed = self._commit_past(
                nets[rest], origins[rest], maps, size, scale, count, RouteSource.REDRAWN
            )
            count.redrawn += int(routed.sum())
            self._story.tell(nets[rest], _redrawn(waypoints, routed))
            rest, waypoints, maps = rest[~routed], waypoints[~routed], maps[~routed]
        return np.sort(np.concatenate([*left, rest]))

    def _cut(self, nets: NDArray[np.int64], origins: IntArray, size: int) -> Windows:
        """Windows of the ledger as it is now."""
        with self.maze.phase("features"):
            starts = self.design.pin_offsets[nets]
            lengths = self.design.pin_offsets[nets + 1] - starts
            offsets = np.zeros(len(nets) + 1, np.int64)
            np.cumsum(lengths, out=offsets[1:])
            pins = self.design.pins[
                np.repeat(starts - offsets[:-1], lengths) + np.arange(offsets[-1])
            ]
            free = self.design.capacity - self.maze.demand
            return cut_windows(free, self._expected.per_edge, origins, offsets, pins, size)

    def _draw(self, windows: Windows, scale: int) -> NDArray[np.float32]:
        with self.maze.phase("features"):
            images = windows.images if scale == 1 else pool_images(windows.images, scale)
        with self.maze.phase("network"):
            drawing = self.engine.draw(images)
        return drawing if scale == 1 else blow_up(drawing, scale)

    def _decode(
        self,
        windows: Windows,
        drawing: NDArray[np.float32],
        size: int,
        share: float = 1.0,
    ) -> Extraction:
        """Trees from drawings, at a ``share`` of the exit's threshold."""
        with self.maze.phase("decoding"):
            return decode(
                windows.free,
                windows.pins,
                drawing,
                share * self.engine.thresholds[size],
            )

    def _compare_with_blank(self, windows: Windows, drawings: Extraction, count: ExitCount) -> None:
        """Book what the trees cost and what trees from blank drawings would have cost."""
        with self.maze.phase("control"):
            blank = decode(windows.free, windows.pins, np.ones_like(windows.images), 0.5)
            both = drawings.ok & blank.ok
            drawn, control = (
                int(tree_prices(windows.free, trees.offsets, trees.edges)[both].sum())
                for trees in (drawings, blank)
            )
            count.cost += drawn
            count.control_cost += control

    def _commit(
        self,
        nets: NDArray[np.int64],
        origins: IntArray,
        trees: Extraction,
        size: int,
        stage: RouteSource,
    ) -> NDArray[np.bool_]:
        with self.maze.phase("ledger"):
            edges = grid_edges(trees.edges, trees.offsets, origins, size, self.design.width)
            return self.maze.commit_free(nets, trees.offsets, edges, stage)

    def _sample(
        self,
        nets: NDArray[np.int64],
        origins: IntArray,
        rest: NDArray[np.int64],
        size: int,
        scale: int,
        count: ExitCount,
    ) -> NDArray[np.int64]:
        """Route the nets at positions ``rest`` by samples; returns those it could not."""
        samples = self.config.samples
        if samples == 0:
            return rest
        windows = self._cut(nets[rest], origins[rest], size * scale)
        with self.maze.phase("features"):
            images = windows.images if scale == 1 else pool_images(windows.images, scale)
        with self.maze.phase("network"):
            samples_of = self.engine.sample(images, samples, self.config.seed)
        left = []
        for drawing, position in zip(samples_of, rest.tolist(), strict=True):
            one = slice(position, position + 1)
            window = self._cut(nets[one], origins[one], size * scale)
            copies = Windows(
                window.images, window.free.repeat(samples, 0), window.pins.repeat(samples, 0)
            )
            trees = self._decode(copies, drawing if scale == 1 else blow_up(drawing, scale), size)
            lengths = np.where(trees.ok, trees.lengths, np.iinfo(np.int32).max)
            best = int(np.argmin(lengths))
            alone = trees.only(best)
            joined = self._commit(
                nets[one], origins[one], alone, size * scale, RouteSource.SAMPLED
            )[0]
            count.sampled += int(joined)
            count.wirelength += len(alone.edges) if joined else 0
            self._story.tell(
                nets[one], _always(f"{trees.ok.sum()} of {samples} samples join the pins")
            )
            if not joined:
                left.append(position)
        return np.array(left, np.int64)

    def _join(
        self,
        nets: NDArray[np.int64],
        origins: IntArray,
        rest: NDArray[np.int64],
        drawing: NDArray[np.float32],
        size: int,
        scale: int,
        count: ExitCount,
    ) -> NDArray[np.int64]:
        """Join what was drawn at positions ``rest`` at lower thresholds; returns the failures."""
        share = 1.0
        for _ in range(JOIN_STEPS):
            if len(rest) == 0:
                break
            share /= 2
            windows = self._cut(nets[rest], origins[rest], size * scale)
            trees = self._decode(windows, drawing[rest], size, share)
            committed = self._commit(
                nets[rest], origins[rest], trees, size * scale, RouteSource.JOINED
            )
            count.joined += int(committed.sum())
            count.wirelength += int(trees.lengths[committed].sum())
            self._story.tell(
                nets[rest[committed]], _always(f"joined at {share:.3g} of the threshold")
            )
            rest = rest[~committed]
        return rest


def route_neural(
    design: Design,
    config: RouteConfig,
    *,
    on_pass: Callable[[PassRow], None] | None = None,
    deadline: float | None = None,
) -> RoutingResult:
    """Route a design with the model, and finish with the deterministic router as configured.

    Args:
        design: what to route.
        config: settings.
        on_pass: called after each pass.
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
    return route_with(engine, design, config, phases=phases, on_pass=on_pass, deadline=deadline)


def route_with(
    engine: Engine,
    design: Design,
    config: RouteConfig,
    *,
    phases: Mapping[str, PhaseTime] | None = None,
    on_pass: Callable[[PassRow], None] | None = None,
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
    result.details.update(router.details(), model=model_share(drawn, result, unchanged))
    return result


def _pyramid(exits: tuple[int, ...], config: RouteConfig) -> tuple[int, ...]:
    """The exits that a run uses.

    Raises:
        EdarouteError: ``config.window`` is none of them.
    """
    if config.window is not None:
        if config.window not in exits:
            raise EdarouteError(
                f"the model has no exit for windows of {config.window} tiles, "
                f"only {', '.join(map(str, exits))}"
            )
        return (config.window,)
    limit = config.largest_window
    if limit is None:
        limit = exits[-1] if config.effort == "high" else QUICK_WINDOW
    return tuple(size for size in exits if size <= max(limit, exits[0]))


def same_wires(first: Routes, second: Routes) -> NDArray[np.bool_]:
    """bool ``(num_nets,)``: which nets have the same edges in both; nets without wire do."""
    same: NDArray[np.bool_] = first.lengths == second.lengths
    kept = np.repeat(same, first.lengths)
    owner = np.repeat(np.arange(first.num_nets), first.lengths)[kept]
    differs = first.edges[kept] != second.edges[np.repeat(same, second.lengths)]
    same[owner[differs]] = False
    return same


def model_share(
    drawn: RoutingResult, final: RoutingResult, unchanged: NDArray[np.bool_]
) -> dict[str, Any]:
    """What part of the result is the model's.

    Args:
        drawn: as the model, and the fallback if any, left it.
        final: the end result.
        unchanged: bool ``(num_nets,)``, nets whose wire is the same in both.
    """
    by_model = np.isin(
        drawn.stage,
        BY_MODEL,
    )
    kept = by_model & unchanged
    total = max(1, len(final.design.routable))
    return {
        "routed": int(by_model.sum()),
        "routed_share": round(float(by_model.sum()) / total, 4),
        "routed_wirelength": int(drawn.routes.lengths[by_model].sum()),
        "kept": int(kept.sum()),
        "kept_share": round(float(kept.sum()) / total, 4),
        "kept_wirelength": int(final.routes.lengths[kept].sum()),
    }


def _story_of(design: Design, config: RouteConfig) -> Story:
    if config.explain is None:
        return Story(-1)
    names = list(design.net_names)
    if config.explain not in names:
        raise InputError(None, None, f"no net {config.explain!r} in {design.name}", "a net's name")
    return Story(names.index(config.explain))
