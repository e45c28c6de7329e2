"""The search kernels against shortest paths of SciPy and exhaustive search of Steiner trees."""

import time
from itertools import combinations, pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from eda_router.search.box import CLOSED, load_costs, new_box, sweep
from eda_router.search.grid import Grid
from eda_router.search.steiner import join_terminals
from eda_router.search.tree import (
    PIN,
    WALKED_EDGES,
    _collect_parts,
    _collect_parts_in_step,
    _walk_off,
    grow_tree,
    improve_tree,
    new_tree_scratch,
)
from tests.steiner_tree import steiner_tree


def graph_of(cost, width, height):
    """The grid as a networkx graph with costs as weights; closed edges are missing."""
    graph = nx.Graph()
    graph.add_nodes_from(range(width * height))
    for y in range(height):
        for x in range(width):
            tile = y * width + x
            if x < width - 1 and cost[2 * tile] < CLOSED:
                graph.add_edge(tile, tile + 1, weight=int(cost[2 * tile]))
            if y < height - 1 and cost[2 * tile + 1] < CLOSED:
                graph.add_edge(tile, tile + width, weight=int(cost[2 * tile + 1]))
    return graph


def tree_of(edges, width):
    """Edge ids as a networkx graph."""
    graph = nx.Graph()
    for edge in map(int, edges):
        graph.add_edge(edge >> 1, (edge >> 1) + (width if edge & 1 else 1))
    return graph


def assert_joins(edges, pins, width):
    """``edges`` form a tree that reaches all pins and has no other dead ends."""
    tree = tree_of(edges, width)
    assert len(set(map(int, edges))) == len(edges)
    assert nx.is_tree(tree)
    assert set(map(int, pins)) <= set(tree)
    assert all(tree.degree(v) > 1 or v in set(map(int, pins)) for v in tree)


def cheapest_tree(graph, pins):
    """Cost of an optimal Steiner tree: the best spanning tree over pins and any branch tiles."""
    distance = dict(nx.all_pairs_dijkstra_path_length(graph))
    others = [v for v in graph if v not in pins]
    best = None
    for count in range(max(0, len(pins) - 1)):
        for extra in combinations(others, count):
            closure = nx.Graph()
            for a, b in combinations([*pins, *extra], 2):
                if b in distance[a]:
                    closure.add_edge(a, b, weight=distance[a][b])
            if len(closure) < len(pins) + count or not nx.is_connected(closure):
                continue
            cost = nx.minimum_spanning_tree(closure).size(weight="weight")
            best = cost if best is None else min(best, cost)
    return best


@given(
    width=st.integers(1, 12),
    height=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
    closed=st.sampled_from([0.0, 0.3, 0.6]),
)
def test_sweep_gives_the_distances_of_dijkstra(width, height, seed, closed):
    rng = np.random.default_rng(seed)
    n = width * height
    right = rng.integers(1, 50, n).astype(np.int32)
    up = rng.integers(1, 50, n).astype(np.int32)
    right[rng.random(n) < closed] = CLOSED
    up[rng.random(n) < closed] = CLOSED
    source = int(rng.integers(n))
    field = np.full(n, 1 << 29, np.int32)
    field[source] = 0
    sweep(field, 0, right, up, width, height)
    rows, columns, weights = [], [], []
    for node in range(n):
        if node % width < width - 1 and right[node] < CLOSED:
            rows.append(node), columns.append(node + 1), weights.append(right[node])
        if node // width < height - 1 and up[node] < CLOSED:
            rows.append(node), columns.append(node + width), weights.append(up[node])
    expected = dijkstra(
        coo_matrix((weights, (rows, columns)), (n, n)), directed=False, indices=source
    )
    reached = field < CLOSED
    assert np.array_equal(reached, np.isfinite(expected))
    assert np.array_equal(field[reached], expected[reached])


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 5))
def test_trees_are_optimal_on_tiny_grids(seed, count):
    rng = np.random.default_rng(seed)
    width, height = 4, 3
    cost = rng.integers(1, 20, 2 * width * height).astype(np.int32)
    cost[rng.random(len(cost)) < 0.15] = CLOSED
    pins = rng.choice(width * height, count, replace=False)
    best = cheapest_tree(graph_of(cost, width, height), list(map(int, pins)))
    found = steiner_tree(cost, width, height, pins)
    if best is None:
        assert found is None
    else:
        total, edges = found
        assert total == best == cost[edges].sum()
        assert_joins(edges, pins, width)


