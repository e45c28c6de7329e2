"""Threads: the same routes for any number of them, and what happens where nets meet."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from eda_router.atomics import LINE, add, leave, load, meet, new_meeting
from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.kernels import kernel
from eda_router.routing import crew
from eda_router.routing.maze import MazeRouter, route_maze
from eda_router.routing.pool import new_pool
from eda_router.routing.result import RouteSource, RoutingResult
from eda_router.synthesis.designs import SynthConfig, synthesize
from tests.generators import random_design


@pytest.fixture(scope="module")
def design() -> Design:
    """A design that takes many batches, and some negotiation."""
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


def test_a_pool_that_is_full_changes_nothing(design: Design) -> None:
    def routed(threads: int, room: int) -> MazeRouter:
        router = MazeRouter(design, RouteConfig(router="maze", threads=threads))
        router._pool = new_pool(design.num_nets, room)
        router.route_first()
        return router

    alone = routed(1, 100_000)
    for room in (0, 3000):
        router = routed(3, room)
        assert np.array_equal(router.routes().edges, alone.routes().edges)
        assert np.array_equal(router.demand, alone.demand)
        assert len(router.open_nets) == 0


@pytest.mark.parametrize("threads", [1, 2])
def test_passes_that_are_ended_and_go_on_change_nothing(design: Design, threads: int) -> None:
    """As by signals that end nothing: searches end at once, and their nets are drawn again."""

    def routed(disturbed: bool) -> MazeRouter:
        router = MazeRouter(design, RouteConfig(router="maze", threads=threads))
        done = threading.Event()

        def disturb() -> None:
            while not done.wait(0.004):
                router._crew.stop[0] = 1

        disturbing = threading.Thread(target=disturb)
        if disturbed:
            disturbing.start()
        try:
            router.route_first()
            router.negotiate()
            router.refine()
        finally:
            done.set()
        return router

    router, alone = routed(True), routed(False)
    assert np.array_equal(router.routes().edges, alone.routes().edges)
    assert np.array_equal(router.demand, alone.demand)


@pytest.mark.parametrize("threads", [1, 3])
def test_nets_that_want_the_same_track_take_turns(threads: int) -> None:
    """All are drawn over the one short way; those that come too late are drawn anew."""
    nets = [(f"n{i}", i, [(0, 1), (4, 1)]) for i in range(3)]
    design = Design.from_pins("lane", 5, 3, 3, 1, nets)
    router = MazeRouter(design, RouteConfig(router="maze", threads=threads))
    router.route_first(legally=True)
    assert router.total_overflow == 0
    assert sorted(router.routes().lengths.tolist()) == [4, 6, 6]


def test_in_negotiation_only_as_many_nets_move_as_have_to() -> None:
    """Two nets on one track are drawn at once, and both find the free way beside it."""
    nets = [(f"n{i}", i, [(0, 1), (4, 1)]) for i in range(2)]
    for threads in (1, 2):
        design = Design.from_pins("lane", 5, 3, 8, 2, nets)
        router = MazeRouter(design, RouteConfig(router="maze", threads=threads))
        lane = 2 * (design.width + np.arange(4))
        router.commit_free(
            np.arange(2), np.array([0, 4, 8]), np.tile(lane, 2).astype(np.int32), RouteSource.MAZE
        )
        router.ledger.capacity[:] = 1
        router._cost_congestion()
        router.negotiate()
        assert router.total_overflow == 0
        assert sorted(router.routes().lengths.tolist()) == [4, 6]


def test_threads_meet_and_count_together() -> None:
    threads, rounds = 5, 300
    meeting, shared = new_meeting(), np.zeros((2, LINE), np.int64)

    def work() -> bool:
        return bool(_count(meeting, shared, threads, rounds))

    with ThreadPoolExecutor(threads) as pool:
        results = [future.result() for future in [pool.submit(work) for _ in range(threads)]]
    assert results == [True] * threads
    assert shared[0, 0] == threads * rounds


def test_nobody_waits_for_a_thread_that_has_left() -> None:
    meeting = new_meeting()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(meet, meeting, 3) for _ in range(2)]
        leave(meeting)
        assert [future.result(timeout=60) for future in waiting] == [False, False]


def test_helpers_draw_their_share(design: Design) -> None:
    router = MazeRouter(design, RouteConfig(router="maze", threads=3))
    helpers = router._crew._helpers
    assert not any(work.box.out.any() for work in helpers)
    router.route_first()
    assert all(work.box.out.any() for work in helpers)


def test_a_helper_that_fails_ends_the_pass(design: Design, monkeypatch) -> None:
    whole = crew.route_pass

    def failing(*args):
        if args[-2] == 1:
            raise MemoryError("a helper")
        return whole(*args)

    monkeypatch.setattr(crew, "route_pass", failing)
    router = MazeRouter(design, RouteConfig(router="maze", threads=2))
    with pytest.raises(MemoryError, match="a helper"):
        router.route_first()


@kernel
def _count(meeting, shared, threads, rounds):
    """Whether all threads always see that each has counted once more at every meeting."""
    right = True
    for number in range(rounds):
        add(shared[0], 0, 1)
        meet(meeting, threads)
        right &= load(shared[0], 0) == threads * (number + 1)
        meet(meeting, threads)
    return right
