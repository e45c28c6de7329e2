"""Demand to expect from nets that have no wire yet.

A net is spread evenly over its bounding box: each column of edges that it must cross gets one
crossing, shared by the rows of the box, and likewise in y. This is RUDY [1], split by direction.

The model is shown a share of it as used (``RouteConfig.expected_demand``). The more of it, the
sooner wires turn aside for nets that may never come, and up to a point the more nets the model
routes alone (ibm01: 9042, 9044, 9065, 9060 at 0, 0.2, 0.4, 0.7; ibm02: 14110, 14161, 14183, 14182)
and the more wire that takes: against a blank drawing's trees on the same nets, prices are 0.6, 0.6,
-0.5, -2.8 % and 0.1, 0.0, -0.7, -2.3 % lower. Final wires move by 0.2 % without direction
(``python scripts/expected.py ibm01 ibm02``).

[1] P. Spindler, F. M. Johannes: Fast and Accurate Routing Demand Estimation for Efficient
    Routability-driven Placement, DATE 2007.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, IntArray
from eda_router.kernels import kernel


class ExpectedDemand:
    """Expected demand of a set of nets, kept up to date as nets leave it.

    Args:
        boxes: int32 ``(num_nets, 4)``, lowest x, lowest y, highest x, highest y.
        nets: int64, the nets that are still to come.
        width: of the grid in tiles.
        height: of the grid in tiles.
        weight: scales the demand.

    Attributes:
        per_edge: float32 ``(height, width, 2)``, tracks times ``weight``.
    """

    def __init__(
        self,
        boxes: IntArray,
        nets: NDArray[np.int64],
        width: int,
        height: int,
        weight: float = 1.0,
    ):
        self.per_edge = np.zeros((height, width, 2), np.float32)
        self._boxes = boxes
        self._weight = weight
        _spread(self.per_edge, boxes, nets, weight)

    def remove(self, nets: NDArray[np.int64]) -> None:
        """Take nets out, because they are routed or given up."""
        _spread(self.per_edge, self._boxes, nets, -self._weight)


@kernel
def _spread(per_edge, boxes, nets, weight):
    for net in nets:
        x0, y0, x1, y1 = boxes[net, 0], boxes[net, 1], boxes[net, 2], boxes[net, 3]
        horizontal = np.float32(weight / (y1 - y0 + 1))
        vertical = np.float32(weight / (x1 - x0 + 1))
        for y in range(y0, y1 + 1):
            for x in range(x0, x1):
                per_edge[y, x, HORIZONTAL] += horizontal
        for y in range(y0, y1):
            for x in range(x0, x1 + 1):
                per_edge[y, x, VERTICAL] += vertical
