"""Evaluations of guides and of solutions of the ISPD 2008 contest: values, and lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from eda_router.design import Design
from eda_router.formats.guide import Guide
from eda_router.formats.ispd08 import Problem
from eda_router.formats.ispd08_solution import Solution
from eda_router.guide_verification import GuideVerification
from eda_router.ispd08_verification import SolutionVerification
from eda_router.report.layer_table import layer_rows, table_lines
from eda_router.report.layered_summary import guide_figures
from eda_router.report.places import (
    layer_overflow_places,
    named_edges,
    named_nets,
    net_places,
)

FLAWS = {
    "missing": "missing_nets",
    "disconnected": "disconnected_nets",
    "held sideways": "sideways_nets",
}
"""What may be wrong with a net of a guide, and the attribute that lists such nets."""


def guide_values(design: Design, guide: Guide, check: GuideVerification) -> dict[str, Any]:
    """What was found in a guide, with the names and places of what is wrong."""
    layers = design.layers
    assert layers is not None
    return {
        "design": design.name,
        "width": design.width,
        "height": design.height,
        "nets": check.nets,
        "nets_to_route": check.nets_to_route,
        "nets_in_guide": len(np.unique(guide.nets)),
        "boxes": len(guide.nets),
        **guide_figures(design, check),
        "misaligned_boxes": check.misaligned,
        "boxes_outside": check.outside,
        "layers": layer_rows(layers, check.demand),
        "flaws": {
            flaw: net_places(design, getattr(check, name))
            for flaw, name in FLAWS.items()
            if len(getattr(check, name))
        },
        "uncovered": [_terminal(design, terminal) for terminal in check.uncovered_terminals],
        "overflow": layer_overflow_places(design, check),
    }


def _terminal(design: Design, terminal: int) -> dict[str, Any]:
    """Name of the net of a terminal, and the box of the places at which it can be reached."""
    layers = design.layers
    assert layers is not None
    tiles, on = layers.candidates(terminal)
    rows, columns = np.divmod(tiles, design.width)
    net = int(np.searchsorted(layers.pin_offsets, terminal, "right")) - 1
    return {
        "name": design.net_names[net],
        "box": [
            [int(columns.min()), int(rows.min())],
            [int(columns.max()), int(rows.max())],
        ],
        "layers": sorted({layers.names[layer] for layer in on}),
    }


def guide_lines(values: Mapping[str, Any]) -> list[str]:
    """What a person wants to see of :func:`guide_values`."""
    length = values["wirelength_um"]
    figures = (
        "vias", "total_overflow", "max_overflow", "overflowed_edges", "wrong_way",
        "disconnected", "uncovered_terminals", "misaligned_boxes", "boxes_outside",
    )  # fmt: skip
    lines = [
        f"{'design':<20}{values['design']}",
        f"{'nets':<20}{values['nets']}, {values['nets_to_route']} to route",
        f"{'wirelength':<20}{values['wirelength']} GCell edges"
        + ("" if length is None else f", {length:.1f} um"),
        *(f"{name.replace('_', ' '):<20}{values[name]}" for name in figures),
        *table_lines(values["layers"]),
    ]
    for flaw, nets in values["flaws"].items():
        lines += named_nets(flaw, nets)
    lines += named_nets("terminal outside the boxes", values["uncovered"])
    return [*lines, *named_edges(values["overflow"]), "legal" if values["legal"] else "illegal"]


def solution_values(
    problem: Problem, solution: Solution, check: SolutionVerification
) -> dict[str, Any]:
    """What was found in a solution of the contest; overflow is in its units of capacity."""
    return {
        "design": problem.name,
        "nets": problem.num_nets,
        "nets_to_route": check.nets_to_route,
        "nets_in_route": int(solution.listed.sum()),
        "wirelength": check.wirelength,
        "wires": check.wires,
        "vias": check.vias,
        "total_overflow": check.total_overflow,
        "max_overflow": check.max_overflow,
        "disconnected": len(check.disconnected_nets),
        "legal": check.legal,
        "disconnected_nets": [problem.net_names[net] for net in check.disconnected_nets],
    }


def solution_lines(values: Mapping[str, Any]) -> list[str]:
    """What a person wants to see of :func:`solution_values`."""
    figures = ("total_overflow", "max_overflow", "disconnected")
    nets = values["disconnected_nets"]
    return [
        f"{'design':<18}{values['design']}",
        f"{'nets':<18}{values['nets']}, {values['nets_to_route']} to route",
        f"{'wirelength':<18}{values['wirelength']}: wires {values['wires']}, vias {values['vias']}",
        *(f"{name.replace('_', ' '):<18}{values[name]}" for name in figures),
        *(f"disconnected: net {name}" for name in nets[:SHOWN]),
        *([f"disconnected: {len(nets) - SHOWN} more"] if len(nets) > SHOWN else []),
        "legal" if values["legal"] else "illegal",
    ]


SHOWN = 10
"""Nets of a solution that are named at most."""
