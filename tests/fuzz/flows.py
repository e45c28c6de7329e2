"""Every kernel by the flow that users reach it through, and what has to hold afterwards.

A flow takes a design and a random generator, raises AssertionError where something does not hold,
and is a pure function of the two. Oracles: :func:`eda_router.verification.verify`, which imports no
router, and SciPy's connected components.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from eda_router.config import RouteConfig
from eda_router.dataset import replay
from eda_router.dataset.ledger_windows import ledger_samples
from eda_router.dataset.random_windows import random_states
from eda_router.dataset.teacher import label, route_box, tree_edges
from eda_router.design import HORIZONTAL, VERTICAL, Design, Routes
from eda_router.formats.guide import guide_of
from eda_router.guide_verification import verify_guide
from eda_router.neural.decode import decode
from eda_router.neural.engines import BlankEngine
from eda_router.neural.rudy import ExpectedDemand
from eda_router.neural.tensors import images
from eda_router.neural.waypoints import add_waypoints
from eda_router.report.bounds import lower_bounds
from eda_router.report.compare import comparison_lines, comparison_values
from eda_router.report.page import format_page
from eda_router.report.run import Run
from eda_router.routing import maze as maze_module
from eda_router.routing.bounds import steiner_bounds
from eda_router.routing.flow import route
from eda_router.routing.layered_flow import route_layered
from eda_router.routing.maze import MazeRouter, finish
from eda_router.routing.neural import route_with
from eda_router.routing.pool import new_pool
from eda_router.routing.result import RouteSource, RoutingResult
from eda_router.synthesis.designs import SynthConfig, synthesize
from eda_router.verification import verify
from tests.connectivity import connected
from tests.fuzz.random_designs import with_capacity
from tests.known_engines import Blank, Hesitant, PinsOnly, Teacher
from tests.layered import layered_design

Rng = np.random.Generator
EXITS = (8, 16)


def maze(design: Design, rng: Rng) -> None:
    """The deterministic router at every effort, with settings that depart from it."""
    check_routing(design, route(design, _settings(rng, design, router="maze")))


def cramped(design: Design, rng: Rng) -> None:
    """The phases one by one, each with a pool of routes that has no room at first."""
    router = MazeRouter(design, _settings(rng, design, router="maze"))
    router._pool = new_pool(design.num_nets, 0)
    nets = router.order[rng.random(len(router.order)) < 0.8]
    router.route_first(nets, legally=bool(rng.integers(2)), margin=int(rng.integers(0, 9)))
    router._pool = router._pool._replace(edges=router._pool.edges[: router._pool.used[0]])
    if rng.random() < 0.5:
        router.legalise()
        assert router.total_overflow == 0
    if rng.random() < 0.5:
        router.connect_far(legally=False)
        assert len(router.open_nets) == 0
    finish(router, reroute_detours=bool(rng.integers(2)))
    check_routing(design, router.result())


def neural(design: Design, rng: Rng) -> None:
    """The neural router with engines whose drawings are known, random or blank."""
    engines: tuple[Callable[[], Any], ...] = (
        Teacher,
        Hesitant,
        Blank,
        lambda: PinsOnly(sampled=float(rng.integers(2)), drawn=float(rng.choice([0, 0.1, 0.4]))),
        lambda: Scribbler(rng),
        lambda: BlankEngine(
            {
                "exits": EXITS,
                "thresholds": dict.fromkeys(EXITS, 0.5),
                "latent": dict.fromkeys(EXITS, 0),
            }
        ),
    )
    engine = engines[rng.integers(len(engines))]()
    settings = _settings(
        rng,
        design,
        router="neural",
        fallback=str(rng.choice(["maze", "maze", "none"])),
        wave=_either(rng, int(rng.integers(1, 9))),
        samples=int(rng.choice([0, 2])),
        redraws=int(rng.choice([0, 8])),
        window=int(rng.choice(EXITS)) if rng.random() < 0.2 else None,
        largest_window=int(rng.choice(EXITS)) if rng.random() < 0.3 else None,
        coarsest=int(rng.choice([1, 2, 64])) if rng.random() < 0.5 else None,
        expected_demand=float(rng.choice([0, 0.2, 1])),
        control=bool(rng.random() < 0.2),
        explain="n0" if design.num_nets and rng.random() < 0.3 else None,
    )
    result = route_with(engine, design, settings)
    check_routing(design, result)
    exits = result.details["exits"].values()
    drawn = sum(count["nets"] for count in exits) + result.details["too_wide"]
    assert drawn == len(design.routable)
    kept = sum(count["kept"] for count in exits)
    assert kept == result.details["model"]["kept"] <= result.details["model"]["routed"]
    wires = sum(
        count[name] for count in exits for name in ("drawn", "redrawn", "sampled", "joined")
    )
    assert wires == result.details["model"]["routed"]


class Scribbler(Teacher):
    """Draws at random: each tile and edge with some probability."""

    name = "scribbler"

    def __init__(self, rng: Rng):
        super().__init__()
        self._rng, self._power = rng, rng.uniform(0.2, 5)

    def draw(self, images, plans=None):
        return (self._rng.random(images.shape) ** self._power).astype(np.float32)


def bounds(design: Design, rng: Rng) -> None:
    """Lower bounds: no less than half perimeters, no more than any tree."""
    pins = int(rng.integers(2, 9))
    exact, page = steiner_bounds(design, pins), lower_bounds(design)
    half = design.half_perimeters
    assert (exact >= half).all()
    assert (page[design.routable] >= half[design.routable]).all()
    opened = with_capacity(design, np.where(_inside(design), len(half) + 1, 0))
    config = RouteConfig(router="maze", effort="low", allow_overflow=True, refinements=1)
    lengths = route(opened, config).routes.lengths
    assert (exact <= lengths)[design.routable].all()
    assert (page <= lengths)[design.routable].all()


def windows(design: Design, rng: Rng) -> None:
    """Extraction, waypoints and the teacher in windows of any shape: the design as a window."""
    if design.num_tiles > 5000:
        return
    shape = (design.height, design.width)
    free = np.where(_inside(design), design.capacity, 0)
    for net in range(min(4, design.num_nets)):
        if len(design.net_pins(net)) == 0:
            continue
        pins = np.zeros(shape, np.bool_)
        pins.reshape(-1)[design.net_pins(net)] = True
        all_drawn = np.ones_like(pins)
        joins = connected(free[None], pins[None], all_drawn[None])[0]
        most = 8 if design.num_tiles <= 100 else 5
        tree = route_box(free, pins, int(rng.integers(1, most + 1)), int(rng.integers(0, 4)))
        assert (tree is not None) == joins
        if tree is not None:
            _check_tree(design, net, tree)
        maps = (rng.random((1, *shape, 3)) ** rng.uniform(0.2, 4)).astype(np.float32)
        threshold = float(rng.uniform(0.001, 0.6))
        found = decode(free[None], pins[None], maps, threshold)
        drawn = maps[0, ..., 0] >= np.float32(threshold)
        assert found.ok[0] == connected(free[None], pins[None], drawn[None])[0]
        if found.ok[0]:
            _check_tree(design, net, found.tree(0))
        none = np.zeros((1, *shape), np.bool_)
        image = np.stack([free[..., 1], free[..., 0], pins], axis=-1).astype(np.float32)
        waypoints = add_waypoints(image[None], none, maps)
        assert not (waypoints[0] & pins).any()


def teacher_replay(design: Design, rng: Rng) -> None:
    """The teacher routes the design wave by wave; the ledger never overflows."""
    offsets = rng if rng.random() < 0.5 else None
    run = replay.Replay(
        design,
        sizes=(8, 16),
        wave=int(rng.integers(1, 65)),
        margin=int(rng.integers(0, 2)),
        expected_demand=float(rng.choice([0, 0.2, 0.8])),
        exact_pins=int(rng.integers(2, 9)) if design.num_tiles <= 400 else 3,
        offsets=offsets,
    )
    for _ in range(2):
        run.route(run.smallest_first(), lambda wave: None)
        assert run.ledger.total_overflow == 0
        routes = Routes.from_lists([run.trees.get(net, ()) for net in range(design.num_nets)])
        check = verify(design, routes)
        apart = [net for net in design.routable.tolist() if net not in run.trees]
        assert check.disconnected_nets.tolist() == apart
        assert check.total_overflow == check.cycles == check.stubs == 0
        run.release(design.routable[rng.random(len(design.routable)) < 0.5])


def demand(design: Design, rng: Rng) -> None:
    """Expected demand sums to the spans of the nets' boxes and goes when the nets go."""
    every = np.arange(design.num_nets)
    expected = ExpectedDemand(design.net_boxes, every, design.width, design.height)
    spans = (design.net_boxes[:, 2:] - design.net_boxes[:, :2]).sum(axis=0)
    assert np.allclose(expected.per_edge.sum(axis=(0, 1), dtype=np.float64), spans, rtol=1e-3)
    assert not expected.per_edge[~_inside(design)].any()
    expected.remove(every)
    assert np.allclose(expected.per_edge, 0, atol=1e-2)