@pytest.mark.parametrize(
    ("pins", "length"),
    [
        ([(0, 0), (5, 0)], 5),
        ([(0, 0), (4, 3)], 7),
        ([(0, 0), (4, 0), (2, 3)], 7),
        ([(1, 0), (1, 4), (0, 2), (4, 2)], 8),  # a cross
        ([(0, 0), (4, 0), (0, 4), (4, 4)], 12),  # corners of a square
        ([(0, 0), (2, 0), (4, 0), (0, 2), (2, 2), (4, 2), (0, 4), (2, 4), (4, 4)], 16),  # 3 x 3
    ],
)
def test_known_optimal_lengths(pins, length):
    width, height = 7, 6
    tiles = np.array([y * width + x for x, y in pins])
    cost, edges = steiner_tree(np.ones(2 * width * height, np.int32), width, height, tiles)
    assert cost == len(edges) == length


@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_pins_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    cost = np.full(2 * 8 * 8, 10, np.int32)
    pins = rng.choice(64, 5, replace=False)
    _, first = steiner_tree(cost, 8, 8, pins)
    _, second = steiner_tree(cost, 8, 8, rng.permutation(pins))
    assert np.array_equal(first, second)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(3, 14))
def test_grown_trees_join_all_pins_and_improvement_never_costs(seed, count):
    rng = np.random.default_rng(seed)
    width, height = 14, 11
    cost = rng.integers(800, 1600, 2 * width * height).astype(np.int32)
    pins = np.sort(rng.choice(width * height, count, replace=False)).astype(np.int32)
    grid = Grid(width, height)
    box, scratch = new_box(grid), new_tree_scratch(grid)
    length = grow_tree(box, scratch, cost, grid, pins, 1, 4096)
    grown = scratch.edges[:length].copy()
    assert_joins(grown, pins, width)
    length = improve_tree(box, scratch, cost, grid, pins, length, 1, 3, 800)
    improved = scratch.edges[:length].copy()
    assert_joins(improved, pins, width)
    assert cost[improved].sum() <= cost[grown].sum()
    assert not scratch.links.any()
    assert not scratch.part.any()
    if count <= 6:
        optimum, _ = steiner_tree(cost, width, height, pins, margin=1)
        assert optimum <= cost[improved].sum() <= 1.1 * optimum


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(3, 14), margin=st.integers(1, 4))
def test_the_least_cost_of_an_edge_spares_searches_and_changes_no_tree(seed, count, margin):
    rng = np.random.default_rng(seed)
    grid = Grid(int(rng.integers(5, 20)), int(rng.integers(5, 20)))
    shape = (grid.height, grid.width, 2)
    # Many ties, as between free edges; and closed edges, which leave long ways round.
    cost = (1000 + rng.integers(0, 3, shape) * rng.choice([0, 4, 300])).astype(np.int32)
    cost[rng.random(shape) < 0.1] = CLOSED
    cost[:, -1, 0] = cost[-1, :, 1] = CLOSED
    cost = cost.reshape(-1)
    pins = np.sort(rng.choice(grid.width * grid.height, count, replace=False)).astype(np.int32)
    improved = []
    for least in (1, 1000):
        box, scratch = new_box(grid), new_tree_scratch(grid)
        length = grow_tree(box, scratch, cost, grid, pins, margin, 4096)
        if length < 0:
            return
        length = improve_tree(box, scratch, cost, grid, pins, length, margin, 2, least)
        improved.append(scratch.edges[:length].tolist())
    assert improved[0] == improved[1]


@given(seed=st.integers(0, 2**32 - 1))
def test_three_terminals_are_joined_below_a_limit_or_not_at_all(seed):
    rng = np.random.default_rng(seed)
    w, h = int(rng.integers(3, 9)), int(rng.integers(3, 9))
    box = new_box(Grid(w, h))
    cost = rng.integers(1, 9, 2 * w * h).astype(np.int32)
    box.xs[:], box.ys[:] = np.arange(w), np.arange(h)
    load_costs(box, cost, w, w, h)
    # Parts of several nodes each, as of a tree that was taken apart.
    nodes = rng.permutation(w * h)[: int(rng.integers(3, min(9, w * h)))]
    inner = np.sort(rng.choice(np.arange(1, len(nodes)), 2, replace=False))
    box.terminal_nodes[: len(nodes)] = nodes
    box.terminal_offsets[:4] = [0, *inner, len(nodes)]
    box.owner[nodes] = np.repeat(np.arange(3), np.diff([0, *inner, len(nodes)]))
    least, count = join_terminals(box, w, h, 3, w, int(CLOSED))
    tree = box.out[:count].tolist()
    contracted = nx.Graph()
    for a, b, weight in graph_of(cost, w, h).edges(data="weight"):
        a, b = (f"part {box.owner[node]}" if node in nodes else node for node in (a, b))
        if a != b and weight < contracted.get_edge_data(a, b, {"weight": 99})["weight"]:
            contracted.add_edge(a, b, weight=weight)
    ways = [nx.single_source_dijkstra_path_length(contracted, f"part {part}") for part in range(3)]
    # Three paths meet somewhere.
    assert least == min(sum(way[node] for way in ways) for node in contracted)
    assert join_terminals(box, w, h, 3, w, least + 1) == (least, count)
    assert box.out[:count].tolist() == tree
    for limit in range(1, least + 1):
        assert join_terminals(box, w, h, 3, w, limit)[0] >= limit


