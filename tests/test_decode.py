"""Trees out of drawn maps."""

from __future__ import annotations

import numpy as np

from eda_router.design import HORIZONTAL, VERTICAL
from eda_router.neural.decode import decode
from eda_router.neural.extract import RIGHT_MAP, TILE_MAP, UP_MAP
from tests.window_cases import extract_drawn


def edge(x, y, direction, size=4):
    return 2 * (y * size + x) + direction


def window():
    """Pins at both ends of the lowest row, every edge open."""
    free = np.full((1, 4, 4, 2), 3)
    pins = np.zeros((1, 4, 4), np.bool_)
    pins[0, 0, 0] = pins[0, 0, 3] = True
    return free, pins


def detour(maps, probability):
    """Draw up, right three times, down."""
    maps[0, :2, 0, TILE_MAP] = maps[0, 1, :, TILE_MAP] = maps[0, :2, 3, TILE_MAP] = probability
    maps[0, 0, 0, UP_MAP] = maps[0, 0, 3, UP_MAP] = probability
    maps[0, 1, :3, RIGHT_MAP] = probability
    return maps


DETOUR = sorted(
    [edge(0, 0, VERTICAL), edge(3, 0, VERTICAL), *(edge(x, 1, HORIZONTAL) for x in range(3))]
)
STRAIGHT = [edge(x, 0, HORIZONTAL) for x in range(3)]


def test_drawn_edges_go_before_shorter_ways_over_drawn_tiles():
    free, pins = window()
    maps = detour(np.zeros((1, 4, 4, 3), np.float32), 0.9)
    maps[0, 0, :, TILE_MAP] = 0.9
    trees = decode(free, pins, maps, 0.3)
    assert trees.ok.all()
    assert trees.edges.tolist() == DETOUR
    assert trees.drawn_tiles.tolist() == [8]


def test_the_surest_way_goes_first():
    free, pins = window()
    maps = detour(np.zeros((1, 4, 4, 3), np.float32), 0.6)
    maps[0, 0, :, TILE_MAP] = maps[0, 0, :3, RIGHT_MAP] = 0.4
    assert decode(free, pins, maps, 0.3).edges.tolist() == DETOUR
    maps = detour(np.zeros((1, 4, 4, 3), np.float32), 0.4)
    maps[0, 0, :, TILE_MAP] = maps[0, 0, :3, RIGHT_MAP] = 0.6
    assert decode(free, pins, maps, 0.3).edges.tolist() == STRAIGHT


def test_ink_counts_only_tiles_as_sure_as_those_taken():
    free, pins = window()
    maps = detour(np.zeros((1, 4, 4, 3), np.float32), 0.6)
    maps[0, 3, :, TILE_MAP] = 0.4
    trees = decode(free, pins, maps, 0.3)
    assert trees.edges.tolist() == DETOUR
    assert trees.taken_tiles.tolist() == [6]
    assert trees.drawn_tiles.tolist() == [10]
    # Without drawn edges the tree is taken from all that the threshold draws.
    maps[..., [RIGHT_MAP, UP_MAP]] = 0.0
    assert decode(free, pins, maps, 0.3).taken_tiles.tolist() == [10]


def test_tiles_alone_join_where_edges_do_not():
    free, pins = window()
    maps = np.zeros((1, 4, 4, 3), np.float32)
    maps[0, 0, :, TILE_MAP] = 0.4
    assert decode(free, pins, maps, 0.3).edges.tolist() == STRAIGHT
    assert not decode(free, pins, maps, 0.5).ok.any()
    free[0, 0, 1, HORIZONTAL] = 0
    assert not decode(free, pins, maps, 0.3).ok.any()


def test_a_blank_drawing_gives_the_congestion_blind_tree():
    generator = np.random.default_rng(5)
    free = generator.integers(0, 4, (40, 8, 8, 2))
    pins = generator.random((40, 8, 8)) < 0.06
    pins[:, 0, 0] = True
    blank = decode(free, pins, np.ones((40, 8, 8, 3), np.float32), 0.1)
    plain = extract_drawn(free, pins, np.ones((40, 8, 8), np.bool_))
    assert np.array_equal(blank.ok, plain.ok)
    assert np.array_equal(blank.edges, plain.edges)
    assert np.array_equal(blank.offsets, plain.offsets)


def test_windows_that_take_different_levels_keep_their_order():
    free, pins = window()
    maps = np.concatenate(
        [
            np.zeros((1, 4, 4, 3), np.float32),
            detour(np.zeros((1, 4, 4, 3), np.float32), 0.15),
            detour(np.zeros((1, 4, 4, 3), np.float32), 0.9),
        ]
    )
    trees = decode(np.repeat(free, 3, 0), np.repeat(pins, 3, 0), maps, 0.1)
    assert trees.ok.tolist() == [False, True, True]
    assert trees.tree(1).tolist() == DETOUR
    assert trees.tree(2).tolist() == DETOUR
    assert trees.ink[1] == 1.0
