"""Overflow removed with few nets, and brought back ones, beside brute force and recounting."""

from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design, Routes
from eda_router.routing import legalisation
from eda_router.routing.flow import route
from eda_router.routing.maze import MazeRouter, route_maze
from eda_router.routing.pool import pool_of, routes_of
from eda_router.routing.run import OutOfTime
from eda_router.verification import verify
from tests.generators import random_design, spines
from tests.simple_trees import all_trees

MAZE = RouteConfig(router="maze")


def holding(design: Design, routes: Routes, config: RouteConfig = MAZE) -> MazeRouter:
    """A router that holds these routes, its costs as legalisation sets them."""
    router = MazeRouter(design, config)
    router._pool = pool_of(routes, 4096)
    router.ledger.book_only(routes)
    router._cost_free_tracks()
    return router


def remove(router: MazeRouter) -> np.ndarray:
    return legalisation.remove_overflow(router.ledger.costs, router._pool, router.order)


@pytest.mark.parametrize("seed", range(20))
def test_no_overflow_is_left_and_nets_go_for_a_reason(seed: int) -> None:
    design = random_design(seed, capacity=1 + seed % 6)
    before = spines(design)
    over = set(verify(design, before).overflowed_nets.tolist())
    router = holding(design, before)
    removed = remove(router)
    after = router.routes()
    assert verify(design, after).total_overflow == 0
    assert set(removed.tolist()) <= over
    assert len(set(removed.tolist())) == len(removed)
    for net in range(design.num_nets):
        kept = [] if net in removed else before.net_edges(net).tolist()
        assert after.net_edges(net).tolist() == kept
    recounted = np.bincount(after.edges, minlength=2 * design.num_tiles)
    assert np.array_equal(router.demand.reshape(-1), recounted)


@pytest.mark.parametrize("seed", range(20))
def test_each_net_removed_crosses_the_most_overflowed_edges_at_its_turn(seed: int) -> None:
    design = random_design(seed, capacity=2, nets=60)
    routes = spines(design)
    removed = remove(holding(design, routes)).tolist()
    over = np.bincount(routes.edges, minlength=2 * design.num_tiles) - design.capacity.reshape(-1)

    def crossed(net: int) -> int:
        return int(np.sum(over[routes.net_edges(net)] > 0))

    gone: set[int] = set()
    for net in removed:
        assert crossed(net) == max(crossed(n) for n in range(design.num_nets) if n not in gone) > 0
        gone.add(net)
        over[routes.net_edges(net)] -= 1
    assert over.max() <= 0


def test_routes_without_overflow_stay() -> None:
    design = random_design(3, capacity=200)
    assert len(remove(holding(design, spines(design)))) == 0


@pytest.mark.parametrize("seed", range(30))
def test_bringing_back_never_makes_overflow_or_loses_another_net(seed: int) -> None:
    design = random_design(seed, nets=120, capacity=2 + seed % 4)
    router = holding(design, spines(design))
    remove(router)
    while True:
        waiting = set(router.open_nets.tolist())
        before = router.routes()
        router._touched[:] = 0
        back = router._bring_back()
        after = router.routes()
        assert verify(design, after).total_overflow == 0
        assert set(router.open_nets.tolist()) <= waiting
        assert back == len(waiting) - len(router.open_nets)
        changed = {
            net
            for net in range(design.num_nets)
            if after.net_edges(net).tolist() != before.net_edges(net).tolist()
        }
        assert changed <= set(np.flatnonzero(router._touched).tolist())
        recounted = np.bincount(after.edges, minlength=2 * design.num_tiles)
        assert np.array_equal(router.demand.reshape(-1), recounted)
        if back == 0:
            assert changed == set()
            break


