"""What an edge costs a tree that the model draws: more as its free tracks run out.

The teacher's labels are the cheapest trees under these prices, and drawings are measured by them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.search.grid import TILE_EDGE

PRICE: NDArray[np.int32] = np.array(
    [0, 4000, 2600, 1900, 1500, 1250, 1100, TILE_EDGE, TILE_EDGE], np.int32
)
"""Price of an edge by its free tracks 0..8, in thousandths of a tile edge; 0 is no passage."""


def tree_prices(
    free: NDArray[np.uint8], offsets: NDArray[np.int64], edges: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Price of one tree in each window, thousandths of a tile edge.

    Args:
        free: uint8 ``(num_windows, size, size, 2)``, free tracks 0..8.
        offsets: int64 ``(num_windows + 1,)``: where each window's edges begin in ``edges``.
        edges: int32, ids in the window.

    Returns:
        int64 ``(num_windows,)``.
    """
    window = np.repeat(np.arange(len(free)), np.diff(offsets))
    prices = PRICE[free.reshape(len(free), -1)[window, edges]]
    return np.bincount(window, prices, minlength=len(free)).astype(np.int64)
