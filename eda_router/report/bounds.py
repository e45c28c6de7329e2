"""Lower bounds on the length of each net's wire.

Up to ``EXACT_PINS`` pins the bound is the length of an optimal rectilinear Steiner tree. Above, it
is two thirds of the length of a shortest spanning tree, which no Steiner tree goes below [1], or
half the perimeter of the bounding box where that is more.

[1] F. K. Hwang, On Steiner minimal trees with rectilinear distance, SIAM J. Appl. Math. 30(1),
1976. https://doi.org/10.1137/0130013
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray
from eda_router.errors import expect_type
from eda_router.layers import Layers

EXACT_PINS = 9
BOUND_LABEL = "lower bound"
BOUND_MEANING = (
    f"length of the shortest tree up to {EXACT_PINS} pins; above, ⅔ of the shortest spanning tree "
    "or half the perimeter of the box"
)
SPAN_MEANING = "half perimeter of the smallest box that touches every terminal"


def bounds(design: Design) -> IntArray:
    """Lower bounds of the lengths of all nets' wires.

    Up to nine pins the length of a shortest rectilinear Steiner tree; above, two thirds of that of
    a shortest spanning tree, or half the perimeter of the pins' box where that is more. Wires of a
    design with layers may reach a terminal in several tiles, so that the bound there is half the
    perimeter of the smallest box that touches every terminal.

    Args:
        design: the nets.

    Returns:
        int32 ``(num_nets,)``, tile edges; 0 for nets that need no wire.

    Raises:
        TypeError: ``design`` is of another type.

    Example:
        >>> import eda_router
        >>> star = [("star", 0, [(0, 1), (2, 1), (1, 0), (1, 2)])]
        >>> eda_router.bounds(eda_router.Design.from_pins("d", 3, 3, 1, 1, star))
        array([4], dtype=int32)
    """
    expect_type("design", design, Design)
    if design.layers is None:
        return lower_bounds(design)
    return terminal_bounds(design.layers, design.width)


def lower_bounds(design: Design) -> IntArray:
    """int32 ``(num_nets,)``: no tree that joins the pins is shorter, tile edges."""
    # Numba takes a while to load, and packages that only draw pictures need no bounds.
    from eda_router.routing.bounds import steiner_bounds

    bounds = steiner_bounds(design, EXACT_PINS)
    for net in np.flatnonzero(design.pin_counts > EXACT_PINS).tolist():
        spanning = spanning_length(*np.divmod(design.net_pins(net), design.width))
        bounds[net] = max(int(bounds[net]), -(-2 * spanning // 3))
    return bounds


def terminal_bounds(layers: Layers, width: int) -> IntArray:
    """int32 ``(num_nets,)``: no wires that join a net's terminals are shorter, tile edges.

    A terminal may be reached in several tiles. Wires that reach all of them span at least from the
    least right end of a terminal to the greatest left end of another, in x and likewise in y.

    Args:
        layers: of a design.
        width: of its grid, tiles.
    """
    bounds = np.zeros(len(layers.pin_offsets) - 1, np.int32)
    starts = layers.candidate_offsets[:-1]
    filled = np.diff(layers.pin_offsets) > 0
    nets = layers.pin_offsets[:-1][filled]
    if len(nets):
        for place in (layers.candidate_tiles % width, layers.candidate_tiles // width):
            least = np.minimum.reduceat(place, starts)
            greatest = np.maximum.reduceat(place, starts)
            span = np.maximum.reduceat(least, nets) - np.minimum.reduceat(greatest, nets)
            bounds[filled] += np.maximum(span, 0)
    return bounds


def spanning_length(rows: NDArray[np.integer], columns: NDArray[np.integer]) -> int:
    """Length of a shortest tree whose edges join points directly, by Prim's algorithm.

    Takes O(k²) for k points, none of them given twice; at least one.
    """
    nearest = np.abs(rows - rows[0]) + np.abs(columns - columns[0])
    outside = np.ones(len(rows), np.bool_)
    outside[0] = False
    total = 0
    for _ in range(len(rows) - 1):
        point = int(np.where(outside, nearest, np.iinfo(nearest.dtype).max).argmin())
        total += int(nearest[point])
        outside[point] = False
        np.minimum(
            nearest, np.abs(rows - rows[point]) + np.abs(columns - columns[point]), out=nearest
        )
    return total
