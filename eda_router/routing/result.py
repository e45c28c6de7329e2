"""What a router hands back: the wires, and how they came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.clock import PhaseTime
from eda_router.config import RouteConfig
from eda_router.design import Design, Routes
from eda_router.routing.ledger import CapacityLedger


class RouteSource(IntEnum):
    """Who gave a net its final wire."""

    TRIVIAL = 0  # all pins in one tile, no wire needed
    UNROUTED = 1
    DRAWN = 2  # by the model at the first try
    REDRAWN = 3  # by the model, again by what its first drawing tells
    SAMPLED = 4  # by the model, from a sample of the latent
    JOINED = 5  # drawn by the model in parts that a kernel joined
    MAZE = 6  # by the maze router
    NEGOTIATED = 7  # ripped up and rerouted because of overflow
    REFINED = 8  # shortened through free tracks, after negotiation


BY_MODEL = (RouteSource.DRAWN, RouteSource.REDRAWN, RouteSource.SAMPLED, RouteSource.JOINED)
"""Sources whose tree lies in what the model drew."""


@dataclass(frozen=True)
class PassRow:
    """The state after one pass over the nets, a row of the status table.

    Attributes:
        name: of the pass, such as ``first`` or ``negotiate 3``.
        seconds: on the clock since routing began.
        rerouted: nets that the pass routed.
        overflow: total overflow, tracks.
        max_overflow: largest overflow of an edge, tracks.
        overflowed_edges: edges with overflow.
        wirelength: of all nets, tile edges.
    """

    name: str
    seconds: float
    rerouted: int
    overflow: int
    max_overflow: int
    overflowed_edges: int
    wirelength: int


@dataclass(repr=False)
class RoutingResult:
    """A routed design.

    Attributes:
        design: what was routed.
        routes: the wires.
        stage: uint8 ``(num_nets,)``, the :class:`RouteSource` of each net.
        phases: time of each phase, in the order in which they ran.
        passes: the status table.
        config: the settings used.
        details: whatever else a router wants to tell; plain values that JSON can hold. Of every
            run: ``out_of_time``, whether the time limit ended something early; ``negotiation``,
            empty without one, else its ``rounds``, the ``least_overflow`` that it reached (tracks)
            and whether it ``stalled``, that is ended because overflow no longer fell. Where nets
            or tracks are missing: ``missing_tracks``, a lower bound on the overflow of any routing
            of all nets. Where another run than the one asked for was kept: ``run``, its name.
            Where ``on_pass`` ended the run: ``stopped``, True.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> result = eda_router.route(design, eda_router.RouteConfig(router="maze"))
        >>> result.total_overflow, len(result.unrouted), result.exit_status
        (0, 0, 0)
        >>> result.wirelength == int(result.ledger.demand.sum())
        True
    """

    design: Design
    routes: Routes
    stage: NDArray[np.uint8]
    phases: dict[str, PhaseTime]
    passes: list[PassRow]
    config: RouteConfig
    details: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"RoutingResult({self.design.name!r}, wirelength {self.wirelength}, "
            f"overflow {self.total_overflow}, {len(self.unrouted)} nets unrouted)"
        )

    @cached_property
    def ledger(self) -> CapacityLedger:
        """A ledger in which all routes are booked."""
        return CapacityLedger.of(self.design, self.routes)

    @property
    def total_overflow(self) -> int:
        """Sum of all edges' overflow, tracks."""
        return self.ledger.total_overflow

    @property
    def max_overflow(self) -> int:
        """The largest overflow of an edge, tracks."""
        return self.ledger.max_overflow

    @property
    def wirelength(self) -> int:
        """Number of (net, edge) pairs."""
        return self.routes.wirelength

    @cached_property
    def unrouted(self) -> NDArray[np.int64]:
        """Indices of the nets that need a wire and have none."""
        routable = self.design.routable
        unrouted: NDArray[np.int64] = routable[self.routes.lengths[routable] == 0]
        return unrouted

    @property
    def exit_status(self) -> int:
        """0 when every net is routed and no edge overflows, else 1."""
        return int(len(self.unrouted) > 0 or self.total_overflow > 0)
