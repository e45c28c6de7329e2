"""Are all pins of a net joined through drawn tiles and edges that still have a free track?

Works on a batch of windows; tiles and edges are numbered as in :mod:`eda_router.design`.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL


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


@njit(cache=True, nogil=True)
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
            r, c = queue[head] // width, queue[head] % width
            head += 1
            for step in range(4):
                nr, nc = r, c
                if step == 0:
                    nc = c + 1
                    opened = nc < width and free[i, r, c, HORIZONTAL] > 0
                elif step == 1:
                    nr = r + 1
                    opened = nr < height and free[i, r, c, VERTICAL] > 0
                elif step == 2:
                    nc = c - 1
                    opened = nc >= 0 and free[i, r, nc, HORIZONTAL] > 0
                else:
                    nr = r - 1
                    opened = nr >= 0 and free[i, nr, c, VERTICAL] > 0
                if opened and not seen[nr, nc] and (drawn[i, nr, nc] or pins[i, nr, nc]):
                    seen[nr, nc] = True
                    missing -= pins[i, nr, nc]
                    queue[tail] = nr * width + nc
                    tail += 1
        result[i] = missing == 0
    return result
