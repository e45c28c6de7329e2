"""Nets wider than the largest window: the model draws them on a coarser grid.

A window of ``scale`` times the model's size is pooled to that size, drawn, and the drawing blown up
again: a corridor ``scale`` tiles wide, in which the tree is then taken at full resolution.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eda_router.neural.tensors import MAX_FREE


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


def blow_up(drawing: NDArray[np.float32], scale: int) -> NDArray[np.float32]:
    """Each tile of ``(num_windows, size, size, 3)`` becomes a block of ``scale x scale`` tiles.

    All edges inside a drawn block are drawn, so the edge maps become the tile map.
    """
    count, size = len(drawing), drawing.shape[1] * scale
    corridor = np.empty((count, size, size, 3), np.float32)
    blocks = corridor.reshape(count, -1, scale, drawing.shape[2], scale, 3)
    blocks[:] = drawing[:, :, None, :, None, :1]
    return corridor


@njit(cache=True, nogil=True)
def _pool(images, scale, pooled):
    count, size = pooled.shape[0], pooled.shape[1]
    for i in range(count):
        for r in range(size):
            for c in range(size):
                up = right = np.float32(0)
                for j in range(scale):
                    up += images[i, (r + 1) * scale - 1, c * scale + j, 0]
                    right += images[i, r * scale + j, (c + 1) * scale - 1, 1]
                    for k in range(scale):
                        if images[i, r * scale + j, c * scale + k, 2] > 0:
                            pooled[i, r, c, 2] = 1
                pooled[i, r, c, 0] = _mean_or_one(up, scale)
                pooled[i, r, c, 1] = _mean_or_one(right, scale)


@njit(cache=True, nogil=True)
def _mean_or_one(total, scale):
    tracks = np.rint(total * MAX_FREE / scale)
    if total > 0 and tracks < 1:
        tracks = 1.0
    return np.float32(tracks / MAX_FREE)
