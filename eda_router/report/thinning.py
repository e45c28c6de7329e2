"""Which nets a page holds when there are more than anyone can look through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray
from eda_router.report.run import CheckedRun
from eda_router.routing.ledger import CapacityLedger

MOST_NETS = 100_000
"""Nets that a page holds one by one; those of the largest ISPD98 circuits are 64 000."""


def kept_nets(
    design: Design, runs: Sequence[CheckedRun], bounds: IntArray, most: int = MOST_NETS
) -> NDArray[np.bool_] | None:
    """The nets that a page shows one by one; None: all.

    Kept first are nets with overflowed edges and nets without the wire that they need, then those
    furthest above their lower bound, then the longest, each by the worst of the runs.

    Args:
        design: the grid and its nets.
        runs: on the plane; nets of runs on layers are all kept.
        bounds: int32 ``(num_nets,)``, lower bounds on length, tile edges.
        most: nets to keep.

    Returns:
        bool ``(num_nets,)`` or None.
    """
    if design.num_nets <= most or any(run.run.wires is not None for run in runs):
        return None
    flawed = np.zeros(design.num_nets, np.int64)
    detour, length = flawed.copy(), flawed.copy()
    for run in runs:
        routes = run.run.routes
        over = CapacityLedger.of(design, routes).overflow.reshape(-1)[routes.edges] > 0
        owner = np.repeat(np.arange(design.num_nets), routes.lengths)
        np.maximum(flawed, np.bincount(owner[over], minlength=design.num_nets), out=flawed)
        np.maximum(flawed, (routes.lengths == 0) & (bounds > 0), out=flawed)
        np.maximum(detour, routes.lengths - bounds, out=detour)
        np.maximum(length, routes.lengths, out=length)
    kept = np.zeros(design.num_nets, np.bool_)
    kept[np.lexsort((-length, -detour, -flawed))[:most]] = True
    return kept


def thinned(
    design: Design, runs: Sequence[CheckedRun], arrays: dict[str, Any], kept: NDArray[np.bool_]
) -> dict[str, Any]:
    """The arrays of a page without the nets that are not kept, which are added up.

    Args:
        design: the grid and its nets.
        runs: on the plane.
        arrays: of all nets: ``pins``, ``edges0`` and the like by item, the others by net.
        kept: bool ``(num_nets,)``.

    Returns:
        The arrays of the kept nets, and of the others ``rest_pins``, int64 pins in each tile, and
        for each run ``rest0`` and so on, int64 wires on each edge.
    """
    less = dict(arrays)
    of_pin = np.repeat(kept, design.pin_counts)
    less["pins"] = design.pins[of_pin]
    less["rest_pins"] = np.bincount(design.pins[~of_pin], minlength=design.num_tiles)
    for number, run in enumerate(runs):
        routes = run.run.routes
        of_edge = np.repeat(kept, routes.lengths)
        less[f"edges{number}"] = routes.edges[of_edge]
        less[f"rest{number}"] = np.bincount(routes.edges[~of_edge], minlength=2 * design.num_tiles)
        for name in (f"lengths{number}", f"stage{number}", f"exit{number}"):
            if name in less:
                less[name] = less[name][kept]
    for name in ("pin_counts", "bounds"):
        less[name] = less[name][kept]
    return less
