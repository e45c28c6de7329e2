"""Straight pieces of wire, joined from edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray
from eda_router.layered_routes import LayeredRoutes


@dataclass(frozen=True, eq=False)
class LayerSegments:
    """The wires of nets as the longest straight pieces, arrays of one length.

    In order of net, then layer, then position along rows or columns.

    Attributes:
        nets: int32, number of the net.
        layers: int8.
        first: int32, leftmost or lowest tile.
        last: int32, rightmost or highest tile.
    """

    nets: IntArray
    layers: NDArray[np.int8]
    first: IntArray
    last: IntArray


def runs(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last key of each run of consecutive numbers in sorted ``keys``."""
    breaks = np.flatnonzero(np.diff(keys) != 1)
    ends = np.concatenate([breaks, [len(keys) - 1]]) if len(keys) else breaks
    starts = np.concatenate([[0], breaks + 1]) if len(keys) else breaks
    return keys[starts], keys[ends]


def layer_segments(layered: LayeredRoutes) -> LayerSegments:
    """Join the edges of each net on each layer."""
    design, routes = layered.design, layered.routes
    width, height, tiles = design.width, design.height, design.num_tiles
    net = np.repeat(np.arange(design.num_nets, dtype=np.int64), routes.lengths)
    tile, vertical = np.divmod(routes.edges.astype(np.int64), 2)
    y, x = np.divmod(tile, width)
    # Along a layer's direction neighbours get consecutive numbers. No edge leaves the last column
    # or row, so a run never goes round a border, to another layer or to another net.
    place = np.where(vertical, x * height + y, tile)
    group = net * layered.layers.num_layers + layered.edge_layers
    first, last = runs(np.sort(group * tiles + place))
    nets, layers = np.divmod(first // tiles, layered.layers.num_layers)
    across = layered.layers.horizontal[layers]

    def tile_of(places: NDArray[np.int64]) -> IntArray:
        x, y = np.divmod(places, height)
        return np.where(across, places, y * width + x).astype(np.int32)

    return LayerSegments(
        nets=nets.astype(np.int32),
        layers=layers.astype(np.int8),
        first=tile_of(first % tiles),
        last=tile_of(last % tiles) + np.where(across, 1, width).astype(np.int32),
    )
