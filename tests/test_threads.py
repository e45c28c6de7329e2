"""Threads: the same routes for any number of them, and waves whose nets are independent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.routing.maze import MazeRouter, route_maze
from eda_router.routing.negotiation import route_pass
from eda_router.routing.pool import new_pool
from eda_router.routing.result import RoutingResult
from eda_router.routing.shares import LATER, new_plan, plan_wave
from eda_router.search.draw import Limits
from eda_router.search.grid import Grid, Nets
from eda_router.synthesis.designs import SynthConfig, synthesize
from tests.generators import random_design


@pytest.fixture(scope="module")
def design() -> Design:
    """A design that takes many waves, and some negotiation."""
    return synthesize(SynthConfig(width=72, height=48, nets=9000, seed=5))


def same(one: RoutingResult, other: RoutingResult) -> None:
    assert np.array_equal(one.routes.offsets, other.routes.offsets)
    assert np.array_equal(one.routes.edges, other.routes.edges)
    assert np.array_equal(one.stage, other.stage)
    assert [replace(row, seconds=0) for row in one.passes] == [
        replace(row, seconds=0) for row in other.passes
    ]


@pytest.mark.parametrize("effort", ["low", "medium"])
def test_any_number_of_threads_gives_the_same_routes(design: Design, effort: str) -> None:
    config = RouteConfig(router="maze", effort=effort)
    alone = route_maze(design, config)
    assert len(alone.passes) > 2
    for threads in (2, 3, 7):
        same(route_maze(design, replace(config, threads=threads)), alone)


@pytest.mark.parametrize("seed", range(4))
def test_threads_on_designs_that_cannot_be_finished(seed: int) -> None:
    design = random_design(seed, width=60, height=50, nets=700, capacity=3 + seed % 3)
    config = RouteConfig(
        router="maze", iterations=4, effort="low", refinements=3, negotiate=seed != 3
    )
    alone = route_maze(design, config)
    same(route_maze(design, replace(config, threads=3)), alone)


def test_a_part_of_the_pool_that_is_full_keeps_the_order(design: Design) -> None:
    config = RouteConfig(router="maze", threads=3)
    router, alone = MazeRouter(design, config), MazeRouter(design, replace(config, threads=1))
    router._pool = new_pool(design.num_nets, 3000, parts=3)
    for one in (router, alone):
        one.route_first()
    assert np.array_equal(router.routes().edges, alone.routes().edges)
    assert np.array_equal(router.demand, alone.demand)


def test_a_tree_that_outgrows_its_fence_leaves_everything_as_it_was(design: Design) -> None:
    router = MazeRouter(design, RouteConfig(router="maze"))
    router._cost_congestion()
    grid, nets = Grid(design.width, design.height), Nets(design.pin_offsets, design.pins)
    many = design.routable[design.pin_counts[design.routable] > 8]
    longest = np.zeros(design.num_nets, np.int32)

    def drawn(router: MazeRouter, limits: Limits) -> int:
        work = router._crew.workspaces[0]
        costs, pool, touched = router.ledger.costs, router._pool, router._touched
        return route_pass(costs, pool, work, nets, limits, many, longest, touched, False)[0]

    # A box with a margin does not fit a fence without.
    assert drawn(router, Limits(4, 1, 4096, 1, 0, 1)) == 0
    assert router._crew.workspaces[0].box.outgrown[0] == 1
    assert not router.demand.any()
    whole = Limits(4, 1, 4096, 1, max(grid), 1)
    assert drawn(router, whole) == len(many)
    other = MazeRouter(design, RouteConfig(router="maze"))
    other._cost_congestion()
    drawn(other, whole)
    assert np.array_equal(router.routes().edges, other.routes().edges)


@pytest.mark.parametrize("threads", [2, 5])
@pytest.mark.parametrize("margin", [1, 3])
def test_nets_of_a_wave_meet_only_on_one_thread(design: Design, threads: int, margin: int) -> None:
    grid, nets = Grid(design.width, design.height), Nets(design.pin_offsets, design.pins)
    pool = new_pool(design.num_nets, 1)
    pool.length[::3] = 1  # as if routed, over the edge 0
    longest = np.ones(design.num_nets, np.int32)
    order = design.routable[np.argsort(design.half_perimeters[design.routable], kind="stable")]
    plan = new_plan(grid, threads)
    limits = Limits(4, margin, 4096, 1, 2 * margin, 1)
    looked, tasks = plan_wave(plan, pool, nets, grid, limits, order, longest)
    planned, shares = order[plan.tasks[:tasks]], plan.shares[:tasks].astype(int)
    assert planned.tolist() == [net for net in order[:looked] if net % 3]
    assert len(set(shares.tolist()) - {LATER}) == threads
    windows = np.array([window(design, net, margin) for net in planned])
    for later in range(tasks):
        if shares[later] == LATER:
            continue
        left, low, right, high = windows[later]
        before = windows[:later]
        meets = (
            (before[:, 0] <= right) & (before[:, 2] >= left)
            & (before[:, 1] <= high) & (before[:, 3] >= low)
        )  # fmt: skip
        assert set(shares[:later][meets].tolist()) <= {shares[later]}


def window(design: Design, net: int, margin: int) -> tuple[int, int, int, int]:
    """What drawing a net without route may look at."""
    y, x = np.divmod(design.net_pins(net), design.width)
    around = margin if len(x) <= 4 else 2 * margin
    return (
        max(0, x.min() - around), max(0, y.min() - around),
        min(design.width - 1, x.max() + around), min(design.height - 1, y.max() + around),
    )  # fmt: skip
