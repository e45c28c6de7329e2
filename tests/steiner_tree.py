"""The exact Steiner kernel, called for one net."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray
from eda_router.search.box import CLOSED, new_box
from eda_router.search.grid import Grid
from eda_router.search.steiner import join_pins


def steiner_tree(
    cost: NDArray[np.int32],
    width: int,
    height: int,
    pins: NDArray[np.integer],
    *,
    margin: int | None = None,
) -> tuple[int, IntArray] | None:
    """Optimal Steiner tree of one net under edge costs.

    Args:
        cost: int32 ``(2 * height * width,)``, positive; at or above CLOSED the edge is not used.
        width: tiles in x.
        height: tiles in y.
        pins: tiles, at least two, distinct.
        margin: tiles around the pins' bounding box that the tree may use; None, the whole grid.

    Returns:
        (cost, edges): the sum of costs and int32 edge ids, sorted; None if no tree exists.
    """
    pins = np.sort(np.asarray(pins, np.int32))
    grid, tiles = Grid(width, height), width * height
    box = new_box(grid, len(pins), tiles << len(pins) - 1)
    reach = max(width, height) if margin is None else margin
    total, count = join_pins(box, cost, grid, pins, reach, tiles)
    if total >= CLOSED:
        return None
    return int(total), np.sort(box.out[:count])
