"""Nets and edges by name and place: plain values for JSON, and lines for people."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, Routes
from eda_router.routing.ledger import CapacityLedger

_NAMED_AT_MOST = 10
_NETS_OF_AN_EDGE_AT_MOST = 5


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


def named_nets(what: str, nets: list[dict[str, Any]]) -> list[str]:
    """A line for each of the first few nets of :func:`net_places`, and how many more there are."""
    lines = []
    for net in nets[:_NAMED_AT_MOST]:
        (x1, y1), (x2, y2) = net["box"]
        lines.append(f"{what}: net {net['name']}, pins from ({x1},{y1}) to ({x2},{y2})")
    return lines + _more(what, len(nets))


def named_edges(places: list[dict[str, Any]]) -> list[str]:
    """A line for each of the worst few edges of :func:`overflow_places`."""
    lines = []
    worst = sorted(places, key=lambda place: place["capacity"] - place["demand"])
    for place in worst[:_NAMED_AT_MOST]:
        (x1, y1), (x2, y2) = place["edge"]
        nets = place["nets"]
        more = len(nets) - _NETS_OF_AN_EDGE_AT_MOST
        lines.append(
            f"overflow: edge ({x1},{y1})-({x2},{y2}), {place['demand']} nets on "
            f"{place['capacity']} tracks: {', '.join(nets[:_NETS_OF_AN_EDGE_AT_MOST])}"
            + (f" and {more} more" if more > 0 else "")
        )
    return lines + _more("overflow", len(places))


def _more(what: str, count: int) -> list[str]:
    more = count - _NAMED_AT_MOST
    return [f"{what}: {more} more, all in the JSON summary"] if more > 0 else []
