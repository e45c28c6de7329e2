"""Drawing again by waypoints: what the model is unsure of, it is asked again in parts.

Where several ways are about as good, the model draws all of them faintly, and no threshold tells
one from the other. A tile of one of them, shown as a further pin, settles the choice: the second
drawing is sharp. The tiles are taken from the model's own doubtful tree, one in the middle of each
weak stretch (:func:`eda_router.neural.weak_stretches.weak_middles`), so a net is drawn step by step
from what is sure to what is not. Hub points before wires are HubRouter's idea [1]; here the hubs
come from the drawing itself, and only where it is weak.

Waypoints are a hint to the model and nothing else: the tree has to join the pins over what the
model draws, as with a first drawing.

References:
    [1] X. Du, C. Wang, R. Zhong, J. Yan: HubRouter: Learning global routing via hub generation and
        pin-hub connection. NeurIPS 2023.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from eda_router.neural.decode import decode
from eda_router.neural.weak_stretches import weak_middles

SURE = 0.5
"""Probability from which a tile of a doubtful tree counts as settled."""

MOST = 8
"""Weak stretches of a tree that get a waypoint at once."""

FAINTEST = 1e-6
"""Probability down to which a doubtful tree may run."""


def add_waypoints(
    free: NDArray[np.integer],
    pins: NDArray[np.bool_],
    waypoints: NDArray[np.bool_],
    maps: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Further waypoints for drawings that do not join their pins.

    Args:
        free: integers ``(num_windows, size, size, 2)``, see
            :func:`eda_router.neural.extract.extract_surest`.
        pins: bool ``(num_windows, size, size)``.
        waypoints: bool of the same shape, those that the drawings were made with.
        maps: float32 ``(num_windows, size, size, 3)``, the drawings.

    Returns:
        bool ``(num_windows, size, size)``: old waypoints and new ones. Equal to ``waypoints`` in
        windows where nothing is weak or nothing joins the pins; drawing those again is of no use.
    """
    given = pins | waypoints
    trees = decode(free, given, maps, FAINTEST)
    return waypoints | weak_middles(given, maps, trees.offsets, trees.edges, SURE, MOST)


def show_waypoints(
    images: NDArray[np.float32], waypoints: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Images ``(num_windows, size, size, 3)`` with the waypoints as pins."""
    shown = images.copy()
    shown[..., 2] = np.maximum(shown[..., 2], waypoints)
    return shown


def redraw(
    draw: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    images: NDArray[np.float32],
    free: NDArray[np.integer],
    pins: NDArray[np.bool_],
    maps: NDArray[np.float32],
    threshold: float,
    times: int,
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.int64]]:
    """Draw again, with more waypoints each time, what does not join its pins.

    Args:
        draw: float32 images ``(count, size, size, 3)`` to maps of the same shape.
        images: float32 ``(num_windows, size, size, 3)``.
        free: as in :func:`add_waypoints`.
        pins: likewise.
        maps: likewise, the first drawings.
        threshold: from which a tile or an edge counts as drawn.
        times: most drawings after the first.

    Returns:
        the last drawings; the waypoints they were made with; int64 ``(num_windows,)``, how many
        drawings each window took, the first included.
    """
    maps, waypoints = maps.copy(), np.zeros_like(pins)
    drawings = np.ones(len(maps), np.int64)
    left = np.flatnonzero(~decode(free, pins, maps, threshold).ok)
    for _ in range(times):
        more = add_waypoints(free[left], pins[left], waypoints[left], maps[left])
        new = (more != waypoints[left]).any(axis=(1, 2))
        left, more = left[new], more[new]
        if len(left) == 0:
            break
        waypoints[left] = more
        maps[left] = draw(show_waypoints(images[left], more))
        drawings[left] += 1
        joined = decode(free[left], pins[left], maps[left], threshold).ok
        left = left[~joined]
    return maps, waypoints, drawings