def synthesis(design: Design, rng: Rng) -> None:
    """A synthetic design of the same size, which the router finishes."""
    if min(design.width, design.height) < 2 or design.num_tiles > 5000:
        return
    config = SynthConfig(
        width=design.width,
        height=design.height,
        nets=int(rng.integers(1, 60)),
        seed=int(rng.integers(2**31)),
        trivial=float(rng.choice([0, 0.23, 1])),
        repeated=float(rng.choice([0, 1])),
        locality=float(rng.choice([0.05, 1, 20])),
        hot_spots=float(rng.choice([0, 5])),
        crowding=float(rng.uniform(0.1, 10)) if rng.random() < 0.7 else None,
    )
    made = synthesize(config)
    again = synthesize(config)
    assert np.array_equal(made.pins, again.pins)
    check_routing(made, route(made, RouteConfig(router="maze", effort="low")))


def states(design: Design, rng: Rng) -> None:
    """Random windows and the teacher's trees in them."""
    size = int(rng.choice([4, 8, 16]))
    seeds = rng.integers(0, 2**63, 4).astype(np.uint64)
    made = random_states(seeds, size, int(rng.integers(2, 12)))
    labels, ok = label(made, int(rng.integers(1, 7)), int(rng.integers(0, 4)), _seeds(rng))
    free, pins = np.rint(images(made)[..., :2] * 8)[..., ::-1], images(made)[..., 2] > 0
    assert np.array_equal(ok, connected(free.astype(np.int32), pins, np.ones_like(pins)))
    assert (free[tree_edges(labels) > 0] > 0).all()


