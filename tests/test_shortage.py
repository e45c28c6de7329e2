"""The lower bound on overflow, beside all routings of tiny designs and what routers reach."""

from __future__ import annotations

import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.routing.maze import route_maze
from eda_router.routing.shortage import missing_tracks
from tests.generators import random_design
from tests.simple_trees import all_trees


def least_overflow(design: Design) -> int:
    """The least overflow of any routing, by trying all trees of each net."""
    choices = [all_trees(design, int(net)) for net in design.routable]
    free = design.capacity.reshape(-1).tolist()

    def least(net: int, so_far: int, bound: int) -> int:
        if net == len(choices) or so_far >= bound:
            return min(so_far, bound)
        for tree in choices[net]:
            over = sum(free[edge] <= 0 for edge in tree)
            for edge in tree:
                free[edge] -= 1
            bound = least(net + 1, so_far + over, bound)
            for edge in tree:
                free[edge] += 1
        return bound

    return least(0, 0, sum(map(len, choices)) * len(free) + 1)


@pytest.mark.parametrize("seed", range(25))
def test_it_is_never_more_than_the_best_routing_lacks(seed: int) -> None:
    design = random_design(seed, width=3, height=2, nets=4, capacity=seed % 2, spread=2)
    assert missing_tracks(design) <= least_overflow(design)


def test_it_is_all_that_is_missing_where_lines_are_crowded() -> None:
    row = [(f"n{i}", i, [(0, 0), (4, 0)]) for i in range(3)]
    assert missing_tracks(Design.from_pins("row", 5, 1, 1, 1, row)) == 2 * 4
    corner = [(f"n{i}", i, [(0, 0), (4, 4)]) for i in range(5)]
    # Five nets in a corner with two edges of two tracks, at either end.
    assert missing_tracks(Design.from_pins("corner", 5, 5, 2, 2, corner)) == 2
    # Nine nets out of a square of two tiles with four edges of two tracks.
    square = [(f"n{i}", i, [(i % 2, i // 2 % 2), (i % 8, 7)]) for i in range(9)]
    assert missing_tracks(Design.from_pins("square", 8, 8, 2, 2, square)) == 1


def test_the_whole_grid_may_have_too_few_tracks() -> None:
    full = [(x, y) for y in range(2) for x in range(2)]
    nets = [("full", 0, full), ("diagonal", 1, [(0, 0), (1, 1)])]
    assert missing_tracks(Design.from_pins("five on four", 2, 2, 1, 1, nets)) == 1


def test_designs_that_can_be_routed_lack_nothing() -> None:
    for seed in range(20):
        design = random_design(seed, nets=120, capacity=9)
        if not route_maze(design, RouteConfig(router="maze")).exit_status:
            assert missing_tracks(design) == 0
    assert missing_tracks(Design.from_pins("tile", 1, 1, 0, 0, [("a", 0, [(0, 0)])])) == 0
    assert missing_tracks(Design.from_pins("none", 4, 3, 0, 0, [])) == 0


@pytest.mark.parametrize("seed", range(10))
def test_overflow_of_a_crowded_design_is_no_less(seed: int) -> None:
    design = random_design(seed, capacity=1, spread=9)
    result = route_maze(design, RouteConfig(router="maze", iterations=20, allow_overflow=True))
    assert 0 < missing_tracks(design) <= result.total_overflow
