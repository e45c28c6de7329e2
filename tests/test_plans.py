"""Plans: doubtful trees as tiles, at half the resolution."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eda_router.neural.plans import FAINTEST, doubtful_trees, halve, tree_tiles
from eda_router.neural.tensors import images, pin_tiles
from tests.window_cases import edge_graph, states


@given(states(max_free=2), st.integers(0, 2**32 - 1), st.sampled_from([1.0, 1e-3, 2 * FAINTEST]))
def test_a_plan_joins_the_pins_however_faint_the_drawing_is(state, seed, most):
    size = state.shape[1]
    draws = np.random.default_rng(seed).uniform(0.5, 1, (1, size, size, 3))
    pins = pin_tiles(state)
    trees = doubtful_trees(images(state), pins, (most * draws).astype(np.float32))
    tiles = tree_tiles(trees, pins)
    assert tiles.shape == pins.shape
    if not trees.ok[0]:
        assert not tiles.any()
        return
    graph = edge_graph(trees.edges, size)
    assert set(np.flatnonzero(tiles)) == set(graph) | set(np.flatnonzero(pins))
    assert len(graph) == 0 or nx.is_connected(graph)


def test_trees_of_several_windows_are_kept_apart():
    state = np.zeros((3, 4, 4), np.uint8)
    state[:] = 2 * (9 * 8 + 8)
    state[0, 0, [0, 3]] += 1
    state[2, [0, 3], 1] += 1
    pins = pin_tiles(state)
    maps = np.ones((3, 4, 4, 3), np.float32)
    tiles = tree_tiles(doubtful_trees(images(state), pins, maps), pins)
    expected = np.zeros((3, 4, 4), np.bool_)
    expected[0, 0] = expected[2, :, 1] = True
    assert np.array_equal(tiles, expected)


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_a_tile_of_half_the_resolution_stands_for_four(rows, seed):
    tiles = np.random.default_rng(seed).random((2, 2 * rows, 2 * rows)) < 0.3
    half = halve(tiles)
    for r in range(rows):
        for c in range(rows):
            four = tiles[:, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2]
            assert np.array_equal(half[:, r, c], four.any(axis=(1, 2)))
