"""The teacher: optimal trees under its prices, one label for one state."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_router.dataset.teacher import (
    edge_costs,
    label,
    label_costs,
    route_box,
    tree_edges,
)
from eda_router.neural.prices import PRICE
from eda_router.neural.tensors import encode, free_tracks, pin_tiles
from eda_router.search.box import CLOSED
from tests.steiner_tree import steiner_tree
from tests.window_cases import check_tree, graph, states


def optimum(state):
    """Cost of an optimal tree by the router's kernel, which other tests hold against oracles."""
    size = state.shape[-1]
    price = PRICE[free_tracks(state)].reshape(-1)
    price = np.where(price == 0, CLOSED, price).astype(np.int32)
    found = steiner_tree(price, size, size, np.flatnonzero(pin_tiles(state)))
    return None if found is None else found[0]


@given(states(max_pins=5))
def test_labels_are_optimal_trees(state):
    labels, ok = label(state)
    if pin_tiles(state).sum() == 1:
        assert ok[0]
        check_tree(state[0], labels[0])
        return
    best = optimum(state[0])
    assert ok[0] == (best is not None)
    if ok[0]:
        check_tree(state[0], labels[0])
        assert label_costs(state, labels).tolist() == [best]
    else:
        assert not labels.any()


@given(states(size=6, max_pins=2))
def test_two_pins_cost_what_dijkstra_says(state):
    tiles = np.flatnonzero(pin_tiles(state)).tolist()
    labels, ok = label(state)
    if len(tiles) == 2 and ok[0]:
        cost = nx.dijkstra_path_length(
            graph(state[0]), *tiles, weight=lambda a, b, edge: int(PRICE[edge["free"]])
        )
        assert label_costs(state, labels).tolist() == [cost]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([8, 16]))
def test_many_pins_get_good_trees(seed, size):
    rng = np.random.default_rng(seed)
    pins = np.zeros(size * size, np.bool_)
    pins[rng.choice(size * size, 9, replace=False)] = True
    free = rng.integers(1, 9, (2, size, size))
    state = encode(free[0], free[1], pins.reshape(size, size))[None]
    grown, grown_ok = label(state)
    exact, exact_ok = label(state, 9)
    assert grown_ok[0]
    assert exact_ok[0]
    check_tree(state[0], grown[0])
    cost, best = label_costs(state, grown)[0], label_costs(state, exact)[0]
    assert best <= cost <= 1.25 * best
    quick, _ = label(state, 9 - 1, 0)
    assert cost <= label_costs(state, quick)[0]


@pytest.mark.parametrize("max_pins", [6, 14])
def test_the_same_state_always_has_the_same_label(max_pins):
    rng = np.random.default_rng(7)
    pins = np.zeros((40, 64), np.bool_)
    for row in pins:
        row[rng.choice(64, rng.integers(2, max_pins + 1), replace=False)] = True
    free = rng.integers(2, 9, (2, 40, 8, 8))
    batch = encode(free[0], free[1], pins.reshape(40, 8, 8))
    labels, ok = label(batch)
    assert ok.all()
    assert np.array_equal(label(batch)[0], labels)
    order = rng.permutation(40)
    assert np.array_equal(label(batch[order])[0], labels[order])
    for i in range(40):
        assert np.array_equal(label(batch[i : i + 1])[0][0], labels[i])


def test_pins_in_any_order_are_the_same_state():
    from eda_router.neural.windows import cut_states

    free = np.full((8, 8, 2), 3, np.int32)
    origin = np.zeros((1, 2), np.int32)
    pins = np.array([3, 17, 42, 60, 33], np.int32)
    offsets = np.array([0, 5])
    rng = np.random.default_rng(1)
    first = label(cut_states(free, origin, offsets, pins, 8))[0]
    for _ in range(10):
        again = label(cut_states(free, origin, offsets, rng.permutation(pins), 8))[0]
        assert np.array_equal(again, first)


def test_equal_trees_give_way_to_the_lowest_with_one_bend():
    free = np.full((8, 8), 8)
    for low, high in (((1, 1), (6, 5)), ((1, 6), (6, 2))):
        pins = np.zeros((8, 8), np.bool_)
        pins[low[1], low[0]] = pins[high[1], high[0]] = True
        labels, _ = label(encode(free, free, pins)[None])
        right, up = tree_edges(labels[0])[..., 0], tree_edges(labels[0])[..., 1]
        assert np.unique(np.nonzero(right)[0]).tolist() == [min(low[1], high[1])]
        assert len(np.unique(np.nonzero(up)[1])) == 1


def test_a_label_moves_with_its_net():
    """In free space a shifted net has the shifted label, wherever it lies."""
    free = np.full((16, 16), 8)
    pattern = [(0, 0), (3, 5), (6, 1), (2, 2)]
    shapes = set()
    for shift in range(8):
        pins = np.zeros((16, 16), np.bool_)
        for x, y in pattern:
            pins[y + shift, x + shift] = True
        labels, _ = label(encode(free, free, pins)[None])
        shapes.add(np.roll(labels[0], (-shift, -shift), (0, 1)).tobytes())
    assert len(shapes) == 1


def test_scarce_tracks_are_shunned_and_full_edges_never_used():
    free = np.full((4, 4), 8)
    scarce = free.copy()
    scarce[0, 1] = 1
    pins = np.zeros((4, 4), np.bool_)
    pins[0, 0] = pins[0, 3] = True
    around, _ = label(encode(free, scarce, pins)[None])
    assert tree_edges(around[0])[0, 1, 0] == 0
    assert label_costs(encode(free, scarce, pins)[None], around).tolist() == [5000]
    assert (np.diff(PRICE[1:]) <= 0).all()
    assert PRICE[0] == 0


def test_boxes_of_any_shape():
    free = np.full((2, 5, 2), 3, np.int32)
    free[0, 2, 0] = -1
    pins = np.zeros((2, 5), np.bool_)
    pins[0, 0] = pins[0, 4] = True
    edges = route_box(free, pins)
    assert edges is not None
    assert len(edges) == 6
    free[1, 2, 0] = 0
    assert route_box(free, pins) is None


def test_cost_of_edge_lists_and_of_labels_agree():
    state = encode(np.full((4, 4), 2), np.full((4, 4), 4), np.eye(4, dtype=np.bool_))[None]
    labels, _ = label(state)
    edges = np.flatnonzero(tree_edges(labels)).astype(np.int32)
    assert edge_costs(state, np.array([0, len(edges)]), edges) == label_costs(state, labels)
    assert label_costs(state, labels)[0] == 3 * PRICE[2] + 3 * PRICE[4]
