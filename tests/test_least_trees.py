"""The checker's trees beside Dreyfus and Wagner's recursion over networkx's distances."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from eda_router.proof.dual_ascent import ascend, forget, new_ascent
from eda_router.proof.least_trees import EXACT_PINS, Graph, graph_of, least_tree, new_labels

WIDTH, HEIGHT = 8, 6


def priced_grid(seed: int, unit: int, share: float) -> tuple[Graph, nx.Graph]:
    """A grid in which a share of the edges costs more than ``unit``, in both forms."""
    rng = np.random.default_rng(seed)
    tiles = np.arange(WIDTH * HEIGHT)
    x, y = tiles % WIDTH, tiles // WIDTH
    right, up = tiles[x < WIDTH - 1], tiles[y < HEIGHT - 1]
    ends = np.concatenate((right, up)), np.concatenate((right + 1, up + WIDTH))
    # What costs nothing is contracted before a search.
    costs = max(unit, 1) + rng.integers(0, 2000, len(ends[0])) * (rng.random(len(ends[0])) < share)
    graph = nx.Graph()
    graph.add_weighted_edges_from(zip(*ends, costs.tolist(), strict=True))
    return graph_of(ends, costs, x, y, unit), graph


def least_cost(graph: nx.Graph, pins: list[int]) -> int:
    """Cost of the cheapest tree, by subsets of pins."""
    far = dict(nx.all_pairs_dijkstra_path_length(graph))
    cost = {1 << i: {v: far[pin][v] for v in graph} for i, pin in enumerate(pins)}
    for joined in range(1, 1 << len(pins)):
        if joined in cost:
            continue
        parts = [p for p in range(1, joined) if p & joined == p and p < joined ^ p]
        met = {v: min(cost[p][v] + cost[joined ^ p][v] for p in parts) for v in graph}
        cost[joined] = {v: min(met[u] + far[u][v] for u in graph) for v in graph}
    return cost[(1 << len(pins)) - 1][pins[0]]


@pytest.mark.parametrize("unit", [1000, 0])
@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_an_exact_search_finds_the_cheapest_tree(unit: int, share: float, count: int) -> None:
    for seed in range(4):
        graph, other = priced_grid(seed, unit, share)
        rng = np.random.default_rng(seed)
        pins = rng.choice(WIDTH * HEIGHT, count, replace=False).astype(np.int32)
        labels, ascent = new_labels(WIDTH * HEIGHT), new_ascent(graph)
        expected = least_cost(other, pins.tolist()), True
        # Twice, with the memory that the first search leaves.
        assert least_tree(graph, labels, ascent, pins) == expected
        assert least_tree(graph, labels, ascent, pins[::-1].copy()) == expected


@pytest.mark.parametrize("seed", range(10))
def test_an_ascent_ends_below_the_cheapest_tree(seed: int) -> None:
    graph, other = priced_grid(seed, 1000 * (seed % 2), 0.5)
    pins = np.random.default_rng(seed).choice(WIDTH * HEIGHT, 6, replace=False).astype(np.int32)
    best = least_cost(other, pins.tolist())
    ascent = new_ascent(graph)
    for root in range(len(pins)):
        turned = np.roll(pins, root)
        bound = ascend(graph, ascent, turned)
        forget(graph, ascent, turned)
        assert 0.8 * best <= bound <= best
    assert np.array_equal(ascent.left, graph.costs)


def test_more_pins_than_a_search_takes_have_a_lower_bound() -> None:
    graph, other = priced_grid(0, 1000, 0.3)
    pins = np.arange(EXACT_PINS + 2, dtype=np.int32)
    cost, exact = least_tree(graph, new_labels(WIDTH * HEIGHT), new_ascent(graph), pins)
    assert not exact
    joined = nx.minimum_spanning_tree(other.subgraph(pins.tolist()))
    assert 0.8 * joined.size("weight") <= cost <= joined.size("weight")


@pytest.mark.parametrize("count", [62, 63, 64, 65, 66, 80, 130])
def test_a_row_of_pins_however_many_costs_its_length(count: int) -> None:
    tiles = np.arange(count)
    ends = tiles[:-1], tiles[1:]
    graph = graph_of(ends, np.full(count - 1, 1000), tiles, np.zeros(count, np.int64), 1000)
    pins = tiles.astype(np.int32)
    for turned in (pins, pins[::-1].copy(), np.roll(pins, 7)):
        cost, exact = least_tree(graph, new_labels(count), new_ascent(graph), turned)
        assert (cost, exact) == (1000 * (count - 1), False)


def test_an_ascent_that_is_stopped_has_a_lower_bound_and_leaves_nothing_behind() -> None:
    graph, _ = priced_grid(0, 1000, 0.3)
    pins = np.arange(EXACT_PINS + 2, dtype=np.int32)
    labels = new_labels(WIDTH * HEIGHT)
    ascent = new_ascent(graph, labels.stop)
    whole = least_tree(graph, labels, ascent, pins)
    labels.stop[0] = 1
    stopped, exact = least_tree(graph, labels, ascent, pins)
    assert not exact
    assert 0 <= stopped < whole[0]
    labels.stop[0] = 0
    assert least_tree(graph, labels, ascent, pins) == whole
