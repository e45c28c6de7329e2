"""How much of each layer is used: what is free, what is taken, what overflows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eda_router.layers import Layers
from eda_router.report.wires import LayerWires

LAYER_HEADS = (
    "Layer",
    "Direction",
    "Resource",
    "Demand",
    "Usage",
    "Full edges",
    "Max overflow",
    "Overflow",
    "Vias up",
)


@dataclass(frozen=True)
class LayerFigures:
    """How the edges of a layer are used.

    Attributes:
        name: of the layer.
        direction: of its wires, ``horizontal`` or ``vertical``; empty for all layers together.
        resource: sum of the edges' tracks.
        demand: sum of the edges' demand, in tracks.
        full: edges whose last track is taken, overflowed ones left out.
        overflow: tracks by which edges exceed their capacity, summed.
        max_overflow: the largest overflow of an edge.
        vias: to the next layer.
    """

    name: str
    direction: str
    resource: int
    demand: int
    full: int
    overflow: int
    max_overflow: int
    vias: int

    @property
    def usage(self) -> float | None:
        """Demand over resource; None without resource."""
        return self.demand / self.resource if self.resource else None

    @property
    def on_map(self) -> bool:
        """Whether there is anything to see on a map of the layer."""
        return bool(self.resource or self.demand)

    @property
    def texts(self) -> tuple[str, ...]:
        """The row of a table under :data:`LAYER_HEADS`."""
        return (
            self.name,
            self.direction,
            f"{self.resource:,}",
            f"{self.demand:,}",
            "–" if self.usage is None else f"{self.usage:.2%}",
            f"{self.full:,}",
            f"{self.max_overflow:,}",
            f"{self.overflow:,}",
            f"{self.vias:,}",
        )


def layer_figures(wires: LayerWires) -> list[LayerFigures]:
    """The figures of each layer that has tracks, wires or vias, bottom up."""
    capacity, demand = wires.ledger.capacity, wires.ledger.demand
    overflow = wires.ledger.overflow
    vias = np.bincount(wires.via_layers, minlength=wires.stack.num_layers)
    found = []
    for layer, name in enumerate(wires.stack.names):
        full = (demand[layer] == capacity[layer]) & (capacity[layer] > 0)
        figures = LayerFigures(
            name=name,
            direction="horizontal" if wires.stack.horizontal[layer] else "vertical",
            resource=int(capacity[layer].sum(dtype=np.int64)),
            demand=int(demand[layer].sum(dtype=np.int64)),
            full=int(np.count_nonzero(full)),
            overflow=int(overflow[layer].sum(dtype=np.int64)),
            max_overflow=int(overflow[layer].max(initial=0)),
            vias=int(vias[layer]),
        )
        if figures.resource or figures.demand or figures.vias:
            found.append(figures)
    return found


def total_figures(layers: Sequence[LayerFigures]) -> LayerFigures:
    """The figures of all layers together."""
    return LayerFigures(
        name="Total",
        direction="",
        resource=sum(figures.resource for figures in layers),
        demand=sum(figures.demand for figures in layers),
        full=sum(figures.full for figures in layers),
        overflow=sum(figures.overflow for figures in layers),
        max_overflow=max((figures.max_overflow for figures in layers), default=0),
        vias=sum(figures.vias for figures in layers),
    )


def unit_of(layers: Layers) -> str:
    """What positions are measured in: files of the contest tell no unit."""
    return "µm" if layers.dbu > 1 else "units"


def extent_text(layers: Layers) -> str:
    """Width and height of the grid, as ``100.1×100.8 µm``."""
    sides = [int(lines[-1] - lines[0]) / layers.dbu for lines in (layers.xs, layers.ys)]
    return f"{sides[0]:,.4g}×{sides[1]:,.4g} {unit_of(layers)}"
