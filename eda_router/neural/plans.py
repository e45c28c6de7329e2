"""Plans: a coarse drawing decides first, the fine one is drawn by it.

Where several ways are about as good, the model draws all of them faintly, and a large window has
room for many. A *plan* is one of the ways at half the window's resolution, a tree as the tiles
that it takes. The network shows it as faint pins to its exit inside
(:mod:`eda_router.neural.model`), which then draws one way, and the ring around it works out that
way in detail.

The plan of a first drawing is drawn by the exit of half the size, on the problem pooled to it, a
quarter of the tiles. The plan of a further drawing is the tree of the drawing before.
Both are *doubtful* trees, taken at however low a level joins the pins: a plan always decides.

As waypoints are, a plan is a hint to the model: the tree has to join the pins over what the model
draws. Coarse to fine is how routers plan since multilevel routing [1]; here one network is both.

References:
    [1] J. Cong, J. Fang, Y. Zhang: Multilevel approach to full-chip gridless routing. ICCAD 2001.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.neural.decode import decode
from eda_router.neural.extract import Extraction
from eda_router.neural.tensors import open_edges

FAINTEST = 1e-6
"""Probability down to which a doubtful tree may run."""


def doubtful_trees(
    images: NDArray[np.float32], pins: NDArray[np.bool_], maps: NDArray[np.float32]
) -> Extraction:
    """The trees of drawings, however faint they are, in the tiles of the images.

    Args:
        images: float32 ``(num_windows, size, size, 3)``, what the model was shown.
        pins: bool ``(num_windows, size, size)``, tiles to join.
        maps: float32 ``(num_windows, size, size, 3)``, the drawings.
    """
    return decode(open_edges(images), pins, maps, FAINTEST)


def tree_tiles(trees: Extraction, pins: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tiles of each tree and its pins, bool as ``pins``; none without a tree.

    Args:
        trees: in windows of the pins' size.
        pins: bool ``(num_windows, size, size)``.
    """
    count, size = pins.shape[:2]
    tiles = (pins & trees.ok[:, None, None]).reshape(count, size * size)
    window = np.repeat(np.arange(count), np.diff(trees.offsets))
    owner, is_vertical = trees.edges >> 1, trees.edges & 1
    tiles[window, owner] = True
    tiles[window, owner + np.where(is_vertical, size, 1)] = True
    return tiles.reshape(count, size, size)


def halve(tiles: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """At half the resolution, where any of two by two tiles is set.

    Args:
        tiles: bool ``(num_windows, 2 * rows, 2 * rows)``.

    Returns:
        bool ``(num_windows, rows, rows)``.
    """
    count, size = tiles.shape[:2]
    half: NDArray[np.bool_] = np.any(tiles.reshape(count, size // 2, 2, size // 2, 2), axis=(2, 4))
    return half
