"""Why a design cannot be routed: the edges that overflow prices name, and the nets that need them.

Priced edges are a cut, or several: what all nets together have to cross there, weighted by prices,
is more than the tracks there are, by as much as the bound says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, Routes
from eda_router.verification import components

WHOLE = 0.5
"""Price, as a share of a track, from which on an edge is told of."""


@dataclass(frozen=True, eq=False)
class Shortage:
    """A cut of edges that lack tracks together: the lines between their tiles touch.

    Attributes:
        edges: int32 edge ids, rising.
        box: lowest column and row, highest column and row of the tiles at these edges.
        tracks: there are.
        wires: that cross them in the routing at hand.
        nets: int64, the nets of these wires, those with most of them first.
    """

    edges: IntArray
    box: tuple[int, int, int, int]
    tracks: int
    wires: int
    nets: NDArray[np.int64]

    @property
    def missing(self) -> int:
        """Wires beyond the tracks, in the routing at hand; at least 0."""
        return max(0, self.wires - self.tracks)


def shortages(
    design: Design, prices: NDArray[np.int64], scale: int, routes: Routes
) -> list[Shortage]:
    """Where tracks are missing, the greatest shortage first.

    Args:
        design: what was routed.
        prices: int64 ``(height, width, 2)``, of a certificate of overflow.
        scale: the price of a whole track.
        routes: a routing, best one with the least overflow.

    Returns:
        edges of half a track's price and more where the routing has more wires than there are
        tracks; together those between whose tiles lie touching lines, as in a straight cut.
    """
    capacity = design.capacity.reshape(-1)
    priced = np.flatnonzero((prices.reshape(-1) >= WHOLE * scale) & (capacity > 0))
    if len(priced) == 0:
        return []
    begin, end = _corners(priced, design.width)
    corners = (design.width + 1) * (design.height + 1)
    parts = components(corners, begin, end)[begin]
    net_of = np.repeat(np.arange(routes.num_nets), routes.lengths)
    found = []
    for part in np.unique(parts):
        edges = priced[parts == part]
        there = np.isin(routes.edges, edges)
        nets, counts = np.unique(net_of[there], return_counts=True)
        tiles = np.concatenate(_tiles(edges, design.width))
        x, y = tiles % design.width, tiles // design.width
        found.append(
            Shortage(
                edges.astype(np.int32),
                (int(x.min()), int(y.min()), int(x.max()), int(y.max())),
                int(capacity[edges].sum()),
                int(there.sum()),
                nets[np.lexsort((nets, -counts))],
            )
        )
    return sorted((one for one in found if one.missing), key=lambda one: -one.missing)


def _corners(edges: NDArray[np.int64], width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Both ends of the line between the two tiles of each edge, as numbers of corners."""
    tile = edges >> 1
    # A tile's lower left corner; the line begins at the lower right or the upper left one.
    corner = tile // width * (width + 1) + tile % width
    upward = edges & 1
    return corner + np.where(upward, width + 1, 1), corner + width + 2


def _tiles(edges: NDArray[np.int64], width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The two tiles of each edge."""
    owner = edges >> 1
    return owner, owner + np.where(edges & 1, width, 1)
