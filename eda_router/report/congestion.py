"""Congestion of a routed design as arrays: what the pictures show, free of any plotting.

All maps have the grid's shape, row 0 at the bottom, and follow :mod:`eda_router.design`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray
from eda_router.routing.ledger import CapacityLedger

FloatArray = NDArray[np.float64]
MapKind = Literal["horizontal", "vertical", "worst"]


def utilisation(capacity: IntArray, demand: IntArray) -> FloatArray:
    """Demand over capacity of each edge.

    Args:
        capacity: int32 of any shape, tracks.
        demand: int32 of the same shape, tracks.

    Returns:
        float64 of that shape: NaN where there is neither capacity nor demand, infinite where there
        is demand without capacity.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        used: FloatArray = np.divide(demand, capacity, dtype=np.float64)
    return used


def congestion_map(ledger: CapacityLedger, kind: MapKind) -> FloatArray:
    """Use of the edges in one direction, or the worse of both.

    Args:
        ledger: capacities and demand.
        kind: ``horizontal`` gives ``(height, width - 1)``, ``vertical`` ``(height - 1, width)``,
            ``worst`` ``(height, width)``: the larger use of a tile's right and upper edge; the
            tile in the upper right corner, which has neither, shows its left and lower one.

    Returns:
        float64, see :func:`utilisation`.
    """
    if kind == "horizontal":
        return utilisation(ledger.capacity[:, :-1, HORIZONTAL], ledger.horizontal_demand)
    if kind == "vertical":
        return utilisation(ledger.capacity[:-1, :, VERTICAL], ledger.vertical_demand)
    both = utilisation(ledger.capacity, ledger.demand)
    worst: FloatArray = np.fmax(both[..., HORIZONTAL], both[..., VERTICAL])
    before = [both[-1, -2:-1, HORIZONTAL], both[-2:-1, -1, VERTICAL]]
    worst[-1, -1] = np.fmax.reduce(np.concatenate(before), initial=np.nan)
    return worst


def pin_density(design: Design) -> IntArray:
    """int32 ``(height, width)``: nets with a pin in each tile."""
    counts = np.bincount(design.pins, minlength=design.num_tiles)
    return counts.astype(np.int32).reshape(design.height, design.width)


def wire_density(demand: IntArray) -> FloatArray:
    """Wire in each tile.

    Args:
        demand: int32 ``(height, width, 2)``, nets on each edge.

    Returns:
        float64 ``(height, width)``, tile edges: half of each edge counts for the tile on either
        side, so that the map sums to the wirelength.
    """
    wires: FloatArray = demand.sum(axis=2) / 2
    wires[:, 1:] += demand[:, :-1, HORIZONTAL] / 2
    wires[1:, :] += demand[:-1, :, VERTICAL] / 2
    return wires


@dataclass(frozen=True)
class DirectionFigures:
    """How one direction's edges are used.

    Attributes:
        edges: edges with capacity or demand.
        capacity: sum of the edges' tracks.
        demand: sum of the edges' demand, which is the wirelength in this direction.
        full: edges whose last track is taken, overflowed ones left out.
        overflowed: edges with more demand than capacity.
        overflow: sum of the tracks by which they exceed it.
        max_overflow: the largest overflow of an edge.
    """

    edges: int
    capacity: int
    demand: int
    full: int
    overflowed: int
    overflow: int
    max_overflow: int

    @property
    def mean_utilisation(self) -> float:
        """Demand over capacity of the direction as a whole; 0 where it has no capacity."""
        return self.demand / self.capacity if self.capacity else 0.0


def direction_figures(ledger: CapacityLedger, direction: int) -> DirectionFigures:
    """Figures of the edges in ``direction`` (``HORIZONTAL`` or ``VERTICAL``)."""
    capacity = ledger.capacity[..., direction]
    demand = ledger.demand[..., direction]
    overflow = ledger.overflow[..., direction]
    return DirectionFigures(
        edges=int(np.count_nonzero((capacity > 0) | (demand > 0))),
        capacity=int(capacity.sum()),
        demand=int(demand.sum()),
        full=int(np.count_nonzero((demand == capacity) & (capacity > 0))),
        overflowed=int(np.count_nonzero(overflow)),
        overflow=int(overflow.sum()),
        max_overflow=int(overflow.max(initial=0)),
    )


@dataclass(frozen=True)
class UtilisationHistogram:
    """Edges by use, for each direction.

    Attributes:
        bounds: float64 ``(bins + 1,)``; bin i holds uses from ``bounds[i]``, which belongs to it,
            up to ``bounds[i + 1]``, which does not.
        below: int64 ``(2, bins)``: edges with a free track, one row a direction.
        full: int64 ``(2,)``: edges without a free track and without overflow.
        over: int64 ``(2,)``: overflowed edges.
    """

    bounds: FloatArray
    below: NDArray[np.int64]
    full: NDArray[np.int64]
    over: NDArray[np.int64]


def utilisation_histogram(ledger: CapacityLedger, bins: int = 10) -> UtilisationHistogram:
    """Count edges by use in ``bins`` equal steps below 1, full and overflowed ones apart."""
    bounds = np.linspace(0, 1, bins + 1)
    below = np.zeros((2, bins), np.int64)
    full = np.zeros(2, np.int64)
    over = np.zeros(2, np.int64)
    for direction in (HORIZONTAL, VERTICAL):
        capacity = ledger.capacity[..., direction]
        demand = ledger.demand[..., direction]
        free = demand < capacity
        # In whole numbers: 7 of 10 tracks belong to the bin that begins at 0.7.
        steps = demand[free].astype(np.int64) * bins // capacity[free]
        below[direction] = np.bincount(steps, minlength=bins)
        full[direction] = np.count_nonzero((demand == capacity) & (capacity > 0))
        over[direction] = np.count_nonzero(demand > capacity)
    return UtilisationHistogram(bounds, below, full, over)
