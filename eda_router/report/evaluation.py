"""The evaluation of a route file: plain values for JSON, and lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_router.design import Design
from eda_router.formats.route_file import RouteFile
from eda_router.report.places import named_edges, named_nets, net_places, overflow_places
from eda_router.verification import Verification


def verification_values(check: Verification) -> dict[str, Any]:
    """The figures of an evaluation as plain values."""
    return {
        "wirelength": check.wirelength,
        "total_overflow": check.total_overflow,
        "max_overflow": check.max_overflow,
        "overflowed_edges": len(check.overflowed_edges),
        "disconnected": check.disconnected,
        "repeated": check.repeated,
        "cycles": check.cycles,
        "stubs": check.stubs,
        "legal": check.legal,
    }


def evaluation_values(design: Design, content: RouteFile, check: Verification) -> dict[str, Any]:
    """What was found in a route file, with the names and places of what is wrong."""
    return {
        "design": design.name,
        "nets": check.nets,
        "nets_to_route": check.nets_to_route,
        "nets_in_route": int(content.listed.sum()),
        **verification_values(check),
        "disconnected_nets": net_places(design, check.disconnected_nets),
        "overflow": overflow_places(design, content.routes),
    }


def evaluation_lines(values: Mapping[str, Any], check: Verification) -> list[str]:
    """What a person wants to see of :func:`evaluation_values`."""
    figures = verification_values(check)
    legal = figures.pop("legal")
    return [
        f"{'design':<18}{values['design']}",
        f"{'nets':<18}{values['nets']}, {values['nets_to_route']} to route",
        *(f"{name.replace('_', ' '):<18}{value}" for name, value in figures.items()),
        *named_nets("disconnected", values["disconnected_nets"]),
        *named_edges(values["overflow"]),
        "legal" if legal else "illegal",
    ]