def test_a_thinned_box_still_finds_a_tree():
    width, height = 60, 50
    rng = np.random.default_rng(3)
    cost = rng.integers(900, 1100, 2 * width * height).astype(np.int32)
    pins = np.sort(rng.choice(width * height, 30, replace=False)).astype(np.int32)
    grid = Grid(width, height)
    box, scratch = new_box(grid), new_tree_scratch(grid)
    length = grow_tree(box, scratch, cost, grid, pins, 2, 100)
    assert_joins(scratch.edges[:length], pins, width)


def parts_at(collect, box, scratch, grid, edges, pins, tile):
    """The tiles of each part of a tree without the key paths at ``tile``, found by a kernel."""
    for edge in edges:
        owner, other = edge >> 1, (edge >> 1) + (grid.width if edge & 1 else 1)
        scratch.links[owner] |= 1 << 2 * (edge & 1) + 1
        scratch.links[other] |= 1 << 2 * (edge & 1)
    scratch.links[pins] |= PIN
    _, starts = _walk_off(scratch, grid.width, tile, 0)
    if scratch.links[tile] & PIN:
        scratch.queue[starts] = tile
        starts += 1
    w, h, x0, y0 = grid.width - 3, grid.height - 2, 2, 1
    collect(box, scratch, grid.width, w, h, x0, y0, starts)
    ends = box.terminal_offsets[: starts + 1].tolist()
    parts = [sorted(box.terminal_nodes[a:b].tolist()) for a, b in pairwise(ends)]
    for number, part in enumerate(parts):
        assert (box.owner[part] == number).all()
    assert not scratch.part.any()
    scratch.links[:] = 0
    return parts


@given(seed=st.integers(0, 10_000))
def test_parts_walked_in_step_are_those_walked_as_a_whole(seed):
    rng = np.random.default_rng(seed)
    grid = Grid(int(rng.integers(5, 12)), int(rng.integers(4, 12)))
    tiles = grid.width * grid.height
    box, scratch = new_box(grid), new_tree_scratch(grid)
    cost = rng.integers(1000, 9000, 2 * tiles).astype(np.int32).reshape(grid.height, grid.width, 2)
    cost[:, -1, 0] = cost[-1, :, 1] = CLOSED
    cost = cost.reshape(-1)
    pins = np.sort(rng.choice(tiles, int(rng.integers(3, 20)), replace=False)).astype(np.int32)
    length = grow_tree(box, scratch, cost, grid, pins, 2, 4096)
    edges = scratch.edges[:length].tolist()
    degrees = dict(tree_of(edges, grid.width).degree)
    for tile in {*pins.tolist(), *(tile for tile, degree in degrees.items() if degree > 2)}:
        whole = parts_at(_collect_parts, box, scratch, grid, edges, pins, tile)
        assert parts_at(_collect_parts_in_step, box, scratch, grid, edges, pins, tile) == whole


def test_time_to_improve_grows_with_the_pins_not_with_their_square():
    grid = Grid(256, 256)
    box, scratch = new_box(grid), new_tree_scratch(grid)
    cost = np.full((256, 256, 2), 1000, np.int32)
    cost[:, -1, 0] = cost[-1, :, 1] = CLOSED
    cost = cost.reshape(-1)
    seconds = []
    for count in (20, 5000, 20_000):  # the first call may have to compile
        rng = np.random.default_rng(count)
        pins = np.sort(rng.choice(256 * 256, count, replace=False)).astype(np.int32)
        length = grow_tree(box, scratch, cost, grid, pins, 1, 1 << 16)
        began = time.process_time()
        better = improve_tree(box, scratch, cost, grid, pins, length, 1, 1, 1000)
        seconds.append(time.process_time() - began)
        tree = tree_of(scratch.edges[:better], 256)
        assert better <= length
        assert count == 20 or length > WALKED_EDGES
        assert nx.is_tree(tree)
        assert set(pins.tolist()) <= set(tree)
    # Four times the pins; by the square it would take sixteen times as long.
    assert seconds[2] < 9 * seconds[1]
