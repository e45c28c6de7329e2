"""The connectivity check and the extraction of trees, against networkx."""

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eda_router.neural.extract import RIGHT_MAP, TILE_MAP, extract_surest
from eda_router.neural.tensors import encode, free_tracks, pin_tiles
from tests.connectivity import connected
from tests.window_cases import edge_graph, extract_drawn, graph, states

ODD_VALUES = [float("nan"), -1e30, -2.0, 0.4, 0.6, 1e30]

drawings = st.integers(0, 2**25 - 1).map(
    lambda bits: np.array([bits >> i & 1 for i in range(25)], np.bool_).reshape(1, 5, 5)
)


@given(states(max_free=2), drawings)
def test_connected_is_what_networkx_says(state, drawn):
    pins = pin_tiles(state)
    tiles = np.flatnonzero(pins).tolist()
    joined = nx.node_connected_component(graph(state[0], drawn[0]), tiles[0]) >= set(tiles)
    assert connected(free_tracks(state), pins, drawn).tolist() == [joined]


@given(states(max_free=2), drawings)
def test_extraction_takes_a_minimal_tree_or_refuses(state, drawn):
    free, pins = free_tracks(state), pin_tiles(state)
    result = extract_drawn(free, pins, drawn)
    assert np.array_equal(result.ok, connected(free, pins, drawn))
    edges = result.tree(0)
    tiles = set(np.flatnonzero(pins).tolist())
    assert result.drawn_tiles.tolist() == [np.count_nonzero(drawn | pins)]
    if not result.ok[0] or len(tiles) == 1:
        assert len(edges) == 0
        return
    assert np.all(free.reshape(-1)[edges] > 0)
    assert np.all(np.diff(edges) > 0)
    tree = edge_graph(edges, 5)
    assert nx.is_tree(tree)
    assert tiles <= set(tree)
    assert {tile for tile, degree in tree.degree if degree == 1} <= tiles
    assert set(tree) <= set(np.flatnonzero(drawn | pins).tolist())
    assert result.ink[0] == result.drawn_tiles[0] / len(tree)
    if len(tiles) == 2:
        assert len(edges) == nx.shortest_path_length(graph(state[0], drawn[0]), *tiles)


@given(states(max_free=2), st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_the_tree_is_taken_from_the_surest_drawing_that_joins(state, seed, count):
    free, pins = free_tracks(state), pin_tiles(state)
    maps = np.random.default_rng(seed).random((1, 5, 5, 3)).astype(np.float32)
    levels = np.linspace(0.9, 0.2, count, dtype=np.float32)
    drawn, edge_level = maps[0, ..., TILE_MAP] >= levels[-1], -1.0
    taken_level = levels[-1]
    for level in levels:
        at_level = maps[0, ..., TILE_MAP] >= level
        open_too = free.copy()
        open_too[maps[..., RIGHT_MAP:] < level] = 0
        if connected(open_too, pins, at_level[None])[0]:
            drawn, edge_level = at_level, float(level)
            taken_level = level
            break
    result = extract_surest(free, pins, maps, levels)
    assert result.ok.tolist() == connected(free, pins, drawn[None]).tolist()
    tree = result.tree(0)
    assert np.all(maps[0, ..., RIGHT_MAP:].reshape(-1)[tree] >= edge_level)
    assert set(edge_graph(tree, 5)) <= set(np.flatnonzero(drawn | pins[0]).tolist())
    assert result.taken_tiles.tolist() == [np.count_nonzero(drawn | pins[0])]
    assert result.taken_levels.tolist() == [taken_level]


@given(states(max_free=2), st.integers(0, 2**32 - 1))
def test_whatever_a_network_draws_the_tree_is_one_or_none(state, seed):
    free, pins = free_tracks(state), pin_tiles(state)
    maps = np.random.default_rng(seed).choice(ODD_VALUES, (1, 5, 5, 3)).astype(np.float32)
    maps[..., TILE_MAP] = abs(maps[..., TILE_MAP])  # so that most tiles are drawn
    result = extract_surest(free, pins, maps, np.array([0.5], np.float32))
    drawn = maps[..., TILE_MAP] >= 0.5
    # Where no drawn edges join the pins, any open ones do.
    assert np.array_equal(result.ok, connected(free, pins, drawn))
    edges, tiles = result.tree(0), np.flatnonzero(pins).tolist()
    if result.ok[0] and len(tiles) > 1:
        assert np.all(free.reshape(-1)[edges] > 0)
        tree = edge_graph(edges, 5)
        assert nx.is_tree(tree)
        assert set(tiles) <= set(tree)
    else:
        assert len(edges) == 0


def test_windows_of_a_batch_do_not_touch_each_other():
    one = encode(np.full((4, 4), 3), np.full((4, 4), 3), np.eye(4, dtype=np.bool_))
    closed = encode(np.zeros((4, 4), int), np.zeros((4, 4), int), np.eye(4, dtype=np.bool_))
    batch = np.stack([one, closed, one])
    blank = np.ones((3, 4, 4), np.bool_)
    result = extract_drawn(free_tracks(batch), pin_tiles(batch), blank)
    assert result.ok.tolist() == [True, False, True]
    assert result.lengths.tolist() == [6, 0, 6]
    assert result.tree(0).tolist() == result.tree(2).tolist()
    assert np.isnan(result.ink[1])
    assert np.isnan(result.taken_ink[1])


def test_ties_fall_to_the_right_first():
    pins = np.zeros((1, 3, 3), np.bool_)
    pins[0, 0, 0] = pins[0, 2, 2] = True
    free = np.ones((1, 3, 3, 2), np.uint8)
    result = extract_drawn(free, pins, np.ones((1, 3, 3), np.bool_))
    # Along the lowest row, then up the last column.
    assert result.tree(0).tolist() == [0, 2, 2 * 2 + 1, 2 * 5 + 1]


def test_a_window_of_one_column():
    pins = np.array([[[True], [False], [True]]])
    free = np.ones((1, 3, 1, 2), np.uint8)
    result = extract_drawn(free, pins, np.ones((1, 3, 1), np.bool_))
    assert result.tree(0).tolist() == [1, 3]
