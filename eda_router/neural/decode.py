"""From an exit's maps to trees.

An exit draws three maps: tiles, right edges and upper edges. Touching tiles of two arms of a tree
look joined in the tile map alone, and a shortcut between them may cross a dear edge; the edge maps
tell. So trees are taken over drawn tiles and drawn edges, from the surest drawing that joins the
pins: first over what is surer than :data:`LEVELS`, one after the other, then over all that is drawn
at the exit's threshold, and where that does not join the pins, over drawn tiles and any open edge.
Nothing but the drawing and which edges are open decides: a drawing of every tile and edge gives a
congestion-blind tree.

A net of which the model is sure is thus drawn with hardly a tile too many, one that could run in
several places with more, down to the exit's threshold and no further.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.neural.extract import Extraction, extract_surest

LEVELS = tuple(0.5 * 0.8**step for step in range(60))
"""Probabilities from which a tree is tried before the exit's threshold; finer steps save little
ink."""


def decode(
    free: NDArray[np.integer],
    pins: NDArray[np.bool_],
    maps: NDArray[np.float32],
    threshold: float,
) -> Extraction:
    """Take a tree from each net's maps.

    Args:
        free: integers ``(num_windows, size, size, 2)``, see
            :func:`eda_router.neural.extract.extract_surest`.
        pins: bool ``(num_windows, size, size)``.
        maps: float32 ``(num_windows, size, size, 3)``, probabilities.
        threshold: from which a tile or an edge counts as drawn.
    """
    levels = [level for level in LEVELS if level > threshold]
    return extract_surest(free, pins, maps, np.array([*levels, threshold], np.float32))
