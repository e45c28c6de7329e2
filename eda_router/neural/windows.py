"""Windows of a grid: which exit a net goes to, where its window lies, and how it is cut out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, IntArray
from eda_router.kernels import kernel
from eda_router.neural.tensors import (
    IMAGE_CHANNELS,
    MAX_FREE,
    StateArray,
    free_tracks,
    images,
    pin_tiles,
)


def choose_exits(boxes: IntArray, sizes: Sequence[int], margin: int = 1) -> IntArray:
    """The smallest exit for each net that holds its box and room for detours.

    Args:
        boxes: int32 ``(num_nets, 4)`` of :func:`net_boxes`.
        sizes: the windows' sizes in rising order.
        margin: tiles wanted on each side of the box. The largest exit takes boxes without it.

    Returns:
        int32 ``(num_nets,)``: index into ``sizes``, -1 for a box wider than the largest.
    """
    side = np.max(boxes[:, 2:] - boxes[:, :2], axis=1) + 1
    rooms = [size - 2 * margin for size in sizes[:-1]] + [sizes[-1]]
    exits = np.searchsorted(rooms, side)
    return np.where(exits == len(sizes), -1, exits).astype(np.int32)


def place_windows(boxes: IntArray, size: int, width: int, height: int) -> IntArray:
    """Origins of windows that hold the boxes in their middle, moved into the grid where they fit.

    Args:
        boxes: int32 ``(num_nets, 4)``, each side at most ``size``.
        size: of the windows.
        width: of the grid in tiles.
        height: of the grid in tiles.

    Returns:
        int32 ``(num_nets, 2)``: x and y of each window's lower-left tile, possibly negative where
        the grid is smaller than the window.
    """
    extent = np.array([width, height], np.int32)
    middle = boxes[:, :2] - (size - (boxes[:, 2:] - boxes[:, :2] + 1)) // 2
    room = extent - size
    return np.clip(middle, np.minimum(room, 0), np.maximum(room, 0)).astype(np.int32)


def cut_states(
    free: IntArray,
    origins: IntArray,
    pin_offsets: NDArray[np.int64],
    pins: IntArray,
    size: int,
) -> StateArray:
    """Cut one window a net out of a grid's free capacities.

    Args:
        free: int32 ``(height, width, 2)``, free tracks as in :attr:`CapacityLedger.free`;
            negative counts as 0.
        origins: int32 ``(num_nets, 2)``, x and y of each window's lower-left tile.
        pin_offsets: int64 ``(num_nets + 1,)`` into ``pins``.
        pins: int32, tiles of the grid with a pin of each net.
        size: of the windows.

    Returns:
        uint8 ``(num_nets, size, size)``.

    Raises:
        ValueError: a pin lies outside its net's window.
    """
    states = np.zeros((len(origins), size, size), np.uint8)
    outside = _cut_states(np.ascontiguousarray(free), origins, pin_offsets, pins, states)
    if outside >= 0:
        raise ValueError(
            f"net {outside} of the batch has a pin outside its {size}x{size} window at "
            f"{tuple(origins[outside].tolist())}"
        )
    return states


EXPECTED_RESIDUE = 1e-3
"""Expected demand below this is what rounding left of demand that came and went."""


def shown_tracks(free: IntArray, expected: NDArray[np.float32]) -> IntArray:
    """Free tracks less expected demand, rounded down, but at least one where a track is free.

    Demand that is only expected therefore never closes an edge. Both arrays, and the int32 result,
    are ``(height, width, 2)``.
    """
    left = np.floor(free - expected.astype(np.float64) + EXPECTED_RESIDUE).astype(np.int32)
    shown: IntArray = np.where(free > 0, np.maximum(left, 1), free)
    return shown


@dataclass(frozen=True, eq=False)
class Windows:
    """A wave of windows, ready for the model and for decoding.

    Attributes:
        images: float32 ``(num_nets, size / scale, size / scale, 3)``, what the model is shown.
        free: uint8 ``(num_nets, size, size, 2)``, free tracks 0..8 of the ledger as it is,
            horizontal first.
        pins: bool ``(num_nets, size, size)``.
    """

    images: NDArray[np.float32]
    free: NDArray[np.uint8]
    pins: NDArray[np.bool_]

    @staticmethod
    def of_states(states: StateArray, scale: int = 1) -> Windows:
        """Windows ``(num_nets, size, size)`` of states; the model is shown what is free."""
        shown = pool_images(images(states), scale) if scale > 1 else images(states)
        return Windows(shown, free_tracks(states), pin_tiles(states))

    def __len__(self) -> int:
        return len(self.images)

    @property
    def scale(self) -> int:
        """Tiles along one tile of an image."""
        return int(self.free.shape[1] // self.images.shape[1])

    def at(self, chosen: NDArray[np.integer] | NDArray[np.bool_]) -> Windows:
        """The windows at these positions, or where these flags are set."""
        return Windows(self.images[chosen], self.free[chosen], self.pins[chosen])


def cut_windows(
    free: IntArray,
    expected: NDArray[np.float32],
    origins: IntArray,
    pin_offsets: NDArray[np.int64],
    pins: IntArray,
    size: int,
    scale: int = 1,
) -> Windows:
    """Cut one window a net, in one pass, without the detour over states.

    The model is shown the tracks of :func:`shown_tracks`, on a coarser grid as in
    :func:`pool_images`.

    Args:
        free: int32 ``(height, width, 2)``, free tracks.
        expected: float32 of the same shape, tracks that other nets are expected to need.
        origins: int32 ``(num_nets, 2)``, x and y of each window's lower-left tile.
        pin_offsets: int64 ``(num_nets + 1,)`` into ``pins``.
        pins: int32, tiles of the grid with a pin of each net, all inside their windows.
        size: of the windows.
        scale: power of 2, divides the size.
    """
    shape = (len(origins), size, size)
    windows = Windows(
        np.zeros((len(origins), size // scale, size // scale, IMAGE_CHANNELS), np.float32),
        np.zeros((*shape, 2), np.uint8),
        np.zeros(shape, np.bool_),
    )
    _cut_windows(
        free, expected, origins, pin_offsets, pins, windows.images, windows.free, windows.pins
    )
    return windows


def pool_images(images: NDArray[np.float32], scale: int) -> NDArray[np.float32]:
    """Merge blocks of ``scale x scale`` tiles into one.

    An edge between two blocks gets the mean of what is shown free across their common border, in
    whole tracks, but at least one where any of it is free; a block has a pin when one of its tiles
    has.

    Args:
        images: float32 ``(num_windows, size, size, 3)``.
        scale: divides the size.

    Returns:
        float32 ``(num_windows, size // scale, size // scale, 3)``.
    """
    count, size = len(images), images.shape[1] // scale
    pooled = np.zeros((count, size, size, 3), np.float32)
    _pool(images, scale, pooled)
    return pooled


@kernel
def _cut_windows(free, expected, origins, pin_offsets, pins, images, tracks, is_pin):
    height, width = free.shape[0], free.shape[1]
    size, rows = tracks.shape[1], images.shape[1]
    shift = 0
    while rows << shift < size:
        shift += 1
    scale = 1 << shift
    for i in range(len(origins)):
        x0, y0 = origins[i, 0], origins[i, 1]
        row, last_row = max(0, -y0), min(size, height - y0)
        column, last_column = max(0, -x0), min(size, width - x0)
        for r in range(row, last_row):
            own = tracks[i, r, column:last_column].reshape(-1)
            there = free[y0 + r, x0 + column : x0 + last_column].reshape(-1)
            for j in range(len(own)):
                own[j] = min(MAX_FREE, max(0, there[j]))
            # Edges that leave the window or the grid lead nowhere.
            own[len(own) - 2 + HORIZONTAL] = 0
        for c in range(column, last_column):
            tracks[i, last_row - 1, c, VERTICAL] = 0
        # Only edges across the borders of blocks are shown.
        for r in range(row, last_row):
            for c in range(column | scale - 1, last_column - 1, scale):
                there = free[y0 + r, x0 + c, HORIZONTAL]
                if there > 0:
                    shown = _shown(there, expected[y0 + r, x0 + c, HORIZONTAL])
                    images[i, r >> shift, c >> shift, 1] += shown
        for r in range(row | scale - 1, last_row - 1, scale):
            for c in range(column, last_column):
                there = free[y0 + r, x0 + c, VERTICAL]
                if there > 0:
                    shown = _shown(there, expected[y0 + r, x0 + c, VERTICAL])
                    images[i, r >> shift, c >> shift, 0] += shown
        if scale > 1:
            for r in range(rows):
                for c in range(rows):
                    for channel in range(2):
                        total = MAX_FREE * images[i, r, c, channel]
                        images[i, r, c, channel] = _mean_or_one(total, scale)
        for j in range(pin_offsets[i], pin_offsets[i + 1]):
            c, r = pins[j] % width - x0, pins[j] // width - y0
            images[i, r >> shift, c >> shift, 2] = 1
            is_pin[i, r, c] = True


@kernel
def _shown(there, expected):
    """What the model is shown of an open edge: whole tracks, over :data:`MAX_FREE`."""
    left = int(np.floor(there - np.float64(expected) + EXPECTED_RESIDUE))
    return np.float32(min(MAX_FREE, max(1, left)) / MAX_FREE)


@kernel
def _pool(images, scale, pooled):
    count, size = pooled.shape[0], pooled.shape[1]
    for i in range(count):
        for r in range(size):
            for c in range(size):
                up = right = np.float32(0)
                for j in range(scale):
                    up += MAX_FREE * images[i, (r + 1) * scale - 1, c * scale + j, 0]
                    right += MAX_FREE * images[i, r * scale + j, (c + 1) * scale - 1, 1]
                    for k in range(scale):
                        if images[i, r * scale + j, c * scale + k, 2] > 0:
                            pooled[i, r, c, 2] = 1
                pooled[i, r, c, 0] = _mean_or_one(up, scale)
                pooled[i, r, c, 1] = _mean_or_one(right, scale)


@kernel
def _mean_or_one(total, scale):
    """Value of the mean of so many edges' tracks, whole ones, at least one of any."""
    tracks = np.rint(total / scale)
    if total > 0 and tracks < 1:
        tracks = 1.0
    return np.float32(tracks / MAX_FREE)


@kernel
def _cut_states(free, origins, pin_offsets, pins, states):
    """Fill ``states``; return the first net with a pin outside its window, or -1."""
    height, width = free.shape[0], free.shape[1]
    size = states.shape[1]
    for i in range(len(origins)):
        x0, y0 = origins[i, 0], origins[i, 1]
        first_row, last_row = max(0, -y0), min(size, height - y0)
        first_column, last_column = max(0, -x0), min(size, width - x0)
        for r in range(first_row, last_row):
            for c in range(first_column, last_column):
                code = 0
                if r + 1 < last_row:
                    code += max(0, min(MAX_FREE, free[y0 + r, x0 + c, VERTICAL])) * (MAX_FREE + 1)
                if c + 1 < last_column:
                    code += max(0, min(MAX_FREE, free[y0 + r, x0 + c, HORIZONTAL]))
                states[i, r, c] = 2 * code
        for j in range(pin_offsets[i], pin_offsets[i + 1]):
            c, r = pins[j] % width - x0, pins[j] // width - y0
            if c < 0 or r < 0 or c >= size or r >= size:
                return i
            states[i, r, c] |= 1
    return -1


def grid_edges(
    edges: IntArray, offsets: NDArray[np.int64], origins: IntArray, size: int, width: int
) -> IntArray:
    """Translate edges of windows into edges of the grid.

    Args:
        edges: int32, edge ids inside the windows, net after net.
        offsets: int64 ``(num_nets + 1,)`` into ``edges``.
        origins: int32 ``(num_nets, 2)``, x and y of each window's lower-left tile.
        size: of the windows.
        width: of the grid in tiles.

    Returns:
        int32 edge ids of the grid, in the same order.
    """
    x0, y0 = np.repeat(origins, np.diff(offsets), axis=0).T
    tile, direction = edges // 2, edges % 2
    tile = (y0 + tile // size) * width + x0 + tile % size
    translated: IntArray = (2 * tile + direction).astype(np.int32)
    return translated
