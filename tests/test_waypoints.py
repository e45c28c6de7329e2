"""Waypoints: where they lie."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from eda_router.neural.decode import decode
from eda_router.neural.extract import RIGHT_MAP, TILE_MAP
from eda_router.neural.tensors import free_tracks, images, pin_tiles
from eda_router.neural.waypoints import add_waypoints, show_waypoints, weak_middles
from tests.window_cases import edge_graph, states

SIZE = 5


def one_tree(state, seed):
    """Random maps of a state, and the tree taken from them at any level."""
    maps = np.random.default_rng(seed).random((1, SIZE, SIZE, 3)).astype(np.float32)
    return maps, decode(free_tracks(state), pin_tiles(state), maps, 0.0)


def stretches(edges, pins, maps, sure):
    """The weak stretches of a tree, by networkx."""
    tree = edge_graph(edges, SIZE)
    probability = maps[..., TILE_MAP].ravel()
    inner = [tile for tile in tree if not pins.ravel()[tile]]
    weak = [tile for tile in inner if probability[tile] < sure]
    if not weak:
        unsure = [e for e in edges if maps[..., RIGHT_MAP + e % 2].ravel()[e // 2] < sure]
        ends = {tile for e in unsure for tile in (e // 2, e // 2 + (SIZE if e % 2 else 1))}
        weak = [tile for tile in inner if tile in ends]
    return sorted(nx.connected_components(tree.subgraph(weak)), key=len, reverse=True)


@given(states(max_free=2), st.integers(0, 2**32 - 1), st.floats(0.0, 1.0), st.integers(1, 3))
def test_each_of_the_longest_weak_stretches_gets_one_tile(state, seed, sure, most):
    maps, trees = one_tree(state, seed)
    pins = pin_tiles(state)
    chosen = weak_middles(pins, maps, trees.offsets, trees.edges, sure, most)
    tiles = set(np.flatnonzero(chosen).tolist())
    expected = stretches(trees.edges, pins, maps[0], np.float32(sure))
    assert len(tiles) == min(most, len(expected))
    lengths = [len(part) for part in expected if part & tiles]
    assert sorted(lengths, reverse=True) == [len(part) for part in expected[: len(tiles)]]


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_the_tile_is_the_surest_of_the_middle_half(length, seed):
    maps = np.random.default_rng(seed).random((1, 7, 7, 3)).astype(np.float32) / 2
    pins = np.zeros((1, 7, 7), np.bool_)
    pins[0, 3, [0, length + 1]] = True
    edges = (2 * (3 * 7 + np.arange(length + 1))).astype(np.int32)
    offsets = np.array([0, len(edges)], np.int64)
    (chosen,) = np.flatnonzero(weak_middles(pins, maps, offsets, edges, 0.6, 1)).tolist()
    middle = {1: [1], 2: [1, 2], 3: [1, 2, 3], 4: [2, 3], 5: [2, 3, 4]}[length]
    assert chosen == 3 * 7 + max(middle, key=lambda c: maps[0, 3, c, TILE_MAP])


@given(states(max_free=2), st.integers(0, 2**32 - 1))
def test_waypoints_are_kept_and_never_pins(state, seed):
    maps, trees = one_tree(state, seed)
    assume(trees.ok[0])
    pins = pin_tiles(state)
    first = add_waypoints(images(state), np.zeros_like(pins), maps)
    second = add_waypoints(images(state), first, maps)
    assert not (first & pins).any()
    assert not (second & pins).any()
    assert (second >= first).all()
    weak = [len(part) for part in stretches(trees.edges, pins, maps[0], 0.5)]
    assert first.any() == bool(weak)


def test_waypoints_are_shown_as_pins():
    seen = np.random.default_rng(4).random((2, 4, 4, 3)).astype(np.float32)
    waypoints = np.zeros((2, 4, 4), np.bool_)
    waypoints[1, 2, 3] = True
    shown = show_waypoints(seen, waypoints)
    assert shown[1, 2, 3, 2] == 1
    shown[1, 2, 3, 2] = seen[1, 2, 3, 2]
    assert np.array_equal(shown, seen)
