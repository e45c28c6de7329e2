"""The lower bound on overflow, beside all routings of tiny designs and what routers reach."""

from __future__ import annotations

from itertools import combinations_with_replacement, product

import networkx as nx
import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.routing.maze import route_maze
from eda_router.routing.shortage import (
    crowded_boxes,
    missing_tracks,
    shortage_details,
    troubled_tiles,
)
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


Box = tuple[int, int, int, int]
NONE = np.zeros(0, np.int64)


def counted(design: Design, box: Box) -> tuple[list[int], int, set[frozenset[int]]]:
    """Nets with pins inside and outside a box, tracks and edges of its border, the plain way."""
    width, height = design.width, design.height
    grid = nx.grid_2d_graph(width, height)
    inside = {
        (x, y) for x, y in grid if box[0] <= x <= box[2] and box[1] <= y <= box[3]
    }  # fmt: skip
    border = list(nx.edge_boundary(grid, inside))
    tracks = 0
    for one, other in border:
        (x, y), (x1, _) = sorted((one, other))
        tracks += int(design.capacity[y, x, 0 if x1 > x else 1])
    nets = []
    for net in range(design.num_nets):
        pins = {(int(t) % width, int(t) // width) for t in design.net_pins(net)}
        if pins & inside and pins - inside:
            nets.append(net)
    return nets, tracks, {frozenset(edge) for edge in border}


def all_boxes(design: Design) -> list[Box]:
    spans = [
        list(combinations_with_replacement(range(size), 2))
        for size in (design.width, design.height)
    ]
    return [(x0, y0, x1, y1) for (x0, x1), (y0, y1) in product(*spans)]


@pytest.mark.parametrize("seed", range(20))
def test_boxes_count_their_nets_and_tracks_and_share_no_edge(seed: int) -> None:
    design = random_design(seed, width=6, height=5, nets=30, capacity=1 + seed % 3, spread=5)
    found = crowded_boxes(design, np.arange(design.num_tiles))
    borders = []
    for one in found:
        nets, tracks, border = counted(design, one.box)
        assert (one.nets.tolist(), one.tracks) == (nets, tracks)
        borders.append(border)
    assert sum(map(len, borders)) == len(set().union(*borders))
    assert [one.missing for one in found] == sorted((one.missing for one in found), reverse=True)
    assert all(one.missing > 0 for one in found)


def test_most_often_the_most_crowded_of_all_boxes_is_found() -> None:
    found = 0
    for seed in range(20):
        design = random_design(seed, width=6, height=5, nets=30, capacity=1 + seed % 3, spread=5)
        most = max(len(n) - t for n, t, _ in (counted(design, box) for box in all_boxes(design)))
        boxes = crowded_boxes(design, np.arange(design.num_tiles))
        assert boxes[0].missing <= most
        found += boxes[0].missing == most
    assert found >= 18


@pytest.mark.parametrize("seed", range(25))
def test_boxes_never_miss_more_than_the_best_routing_lacks(seed: int) -> None:
    design = random_design(seed, width=3, height=2, nets=4, capacity=seed % 2, spread=2)
    found = crowded_boxes(design, np.arange(design.num_tiles))
    assert sum(one.missing for one in found) <= least_overflow(design)


def test_a_crowded_macro_is_found_from_its_overflow_or_its_unrouted_nets() -> None:
    # Ten nets out of three by two tiles in the middle, whose border has eight tracks: no square of
    # a chequerboard and no straight line shows it.
    inside = [(x, y) for x in (4, 5, 6) for y in (4, 5)]
    nets = [(f"n{i}", i, [inside[i % 6], (i % 3, i % 2)]) for i in range(10)]
    design = Design.from_pins("macro", 12, 12, 9, 9, nets)
    for x, y, direction in (
        *((3, y, 0) for y in (4, 5)), *((6, y, 0) for y in (4, 5)),
        *((x, 3, 1) for x in (4, 5, 6)), *((x, 5, 1) for x in (4, 5, 6)),
    ):  # fmt: skip
        design.capacity[y, x, direction] = 1
    design.capacity[4, 6, 0] = design.capacity[5, 6, 0] = 0
    assert missing_tracks(design) == 0
    for allow in (True, False):
        result = route_maze(design, RouteConfig(router="maze", allow_overflow=allow))
        details = shortage_details(design, result.ledger.demand, result.unrouted)
        assert details == {
            "missing_tracks": 2,
            "crowded_boxes": [
                {
                    "box": [4, 4, 6, 5],
                    "missing": 2,
                    "tracks": 8,
                    "nets": [f"n{i}" for i in range(10)],
                }
            ],
        }


def test_designs_without_nets_or_edges_have_no_boxes() -> None:
    for design in (
        Design.from_pins("tile", 1, 1, 0, 0, [("a", 0, [(0, 0)])]),
        Design.from_pins("none", 4, 3, 0, 0, []),
    ):
        assert len(troubled_tiles(design, design.capacity, NONE)) == 0
        assert crowded_boxes(design, np.arange(design.num_tiles)) == []
