"""An independent evaluator of routes.

It recounts everything from the wires and the pins alone and imports no routing code, so that a
fault of the router's own bookkeeping cannot hide here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, Routes
from eda_router.errors import expect_type


@dataclass(frozen=True, eq=False)
class Verification:
    """What an evaluation found.

    Attributes:
        nets: nets of the design.
        nets_to_route: nets with pins in more than one tile.
        disconnected_nets: indices of the nets whose pins the wires do not join, sorted.
        wirelength: distinct (net, edge) pairs.
        total_overflow: sum of all edges' tracks above capacity.
        max_overflow: the largest overflow of an edge.
        overflowed_edges: edge ids with overflow, sorted.
        overflowed_nets: indices of the nets that cross an overflowed edge, sorted.
        repeated: how often a net lists an edge that it has already.
        cycles: edges beyond a tree, summed over the nets to route.
        stubs: wire ends that are no pin, summed over the nets to route.

    Example:
        >>> import eda_router
        >>> design = eda_router.Design.from_pins("d", 3, 1, 1, 1, [("a", 0, [(0, 0), (2, 0)])])
        >>> check = eda_router.verify(design, eda_router.Routes.from_lists([[0]]))
        >>> check.disconnected, check.stubs, check.legal
        (1, 1, False)
    """

    nets: int
    nets_to_route: int
    disconnected_nets: NDArray[np.int64] = field(repr=False)
    wirelength: int
    total_overflow: int
    max_overflow: int
    overflowed_edges: NDArray[np.int64] = field(repr=False)
    overflowed_nets: NDArray[np.int64] = field(repr=False)
    repeated: int
    cycles: int
    stubs: int

    @property
    def disconnected(self) -> int:
        """Number of nets whose pins the wires do not join."""
        return len(self.disconnected_nets)

    @property
    def legal(self) -> bool:
        """Whether every net is connected and no edge overflows. Waste makes nothing illegal."""
        return not self.disconnected and not self.total_overflow


def verify(design: Design, routes: Routes, repeated: int = 0) -> Verification:
    """Evaluate ``routes`` of ``design``.

    Args:
        design: grid, capacities and pins.
        routes: wires of each net; their edges need not be sorted or distinct.
        repeated: edges listed twice that were already dropped, when the routes came from a file.

    Returns:
        The figures; nothing is repaired or refused.

    Raises:
        TypeError: an argument is of another type.
        ValueError: the routes have another number of nets, or edges off the grid, or ``repeated``
            is below 0.

    Example:
        >>> import eda_router
        >>> design = eda_router.Design.from_pins("d", 3, 1, 1, 1, [("a", 0, [(0, 0), (2, 0)])])
        >>> check = eda_router.verify(design, eda_router.Routes.from_lists([[0, 2]]))
        >>> check.wirelength, check.total_overflow, check.legal
        (2, 0, True)
    """
    expect_type("design", design, Design)
    expect_type("routes", routes, Routes)
    expect_type("repeated", repeated, (int, np.integer))
    if repeated < 0:
        raise ValueError(f"repeated {repeated}, expected 0 or more")
    num_nets, tiles = design.num_nets, design.num_tiles
    wire_net, edge = _wires(design, routes)
    tile, vertical = edge >> 1, (edge & 1).astype(np.bool_)
    wirelength = len(edge)

    demand = np.bincount(edge, minlength=2 * tiles)
    over = np.maximum(demand - design.capacity.reshape(-1).astype(np.int64), 0)
    crossed = distinct(wire_net[over[edge] > 0])

    pin_net = np.repeat(np.arange(num_nets, dtype=np.int64), np.diff(design.pin_offsets))
    to_route = np.bincount(pin_net, minlength=num_nets) > 1
    pin_net, pin_tile = pin_net[to_route[pin_net]], design.pins[to_route[pin_net]]
    wired = to_route[wire_net]
    wire_net, tile, vertical = wire_net[wired], tile[wired], vertical[wired]

    # Every (net, tile) that a net to route touches, by pin or wire, is a node of one big graph.
    start = wire_net * tiles + tile
    rows, columns = start[~vertical], start[vertical]
    num_wires = len(start)
    touched = np.concatenate([rows, columns, rows + 1, columns + design.width])
    nodes, place = _numbered(np.concatenate([touched, pin_net * tiles + pin_tile]))
    first, second, pins = np.split(place, [num_wires, 2 * num_wires])

    parts = components(nodes, first, second)
    breaks = (np.diff(pin_net) == 0) & (np.diff(parts[pins]) != 0)
    degrees = np.bincount(place[: 2 * num_wires], minlength=nodes)
    is_pin = np.zeros(nodes, np.bool_)
    is_pin[pins] = True
    return Verification(
        nets=num_nets,
        nets_to_route=int(to_route.sum()),
        disconnected_nets=distinct(pin_net[1:][breaks]),
        wirelength=wirelength,
        total_overflow=int(over.sum()),
        max_overflow=int(over.max(initial=0)),
        overflowed_edges=np.flatnonzero(over),
        overflowed_nets=crossed,
        repeated=int(repeated) + len(routes.edges) - wirelength,
        # A forest has one edge fewer than nodes in each of its parts.
        cycles=num_wires - (nodes - int(np.sum(parts == np.arange(nodes)))),
        stubs=int(np.sum((degrees == 1) & ~is_pin)),
    )


def _wires(design: Design, routes: Routes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Net and edge id of each piece of wire, in order, none twice.

    Raises:
        ValueError: the routes have another number of nets, or edges off the grid.
    """
    if routes.num_nets != design.num_nets:
        raise ValueError(f"routes of {routes.num_nets} nets, expected {design.num_nets}")
    num_edges = 2 * design.num_tiles
    if len(routes.edges) and not 0 <= routes.edges.min() <= routes.edges.max() < num_edges:
        raise ValueError(
            f"edge ids from {routes.edges.min()} to {routes.edges.max()}, "
            f"expected 0 to {num_edges - 1}"
        )
    wire_net = np.repeat(np.arange(design.num_nets, dtype=np.int64), np.diff(routes.offsets))
    wire_net, edge = np.divmod(distinct(np.sort(wire_net * num_edges + routes.edges)), num_edges)
    tile, vertical = edge >> 1, edge & 1 == 1
    last_column, last_row = (
        tile % design.width == design.width - 1,
        tile >= num_edges // 2 - design.width,
    )
    if np.any(np.where(vertical, last_row, last_column)):
        raise ValueError("an edge across the border of the grid")
    return wire_net, edge


def distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct ones of sorted ``values``; np.unique would hash them, which is slower."""
    distinct: NDArray[np.int64] = values[np.diff(values, prepend=-1) != 0]
    return distinct


def _numbered(values: NDArray[np.int64]) -> tuple[int, NDArray[np.int64]]:
    """Number the distinct ones of ``values`` in order: how many, and the number of each value."""
    # The values come as a few sorted runs, which this kind of sort merges fast.
    order = np.argsort(values, kind="stable")
    ranks = np.cumsum(np.diff(values[order], prepend=-1) != 0) - 1
    place = np.empty(len(values), np.int64)
    place[order] = ranks
    return int(ranks[-1]) + 1 if len(values) else 0, place


def components(
    num_nodes: int, first: NDArray[np.int64], second: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The lowest node of the connected part of each node, by hooking and pointer jumping [1].

    Each round every part takes the lowest label that it touches, then chains of labels are
    shortened; at worst a few more rounds than the logarithm of the longest path.

    [1] Y. Shiloach and U. Vishkin, "An O(log n) parallel connectivity algorithm", J. Algorithms
        3(1), 1982, https://doi.org/10.1016/0196-6774(82)90008-6
    """
    labels = np.arange(num_nodes)
    while True:
        one, other = labels[first], labels[second]
        apart = one != other
        if not apart.any():
            return labels
        first, second, one, other = first[apart], second[apart], one[apart], other[apart]
        np.minimum.at(labels, np.maximum(one, other), np.minimum(one, other))
        while True:
            shorter = labels[labels]
            if np.array_equal(shorter, labels):
                break
            labels = shorter
