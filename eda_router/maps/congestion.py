"""Maps of congestion: how each GCell's edges are used by a route.

The value of a GCell is that of the edge to its right in the maps of the horizontal direction, of
the edge above it in those of the vertical one; the last column and the last row have none there,
and 0. Axes as in :mod:`eda_router.maps.features`.

overflow
    Tracks by which demand exceeds capacity, summed over the layers of the direction, over the
    tracks of these layers, or over 1 where there are none.
util
    Demand over tracks, both summed over the layers, at most 1; 1 where there is demand without a
    track, 0 where there is neither.
"""

from __future__ import annotations

import numpy as np

from eda_router.design import HORIZONTAL, VERTICAL
from eda_router.maps.features import Map
from eda_router.routing.ledger import CapacityLedger

STAGES = {"GR": "congestion_global_routing", "eGR": "congestion_early_global_routing"}
"""Folder of each stage: the route, and an early one."""

_DIRECTIONS = {"horizontal": HORIZONTAL, "vertical": VERTICAL}


def congestion_maps(ledger: CapacityLedger, stage: str) -> dict[str, Map]:
    """The maps of a route, by their folders in CircuitNet.

    Args:
        ledger: of the route, int32 ``(height, width, 2)``, or one more axis of layers in front.
        stage: ``GR`` or ``eGR``.

    Returns:
        float64 ``(width, height)``, by folder.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> result = eda_router.route(design, eda_router.RouteConfig(router="maze"))
        >>> maps = eda_router.congestion_maps(result.ledger, "GR")
        >>> len(maps), {image.shape for image in maps.values()}
        (4, {(16, 16)})
    """
    maps = {}
    height, width, _ = ledger.capacity.shape[-3:]
    for name, direction in _DIRECTIONS.items():
        capacity, demand, overflow = (
            array[..., direction].reshape(-1, height, width).sum(axis=0, dtype=np.int64)
            for array in (ledger.capacity, ledger.demand, ledger.overflow)
        )
        tracks = np.maximum(capacity, 1)
        for base, what, image in (
            ("overflow_based", "overflow", overflow / tracks),
            ("utilization_based", "util", np.minimum(demand / tracks, 1)),
        ):
            place = f"congestion/{STAGES[stage]}/{base}/congestion_{stage}_{name}_{what}"
            maps[place] = np.ascontiguousarray(image.T)
    return maps
