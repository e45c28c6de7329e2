"""The flow on designs with layers: routes on the plane, then a layer for every edge."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.clock import PhaseTime, timed
from eda_router.config import RouteConfig
from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray, Routes, layers_of
from eda_router.errors import expect_type
from eda_router.layered_routes import LayeredRoutes
from eda_router.layers import Layers
from eda_router.routing.dead_ends import cut_dead_ends
from eda_router.routing.flow import load_kernels, route_until
from eda_router.routing.hook import Hook, PassState
from eda_router.routing.layers import assign_layers
from eda_router.routing.result import RoutingResult
from eda_router.routing.shortage import shortage_details
from eda_router.routing.straighten import straighten

CLOCKS_SHARE = 0.5
"""Share of the time limit after which clocks that are routed first must be done."""


@dataclass(frozen=True, eq=False)
class LayeredResult:
    """A design routed on its layers.

    Attributes:
        result: the routes on the plane and how they came about. The pins of its design lie where
            the routes reach their terminals.
        layered: the same routes on layers.
    """

    result: RoutingResult
    layered: LayeredRoutes


def route_layered(
    design: Design,
    config: RouteConfig | None = None,
    *,
    on_pass: Callable[[PassState], object] | None = None,
) -> LayeredResult:
    """Route every net of a design with layers, and assign the layers.

    Clocks that may use other layers than signals are routed first, within the tracks of their own
    layers; the signals then take what is left. So whatever is legal on the plane is legal on the
    layers.

    Args:
        design: grid, layers and nets.
        config: settings; the defaults when None.
        on_pass: shown the state after each pass, see :func:`eda_router.routing.flow.route`. When
            it ends the run while clocks are routed first, the signals get their first pass.

    Returns:
        The routes on the plane, and on layers.

    Raises:
        TypeError: an argument is of another type.
        EdarouteError: the design has no layers, or the router asked for cannot run here.

    Example:
        >>> from eda_router import RouteConfig, read
        >>> done = route_layered(read("synth-chip"), RouteConfig(router="maze"))
        >>> int(done.layered.overflow.sum()), len(done.result.unrouted)
        (0, 0)
        >>> done.layered.demand.shape
        (6, 24, 24)
    """
    layers = layers_of(design)
    config = RouteConfig() if config is None else config
    expect_type("config", config, RouteConfig)
    hook = None if on_pass is None else Hook(on_pass)
    limit = config.time_limit
    if limit is not None:
        load_kernels()
    began = time.monotonic()

    def route(part: Design, share: float = 1.0) -> RoutingResult:
        deadline = None if limit is None else began + share * limit
        return route_until(part, config, hook=hook, deadline=deadline)

    clocks = np.flatnonzero(layers.net_is_clock)
    if len(clocks) and layers.clock not in (None, layers.signal):
        flat = _clocks_first(design, layers, clocks, route)
    else:
        flat = route(design)
    phases = dict(flat.phases)
    with timed(phases, "layers"):
        moved, routes = cut_dead_ends(design, flat.routes)
        # Clocks may not leave the tracks that they share out among themselves.
        movable = np.arange(design.num_nets)[~layers.net_is_clock]
        routes = straighten(moved, routes, movable)
        layered = assign_layers(moved, routes)
    result = dataclasses.replace(flat, design=moved, routes=routes, phases=phases)
    return LayeredResult(result, layered)


def _clocks_first(
    design: Design,
    layers: Layers,
    clocks: NDArray[np.int64],
    route: Callable[..., RoutingResult],
) -> RoutingResult:
    """Route the clocks on their layers, then the other nets in what is left on theirs."""
    first, last = layers.clock or layers.signal
    among = np.arange(layers.num_layers)
    for_clocks = (among >= first) & (among <= last)
    shared = for_clocks & (among >= layers.signal[0]) & (among <= layers.signal[1])
    one = route(_part(design, clocks, _flat(layers, for_clocks)), CLOCKS_SHARE)
    taken = np.minimum(one.ledger.demand, _flat(layers, shared))
    others = np.setdiff1d(np.arange(design.num_nets), clocks)
    other = route(_part(design, others, design.capacity - taken))
    stage = np.zeros(design.num_nets, np.uint8)
    stage[clocks], stage[others] = one.stage, other.stage
    details = {**other.details}
    details["out_of_time"] = one.details["out_of_time"] or other.details["out_of_time"]
    if one.exit_status or other.exit_status:
        unrouted = np.concatenate([clocks[one.unrouted], others[other.unrouted]])
        demand = one.ledger.demand + other.ledger.demand
        details |= shortage_details(design, demand, unrouted)
    names = dict.fromkeys([*one.phases, *other.phases])
    spent = [[part.phases.get(name, PhaseTime()) for part in (one, other)] for name in names]
    return RoutingResult(
        design=design,
        routes=_joined(design.num_nets, ((clocks, one.routes), (others, other.routes))),
        stage=stage,
        phases={
            name: PhaseTime(sum(part.wall for part in parts), sum(part.cpu for part in parts))
            for name, parts in zip(names, spent, strict=True)
        },
        passes=one.passes + other.passes,
        config=other.config,
        details=details,
    )


def _flat(layers: Layers, chosen: NDArray[np.bool_]) -> IntArray:
    """int32 ``(height, width, 2)``: tracks of the chosen layers in both directions."""
    flat = np.zeros((*layers.capacity.shape[1:], 2), np.int32)
    flat[..., HORIZONTAL] = layers.capacity[chosen & layers.horizontal].sum(axis=0)
    flat[..., VERTICAL] = layers.capacity[chosen & ~layers.horizontal].sum(axis=0)
    return flat


def _part(design: Design, nets: NDArray[np.int64], capacity: IntArray) -> Design:
    """Some nets of a design on other capacities, without layers."""
    offsets, pins = design.pins_of(nets)
    return Design(
        name=design.name,
        width=design.width,
        height=design.height,
        capacity=capacity,
        net_names=[design.net_names[net] for net in nets.tolist()],
        net_ids=design.net_ids[nets],
        pin_offsets=offsets,
        pins=pins,
    )


def _joined(num_nets: int, parts: tuple[tuple[NDArray[np.int64], Routes], ...]) -> Routes:
    """Routes of all nets from those of some and of the others."""
    lengths = np.zeros(num_nets, np.int64)
    for nets, routes in parts:
        lengths[nets] = routes.lengths
    offsets = np.zeros(num_nets + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    edges = np.zeros(offsets[-1], np.int32)
    for nets, routes in parts:
        place = np.repeat(offsets[nets] - routes.offsets[:-1], routes.lengths)
        edges[place + np.arange(routes.wirelength)] = routes.edges
    return Routes(offsets, edges)
