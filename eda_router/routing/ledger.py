"""The capacity ledger: who uses how many tracks of which edge, and what one more net would cost.

Every change is atomic (all edges of a tree or none) and ``release`` is the exact inverse of
``commit``. The arrays have the layout of :mod:`eda_router.design`.

The cost of an edge is what one more net on it would cost, as in PathFinder [1]:

    cost = base[d] + history * slope[d],    d = demand + 1 - capacity

with two small tables over d. A logistic slope (the *present* cost), scaled by a history that grows
where overflow stays, gives negotiation; a base of CLOSED for d > 0 gives a search that keeps to
free tracks. Costs exist once :meth:`CapacityLedger.set_costs` has been called; they are then kept
up to date with every change, so that a search only reads them.

[1] L. McMurchie, C. Ebeling: PathFinder: A Negotiation-Based Performance-Driven Router for FPGAs,
    FPGA 1995, doi 10.1145/201310.201328
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray, Routes
from eda_router.errors import CapacityError, expect_type

SPAN = 24
"""The tables of costs cover d = -SPAN .. SPAN; beyond, the last entry holds."""

MAX_HISTORY = 250.0
"""History stays at or below this, so that sums of costs fit 32 bits."""


class EdgeCosts(NamedTuple):
    """What kernels see of a ledger: its own arrays, flat, one entry an edge.

    Attributes:
        capacity: int32 ``(2 * tiles,)``, tracks.
        demand: int32, nets that use the edge.
        history: float32, how long the edge has overflowed; 1 at first.
        cost: int32, thousandths of a tile edge, see the module's head.
        base: int32 ``(2 * SPAN + 1,)``, first table.
        slope: float32 ``(2 * SPAN + 1,)``, second table.
    """

    capacity: Any
    demand: Any
    history: Any
    cost: Any
    base: Any
    slope: Any


class Overflow(NamedTuple):
    """How far demand exceeds capacity.

    Attributes:
        total: sum of all edges' overflow, tracks.
        largest: the largest overflow of an edge, tracks.
        edges: number of edges with overflow.
    """

    total: int
    largest: int
    edges: int


class CapacityLedger:
    """Demand beside capacity for every edge of a grid.

    Args:
        capacity: int32 ``(height, width, 2)``, or such arrays for several layers; kept, not copied.
        demand: int32 of the same shape, contiguous, kept and changed in place; zeros when None.

    Attributes:
        capacity: the tracks of each edge.
        demand: the nets that cross each edge, never negative.
        costs: the view for kernels, or None before :meth:`set_costs`. A kernel that changes demand
            through it brings the edge's cost up to date.

    Raises:
        TypeError: an array has another type.
        ValueError: an array has another shape.

    Example:
        >>> import eda_router
        >>> design = eda_router.Design.from_pins("d", 3, 1, 1, 1, [("a", 0, [(0, 0), (2, 0)])])
        >>> ledger = eda_router.CapacityLedger.of(design)
        >>> ledger.commit([0, 2])
        >>> ledger.free[..., 0], ledger.fits([0])
        (array([[0, 0, 0]], dtype=int32), False)
        >>> ledger.release([0, 2])
        >>> ledger.total_overflow
        0
    """

    def __init__(self, capacity: IntArray, demand: IntArray | None = None):
        _check("capacity", capacity, None)
        if demand is not None:
            _check("demand", demand, capacity.shape)
        self.capacity = capacity
        self.demand = np.zeros(capacity.shape, np.int32) if demand is None else demand
        self.costs: EdgeCosts | None = None
        self._capacity = capacity.reshape(-1)
        self._demand = self.demand.reshape(-1)

    @staticmethod
    def of(design: Design, routes: Routes | None = None) -> CapacityLedger:
        """An empty ledger of ``design``, or one with all of ``routes`` booked, overflow or not.

        Raises:
            TypeError: an argument is of another type.
            ValueError: an edge lies off the grid.
        """
        expect_type("design", design, Design)
        if routes is not None:
            expect_type("routes", routes, Routes)
        ledger = CapacityLedger(design.capacity)
        if routes is not None:
            ledger.book_only(routes)
        return ledger

    def __repr__(self) -> str:
        height, width, _ = self.capacity.shape
        return (
            f"CapacityLedger({width} x {height} tiles, demand {int(self._demand.sum())}, "
            f"overflow {self.total_overflow})"
        )

    @property
    def free(self) -> IntArray:
        """int32 ``(height, width, 2)``: capacity minus demand, negative where overflowed."""
        free: IntArray = self.capacity - self.demand
        return free

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
        return self.overflow_figures().total

    @property
    def max_overflow(self) -> int:
        """The largest overflow of an edge."""
        return self.overflow_figures().largest

    def overflow_figures(self) -> Overflow:
        """All figures of overflow at once."""
        over = self._demand - self._capacity
        over = over[over > 0]
        return Overflow(int(over.sum()), int(over.max(initial=0)), len(over))

    def fits(self, edges: NDArray[np.integer]) -> bool:
        """Whether every edge of a tree has a free track."""
        return bool(np.all(self._demand[edges] < self._capacity[edges]))

    def commit(self, edges: NDArray[np.integer], *, allow_overflow: bool = False) -> None:
        """Book one track on each of ``edges`` (distinct edge ids).

        Raises:
            TypeError: the edges are no whole numbers.
            ValueError: an edge lies off the grid, or is there twice.
            CapacityError: an edge has no free track and ``allow_overflow`` is False; nothing is
                booked then.
        """
        edges = self._checked(edges)
        if not allow_overflow and not self.fits(edges):
            full = np.count_nonzero(self._demand[edges] >= self._capacity[edges])
            raise CapacityError(f"{full} of {len(edges)} edges have no free track")
        self._demand[edges] += 1
        self._update_costs(edges)

    def release(self, edges: NDArray[np.integer]) -> None:
        """Give back one track on each of ``edges``, the exact inverse of :meth:`commit`.

        Raises:
            TypeError: the edges are no whole numbers.
            ValueError: an edge lies off the grid, or is there twice.
            CapacityError: an edge has no demand to give back; nothing is changed then.
        """
        edges = self._checked(edges)
        if np.any(self._demand[edges] <= 0):
            raise CapacityError("release of an edge that no net uses")
        self._demand[edges] -= 1
        self._update_costs(edges)

    def book_only(self, routes: Routes) -> None:
        """Replace all demand by that of ``routes``, whether they overflow or not.

        Raises:
            ValueError: an edge lies off the grid.
        """
        if routes.edges.max(initial=0) >= len(self._demand):
            raise ValueError(f"edge {routes.edges.max()}, expected 0 to {len(self._demand) - 1}")
        self._demand[:] = np.bincount(routes.edges, minlength=len(self._demand))
        self._update_costs()

    def set_costs(self, base: NDArray[np.integer], slope: NDArray[np.floating]) -> None:
        """Set the two tables of costs, each with ``2 * SPAN + 1`` entries; history stays.

        Raises:
            ValueError: a table has another number of entries.
        """
        for name, table in (("base", base), ("slope", slope)):
            if np.shape(table) != (2 * SPAN + 1,):
                raise ValueError(f"{name} {np.shape(table)}, expected {(2 * SPAN + 1,)}")
        if self.costs is None:
            self.costs = EdgeCosts(
                capacity=np.ascontiguousarray(self._capacity, np.int32),
                demand=self._demand,
                history=np.ones(len(self._demand), np.float32),
                cost=np.zeros(len(self._demand), np.int32),
                base=np.zeros(2 * SPAN + 1, np.int32),
                slope=np.zeros(2 * SPAN + 1, np.float32),
            )
        self.costs.base[:] = base
        self.costs.slope[:] = slope
        self._update_costs()

    def raise_history(self, amount: float) -> None:
        """Add ``amount`` to the history of every overflowed edge; costs must be set.

        Raises:
            ValueError: there are no costs.
        """
        if self.costs is None:
            raise ValueError("a ledger without costs, expected set_costs before")
        over = np.flatnonzero(self._demand > self._capacity)
        history = self.costs.history
        history[over] = np.minimum(history[over] + np.float32(amount), np.float32(MAX_HISTORY))
        self._update_costs(over)

    def _checked(self, edges: NDArray[np.integer]) -> NDArray[np.integer]:
        """Distinct edge ids, checked."""
        edges = np.asarray(edges)
        if len(edges) == 0:
            return edges.astype(np.int32)
        if not np.issubdtype(edges.dtype, np.integer) or edges.ndim != 1:
            raise TypeError(f"edges: {edges.dtype}, expected a list of whole numbers")
        listed = edges.tolist()
        if not 0 <= min(listed) <= max(listed) < len(self._demand):
            raise ValueError(
                f"edges {min(listed)} to {max(listed)}, expected 0 to {len(self._demand) - 1}"
            )
        if len(set(listed)) != len(listed):
            raise ValueError("an edge is there twice, expected distinct edges")
        return edges

    def _update_costs(self, edges: NDArray[np.integer] | None = None) -> None:
        """Bring the cost of ``edges``, None for all, up to date, once there are costs."""
        if self.costs is None:
            return
        # Numba takes a while to load, and most ledgers have no costs.
        from eda_router.routing.costs import update_costs

        if edges is None:
            edges = np.arange(len(self._demand))
        update_costs(self.costs, np.asarray(edges, np.int64))


def _check(name: str, array: object, shape: tuple[int, ...] | None) -> None:
    """Refuse what is no int32 array of a grid, or of a grid for each layer, or of another shape."""
    expect_type(name, array, np.ndarray)
    assert isinstance(array, np.ndarray)
    if array.dtype != np.int32:
        raise TypeError(f"{name}: {array.dtype}, expected int32")
    if array.ndim < 3 or array.shape[-1] != 2 or array.shape != (shape or array.shape):
        raise ValueError(f"{name} {array.shape}, expected {shape or '(..., height, width, 2)'}")
