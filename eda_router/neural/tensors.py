"""The tensors the model sees: windows as images and as states.

This is the one place where the format is fixed; training and routing both use it.

Window
    A square of ``size x size`` tiles (a power of two) with its lower-left tile at ``(x, y)`` of the
    grid, the *origin*. Row r and column c of every window array are tile ``(x + c, y + r)``, so row
    0 is the lowest. A window may stick out of the grid. Tiles and edges inside a window are
    numbered as those of a grid of its size (:mod:`eda_router.design`).

Image
    float32 ``(size, size, 3)``, the model's input: channel 0 is the free capacity of the edge above
    the tile, channel 1 that of the edge to its right, channel 2 is 1 on tiles with a pin. Free
    capacity is clipped to 0..8 tracks and divided by 8, so a nearly full edge is well resolved
    whatever its capacity is. An edge that leaves the window or the grid has 0.

State
    uint8 ``(size, size)``, the same in one byte a tile: ``(9 * vertical + horizontal) * 2 + pin``
    with free tracks 0..8. This is what goes to disk; :func:`images` expands it without loss.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

StateArray = NDArray[np.uint8]

MAX_FREE = 8
"""Free tracks above this many are not told apart."""

NUM_STATES = 2 * (MAX_FREE + 1) ** 2
"""A state byte is below this."""

IMAGE_CHANNELS = 3

_codes = np.arange(NUM_STATES)
VERTICAL_FREE: StateArray = (_codes // 2 // (MAX_FREE + 1)).astype(np.uint8)
"""Free tracks above a tile, by state byte."""
HORIZONTAL_FREE: StateArray = (_codes // 2 % (MAX_FREE + 1)).astype(np.uint8)
"""Free tracks to the right of a tile, by state byte."""
IS_PIN: NDArray[np.bool_] = _codes % 2 == 1
"""Whether a tile has a pin, by state byte."""
IMAGE_TABLE: NDArray[np.float32] = np.stack(
    [VERTICAL_FREE / MAX_FREE, HORIZONTAL_FREE / MAX_FREE, IS_PIN], axis=-1
).astype(np.float32)
"""The three image channels by state byte, ``(NUM_STATES, 3)``: a gather expands a state."""


def encode(
    vertical: NDArray[np.integer], horizontal: NDArray[np.integer], pins: NDArray[np.bool_]
) -> StateArray:
    """States from free tracks (clipped here) and pin tiles, all ``(..., size, size)``.

    Edges that leave the window get 0 whatever is given for them.
    """
    v = np.clip(vertical, 0, MAX_FREE)
    h = np.clip(horizontal, 0, MAX_FREE)
    v[..., -1, :] = 0
    h[..., :, -1] = 0
    states: StateArray = ((v * (MAX_FREE + 1) + h) * 2 + pins).astype(np.uint8)
    return states


def images(states: StateArray) -> NDArray[np.float32]:
    """Expand states ``(..., size, size)`` to images, float32 ``(..., size, size, 3)``."""
    return IMAGE_TABLE[states]


def open_edges(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Whether an edge is shown with a free track, as :func:`free_tracks` has them.

    Args:
        images: float32 ``(..., size, size, 3)``.

    Returns:
        uint8 ``(..., size, size, 2)``, 0 or 1.
    """
    return (images[..., 1::-1] > 0).astype(np.uint8)


def free_tracks(states: StateArray) -> StateArray:
    """Free tracks 0..8 of each window's edges, uint8 ``(..., size, size, 2)``.

    The last axis is the direction of :mod:`eda_router.design`: horizontal first.
    """
    return np.stack([HORIZONTAL_FREE, VERTICAL_FREE], axis=-1)[states]


def pin_tiles(states: StateArray) -> NDArray[np.bool_]:
    """Which tiles have a pin, bool ``(..., size, size)``."""
    return IS_PIN[states]
