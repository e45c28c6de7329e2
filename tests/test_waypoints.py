"""Waypoints: where they lie, and what drawing again by them gives."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from eda_router.dataset.teacher import label, tree_edges, tree_mask
from eda_router.neural.decode import decode
from eda_router.neural.extract import RIGHT_MAP, TILE_MAP
from eda_router.neural.tensors import encode, free_tracks, images, pin_tiles
from eda_router.neural.waypoints import add_waypoints, redraw
from eda_router.neural.weak_stretches import weak_middles
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
    free, pins = free_tracks(state), pin_tiles(state)
    first = add_waypoints(free, pins, np.zeros_like(pins), maps)
    second = add_waypoints(free, pins, first, maps)
    assert not (first & pins).any()
    assert not (second & pins).any()
    assert (second >= first).all()
    weak = [len(part) for part in stretches(trees.edges, pins, maps[0], 0.5)]
    assert first.any() == bool(weak)


class Hesitant:
    """Draws the teacher's tree, faintly until it is shown more pins than the net has."""

    def __init__(self, pins):
        self.pins, self.calls = pins, []

    def __call__(self, seen):
        vertical, horizontal = (np.rint(seen[..., c] * 8).astype(np.int32) for c in (0, 1))
        labels = label(encode(vertical, horizontal, seen[..., 2] > 0.5))[0]
        drawn = np.concatenate([tree_mask(labels)[..., None], tree_edges(labels)], axis=-1)
        shown = (seen[..., 2] > 0.5).sum(axis=(1, 2))
        self.calls.append(shown.tolist())
        sure = np.where(shown > self.pins, 0.9, 0.1)[:, None, None, None]
        return (drawn * sure).astype(np.float32)


def far_pins(count):
    """Open windows with two pins in opposite corners."""
    pins = np.zeros((count, 8, 8), np.bool_)
    pins[:, 0, 0] = pins[:, 7, 7] = True
    free = np.full((count, 8, 8), 4)
    return encode(free, free, pins)


def test_a_doubtful_net_is_drawn_again_until_it_is_joined():
    state = far_pins(2)
    free, pins, draw = free_tracks(state), pin_tiles(state), Hesitant(2)
    seen = images(state)
    first = draw(seen)
    # The second window is drawn well from the start and stays as it is.
    first[1] *= 9
    maps, waypoints, drawings = redraw(draw, seen, free, pins, first, 0.5, 4)
    assert drawings.tolist() == [2, 1]
    assert waypoints.sum(axis=(1, 2)).tolist() == [1, 0]
    assert draw.calls == [[2, 2], [3]]
    assert decode(free, pins, maps, 0.5).ok.all()
    assert np.array_equal(maps[1], first[1])


def test_drawing_again_ends_with_its_times_and_where_nothing_joins():
    state = far_pins(2)
    free, pins, draw = free_tracks(state), pin_tiles(state), Hesitant(100)
    free[1] = 0
    first = draw(images(state))
    _, waypoints, drawings = redraw(draw, images(state), free, pins, first, 0.5, 3)
    assert drawings.tolist() == [4, 1]
    assert not waypoints[1].any()
    none = redraw(draw, images(state), free, pins, first, 0.5, 0)
    assert np.array_equal(none[0], first)


def test_waypoints_alone_join_nothing():
    """They are shown to the model; the tree takes only what the model draws."""
    state = far_pins(1)
    free, pins = free_tracks(state), pin_tiles(state)
    faint = np.full((1, 8, 8, 3), 0.1, np.float32)
    maps, waypoints, _ = redraw(
        lambda seen: faint[: len(seen)], images(state), free, pins, faint, 0.5, 8
    )
    assert waypoints.sum() > 8
    assert not decode(free, pins, maps, 0.5).ok.any()
