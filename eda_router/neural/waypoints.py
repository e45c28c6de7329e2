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
