"""Nets wider than the largest exit: which exit they go to, and what it is shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_router.errors import EdarouteError
from eda_router.neural.coarse import MOST_GRIDS, ScaledExit, assign_exits, pyramid
from eda_router.neural.tensors import encode, free_tracks, images, pin_tiles
from eda_router.neural.windows import pool_images


@given(st.lists(st.tuples(st.integers(1, 200), st.integers(1, 200)), max_size=30))
def test_each_net_goes_to_the_smallest_window_that_holds_it(sides):
    boxes = np.array([(3, 5, 2 + wide, 4 + high) for wide, high in sides], np.int32).reshape(-1, 4)
    found = list(assign_exits(boxes, (8, 16), 256 * 256))
    exits = [exit_ for exit_, _ in found]
    assert exits == sorted(set(exits), key=lambda exit_: exit_.side)
    assigned = {net: exit_ for exit_, nets in found for net in nets.tolist()}
    assert sorted(assigned) == list(range(len(sides)))
    for net, (wide, high) in enumerate(sides):
        side = max(wide, high)
        # The smaller exit keeps a tile free on each side of the net.
        windows = [(6, ScaledExit(8))] + [(16 * 2**k, ScaledExit(16, 2**k)) for k in range(5)]
        assert assigned[net] == next(exit_ for room, exit_ in windows if side <= room)


def test_a_window_too_coarse_or_in_no_proportion_to_the_grid_is_drawn_by_no_exit():
    boxes = np.array([(0, 0, last, 0) for last in (3, 20, 63, 64, 1999)], np.int32)
    found = [(exit_.side, nets.tolist()) for exit_, nets in assign_exits(boxes, (8, 16), 2000 * 3)]
    # 128 x 128 tiles are less than four grids of 2000 x 3, 256 x 256 are more.
    assert found == [(8, [0]), (32, [1]), (64, [2]), (128, [3])]
    found = [exit_.side for exit_, _ in assign_exits(boxes, (8, 16), 2000 * 3, coarsest=4)]
    assert found == [8, 32, 64]
    # Windows at full scale are small in any case.
    ((exit_, _),) = assign_exits(boxes[:1], (8, 16), 4)
    assert exit_ == ScaledExit(8)


@pytest.mark.parametrize(
    ("exit_", "name", "title"),
    [(ScaledExit(8), "8", "exit 8"), (ScaledExit(16, 4), "16 (1:4)", "exit 16 at 1:4")],
)
def test_exits_are_called_by_size_and_scale(exit_, name, title):
    assert (exit_.name, exit_.title) == (name, title)


def test_pooling_keeps_pins_and_open_borders():
    rng = np.random.default_rng(1)
    free = rng.integers(0, 9, (3, 16, 16, 2))
    pins = rng.random((3, 16, 16)) < 0.05
    states = encode(free[..., 1], free[..., 0], pins)
    pooled = pool_images(images(states), 4)
    assert pooled.shape == (3, 4, 4, 3)
    fine = pin_tiles(states).reshape(3, 4, 4, 4, 4).any(axis=(2, 4))
    assert np.array_equal(pooled[..., 2] > 0, fine)
    border = free_tracks(states)[:, 3, 0:4, 1].mean(axis=-1)
    assert np.allclose(8 * pooled[:, 0, 0, 0], border, atol=0.51)


class Exits:
    exits, further = (8, 16, 32), (64, 128)


def test_further_exits_follow_the_outermost_alone():
    grid = 1000 * 1000
    assert pyramid(Exits, grid) == (8, 16, 32, 64, 128)
    assert pyramid(Exits, grid, largest=32) == (8, 16, 32, 64, 128)
    assert pyramid(Exits, grid, largest=31) == (8, 16)
    assert pyramid(Exits, grid, largest=1) == (8,)
    assert pyramid(Exits, grid, window=32) == (32, 64, 128)
    assert pyramid(Exits, grid, window=16) == (16,)
    with pytest.raises(EdarouteError, match="no exit for windows of 64 tiles, only 8, 16, 32"):
        pyramid(Exits, grid, window=64)


def test_further_windows_are_in_proportion_to_the_grid():
    for side, found in ((128, (64, 128)), (127, (64,)), (64, (64,)), (63, ())):
        assert pyramid(Exits, side**2 // MOST_GRIDS) == (8, 16, 32, *found)
