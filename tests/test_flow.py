"""The flow: which runs are made, and that the best of them is kept with one account of all."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from eda_router.clock import PhaseTime
from eda_router.config import RouteConfig
from eda_router.design import Design, Routes
from eda_router.routing import flow
from eda_router.routing.hook import PassState
from eda_router.routing.result import PassRow, RoutingResult
from eda_router.verification import verify
from tests.generators import random_design, spines

TWO = Design.from_pins("two", 4, 2, 1, 1, [("a", 0, [(0, 0), (2, 0)]), ("b", 1, [(1, 0), (3, 0)])])
L_SHAPES = spines(TWO)
OPEN = Routes.from_lists([L_SHAPES.net_edges(0), []])


class Runs:
    """Routers that hand back given routes, by effort."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **routes: Routes):
        self.made: list[str] = []
        self._routes = routes
        monkeypatch.setattr(flow, "load_router", lambda config: self._route)

    def _route(self, design, config, *, on_pass, deadline):
        self.made.append(config.effort)
        row = PassRow("first", 0.25, 2, 0, 0, 0, 4)
        if on_pass is not None:
            on_pass(PassState(row, design, design.capacity, lambda: self._routes[config.effort]))
        routes = self._routes[config.effort]
        stage = np.zeros(design.num_nets, np.uint8)
        spent = {"first pass": PhaseTime(0.25, 0.25)}
        return RoutingResult(design, routes, stage, spent, [row], config)


def test_one_run_is_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    for effort in ("low", "medium"):
        runs = Runs(monkeypatch, **{effort: OPEN})
        config = RouteConfig(router="maze", effort=effort)
        result = flow.route(TWO, config)
        assert runs.made == [effort]
        assert result.config == config
        assert "run" not in result.details
        assert result.details["missing_tracks"] == 0


def test_effort_high_tries_lower_efforts_until_one_is_complete(monkeypatch) -> None:
    legal = Routes.from_lists([L_SHAPES.net_edges(0), [3, 5, 7, 8, 10, 12]])
    config = RouteConfig(router="maze", effort="high")
    rows: list[PassRow] = []
    around = Design.from_pins("two", 4, 2, 2, 2, [("a", 0, [(0, 0), (2, 0)]), ("b", 1, [(1, 0)])])
    assert flow.route(around, config).exit_status == 0

    runs = Runs(monkeypatch, high=OPEN, medium=L_SHAPES, low=legal)
    wide = replace(TWO, capacity=2 * TWO.capacity)
    result = flow.route(wide, config, on_pass=lambda state: rows.append(state.row))
    assert runs.made == ["high", "medium"]
    assert result.details["run"] == "medium"
    assert result.routes is L_SHAPES
    assert result.config.effort == "high"
    assert (
        [row.name for row in rows]
        == ["first", "medium first"]
        == [row.name for row in result.passes]
    )
    assert [row.seconds for row in rows] == sorted(row.seconds for row in rows)
    assert list(result.phases) == ["first pass", "medium first pass"]
    assert "missing_tracks" not in result.details


@pytest.mark.parametrize(
    ("high", "medium", "low", "kept"),
    [
        (OPEN, L_SHAPES, OPEN, "medium"),  # fewer open nets go before overflow
        (OPEN, OPEN, OPEN, None),  # of equals, the run asked for
        (L_SHAPES, OPEN, OPEN, None),
        (OPEN, Routes.from_lists([[], []]), L_SHAPES, "low"),
    ],
)
def test_the_best_run_is_kept(monkeypatch, high, medium, low, kept) -> None:
    runs = Runs(monkeypatch, high=high, medium=medium, low=low)
    result = flow.route(TWO, RouteConfig(router="maze", effort="high", allow_overflow=True))
    assert runs.made == ["high", "medium", "low"]
    assert result.details.get("run") == kept
    assert result.routes is {"medium": medium, "low": low, None: high}[kept]
    assert list(result.phases) == ["first pass", "medium first pass", "low first pass"]


