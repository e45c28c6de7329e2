"""Layer assignment: from two-dimensional routes to wires on layers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError
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
        EdarouteError: the wires of a net are no tree, or miss a terminal.
    """
    layers = design.layers
    assert layers is not None
    terminal_counts = np.diff(layers.pin_offsets)
    wired = (routes.lengths > 0) | (design.pin_counts == 1)
    nets = _order(layers, routes, np.flatnonzero(wired & (terminal_counts > 1)))

    trees, terminals = trees_of(design, routes), terminals_of(layers)
    tracks = kernels.Tracks(
        layers.horizontal,
        layers.capacity.reshape(layers.num_layers, -1),
        np.zeros((layers.num_layers, design.num_tiles), np.int32),
        np.zeros((layers.num_layers, design.num_tiles), np.int32),
        *wire_ranges(layers),
    )
    scratch = kernels.new_scratch(
        design.num_tiles,
        layers.num_layers,
        int(routes.lengths.max(initial=0)) + 1,
        int(terminal_counts.max(initial=0)),
    )
    found = kernels.Assignment(
        layers=np.zeros(len(routes.edges), np.int8),
        attached=np.full(layers.num_terminals, -1, np.int32),
        vias=np.zeros(design.num_nets, np.int32),
        bounds=np.zeros(design.num_nets, np.int32),
    )
    bad = kernels.first_pass(nets, trees, terminals, tracks, scratch, found)
    if bad >= 0:
        raise EdarouteError(
            f"net {design.net_names[bad]} has wires that are no tree or miss a terminal: "
            "layers cannot be assigned"
        )
    spare = np.empty_like(found.attached)

    def reassign(present: int, *, overflowed: bool) -> int:
        changed: int = kernels.reassign_pass(
            nets, trees, terminals, tracks, scratch, found, spare, present, overflowed
        )
        return changed

    for number in range(ROUNDS):
        reassign(int(kernels.VIA * PRESENT * GROWTH**number), overflowed=True)
        if not kernels.raise_history(tracks, int(kernels.VIA * HISTORY)):
            break
    reassign(kernels.CLOSED, overflowed=True)
    for _ in range(IMPROVEMENTS):
        if not reassign(kernels.CLOSED, overflowed=False):
            break
    return LayeredRoutes(design, routes, found.layers, found.attached)


def _order(layers: Layers, routes: Routes, nets: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order in which nets choose their layers.

    Clocks come first, since they have fewer layers than signals: what they leave is enough for the
    signals wherever the sum over all layers is. Then those with the shortest wires for each of
    their terminals: a low layer saves them the most vias for a track.
    """
    wire = routes.lengths[nets] / np.diff(layers.pin_offsets)[nets]
    return nets[np.lexsort((nets, wire, ~layers.net_is_clock[nets]))]
