"""Are all pins of a net joined through drawn tiles and edges that still have a free track?

Works on a batch of windows; tiles and edges are numbered as in :mod:`eda_router.design`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.kernels import making_arrays
from eda_router.search.grid import (
    COUNTERCLOCKWISE,
    direction_of,
    neighbour,
    owner_of,
    stays_inside,
)


def connected(
    free: NDArray[np.integer], pins: NDArray[np.bool_], drawn: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether a breadth-first search from one pin reaches all others, for each window.

    Args:
        free: integers ``(num_windows, height, width, 2)``, free tracks of each tile's right and
            upper edge; an edge is open when it is above 0. Edges that leave the window are never
            followed.
        pins: bool ``(num_windows, height, width)``.
        drawn: bool of the same shape; pins count as drawn.

    Returns:
        bool ``(num_windows,)``; True where there is at most one pin.
    """
    result: NDArray[np.bool_] = _connected(free, pins, drawn)
    return result


@making_arrays
def _connected(free, pins, drawn):  # type: ignore[no-untyped-def]
    num_windows, height, width = pins.shape
    result = np.zeros(num_windows, np.bool_)
    queue = np.empty(height * width, np.int32)
    seen = np.empty((height, width), np.bool_)
    for i in range(num_windows):
        seen[:] = False
        tail = missing = 0
        for r in range(height):
            for c in range(width):
                if pins[i, r, c]:
                    missing += 1
                    if tail == 0:
                        queue[0] = r * width + c
                        tail = 1
                        seen[r, c] = True
        missing -= tail
        head = 0
        while head < tail and missing > 0:
            tile = queue[head]
            head += 1
            for step in COUNTERCLOCKWISE:
                if not stays_inside(tile % width, tile // width, step, width, height):
                    continue
                owner, other = owner_of(tile, step, width), neighbour(tile, step, width)
                opened = free[i, owner // width, owner % width, direction_of(step)] > 0
                r, c = other // width, other % width
                if opened and not seen[r, c] and (drawn[i, r, c] or pins[i, r, c]):
                    seen[r, c] = True
                    missing -= pins[i, r, c]
                    queue[tail] = other
                    tail += 1
        result[i] = missing == 0
    return result
