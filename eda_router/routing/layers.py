"""Layer assignment: from two-dimensional routes to wires on layers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, Routes, layers_of
from eda_router.errors import EdarouteError, expect_type
from eda_router.layered_routes import LayeredRoutes, wire_ranges
from eda_router.layers import Layers
from eda_router.routing import layer_assignment as kernels
from eda_router.routing.net_tree import terminals_of, trees_of

ROUNDS = 16
"""Rounds of negotiation."""

PRESENT = 0.1
"""What a track of overflow costs in the first round, in vias."""

GROWTH = 1.2
"""By what factor that grows with each round."""

HISTORY = 0.3
"""What each round adds to the history of an edge for a track of overflow, in vias."""

IMPROVEMENTS = 2
"""Passes over the nets at last; further ones change next to nothing."""


def assign_layers(design: Design, routes: Routes) -> LayeredRoutes:
    """Give every edge of ``routes`` a layer, with few vias and full layers closed.

    If no two-dimensional edge is used above its capacity, and none by more clocks than the layers
    of clocks have tracks, no edge of a layer is used above its tracks either. Otherwise the tracks
    are all taken before any overflows.

    Args:
        design: a design with layers.
        routes: each net's wires: a tree through a candidate of each of its terminals, or nothing
            for a net that needs no wire or is unrouted.

    Returns:
        The routes on layers. The same input gives the same result.

    Raises:
        TypeError: an argument is of another type.
        ValueError: the routes have another number of nets.
        EdarouteError: the design has no layers, or the wires of a net are no tree or miss a
            terminal.

    Example:
        >>> import eda_router
        >>> config = eda_router.RouteConfig(router="maze")
        >>> result = eda_router.route_layered(eda_router.read("synth-chip"), config).result
        >>> layered = eda_router.assign_layers(result.design, result.routes)
        >>> layered.edge_layers.shape == result.routes.edges.shape
        True
    """
    layers = layers_of(design)
    expect_type("routes", routes, Routes)
    if routes.num_nets != design.num_nets:
        raise ValueError(f"routes of {routes.num_nets} nets, expected {design.num_nets}")
    assigner = _Assigner(design, layers, routes)
    wired = (routes.lengths > 0) | (design.pin_counts == 1)
    nets = _order(layers, routes, np.flatnonzero(wired & (np.diff(layers.pin_offsets) > 1)))
    # Clocks have fewer layers than signals. What they leave is enough for the signals wherever the
    # sum over all layers is, but not the other way round.
    clocks = layers.net_is_clock[nets]
    for group in (nets[clocks], nets[~clocks]) if layers.clock else (nets,):
        assigner.assign(group)
    assigner.improve(nets)
    return LayeredRoutes(design, routes, assigner.found.layers, assigner.found.attached)


class _Assigner:
    """The kernels on the arrays of one design."""

    def __init__(self, design: Design, layers: Layers, routes: Routes):
        self.design = design
        self.trees, self.terminals = trees_of(design, routes), terminals_of(layers)
        capacity = layers.capacity.reshape(layers.num_layers, -1)
        self.tracks = kernels.Tracks(
            layers.horizontal,
            capacity,
            np.zeros_like(capacity),
            np.zeros_like(capacity),
            *wire_ranges(layers),
        )
        self.scratch = kernels.new_scratch(
            design.num_tiles,
            layers.num_layers,
            int(routes.lengths.max(initial=0)) + 1,
            int(np.diff(layers.pin_offsets).max(initial=0)),
        )
        self.found = kernels.Assignment(
            layers=np.zeros(len(routes.edges), np.int8),
            attached=np.full(layers.num_terminals, -1, np.int32),
            vias=np.zeros(design.num_nets, np.int32),
            bounds=np.zeros(design.num_nets, np.int32),
        )
        self.spare = np.empty_like(self.found.attached)

    def assign(self, nets: NDArray[np.int64]) -> None:
        """Assign ``nets`` in what those before have left."""
        bad = kernels.first_pass(
            nets, self.trees, self.terminals, self.tracks, self.scratch, self.found
        )
        if bad >= 0:
            raise EdarouteError(
                f"net {self.design.net_names[bad]} has wires that are no tree or miss a terminal: "
                "layers cannot be assigned"
            )
        for number in range(ROUNDS):
            self.reassign(nets, int(kernels.VIA * PRESENT * GROWTH**number), overflowed=True)
            if not kernels.raise_history(self.tracks, int(kernels.VIA * HISTORY)):
                break
        self.reassign(nets, kernels.CLOSED, overflowed=True)

    def improve(self, nets: NDArray[np.int64]) -> None:
        """Look for fewer vias in the tracks that are free."""
        for _ in range(IMPROVEMENTS):
            if not self.reassign(nets, kernels.CLOSED, overflowed=False):
                break

    def reassign(self, nets: NDArray[np.int64], present: int, *, overflowed: bool) -> int:
        """A pass of :func:`eda_router.routing.layer_assignment.reassign_pass`."""
        changed: int = kernels.reassign_pass(
            nets, self.trees, self.terminals, self.tracks, self.scratch,
            self.found, self.spare, present, overflowed,
        )  # fmt: skip
        return changed


def _order(layers: Layers, routes: Routes, nets: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order in which nets are assigned: those with the shortest wires for each terminal first.

    A low layer saves them the most vias for a track.
    """
    wire = routes.lengths[nets] / np.diff(layers.pin_offsets)[nets]
    return nets[np.lexsort((nets, wire))]
