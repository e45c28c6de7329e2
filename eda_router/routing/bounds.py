"""Lower bounds of routes' lengths by optimal rectilinear Steiner trees.

Such a tree runs on the lines through the pins (M. Hanan: On Steiner's problem with rectilinear
distance. SIAM J. Appl. Math. 14 (1966), 255-265), so a box thinned out to these lines holds one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eda_router.design import Design, IntArray
from eda_router.kernels import kernel
from eda_router.search.box import new_box
from eda_router.search.grid import Grid, Nets, net_pins
from eda_router.search.steiner import join_pins

CHUNK = 4096
"""Nets between two looks at the clock, some tenths of a second."""

BOX_PINS = 3
"""Up to this many pins an optimal tree is half as long as the perimeter of their box."""


def steiner_bounds(
    design: Design, exact_pins: int, check_clock: Callable[[], None] | None = None
) -> IntArray:
    """Lower bound of the length of each net.

    Args:
        design: the nets.
        exact_pins: up to this many pins (at most about 9) the bound is the length of an optimal
            rectilinear Steiner tree; above, half the perimeter of the bounding box.
        check_clock: called every few thousand nets; may raise.

    Returns:
        int32 ``(num_nets,)``, tile edges.
    """
    bounds = design.half_perimeters.copy()
    grid = Grid(design.width, design.height)
    counts = design.pin_counts
    exact = np.flatnonzero((counts > BOX_PINS) & (counts <= exact_pins))
    if not len(exact):
        return bounds
    box = new_box(grid, exact_pins, 0)
    nets = Nets(design.pin_offsets, design.pins)
    unit_cost = np.ones(2 * design.num_tiles, np.int32)
    for begin in range(0, len(exact), CHUNK):
        if check_clock is not None:
            check_clock()
        _exact_lengths(box, grid, nets, exact[begin : begin + CHUNK], unit_cost, bounds)
    return bounds


@kernel
def _exact_lengths(box, grid, nets, order, unit_cost, lengths):
    """Write the length of an optimal tree of each net of ``order`` to ``lengths``."""
    for net in order:
        cost, _ = join_pins(box, unit_cost, grid, net_pins(nets, net), np.int64(0), np.int64(1))
        lengths[net] = cost
