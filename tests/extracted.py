"""Trees from drawings that are sure of every tile they draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.neural.extract import TILE_MAP, Extraction, extract_surest


def extract_trees(
    free: NDArray[np.integer], pins: NDArray[np.bool_], drawn: NDArray[np.bool_]
) -> Extraction:
    """A tree over drawn tiles, bool ``(num_windows, height, width)``, and any open edge."""
    maps = np.ones((*drawn.shape, 3), np.float32)
    maps[..., TILE_MAP] = drawn
    return extract_surest(free, pins, maps, np.ones(1, np.float32))
