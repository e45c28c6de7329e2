"""The tensor format: what a window holds, where it lies, and that nothing is lost on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_router.design import HORIZONTAL, VERTICAL, Design, net_boxes
from eda_router.neural.tensors import (
    IMAGE_TABLE,
    NUM_STATES,
    encode,
    free_tracks,
    images,
    pin_tiles,
)
from eda_router.neural.windows import (
    choose_exits,
    cut_states,
    cut_windows,
    grid_edges,
    place_windows,
    shown_tracks,
)


def test_a_window_drawn_by_hand():
    free = np.full((3, 4, 2), 20, np.int32)
    free[1, 1] = (3, 5)
    free[1, 2] = (-2, 1)
    pins = np.array([1 * 4 + 1, 2 * 4 + 2], np.int32)
    states = cut_states(free, np.array([[1, 1]], np.int32), np.array([0, 2]), pins, 4)
    image = images(states)[0]
    above, right, pin = image[..., 0] * 8, image[..., 1] * 8, image[..., 2]
    # Rows from the lowest: the grid ends after two of them, and after three columns.
    assert above.tolist() == [[5, 1, 8, 0], [0] * 4, [0] * 4, [0] * 4]
    assert right.tolist() == [[3, 0, 0, 0], [8, 8, 0, 0], [0] * 4, [0] * 4]
    assert np.argwhere(pin).tolist() == [[0, 0], [1, 1]]
    assert image.dtype == np.float32


def test_every_state_has_its_own_image():
    assert len(np.unique(IMAGE_TABLE, axis=0)) == NUM_STATES


@given(st.integers(0, 2**32 - 1))
def test_encoding_keeps_clipped_tracks_and_pins(seed):
    rng = np.random.default_rng(seed)
    vertical, horizontal = rng.integers(-3, 12, (2, 4, 4))
    pins = rng.random((4, 4)) < 0.3
    states = encode(vertical, horizontal, pins)
    free = free_tracks(states)
    assert np.array_equal(free[:-1, :, VERTICAL], np.clip(vertical[:-1], 0, 8))
    assert np.array_equal(free[:, :-1, HORIZONTAL], np.clip(horizontal[:, :-1], 0, 8))
    assert not free[-1, :, VERTICAL].any()
    assert not free[:, -1, HORIZONTAL].any()
    assert np.array_equal(pin_tiles(states), pins)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([4, 8, 16]))
def test_windows_hold_their_nets_and_show_the_ledger(seed, size):
    rng = np.random.default_rng(seed)
    width, height = (int(n) for n in rng.integers(2, 21, 2))
    low = rng.integers(0, [width, height])
    high = np.minimum(low + rng.integers(0, size, 2), [width - 1, height - 1])
    box = np.array([[*low, *high]], np.int32)
    (origin,) = place_windows(box, size, width, height)
    assert (origin <= low).all()
    assert (high < origin + size).all()
    if width >= size:
        assert 0 <= origin[0] <= width - size
    free = rng.integers(-2, 12, (height, width, 2)).astype(np.int32)
    pins = np.unique([low[1] * width + low[0], high[1] * width + high[0]]).astype(np.int32)
    offsets = np.array([0, len(pins)])
    states = cut_states(free, origin[None], offsets, pins, size)
    shown = free_tracks(states)[0]
    for r in range(size):
        for c in range(size):
            x, y = origin[0] + c, origin[1] + r
            inside = 0 <= x < width and 0 <= y < height
            right = inside and c + 1 < size and x + 1 < width
            above = inside and r + 1 < size and y + 1 < height
            assert shown[r, c, HORIZONTAL] == (np.clip(free[y, x, 0], 0, 8) if right else 0)
            assert shown[r, c, VERTICAL] == (np.clip(free[y, x, 1], 0, 8) if above else 0)
    rows, columns = np.nonzero(pin_tiles(states)[0])
    assert ((origin[1] + rows) * width + origin[0] + columns).tolist() == pins.tolist()
    # The router's shortcut shows the same.
    nothing = np.zeros(free.shape, np.float32)
    windows = cut_windows(free, nothing, origin[None], offsets, pins, size)
    assert np.array_equal(windows.images, images(states))
    assert np.array_equal(windows.free, free_tracks(states))
    assert np.array_equal(windows.pins, pin_tiles(states))


def test_a_pin_outside_its_window_is_refused():
    free = np.zeros((8, 8, 2), np.int32)
    with pytest.raises(ValueError, match="net 1 of the batch"):
        cut_states(free, np.zeros((2, 2), np.int32), np.array([0, 1, 2]), np.array([0, 7]), 4)


def test_exits_leave_room_for_detours_but_for_the_largest():
    sides = np.array([1, 6, 7, 8, 14, 15, 32, 33], np.int32)
    boxes = np.stack([np.zeros_like(sides), np.zeros_like(sides), sides - 1, sides // 2], axis=1)
    assert choose_exits(boxes, (8, 16, 32)).tolist() == [0, 0, 1, 1, 1, 2, 2, -1]
    assert choose_exits(boxes, (8, 16, 32), margin=0).tolist() == [0, 0, 0, 0, 1, 1, 2, -1]


def test_boxes_and_grid_edges():
    design = Design.from_pins("d", 10, 6, 1, 1, [("a", 0, [(2, 5), (7, 1)]), ("b", 1, [(3, 3)])])
    assert net_boxes(design.pin_offsets, design.pins, 10).tolist() == [[2, 1, 7, 5], [3, 3, 3, 3]]
    # Edges of tile (1, 2) in a 4x4 window: right, up.
    edges = np.array([2 * 9, 2 * 9 + 1, 0], np.int32)
    moved = grid_edges(edges, np.array([0, 2, 3]), np.array([[3, 1], [5, 0]], np.int32), 4, 10)
    assert moved.tolist() == [2 * 34, 2 * 34 + 1, 10]


def test_expected_demand_never_closes_an_edge_and_leaves_no_residue():
    free = np.array([[[5, 5], [5, 1], [0, -2]]], np.int32)
    expected = np.array([[[1.2, 1e-6], [9, 0.5], [3, -1e-6]]], np.float32)
    assert shown_tracks(free, expected).tolist() == [[[3, 5], [1, 1], [0, -2]]]
