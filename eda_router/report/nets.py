"""Figures of single nets, as one array a figure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, Design, IntArray, Routes
from eda_router.routing.ledger import CapacityLedger


def overflowed_edges(design: Design, routes: Routes) -> IntArray:
    """int32 ``(num_nets,)``: edges of each net's wire whose demand exceeds their capacity."""
    overflow = CapacityLedger.of(design, routes).overflow.reshape(-1)
    owner = np.repeat(np.arange(routes.num_nets), routes.lengths)
    guilty = owner[overflow[routes.edges] > 0]
    return np.bincount(guilty, minlength=routes.num_nets).astype(np.int32)


def find_net(design: Design, name: str) -> int | None:
    """The number of the net with this name, or with this id where no name fits; else None."""
    for net, net_name in enumerate(design.net_names):
        if net_name == name:
            return net
    if name.isdecimal():
        hits = np.flatnonzero(design.net_ids == int(name))
        if len(hits):
            return int(hits[0])
    return None


def wire_segments(edges: IntArray, width: int) -> NDArray[np.float64]:
    """A net's edges as straight lines for drawing.

    Args:
        edges: int32 ``(num_edges,)``, edge ids.
        width: of the grid, tiles.

    Returns:
        float64 ``(num_edges, 2, 2)``: start and end of each edge, each x and y in tiles.
    """
    tile, vertical = edges // 2, edges % 2 != HORIZONTAL
    start = np.stack([tile % width, tile // width], axis=1).astype(np.float64)
    end = start + np.stack([~vertical, vertical], axis=1)
    return np.stack([start, end], axis=1)
