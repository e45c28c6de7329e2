"""Other routers' figures on circuits that are known by their statistics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from eda_router.design import Design


@dataclass(frozen=True)
class Peer:
    """What another router reached on a circuit, with total overflow 0.

    Attributes:
        name: of the router.
        measured: True when measured beside the others on one machine, False as published.
        wirelength: tile edges.
        seconds: of processor time, or as the paper states them.
    """

    name: str
    measured: bool
    wirelength: int
    seconds: float


@dataclass(frozen=True)
class KnownCircuit:
    """A circuit others routed too.

    Attributes:
        name: the circuit's usual name.
        steiner: sum of the lengths of the nets' shortest trees, each net alone, tile edges.
        peers: other routers' figures, shortest wirelength first.
    """

    name: str
    steiner: int
    peers: tuple[Peer, ...]


@cache
def _table() -> dict[str, Any]:
    import yaml

    text = files("eda_router.report").joinpath("peers.yaml").read_text(encoding="utf-8")
    table: dict[str, Any] = yaml.safe_load(text)
    return table


def known_circuit(design: Design) -> KnownCircuit | None:
    """The circuit whose grid, capacities and net counts ``design`` has, whatever its file's name.

    Returns:
        None where no known circuit agrees in all of them, or where capacities are not uniform.
    """
    table = _table()
    horizontal, vertical = (
        np.unique(design.horizontal_capacity),
        np.unique(design.vertical_capacity),
    )
    if len(horizontal) != 1 or len(vertical) != 1:
        return None
    statistics = {
        "grid": [design.width, design.height],
        "vertical": int(vertical[0]),
        "horizontal": int(horizontal[0]),
        "nets": design.num_nets,
        "routable": len(design.routable),
    }
    if statistics not in table["statistics"]:
        return None
    place = table["statistics"].index(statistics)
    peers = [
        Peer(router["name"], kind == "measured", router["wirelength"][place], router["cpu"][place])
        for kind in ("measured", "published")
        for router in table[kind]["routers"]
        if router["wirelength"][place] is not None
    ]
    peers.sort(key=lambda peer: peer.wirelength)
    return KnownCircuit(table["circuits"][place], table["steiner_bound"][place], tuple(peers))
