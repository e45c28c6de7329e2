"""Lower bounds on the length of each net's wire."""

from __future__ import annotations

from eda_router.design import Design, IntArray
from eda_router.report.nets import half_perimeter

BOUND_LABEL = "half-perimeter bound"


def lower_bounds(design: Design) -> IntArray:
    """int32 ``(num_nets,)``: no tree that joins the pins is shorter, tile edges."""
    return half_perimeter(design)
