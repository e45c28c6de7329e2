"""The capacity ledger: who uses how many tracks of which edge.

Every change is atomic (all edges of a tree or none) and ``release`` is the exact inverse of
``commit``. The arrays have the layout of :mod:`eda_router.design`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray, Routes
from eda_router.errors import CapacityError


class CapacityLedger:
    """Demand beside capacity for every edge of a grid.

    Args:
        capacity: int32 ``(height, width, 2)``; kept, not copied.
        demand: int32 of the same shape, kept and changed in place; zeros when None.

    Attributes:
        capacity: the tracks of each edge.
        demand: the nets that cross each edge, never negative.
        free: int32 ``(height, width, 2)``, capacity minus demand, negative where overflowed. The
            ledger's own array, changed in place by every commit and release: read it, copy it
            where a state must be kept, never write it.
    """

    def __init__(self, capacity: IntArray, demand: IntArray | None = None):
        self.capacity = capacity
        self.demand = np.zeros_like(capacity) if demand is None else demand
        self.free: IntArray = self.capacity - self.demand
        self._demand = self.demand.reshape(-1)
        self._free = self.free.reshape(-1)

    @staticmethod
    def of(design: Design, routes: Routes | None = None) -> CapacityLedger:
        """An empty ledger of ``design``, or one with all of ``routes`` booked, overflow or not."""
        demand = None
        if routes is not None:
            counts = np.bincount(routes.edges, minlength=2 * design.num_tiles)
            demand = counts.astype(np.int32).reshape(design.capacity.shape)
        return CapacityLedger(design.capacity, demand)

    @property
    def horizontal_demand(self) -> IntArray:
        """View ``(height, width - 1)`` of the demand of edges (x, y)-(x+1, y)."""
        return self.demand[:, :-1, HORIZONTAL]

    @property
    def vertical_demand(self) -> IntArray:
        """View ``(height - 1, width)`` of the demand of edges (x, y)-(x, y+1)."""
        return self.demand[:-1, :, VERTICAL]

    @property
    def overflow(self) -> IntArray:
        """int32 ``(height, width, 2)``: tracks by which demand exceeds capacity."""
        overflow: IntArray = np.maximum(self.demand - self.capacity, 0)
        return overflow

    @property
    def total_overflow(self) -> int:
        """Sum of all edges' overflow."""
        return int(self.overflow.sum())

    @property
    def max_overflow(self) -> int:
        """The largest overflow of an edge."""
        return int(self.overflow.max(initial=0))

    def fits(self, edges: NDArray[np.integer]) -> bool:
        """Whether every edge of a tree has a free track."""
        return bool(np.all(self._free[edges] > 0))

    def commit(self, edges: NDArray[np.integer], *, allow_overflow: bool = False) -> None:
        """Book one track on each of ``edges`` (distinct edge ids).

        Raises:
            CapacityError: an edge has no free track and ``allow_overflow`` is False; nothing is
                booked then.
        """
        if not allow_overflow and not self.fits(edges):
            full = edges[self._free[edges] <= 0]
            raise CapacityError(f"{len(full)} of {len(edges)} edges have no free track")
        self._demand[edges] += 1
        self._free[edges] -= 1

    def release(self, edges: NDArray[np.integer]) -> None:
        """Give back one track on each of ``edges``, the exact inverse of :meth:`commit`.

        Raises:
            CapacityError: an edge has no demand to give back; nothing is changed then.
        """
        if np.any(self._demand[edges] <= 0):
            raise CapacityError("release of an edge that no net uses")
        self._demand[edges] -= 1
        self._free[edges] += 1
