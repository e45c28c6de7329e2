"""Nets and edges by name and place: plain values for JSON, and lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, Routes
from eda_router.routing.ledger import CapacityLedger

if TYPE_CHECKING:
    from eda_router.guide_verification import GuideVerification

_NAMED_AT_MOST = 10


def edge_tiles(design: Design, edge: int) -> list[list[int]]:
    """The two tiles of an edge as ``[[x, y], [x, y]]``."""
    tile, direction = divmod(int(edge), 2)
    y, x = divmod(tile, design.width)
    return [[x, y], [x + 1 - direction, y + direction]]


def net_places(design: Design, nets: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Name and bounding box ``[[x, y], [x, y]]`` of each of ``nets``."""
    places = []
    for net in nets.tolist():
        rows, columns = np.divmod(design.net_pins(net), design.width)
        places.append(
            {
                "name": design.net_names[net],
                "box": [
                    [int(columns.min()), int(rows.min())],
                    [int(columns.max()), int(rows.max())],
                ],
            }
        )
    return places


def overflow_places(design: Design, routes: Routes) -> list[dict[str, Any]]:
    """Each overflowed edge with its tiles, capacity, demand and the names of its nets."""
    ledger = CapacityLedger.of(design, routes)
    capacity, demand = ledger.capacity.reshape(-1), ledger.demand.reshape(-1)
    owner = np.repeat(np.arange(design.num_nets), routes.lengths)
    guilty = demand[routes.edges] > capacity[routes.edges]
    nets_of: dict[int, list[str]] = {}
    for edge, net in sorted(
        zip(routes.edges[guilty].tolist(), owner[guilty].tolist(), strict=True)
    ):
        nets_of.setdefault(edge, []).append(design.net_names[net])
    return [
        {
            "edge": edge_tiles(design, edge),
            "capacity": int(capacity[edge]),
            "demand": int(demand[edge]),
            "nets": nets,
        }
        for edge, nets in nets_of.items()
    ]


def layer_overflow_places(design: Design, check: GuideVerification) -> list[dict[str, Any]]:
    """As :func:`overflow_places` for the edges of layers, with the name of the layer."""
    layers = design.layers
    assert layers is not None
    volume = check.demand.size
    capacity, demand = layers.capacity.reshape(-1), check.demand.reshape(-1)
    net, place = np.divmod(check.crossings, volume)
    guilty = demand[place] > capacity[place]
    nets_of: dict[int, list[str]] = {}
    for edge, owner in sorted(zip(place[guilty].tolist(), net[guilty].tolist(), strict=True)):
        nets_of.setdefault(edge, []).append(design.net_names[owner])
    found = []
    for edge, nets in nets_of.items():
        layer, tile = divmod(edge, design.num_tiles)
        found.append(
            {
                "layer": layers.names[layer],
                "edge": edge_tiles(design, 2 * tile + (not layers.horizontal[layer])),
                "capacity": int(capacity[edge]),
                "demand": int(demand[edge]),
                "nets": nets,
            }
        )
    return found


def named_nets(what: str, nets: list[dict[str, Any]]) -> list[str]:
    """A line for each of the first few nets of :func:`net_places`, and how many more there are."""
    lines = []
    for net in nets[:_NAMED_AT_MOST]:
        (x1, y1), (x2, y2) = net["box"]
        lines.append(f"{what}: net {net['name']}, pins from ({x1},{y1}) to ({x2},{y2})")
    return lines + _more(what, len(nets))


def named_edges(places: list[dict[str, Any]]) -> list[str]:
    """A line for each of the worst few edges of :func:`overflow_places`, or of layers."""
    lines = []
    worst = sorted(places, key=lambda place: place["capacity"] - place["demand"])
    for place in worst[:_NAMED_AT_MOST]:
        (x1, y1), (x2, y2) = place["edge"]
        layer = f" of {place['layer']}" if "layer" in place else ""
        lines.append(
            f"overflow: edge ({x1},{y1})-({x2},{y2}){layer}, {place['demand']} nets on "
            f"{place['capacity']} tracks: {first_names(place['nets'])}"
        )
    return lines + _more("overflow", len(places))


def first_names(names: Sequence[str], most: int = 5) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _more(what: str, count: int) -> list[str]:
    more = count - _NAMED_AT_MOST
    return [f"{what}: {more} more, all in the JSON summary"] if more > 0 else []
