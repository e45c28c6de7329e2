"""The summary of a run as plain values for JSON; ``lines`` puts it into words."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.clock import PhaseTime
from eda_router.process import process_values, versions
from eda_router.report.evaluation import verification_values
from eda_router.report.places import net_places, overflow_places
from eda_router.report.statistics import grid_values, half_perimeter
from eda_router.routing.result import RouteSource, RoutingResult
from eda_router.verification import Verification


def summarize(
    result: RoutingResult, check: Verification, outer_phases: dict[str, PhaseTime]
) -> dict[str, Any]:
    """Everything known about a run, as plain values for JSON.

    Args:
        result: of the router.
        check: the independent evaluation, whose figures are the ones told.
        outer_phases: time spent outside the router.

    Returns:
        What ``edaroute route --json`` writes: lengths in tile edges, overflow in tracks, seconds.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> result = eda_router.route(design, eda_router.RouteConfig(router="maze"))
        >>> check = eda_router.verify(design, result.routes)
        >>> values = eda_router.summarize(result, check, {})
        >>> values["result"]["wirelength"] == result.wirelength, values["config"]["router"]
        (True, 'maze')
    """
    design = result.design
    return {
        "design": {
            **grid_values(design),
            "nets_to_route": len(design.routable),
            "half_perimeter": half_perimeter(design),
        },
        "result": {
            **verification_values(check),
            "unrouted": len(result.unrouted),
            "exit_status": result.exit_status,
        },
        "stages": _by_source(result.stage),
        "stage_wirelength": _by_source(result.stage, result.routes.lengths),
        "phases": {
            name: {"wall": round(phase.wall, 4), "cpu": round(phase.cpu, 4)}
            for name, phase in {**outer_phases, **result.phases}.items()
        },
        "process": process_values(),
        "passes": [dataclasses.asdict(row) for row in result.passes],
        "unrouted": net_places(design, result.unrouted),
        "disconnected": net_places(design, check.disconnected_nets),
        "overflow": overflow_places(design, result.routes),
        # One digit a net, the number of its stage: 64 000 entries would drown the rest.
        "net_stages": "".join(map(str, result.stage.tolist())),
        "details": result.details,
        "config": dataclasses.asdict(result.config),
        "versions": versions(),
    }


def _by_source(
    sources: NDArray[np.uint8], weights: NDArray[np.int32] | None = None
) -> dict[str, int]:
    """Nets, or the sum of their ``weights``, by the name of their :class:`RouteSource`."""
    counts = np.bincount(sources, weights, minlength=len(RouteSource)).tolist()
    return {
        source.name.lower(): int(count)
        for source, count in zip(RouteSource, counts, strict=True)
        if count
    }
