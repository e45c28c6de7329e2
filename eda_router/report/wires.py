"""The wires and vias of a guide or of a contest's solution, net by net and layer by layer.

A *cell* is a tile on a layer for a net, ``(net * num_layers + layer) * num_tiles + tile``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray, Routes, layers_of
from eda_router.formats.guide import Guide
from eda_router.formats.ispd08 import Problem
from eda_router.formats.ispd08_solution import Solution
from eda_router.guide_verification import box_cells, box_crossings, box_spans, verify_guide
from eda_router.ispd08_verification import solution_units, verify_solution
from eda_router.layers import Layers
from eda_router.routing.ledger import CapacityLedger
from eda_router.verification import distinct


@dataclass(frozen=True, eq=False)
class LayerWires:
    """What nets use on the layers of a design, and what their evaluator says.

    Attributes:
        design: a design with layers.
        offsets: int64 ``(num_nets + 1,)``, net i's edges are ``edges[offsets[i]:offsets[i + 1]]``.
        edges: int32 edge ids, sorted within a net; one that a net uses on several layers stands
            there once for each. Guides may cross edges against the direction of their layer.
        layers: int8, the layer of each edge.
        via_offsets: int64 ``(num_nets + 1,)``, into the vias.
        via_tiles: int32, the tile of each via, sorted within a net.
        via_layers: int8, the lower of the two layers that each via joins.
        cells: int64, distinct cells that the nets touch, sorted.
        nets_to_route: nets that need wires or vias.
        disconnected_nets: int64, those whose pins are not joined, sorted.
    """

    design: Design
    offsets: NDArray[np.int64] = field(repr=False)
    edges: IntArray = field(repr=False)
    layers: NDArray[np.int8] = field(repr=False)
    via_offsets: NDArray[np.int64] = field(repr=False)
    via_tiles: IntArray = field(repr=False)
    via_layers: NDArray[np.int8] = field(repr=False)
    cells: NDArray[np.int64] = field(repr=False)
    nets_to_route: int
    disconnected_nets: NDArray[np.int64] = field(repr=False)

    @property
    def stack(self) -> Layers:
        """The layers of the design."""
        return layers_of(self.design)

    @property
    def lengths(self) -> IntArray:
        """int32 ``(num_nets,)``: edges of each net, each once a layer."""
        return np.diff(self.offsets).astype(np.int32)

    @property
    def via_counts(self) -> IntArray:
        """int32 ``(num_nets,)``: vias of each net."""
        return np.diff(self.via_offsets).astype(np.int32)

    @property
    def wirelength(self) -> int:
        """Edges of all nets, each once a net and layer."""
        return len(self.edges)

    @property
    def num_vias(self) -> int:
        """Vias of all nets."""
        return len(self.via_tiles)

    @cached_property
    def routes(self) -> Routes:
        """The edges without their layers, each once a net."""
        edges = 2 * self.design.num_tiles
        nets = np.repeat(np.arange(self.design.num_nets, dtype=np.int64), self.lengths)
        keys = distinct(nets * edges + self.edges)
        offsets = np.searchsorted(keys, np.arange(self.design.num_nets + 1) * edges)
        return Routes(offsets.astype(np.int64), (keys % edges).astype(np.int32))

    @cached_property
    def ledger(self) -> CapacityLedger:
        """Capacity and demand, int32 ``(num_layers, height, width, 2)`` each.

        Edges against the direction of their layer have no capacity.
        """
        design, capacity = self.design, both_directions(self.stack)
        place = self.layers.astype(np.int64) * 2 * design.num_tiles + self.edges
        demand = np.bincount(place, minlength=capacity.size).astype(np.int32)
        return CapacityLedger(capacity, demand.reshape(capacity.shape))

    def layer_ledger(self, layer: int) -> CapacityLedger:
        """Capacity and demand of a layer, int32 ``(height, width, 2)`` each."""
        return CapacityLedger(self.ledger.capacity[layer], self.ledger.demand[layer])

    @property
    def flat_ledger(self) -> CapacityLedger:
        """Capacity and demand summed over all layers, int32 ``(height, width, 2)`` each."""
        return CapacityLedger(*(
            array.sum(axis=0, dtype=np.int32)
            for array in (self.ledger.capacity, self.ledger.demand)
        ))  # fmt: skip

    @property
    def used_layers(self) -> list[int]:
        """The layers with wire, bottom up."""
        return np.flatnonzero(np.bincount(self.layers, minlength=self.stack.num_layers)).tolist()

    def net_cells(self, net: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Layers and tiles of the cells of net number ``net``, in order of layer, then tile."""
        tiles = self.design.num_tiles
        volume = self.stack.num_layers * tiles
        first, last = np.searchsorted(self.cells, [net * volume, (net + 1) * volume])
        layers, places = np.divmod(self.cells[first:last] % volume, tiles)
        return layers, places

    @cached_property
    def terminal_tiles(self) -> IntArray:
        """int32 ``(num_terminals,)``: the first tile at which each terminal is reached, or -1."""
        layers = self.stack
        terminals = np.repeat(np.arange(layers.num_terminals), np.diff(layers.candidate_offsets))
        nets = np.repeat(np.arange(self.design.num_nets), np.diff(layers.pin_offsets))
        cells = nets[terminals] * layers.num_layers + layers.candidate_layers
        cells = cells * self.design.num_tiles + layers.candidate_tiles
        reached = np.flatnonzero(np.isin(cells, self.cells))[::-1]
        tiles = np.full(layers.num_terminals, -1, np.int32)
        tiles[terminals[reached]] = layers.candidate_tiles[reached]
        return tiles

    @property
    def pins(self) -> tuple[IntArray, IntArray]:
        """Where the terminals are: the tiles at which they are reached, else their first.

        Returns:
            int32 ``(num_nets,)`` counts, and int32 tiles, each once a net and sorted within it.
        """
        layers, tiles = self.stack, self.design.num_tiles
        first = layers.candidate_tiles[layers.candidate_offsets[:-1]]
        chosen = np.where(self.terminal_tiles < 0, first, self.terminal_tiles)
        nets = np.repeat(np.arange(self.design.num_nets), np.diff(layers.pin_offsets))
        keys = distinct(np.sort(nets * tiles + chosen))
        counts = np.bincount(keys // tiles, minlength=self.design.num_nets)
        return counts.astype(np.int32), (keys % tiles).astype(np.int32)

    def layers_text(self, net: int) -> str:
        """The layers of a net's cells in words, as ``metal1 to metal3``."""
        layers, names = np.unique(self.net_cells(net)[0]), self.stack.names
        if not len(layers):
            return "no layer"
        first, last = names[layers[0]], names[layers[-1]]
        return first if first == last else f"{first} to {last}"


def both_directions(layers: Layers) -> IntArray:
    """int32 ``(num_layers, height, width, 2)``: capacity, none against a layer's direction."""
    capacity = np.zeros((*layers.capacity.shape, 2), np.int32)
    capacity[layers.horizontal, ..., HORIZONTAL] = layers.capacity[layers.horizontal]
    capacity[~layers.horizontal, ..., VERTICAL] = layers.capacity[~layers.horizontal]
    return capacity


def guide_wires(design: Design, guide: Guide) -> LayerWires:
    """The wires and vias of a guide of ``design``, counted as its evaluator counts them."""
    layers = layers_of(design)
    spans = box_spans(layers, guide)
    cells, _ = box_cells(design, layers, guide, spans)
    below = cells[cells // design.num_tiles % layers.num_layers < layers.num_layers - 1]
    check = verify_guide(design, guide)
    owner = np.repeat(np.arange(design.num_nets), np.diff(layers.pin_offsets))
    apart = (
        check.missing_nets,
        check.disconnected_nets,
        check.sideways_nets,
        owner[check.uncovered_terminals],
    )
    return _wires(
        design,
        *box_crossings(design, layers, guide, spans),
        vias=below[np.isin(below + design.num_tiles, cells)],
        cells=cells,
        nets_to_route=check.nets_to_route,
        disconnected_nets=np.unique(np.concatenate(apart)),
    )


def solution_wires(design: Design, problem: Problem, solution: Solution) -> LayerWires:
    """The wires and vias of a solution of ``problem``, which ``design`` was made of."""
    check = verify_solution(problem, solution)
    cell, axis = solution_units(problem, solution)
    steps = np.array([1, design.width, design.num_tiles])
    return _wires(
        design,
        cell[axis == 0],
        cell[axis == 1],
        vias=cell[axis == 2],
        cells=distinct(np.sort(np.concatenate([cell, cell + steps[axis]]))),
        nets_to_route=check.nets_to_route,
        disconnected_nets=check.disconnected_nets,
    )


def _wires(
    design: Design,
    across: NDArray[np.int64],
    upward: NDArray[np.int64],
    *,
    vias: NDArray[np.int64],
    cells: NDArray[np.int64],
    nets_to_route: int,
    disconnected_nets: NDArray[np.int64],
) -> LayerWires:
    """Wires from the cells that own the edges to the right and upwards, and the vias upwards."""
    tiles, num_layers = design.num_tiles, layers_of(design).num_layers
    group, tile = np.divmod(np.concatenate([across, upward]), tiles)
    nets, layers = np.divmod(group, num_layers)
    edges = 2 * tile + np.repeat([HORIZONTAL, VERTICAL], [len(across), len(upward)])
    order = np.lexsort((layers, edges, nets))
    via_group, via_tiles = np.divmod(vias, tiles)
    via_nets, via_layers = np.divmod(via_group, num_layers)
    via_order = np.lexsort((via_layers, via_tiles, via_nets))
    bounds = np.arange(design.num_nets + 1)
    return LayerWires(
        design=design,
        offsets=np.searchsorted(nets[order], bounds).astype(np.int64),
        edges=edges[order].astype(np.int32),
        layers=layers[order].astype(np.int8),
        via_offsets=np.searchsorted(via_nets[via_order], bounds).astype(np.int64),
        via_tiles=via_tiles[via_order].astype(np.int32),
        via_layers=via_layers[via_order].astype(np.int8),
        cells=cells,
        nets_to_route=nets_to_route,
        disconnected_nets=disconnected_nets,
    )
