"""Nets wider than the largest window: the model draws them on a coarser grid.

A window of ``scale`` times the model's size is pooled to that size, drawn, and the drawing blown up
again: a corridor ``scale`` tiles wide, in which the tree is then taken at full resolution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.neural.windows import MAX_FREE


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
    blocks = images.reshape(count, size, scale, size, scale, 3)
    pooled = np.empty((count, size, size, 3), np.float32)
    pooled[..., 0] = _mean_or_one(blocks[:, :, -1, :, :, 0], 3)
    pooled[..., 1] = _mean_or_one(blocks[:, :, :, :, -1, 1], 2)
    pooled[..., 2] = blocks[..., 2].max(axis=(2, 4))
    return pooled


def _mean_or_one(shown: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    tracks = np.rint(shown.mean(axis=axis) * MAX_FREE)
    rounded: NDArray[np.float32] = np.maximum(tracks, shown.any(axis=axis)) / np.float32(MAX_FREE)
    return rounded


def blow_up(drawing: NDArray[np.float32], scale: int) -> NDArray[np.float32]:
    """Each tile of ``(num_windows, size, size, 3)`` becomes a block of ``scale x scale`` tiles.

    All edges inside a drawn block are drawn, so the edge maps become the tile map.
    """
    tiles = drawing[..., :1].repeat(scale, axis=1).repeat(scale, axis=2)
    return tiles.repeat(3, axis=3)