def test_a_run_that_shows_one_stage_alone_is_made_once(monkeypatch) -> None:
    runs = Runs(monkeypatch, high=OPEN)
    stage = {"router": "maze", "effort": "high", "negotiate": False}
    for limit in (None, 60.0):
        flow.route(TWO, RouteConfig(**stage, time_limit=limit))
    assert runs.made == ["high", "high"]


def test_against_the_clock_a_quick_run_comes_first() -> None:
    design = random_design(7, nets=240, capacity=9)
    rows: list[PassRow] = []
    config = RouteConfig(router="maze", effort="medium", time_limit=300)
    result = flow.route(design, config, on_pass=lambda state: rows.append(state.row))
    names = [row.name for row in rows]
    assert names[0] == "quick first"
    assert "first" in names
    assert rows == result.passes
    assert {"quick first pass", "first pass"} <= set(result.phases)
    assert [row.seconds for row in rows] == sorted(row.seconds for row in rows)
    assert result.config == config
    # It is the result of the run asked for, or a better one.
    alone = flow.route(design, replace(config, time_limit=None))
    assert result.exit_status == 0
    assert result.wirelength <= alone.wirelength
    assert not result.details["out_of_time"]


def test_without_time_for_more_the_quick_run_is_shortened(monkeypatch) -> None:
    monkeypatch.setitem(flow.TIMES_QUICK, ("maze", "high"), 1e9)
    design = random_design(7, nets=240, capacity=9)
    config = RouteConfig(router="maze", effort="high", time_limit=60)
    result = flow.route(design, config)
    assert result.details["run"] == "quick"
    assert result.details["out_of_time"]
    names = [row.name for row in result.passes]
    assert "quick refine 1" in names
    assert all(name.startswith("quick ") for name in names)
    assert result.exit_status == 0
    wirelengths = [row.wirelength for row in result.passes]
    assert result.wirelength == wirelengths[-1] < wirelengths[names.index("quick refine 1") - 1]


def test_the_quick_run_comes_before_effort_low_too() -> None:
    design = random_design(7, nets=240, capacity=9)
    config = RouteConfig(router="maze", effort="low")
    against = flow.route(design, replace(config, time_limit=300))
    assert against.passes[0].name == "quick first"
    assert "run" not in against.details
    assert np.array_equal(against.routes.edges, flow.route(design, config).routes.edges)


def test_kernels_load_before_the_clock_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    # Compiling them takes longer than many a limit.
    began: list[float] = []
    load = flow.load_kernels

    def slow() -> None:
        load()
        time.sleep(2)
        began.append(time.monotonic())

    monkeypatch.setattr(flow, "load_kernels", slow)
    result = flow.route(random_design(2), RouteConfig(router="maze", time_limit=1.5))
    assert len(began) == 1
    assert len(result.unrouted) == 0
    assert result.passes[0].seconds < 1.5


def test_no_time_at_all_leaves_all_nets_open() -> None:
    design = random_design(2)
    began = time.monotonic()
    for effort in ("low", "medium", "high"):
        result = flow.route(design, RouteConfig(router="maze", effort=effort, time_limit=0))
        assert len(result.unrouted) == len(design.routable)
        assert result.details["out_of_time"]
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("allow_overflow", [False, True])
@pytest.mark.parametrize(("router", "seed"), [("maze", s) for s in range(4)] + [("neural", 1)])
def test_effort_high_is_never_worse_than_lower_ones(
    router: str, seed: int, allow_overflow: bool
) -> None:
    design = random_design(seed, nets=160, capacity=4)
    flaws = []
    for effort in ("high", "medium", "low"):
        config = RouteConfig(router=router, effort=effort, allow_overflow=allow_overflow)
        result = flow.route(design, config)
        check = verify(design, result.routes)
        flaws.append((check.disconnected, check.total_overflow))
    assert flaws[0] == min(flaws)
    assert flaws[0] > (0, 0)
