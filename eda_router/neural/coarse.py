"""Nets wider than the largest window: the model draws them on a coarser grid.

A window of ``scale`` times the model's size is pooled to that size, drawn, and the drawing blown up
again: a corridor ``scale`` tiles wide, in which the tree is then taken at full resolution.
:class:`ScaledExit` is the one place that tells the two kinds of windows apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray
from eda_router.kernels import kernel
from eda_router.neural.tensors import MAX_FREE
from eda_router.neural.windows import choose_exits

MOST_GRIDS = 4
"""A coarse window covers at most so many times the tiles of the grid. On a long and narrow grid a
window as wide as the net is nearly all beyond the border, and its memory grows with the square."""


@dataclass(frozen=True)
class ScaledExit:
    """An exit of the model, and the scale of the windows that it draws.

    Attributes:
        size: of the exit, tiles.
        scale: tiles of the grid along one tile of the exit; more than 1 for nets wider than the
            largest exit.
    """

    size: int
    scale: int = 1

    @property
    def side(self) -> int:
        """Tiles of the grid along a window."""
        return self.size * self.scale

    @property
    def name(self) -> str:
        """``16``, or ``16 (1:4)`` where the grid is coarser."""
        return f"{self.size}" if self.scale == 1 else f"{self.size} (1:{self.scale})"

    @property
    def title(self) -> str:
        """The name in a sentence: ``exit 16``, or ``exit 16 at 1:4``."""
        return f"exit {self.size}" if self.scale == 1 else f"exit {self.size} at 1:{self.scale}"

    def pool(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Images of windows as the exit takes them; :func:`pool_images`."""
        return images if self.scale == 1 else pool_images(images, self.scale)

    def blow_up(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """The exit's maps at the windows' resolution; :func:`blow_up`."""
        return maps if self.scale == 1 else blow_up(maps, self.scale)


def assign_exits(
    boxes: IntArray, sizes: Sequence[int], tiles: int
) -> Iterator[tuple[ScaledExit, NDArray[np.int64]]]:
    """Sort nets to exits: the smallest that holds the net, or the largest at the least scale.

    A net whose coarse window would cover more than :data:`MOST_GRIDS` times the tiles of the grid
    goes to no exit.

    Args:
        boxes: int32 ``(num_nets, 4)``, lowest x, lowest y, highest x, highest y.
        sizes: of the exits, in rising order.
        tiles: of the grid.

    Yields:
        each exit that gets any net, from the smallest windows to the largest, and the indices of
        its nets, rising. Scales are powers of 2.
    """
    chosen = choose_exits(boxes, sizes)
    for index, size in enumerate(sizes):
        nets = np.flatnonzero(chosen == index)
        if len(nets):
            yield ScaledExit(size), nets
    side = np.max(boxes[:, 2:] - boxes[:, :2], axis=1) + 1
    largest = ScaledExit(sizes[-1], 2)
    wide = np.flatnonzero(chosen < 0)
    while len(wide) and largest.side**2 <= MOST_GRIDS * tiles:
        fits = side[wide] <= largest.side
        if fits.any():
            yield largest, wide[fits]
        wide = wide[~fits]
        largest = ScaledExit(largest.size, 2 * largest.scale)


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


def blow_up(maps: NDArray[np.float32], scale: int) -> NDArray[np.float32]:
    """Each tile of ``(num_windows, size, size, 3)`` becomes a block of ``scale x scale`` tiles.

    All edges inside a drawn block are drawn, so the edge maps become the tile map.
    """
    count, size = len(maps), maps.shape[1] * scale
    corridor = np.empty((count, size, size, 3), np.float32)
    blocks = corridor.reshape(count, -1, scale, maps.shape[2], scale, 3)
    blocks[:] = maps[:, :, None, :, None, :1]
    return corridor


@kernel
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


@kernel
def _mean_or_one(total, scale):
    tracks = np.rint(total * MAX_FREE / scale)
    if total > 0 and tracks < 1:
        tracks = 1.0
    return np.float32(tracks / MAX_FREE)
