"""Trees in windows, written as one byte a tile.

uint8 ``(..., size, size)``: :data:`RIGHT_BIT` where the tree uses the edge to the tile's right,
:data:`UP_BIT` where it uses the edge above, :data:`TILE_BIT` where the tile is in the tree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LabelArray = NDArray[np.uint8]

RIGHT_BIT = 1
"""The tree uses the edge to the tile's right."""
UP_BIT = 2
"""The tree uses the edge above the tile."""
EDGE_BITS = (RIGHT_BIT, UP_BIT)
"""The bit of an edge by its direction."""
TILE_BIT = 4
"""The tile is in the tree."""


def tree_mask(labels: LabelArray) -> NDArray[np.uint8]:
    """1 on the tiles of the tree, 0 elsewhere, same shape as ``labels``."""
    return (labels >> 2 & 1).astype(np.uint8)


def tree_edges(labels: LabelArray) -> NDArray[np.uint8]:
    """1 on the edges of the tree, ``(..., size, size, 2)``, horizontal first."""
    return np.stack([labels & 1, labels >> 1 & 1], axis=-1)
