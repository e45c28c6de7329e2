"""Nets wider than the largest window: the model draws them on a coarser grid.

A window of ``scale`` times the model's size is pooled to that size, drawn, and the drawing blown up
again: a corridor ``scale`` tiles wide, in which the tree is then taken at full resolution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL
from eda_router.neural.windows import StateArray, encode, free_tracks, pin_tiles


def pool_states(states: StateArray, scale: int) -> StateArray:
    """Merge blocks of ``scale x scale`` tiles into one.

    An edge between two blocks gets the mean of the free tracks across their common border, but at
    least 1 where any of them is free; a block has a pin when one of its tiles has.

    Args:
        states: uint8 ``(num_windows, size, size)``.
        scale: divides the size.

    Returns:
        uint8 ``(num_windows, size // scale, size // scale)``.
    """
    count, size = len(states), states.shape[1] // scale
    free = free_tracks(states).reshape(count, size, scale, size, scale, 2)
    blocks = pin_tiles(states).reshape(count, size, scale, size, scale)
    pins: NDArray[np.bool_] = np.any(blocks, axis=(2, 4))
    vertical = free[:, :, -1, :, :, VERTICAL]
    horizontal = free[:, :, :, :, -1, HORIZONTAL]
    return encode(_mean_or_one(vertical, 3), _mean_or_one(horizontal, 2), pins)


def _mean_or_one(free: NDArray[np.uint8], axis: int) -> NDArray[np.int32]:
    mean = np.rint(free.mean(axis=axis)).astype(np.int32)
    rounded: NDArray[np.int32] = np.maximum(mean, free.any(axis=axis))
    return rounded


def blow_up(drawn: NDArray[np.bool_], scale: int) -> NDArray[np.bool_]:
    """Each tile of ``(num_windows, size, size)`` becomes a block of ``scale x scale`` tiles."""
    return drawn.repeat(scale, axis=1).repeat(scale, axis=2)
