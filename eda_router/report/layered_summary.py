"""The summary of a run on layers, which is that of the plane and more."""

from __future__ import annotations

from typing import Any

import numpy as np

from eda_router.clock import PhaseTime
from eda_router.design import Design
from eda_router.guide_verification import GuideVerification
from eda_router.report.layer_table import layer_rows, microns
from eda_router.report.places import layer_overflow_places, net_places
from eda_router.report.statistics import net_kinds
from eda_router.report.summary import summarize
from eda_router.routing.layered_flow import LayeredResult
from eda_router.verification import verify


def layered_summary(
    done: LayeredResult, check: GuideVerification, outer_phases: dict[str, PhaseTime]
) -> dict[str, Any]:
    """Everything known about a run on layers, as plain values for JSON.

    It has all that :func:`eda_router.report.summary.summarize` tells, of layers where a figure
    differs there, the table ``layers``, vias, and the length of wires.

    Args:
        done: the routes.
        check: the independent evaluation of their guide.
        outer_phases: time spent outside the router.

    Returns:
        What ``edaroute route --json`` writes: lengths in GCell edges and microns, overflow in
        tracks, seconds.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-chip")
        >>> done = eda_router.route_layered(design, eda_router.RouteConfig(router="maze"))
        >>> eda_router.write_guide(done.layered, "chip.guide")
        >>> check = eda_router.verify_guide(design, eda_router.read_guide("chip.guide", design))
        >>> values = eda_router.layered_summary(done, check, {})
        >>> values["result"]["vias"] == check.vias, values["result"]["legal"]
        (True, True)
    """
    design = done.result.design
    values = summarize(done.result, verify(design, done.result.routes), outer_phases)
    values["design"] |= net_kinds(design)
    values["result"] |= guide_figures(design, check)
    values["result"]["exit_status"] = int(not check.legal)
    assert design.layers is not None
    values["layers"] = layer_rows(design.layers, check.demand)
    values["disconnected"] = net_places(design, broken_nets(check))
    values["overflow"] = layer_overflow_places(design, check)
    return values


def guide_figures(design: Design, check: GuideVerification) -> dict[str, Any]:
    """The figures of the evaluation of a guide, as plain values."""
    assert design.layers is not None
    return {
        "wirelength": check.wirelength,
        "wirelength_um": microns(design.layers, check.demand),
        "vias": check.vias,
        "total_overflow": check.total_overflow,
        "max_overflow": int(check.overflow.max(initial=0)),
        "overflowed_edges": int(np.count_nonzero(check.overflow)) + check.wrong_way,
        "wrong_way": check.wrong_way,
        "disconnected": len(broken_nets(check)),
        "uncovered_terminals": len(check.uncovered_terminals),
        "legal": check.legal,
    }


def broken_nets(check: GuideVerification) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Indices of the nets whose boxes are missing or hang not together, sorted."""
    return np.union1d(
        np.union1d(check.missing_nets, check.disconnected_nets), check.sideways_nets
    ).astype(np.int64)
