"""Ways found wherever there are any, and negotiation that knows when to stop."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.routing.flow import route
from eda_router.routing.maze import STALL_ROUNDS, MazeRouter, route_maze
from eda_router.search.box import UNREACHED, new_box, open_box, sweep
from eda_router.search.grid import Grid
from eda_router.search.tree import _spread, new_tree_scratch
from eda_router.verification import verify
from tests.generators import random_design
from tests.layered import grid_graph

MAZE = RouteConfig(router="maze")


def maze(seed: int, width: int, height: int, share: float) -> tuple[Design, nx.Graph]:
    """A grid with closed edges and one net, and the graph of its open edges."""
    rng = np.random.default_rng(seed)
    pins = [(int(rng.integers(width)), int(rng.integers(height))) for _ in range(2 + seed % 4)]
    design = Design.from_pins(f"maze{seed}", width, height, 1, 1, [("way", 0, pins)])
    closed = rng.random(design.capacity.shape) < share
    design = replace(design, capacity=np.where(closed, 0, design.capacity).astype(np.int32))
    graph = grid_graph(width, height)
    tracks = design.capacity.reshape(-1)
    graph.remove_edges_from(
        [(a, b) for a, b, data in graph.edges(data=True) if tracks[data["edge"]] == 0]
    )
    return design, graph


@pytest.mark.parametrize("seed", range(40))
def test_a_way_is_found_wherever_there_is_one(seed: int) -> None:
    design, graph = maze(seed, 14, 11, 0.3 + 0.02 * (seed % 12))
    pins = design.net_pins(0).tolist()
    joined = set(pins) <= nx.node_connected_component(graph, pins[0])
    router = MazeRouter(design, MAZE)
    router.connect_far()
    routes = router.routes()
    check = verify(design, routes)
    assert check.total_overflow == 0
    assert (check.disconnected == 0) == joined
    if joined and len(pins) == 2:
        assert routes.wirelength == nx.shortest_path_length(graph, *pins)
    # Where overflow is allowed there is always a way.
    loose = MazeRouter(design, MAZE)
    loose.connect_far(legally=False)
    assert verify(design, loose.routes()).disconnected == 0


@pytest.mark.parametrize("seed", range(12))
def test_the_whole_router_leaves_no_net_that_a_way_joins(seed: int) -> None:
    design, graph = maze(seed, 40, 30, 0.42)
    pins = design.net_pins(0).tolist()
    joined = set(pins) <= nx.node_connected_component(graph, pins[0])
    for effort in ("low", "high"):
        result = route(design, RouteConfig(router="maze", effort=effort))
        assert (len(result.unrouted) == 0) == joined


@pytest.mark.parametrize(("width", "height"), [(300_000, 1), (1, 300_000), (120_000, 2)])
def test_strips_of_any_length(width: int, height: int) -> None:
    far = (width - 1, height - 1)
    nets = [("far", 0, [(0, 0), far]), ("near", 1, [(0, 0), (min(2, far[0]), min(2, far[1]))])]
    design = Design.from_pins("strip", width, height, 4, 4, nets)
    result = route(design, MAZE)
    assert verify(design, result.routes).legal
    assert result.wirelength == int(design.half_perimeters.sum())


def test_negotiation_stops_early_where_nothing_helps() -> None:
    design = random_design(1, width=24, height=20, nets=600, capacity=3)
    for effort in ("low", "medium", "high"):
        result = route_maze(design, RouteConfig(router="maze", effort=effort))
        negotiation = result.details["negotiation"]
        assert negotiation["stalled"]
        assert STALL_ROUNDS <= negotiation["rounds"] <= 4 * STALL_ROUNDS
        assert negotiation["least_overflow"] > 0


@pytest.mark.parametrize("seed", range(8))
def test_negotiation_still_ends_with_no_overflow_where_that_can_be_had(seed: int) -> None:
    design = random_design(seed, width=24, height=20, nets=400, capacity=7)
    first = route_maze(design, replace(MAZE, iterations=0, allow_overflow=True))
    assert first.total_overflow > 0
    for effort in ("low", "medium", "high"):
        result = route_maze(design, RouteConfig(router="maze", effort=effort))
        assert result.details["negotiation"]["least_overflow"] == 0
        assert not result.details["negotiation"]["stalled"]
        assert result.exit_status == 0


def test_an_overflow_that_falls_by_a_fifth_is_no_stall() -> None:
    router = MazeRouter(random_design(1), MAZE)
    router.route_first()
    falling = [round(1000 * 0.98**n) for n in range(100)]
    flat = [1000] * (STALL_ROUNDS + 1)
    assert not any(router._stalled(falling[: n + 1]) for n in range(100))
    assert router._stalled(flat)
    assert not router._stalled(flat[:-1])
    assert not router._stalled([0] * 100)
    loose = MazeRouter(random_design(1), replace(MAZE, allow_overflow=True))
    assert not loose._stalled(flat)


@pytest.mark.parametrize("seed", range(30))
def test_spreading_from_new_tiles_gives_the_distances_of_a_sweep(seed: int) -> None:
    rng = np.random.default_rng(seed)
    grid = Grid(int(rng.integers(1, 12)), int(rng.integers(2, 12)))
    tiles = grid.width * grid.height
    cost = rng.integers(1, 50, 2 * tiles).astype(np.int32)
    box, scratch = new_box(grid), new_tree_scratch(grid)
    corners = np.array([0, tiles - 1], np.int32)
    w, h = open_box(box, cost, grid, corners, 0, tiles, 1)
    box.fields[:tiles] = UNREACHED
    box.fields[rng.integers(tiles)] = 0
    sweep(box.fields, 0, box.right, box.up, w, h)
    for _ in range(3):
        joined = rng.choice(tiles, int(rng.integers(1, max(2, tiles // 3))), replace=False)
        box.fields[joined] = 0
        swept = box.fields.copy()
        sweep(swept, 0, box.right, box.up, w, h)
        scratch.queue[: len(joined)] = joined
        _spread(box, scratch, w, h, len(joined))
        assert np.array_equal(box.fields[:tiles], swept[:tiles])
        graph = grid_graph(w, h)
        weights = {(a, b): int(cost[d["edge"]]) for a, b, d in graph.edges(data=True)}
        nx.set_edge_attributes(graph, weights, "weight")
        zero = set(np.flatnonzero(swept[:tiles] == 0).tolist())
        distances = nx.multi_source_dijkstra_path_length(graph, zero)
        assert [distances[t] for t in range(tiles)] == swept[:tiles].tolist()
        assert not scratch.part.any()