def _seeds(rng: Rng) -> NDArray[np.uint64]:
    return rng.integers(0, 2**63, rng.choice([0, 4])).astype(np.uint64)


def samples(design: Design, rng: Rng) -> None:
    """Training windows from the ledgers of synthetic designs."""
    made, labels = ledger_samples(rng, 3, int(rng.choice([8, 16])), 4)
    assert made.shape == labels.shape


def layered(design: Design, rng: Rng) -> None:
    """Designs with layers: dead ends, straightening, layer assignment, guides, solutions."""
    width, height = int(rng.integers(1, 12)), int(rng.integers(1, 12))
    if rng.random() < 0.1:
        width = 400
    made = layered_design(
        int(rng.integers(2**31)),
        width=width,
        height=height,
        num_layers=int(rng.integers(4, 8)),  # clocks need both directions
        nets=int(rng.integers(0, 25)),
        tracks=int(rng.integers(0, 6)),
        terminals=(1, int(rng.integers(2, 9))),
        spanning=bool(rng.integers(2)),
        clocks=bool(rng.integers(2)),
    )
    config = _settings(rng, made, router="maze", negotiate=True)
    done = route_layered(made, config)
    flat = verify(done.result.design, done.result.routes)
    assert flat.cycles == flat.stubs == 0
    assert flat.disconnected_nets.tolist() == done.result.unrouted.tolist()
    check = verify_guide(made, guide_of(done.layered))
    assert np.array_equal(check.demand, done.layered.demand)
    assert check.wirelength == flat.wirelength
    assert not len(check.sideways_nets)
    if not config.allow_overflow:
        assert flat.total_overflow == 0
        assert check.total_overflow == 0


def report(design: Design, rng: Rng) -> None:
    """The page of a run, the comparison of two, and figures for both."""
    if design.num_tiles > 30000:
        return
    runs = [
        Run(effort, route(design, RouteConfig(router="maze", effort=effort)).routes)
        for effort in ("low", "medium")
    ]
    page = format_page(design, runs[: int(rng.integers(1, 3))])
    assert page.rstrip().endswith("</html>")
    assert comparison_lines(comparison_values(design, runs))


def twice(design: Design, rng: Rng) -> None:
    """The same wires on a second run, with any number of threads."""
    config = _settings(rng, design, router="maze", threads=1)
    more = dataclasses.replace(config, threads=int(rng.integers(2, 5)))
    first, second = route(design, config), route(design, more)
    assert np.array_equal(first.routes.edges, second.routes.edges)
    assert np.array_equal(first.stage, second.stage)
    drawn, again = (route_with(Hesitant(), design, config) for _ in range(2))
    assert np.array_equal(drawn.routes.edges, again.routes.edges)


def spare_threads() -> None:
    """Call kernels without the thread that watches the clock: it takes longer than they do."""
    maze_module.watched = lambda flag, seconds: contextlib.nullcontext()