def test_a_net_moves_for_another_where_there_is_room() -> None:
    # A net that went around three sides of the square has the fourth to itself.
    nets = [("around", 0, [(1, 0), (1, 1)]), ("open", 1, [(0, 0), (0, 1)])]
    design = Design.from_pins("room", 2, 2, 1, 1, nets)
    router = holding(design, Routes.from_lists([[0, 1, 4], []]))
    assert router.open_nets.tolist() == [1]
    assert router._bring_back() == 1
    assert router.routes().net_edges(0).tolist() == [3]
    assert router.routes().net_edges(1).tolist() == [1]


def test_what_cannot_be_finished_is_undone_exactly() -> None:
    # Two nets stand in the way of a third; one could move, the other has no other way.
    nets = [
        ("movable", 0, [(0, 0), (1, 0)]),
        ("stuck", 1, [(2, 0), (3, 0)]),
        ("open", 2, [(0, 0), (3, 0)]),
    ]
    design = Design.from_pins("undo", 4, 2, 1, 1, nets)
    capacity = design.capacity.copy()
    capacity[0, 2:, 1] = 0
    capacity[0, 1, 0] = 2
    design = replace(design, capacity=capacity)
    before = Routes.from_lists([[0], [4], []])
    router = holding(design, before)
    costs = router.ledger.costs.cost.copy()
    assert router._bring_back() == 0
    after = router.routes()
    assert np.array_equal(after.edges, before.edges)
    assert np.array_equal(after.offsets, before.offsets)
    assert np.array_equal(router.ledger.costs.cost, costs)
    assert not router._touched.any()


@pytest.mark.parametrize("room", [0, 1, 5, 40])
def test_a_pool_that_is_full_loses_nothing(room: int) -> None:
    design = random_design(4, nets=120, capacity=3)
    router = holding(design, spines(design))
    remove(router)
    routes = router.routes()
    router._pool = pool_of(routes, room)
    router._bring_back()
    after = router.routes()
    check = verify(design, after)
    assert check.total_overflow == 0
    assert np.all(after.lengths[routes.lengths > 0] > 0)
    assert np.array_equal(routes_of(router._pool, 2 * design.num_tiles).edges, after.edges)


def fewest_open(design: Design) -> int:
    """The fewest nets that any legal routing leaves open, by trying all."""
    choices = [all_trees(design, int(net)) for net in design.routable]
    free = design.capacity.reshape(-1).tolist()

    def missing(net: int, bound: int) -> int:
        """The fewest open nets from the ``net``-th on, or ``bound`` if that is fewer."""
        if net == len(choices) or bound == 0:
            return min(0, bound)
        for tree in choices[net]:
            if all(free[edge] for edge in tree):
                for edge in tree:
                    free[edge] -= 1
                bound = missing(net + 1, bound)
                for edge in tree:
                    free[edge] += 1
        return min(bound, 1 + missing(net + 1, bound - 1))

    return missing(0, len(choices))


def test_beside_all_routings_of_tiny_designs() -> None:
    optimal = total = 0
    for seed in range(40):
        design = random_design(seed, width=3, height=2, nets=5, capacity=1, spread=2)
        found = len(route_maze(design, MAZE).unrouted)
        least = fewest_open(design)
        assert found >= least
        optimal += found == least
        total += 1
    assert optimal >= 0.95 * total


def test_simple_cases_are_optimal() -> None:
    for tracks, wanting in itertools.product((1, 2, 3), (1, 2, 3, 4, 5)):
        nets = [(f"n{i}", i, [(0, 0), (3, 0)]) for i in range(wanting)]
        design = Design.from_pins("row", 4, 1, tracks, tracks, nets)
        for effort in ("low", "medium", "high"):
            result = route(design, RouteConfig(router="maze", effort=effort))
            assert len(result.unrouted) == max(0, wanting - tracks)


def test_an_end_in_the_middle_is_legal() -> None:
    design = random_design(5, nets=200, capacity=3)
    router = holding(design, spines(design))
    router._deadline = router._clock()
    with suppress(OutOfTime):
        router.legalise()
    assert verify(design, router.routes()).total_overflow == 0
