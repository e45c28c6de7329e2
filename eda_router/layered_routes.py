"""Routes with a layer for every edge: what a guide and a contest's solution are written from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, Routes, layers_of
from eda_router.errors import expect_type
from eda_router.layers import Layers


@dataclass(frozen=True, eq=False)
class Stacks:
    """The layers that nets use in tiles: in each tile without a gap from the lowest to the highest.

    Arrays of one length, in order of net, then tile; a net has one entry for each tile that it
    touches.

    Attributes:
        nets: int32, number of the net.
        tiles: int32.
        lows: int8, lowest layer.
        highs: int8, highest layer. ``highs - lows`` vias join them.
    """

    nets: IntArray
    tiles: IntArray
    lows: NDArray[np.int8]
    highs: NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class LayeredRoutes:
    """The wires of a design's nets on its layers. Vias follow from them.

    Attributes:
        design: a design with layers.
        routes: the edges of each net, a tree.
        edge_layers: int8 ``(len(routes.edges),)``, the layer of each edge, one of its direction.
        attached: int32 ``(num_terminals,)``, the candidate at which each terminal is reached, or
            -1: its net has one terminal only, or no wire though it needs one.

    Raises:
        TypeError: a part is of another type.
        ValueError: a part does not fit the design.
        EdarouteError: the design has no layers.

    Example:
        >>> import eda_router
        >>> config = eda_router.RouteConfig(router="maze")
        >>> layered = eda_router.route_layered(eda_router.read("synth-chip"), config).layered
        >>> layered.demand.shape, int(layered.demand.sum()) == layered.routes.wirelength
        ((6, 24, 24), True)
    """

    design: Design
    routes: Routes
    edge_layers: NDArray[np.int8] = field(repr=False)
    attached: IntArray = field(repr=False)

    def __post_init__(self) -> None:
        layers = layers_of(self.design)
        expect_type("routes", self.routes, Routes)
        for name, wanted, dtype in (
            ("edge_layers", self.routes.wirelength, np.int8),
            ("attached", layers.num_terminals, np.int32),
        ):
            array = getattr(self, name)
            expect_type(name, array, np.ndarray)
            if array.dtype != dtype:
                raise TypeError(f"{name}: {array.dtype}, expected {dtype.__name__}")
            if array.shape != (wanted,):
                raise ValueError(f"{name} {array.shape}, expected {(wanted,)}")
        if self.routes.num_nets != self.design.num_nets:
            raise ValueError(
                f"routes of {self.routes.num_nets} nets, expected {self.design.num_nets}"
            )

    @property
    def layers(self) -> Layers:
        """The layers of the design."""
        return layers_of(self.design)

    @cached_property
    def demand(self) -> IntArray:
        """int32 ``(num_layers, height, width)``: nets on each edge, as ``Layers.capacity``."""
        design, layers = self.design, self.layers
        place = self.edge_layers.astype(np.int64) * design.num_tiles + (self.routes.edges >> 1)
        demand = np.bincount(place, minlength=layers.num_layers * design.num_tiles)
        return demand.astype(np.int32).reshape(layers.capacity.shape)

    @property
    def overflow(self) -> IntArray:
        """int32 ``(num_layers, height, width)``: demand above capacity."""
        overflow: IntArray = np.maximum(self.demand - self.layers.capacity, 0)
        return overflow

    @cached_property
    def stacks(self) -> Stacks:
        """The layers that each net uses in each of its tiles."""
        design, layers = self.design, self.layers
        tiles = design.num_tiles
        wire_net = np.repeat(np.arange(design.num_nets), self.routes.lengths)
        tile, vertical = np.divmod(self.routes.edges.astype(np.int64), 2)
        far = tile + np.where(vertical, design.width, 1)
        terminal_net = np.repeat(np.arange(design.num_nets), np.diff(layers.pin_offsets))
        reached = self.attached >= 0
        candidate = self.attached[reached]
        keys = np.concatenate(
            [
                wire_net * tiles + tile,
                wire_net * tiles + far,
                terminal_net[reached] * tiles + layers.candidate_tiles[candidate],
            ]
        )
        used = np.concatenate(
            [self.edge_layers, self.edge_layers, layers.candidate_layers[candidate]]
        )
        order = np.argsort(keys, kind="stable")
        keys, used = keys[order], used[order]
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        nets = keys[starts] // tiles
        lows = np.minimum.reduceat(used, starts) if len(starts) else used
        highs = np.maximum.reduceat(used, starts) if len(starts) else used
        # A net within one tile has no wire on a layer of its range; its stack ends in the range.
        first, last = wire_ranges(layers)
        wireless = self.routes.lengths[nets] == 0
        return Stacks(
            nets=nets.astype(np.int32),
            tiles=(keys[starts] % tiles).astype(np.int32),
            lows=np.where(wireless, np.minimum(lows, last[nets]), lows),
            highs=np.where(wireless, np.maximum(highs, first[nets]), highs),
        )

    @property
    def num_vias(self) -> int:
        """Transitions between neighbouring layers, over all nets."""
        return int(np.sum(self.stacks.highs.astype(np.int64) - self.stacks.lows))


def wire_ranges(layers: Layers) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """First and last layer on which each net is routed, int8 ``(num_nets,)`` each."""
    signal, clock = layers.signal, layers.clock or layers.signal
    first = np.where(layers.net_is_clock, clock[0], signal[0]).astype(np.int8)
    last = np.where(layers.net_is_clock, clock[1], signal[1]).astype(np.int8)
    return first, last
