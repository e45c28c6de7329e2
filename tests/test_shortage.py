"""The lower bound on overflow, beside all routings of tiny designs and what routers reach."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.routing.maze import route_maze
from eda_router.routing.shortage import missing_tracks
from tests.generators import random_design
from tests.layered import grid_graph


def all_trees(design: Design, net: int) -> list[tuple[int, ...]]:
    """All trees over a net's pins whose ends are pins."""
    grid = grid_graph(design.width, design.height)
    ids = [data["edge"] for _, _, data in grid.edges(data=True)]
    ends = {data["edge"]: (one, other) for one, other, data in grid.edges(data=True)}
    pins = set(design.net_pins(net).tolist())
    trees = []
    for count in range(len(pins) - 1, design.num_tiles):
        for edges in itertools.combinations(ids, count):
            tree = nx.Graph(ends[edge] for edge in edges)
            ends_at_pins = all(tree.degree(t) > 1 or t in pins for t in tree)
            if pins <= set(tree) and nx.is_tree(tree) and ends_at_pins:
                trees.append(edges)
    return trees


def least_overflow(design: Design) -> int:
    capacity = design.capacity.reshape(-1)
    best = None
    for trees in itertools.product(*(all_trees(design, net) for net in design.routable)):
        demand = np.bincount([e for tree in trees for e in tree], minlength=len(capacity))
        over = int(np.maximum(demand - capacity, 0).sum())
        best = over if best is None else min(best, over)
    return best or 0


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