FLOWS: dict[str, Callable[[Design, Rng], None]] = {
    flow.__name__: flow
    for flow in (
        maze, cramped, neural, bounds, windows, teacher_replay, demand, synthesis, states, samples,
        layered, report, twice,
    )
}  # fmt: skip
SHARES = (0.45, 0.35, 0.35, 0.1, 0.3, 0.15, 0.1, 0.03, 0.05, 0.0002, 0.06, 0.004, 0.015)
"""How often each flow runs on a design."""


def _settings(rng: Rng, design: Design, **fixed: Any) -> RouteConfig:
    """Settings of the router, mostly the defaults of an effort."""
    large = design.num_tiles > 1000
    values: dict[str, Any] = {
        "effort": str(rng.choice(["low", "medium", "high"], p=[0.4, 0.4, 0.2])),
        "seed": int(rng.integers(2**31)),
        "allow_overflow": bool(rng.random() < 0.25),
        "negotiate": bool(rng.random() < 0.85),
        "refine": bool(rng.random() < 0.7),
        "iterations": None if rng.random() < 0.02 else int(rng.integers(0, 12)),
        "refinements": int(rng.integers(0, 3)) if large else None,
        "box_nodes": int(rng.choice([64, 300, 65536])) if rng.random() < 0.3 else None,
        "exact_pins": int(rng.integers(2, 9)) if rng.random() < 0.3 else None,
        "refine_exact_pins": int(rng.integers(2, 9)) if rng.random() < 0.3 else None,
        "improvements": int(rng.integers(0, 4)) if rng.random() < 0.3 else None,
        "threads": int(rng.integers(2, 5)) if rng.random() < 0.3 else 1,
    }
    if large and "router" in fixed:
        values["exact_pins"] = values["refine_exact_pins"] = 4
    return RouteConfig(**{**values, **fixed})


def _either(rng: Rng, value: int) -> int | None:
    """The value or None, which leaves it to the router."""
    return value if rng.random() < 0.5 else None


def check_routing(design: Design, result: RoutingResult) -> None:
    """What the router says agrees with a recount, and what its settings promise holds."""
    check = verify(design, result.routes)
    config = result.config
    assert check.total_overflow == result.total_overflow
    assert check.max_overflow == result.max_overflow
    assert check.wirelength == result.wirelength
    assert check.disconnected_nets.tolist() == result.unrouted.tolist()
    assert check.cycles == check.stubs == check.repeated == 0
    unrouted = result.stage == RouteSource.UNROUTED
    assert np.flatnonzero(unrouted).tolist() == result.unrouted.tolist()
    # Negotiation goes back to its best round, and at effort high another run may be the best.
    if result.passes and not config.allow_overflow and config.effort != "high":
        assert result.passes[-1].overflow == 0
        assert result.passes[-1].wirelength == check.wirelength
    if not config.allow_overflow:
        assert check.total_overflow == 0
    # A run without negotiation shows its stages alone, and what they leave open.
    if config.allow_overflow and config.finishes:
        assert len(result.unrouted) == 0
    if not config.refine and config.finishes:
        assert not _joinable(design, result).any()


def _joinable(design: Design, result: RoutingResult) -> NDArray[np.bool_]:
    """Which of the open nets free tracks would join: SciPy's components of the free edges."""
    edges = np.flatnonzero(result.ledger.free.reshape(-1) > 0)
    tile = edges >> 1
    other = tile + np.where(edges & 1, design.width, 1)
    graph = coo_matrix((np.ones(len(edges)), (tile, other)), (design.num_tiles,) * 2)
    _, part = connected_components(graph, directed=False)
    apart = [len(set(part[design.net_pins(net)].tolist())) > 1 for net in result.unrouted]
    return ~np.array(apart, np.bool_)


def _inside(design: Design) -> NDArray[np.bool_]:
    """Which edges are on the grid."""
    inside = np.ones(design.capacity.shape, np.bool_)
    inside[:, -1, HORIZONTAL] = False
    inside[-1, :, VERTICAL] = False
    return inside


def _check_tree(design: Design, net: int, edges: NDArray[np.int32]) -> None:
    """A tree over the pins of a net, through edges with tracks, without dead ends."""
    assert (design.capacity.reshape(-1)[edges] > 0).all()
    alone = Routes.from_lists(
        [edges.tolist() if other == net else [] for other in range(design.num_nets)]
    )
    check = verify(design, alone)
    assert net not in check.disconnected_nets
    assert check.cycles == check.stubs == 0
