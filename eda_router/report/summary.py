"""The summary of a run: plain values for JSON, and a few lines for people."""

from __future__ import annotations

import dataclasses
import platform
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import eda_router
from eda_router.clock import PhaseTime, process_age
from eda_router.design import Design, Routes
from eda_router.routing.ledger import CapacityLedger
from eda_router.routing.result import PassRow, RouteSource, RoutingResult
from eda_router.verification import Verification

PASS_HEADER = (
    f"{'pass':<16}{'seconds':>9}{'rerouted':>10}{'overflow':>10}{'max':>6}"
    f"{'edges':>8}{'wirelength':>12}"
)
_NAMED_AT_MOST = 10
_NETS_OF_AN_EDGE_AT_MOST = 5


def pass_line(row: PassRow) -> str:
    """A row of the status table under :data:`PASS_HEADER`."""
    return (
        f"{row.name:<16}{row.seconds:>9.2f}{row.rerouted:>10}{row.overflow:>10}"
        f"{row.max_overflow:>6}{row.overflowed_edges:>8}{row.wirelength:>12}"
    )


def spans(design: Design) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Two int64 ``(num_nets,)``: tile edges that each net's bounding box is wide and high."""
    if not design.num_nets:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    rows, columns = np.divmod(design.pins.astype(np.int64), design.width)
    starts = design.pin_offsets[:-1]
    wide, high = (
        np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts)
        for values in (columns, rows)
    )
    return wide, high


def design_values(design: Design) -> dict[str, Any]:
    """What a design holds, as plain values for JSON; shares are of the nets to route."""
    wide, high = spans(design)
    nets = design.routable
    pins, sides = design.pin_counts[nets], np.maximum(wide, high)[nets] + 1
    count = max(1, len(nets))
    total = int((wide + high).sum())
    tracks = int(design.capacity.astype(np.int64).sum())
    return {
        "name": design.name,
        "width": design.width,
        "height": design.height,
        "vertical_capacity": _range(design.vertical_capacity),
        "horizontal_capacity": _range(design.horizontal_capacity),
        "nets": design.num_nets,
        "nets_to_route": len(nets),
        "pins": {
            "mean": round(float(pins.sum()) / count, 2),
            "max": int(pins.max(initial=0)),
            "shares": {
                "2": round(float(np.sum(pins == 2)) / count, 4),
                "3": round(float(np.sum(pins == 3)) / count, 4),
                "4+": round(float(np.sum(pins >= 4)) / count, 4),
            },
        },
        "box_side_shares": {
            f"{low}-{high_side}" if high_side else f"{low}+": round(
                float(np.sum((sides >= low) & (sides <= (high_side or sides.max(initial=0)))))
                / count,
                4,
            )
            for low, high_side in ((2, 8), (9, 16), (17, 32), (33, 64), (65, None))
        },
        "half_perimeter": total,
        "tracks": tracks,
        "least_use": round(total / tracks, 4) if tracks else None,
    }


def _range(values: NDArray[np.int32]) -> list[int]:
    return [int(values.min()), int(values.max())] if values.size else [0, 0]


def design_lines(values: dict[str, Any]) -> list[str]:
    """What a person wants to see of :func:`design_values`."""

    def capacity(direction: str) -> str:
        low, high = values[f"{direction}_capacity"]
        return str(low) if low == high else f"{low} to {high}"

    def shares(parts: dict[str, float]) -> str:
        return ", ".join(f"{name}: {share:.1%}" for name, share in parts.items())

    use = "" if values["least_use"] is None else f", {values['least_use']:.1%} of the tracks"
    return [
        f"design          {values['name']}",
        f"grid            {values['width']} x {values['height']} tiles",
        f"capacity        vertical {capacity('vertical')}, horizontal {capacity('horizontal')}",
        f"nets            {values['nets']}, {values['nets_to_route']} to route",
        f"pins a net      mean {values['pins']['mean']}, max {values['pins']['max']}; "
        + shares(values["pins"]["shares"]),
        f"box side, tiles {shares(values['box_side_shares'])}",
        f"half perimeters {values['half_perimeter']} tile edges{use}",
    ]


def edge_tiles(design: Design, edge: int) -> list[list[int]]:
    """The two tiles of an edge as ``[[x, y], [x, y]]``."""
    tile, direction = divmod(int(edge), 2)
    y, x = divmod(tile, design.width)
    return [[x, y], [x + 1 - direction, y + direction]]


def net_places(design: Design, nets: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Name and bounding box ``[[x, y], [x, y]]`` of each of ``nets``."""
    places = []
    for net in nets.tolist():
        rows, columns = np.divmod(design.net_pins(net), design.width)
        places.append(
            {
                "name": design.net_names[net],
                "box": [
                    [int(columns.min()), int(rows.min())],
                    [int(columns.max()), int(rows.max())],
                ],
            }
        )
    return places


def overflow_places(design: Design, routes: Routes) -> list[dict[str, Any]]:
    """Each overflowed edge with its tiles, capacity, demand and the names of its nets."""
    ledger = CapacityLedger.of(design, routes)
    capacity, demand = ledger.capacity.reshape(-1), ledger.demand.reshape(-1)
    owner = np.repeat(np.arange(design.num_nets), routes.lengths)
    guilty = demand[routes.edges] > capacity[routes.edges]
    nets_of: dict[int, list[str]] = {}
    for edge, net in sorted(
        zip(routes.edges[guilty].tolist(), owner[guilty].tolist(), strict=True)
    ):
        nets_of.setdefault(edge, []).append(design.net_names[net])
    return [
        {
            "edge": edge_tiles(design, edge),
            "capacity": int(capacity[edge]),
            "demand": int(demand[edge]),
            "nets": nets,
        }
        for edge, nets in nets_of.items()
    ]


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


def summarize(
    result: RoutingResult, check: Verification, outer_phases: dict[str, PhaseTime]
) -> dict[str, Any]:
    """Everything known about a run, as plain values for JSON.

    Args:
        result: of the router.
        check: the independent evaluation, whose figures are the ones told.
        outer_phases: time spent outside the router.
    """
    design = result.design
    wide, high = spans(design)
    return {
        "design": {
            "name": design.name,
            "width": design.width,
            "height": design.height,
            "nets": design.num_nets,
            "nets_to_route": len(design.routable),
            "half_perimeter": int((wide + high).sum()),
        },
        "result": {
            **verification_values(check),
            "unrouted": len(result.unrouted),
            "exit_status": result.exit_status,
        },
        "stages": {
            stage.name.lower(): int(count)
            for stage, count in zip(
                RouteSource,
                np.bincount(result.stage, minlength=len(RouteSource)).tolist(),
                strict=True,
            )
            if count
        },
        "stage_wirelength": {
            stage.name.lower(): int(length)
            for stage, length in zip(
                RouteSource,
                np.bincount(
                    result.stage, result.routes.lengths, minlength=len(RouteSource)
                ).tolist(),
                strict=True,
            )
            if length
        },
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


def process_values() -> dict[str, float]:
    """Seconds and megabytes that this process has used so far."""
    values = {"wall": round(process_age(), 3), "cpu": round(time.process_time(), 3)}
    peak = peak_megabytes()
    if peak is not None:
        values["peak_mb"] = round(peak, 1)
    return values


def peak_megabytes() -> float | None:
    """Most memory that this process has held at once, None where that is not known."""
    try:
        # Not getrusage on Linux: its peak is inherited from the process that started this one.
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        if found:
            return int(found[1]) / 2**10
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def versions() -> dict[str, str]:
    """Versions of what decides a result; libraries that were not loaded are left out."""
    found = {"edaroute": eda_router.__version__, "python": platform.python_version()}
    for name in ("numpy", "numba", "keras", "tensorflow", "openvino"):
        if name in sys.modules:
            found[name] = getattr(sys.modules[name], "__version__", "unknown")
    return found


def summary_lines(summary: dict[str, Any], *, verbose: bool = False) -> list[str]:
    """What a person wants to see of :func:`summarize`."""
    design, result, process = summary["design"], summary["result"], summary["process"]
    bound = design["half_perimeter"]
    over = f" ({result['wirelength'] / bound - 1:.1%} over the half perimeters)" if bound else ""
    lines = [
        f"{design['name']}: {design['width']} x {design['height']} tiles, {design['nets']} nets, "
        f"{design['nets_to_route']} to route",
        f"wirelength {result['wirelength']}{over}",
        f"overflow   total {result['total_overflow']}, max {result['max_overflow']}, "
        f"on {result['overflowed_edges']} edges",
        f"nets       {', '.join(f'{name} {count}' for name, count in summary['stages'].items())}",
        *model_lines(summary["details"], verbose=verbose),
        f"time       {process['wall']:.2f} s, {process['cpu']:.2f} s of processor; "
        f"{process.get('peak_mb', 0):.0f} MB",
    ]
    if verbose:
        for name, phase in summary["phases"].items():
            lines.append(f"  {name:<14}{phase['wall']:>9.3f} s{phase['cpu']:>9.3f} s of processor")
    waste = [f"{result[kind]} {kind}" for kind in ("repeated", "cycles", "stubs") if result[kind]]
    if waste:
        lines.append(f"waste      {', '.join(waste)}")
    lines += named_nets("unrouted", summary["unrouted"])
    unrouted = {net["name"] for net in summary["unrouted"]}
    lines += named_nets(
        "disconnected", [net for net in summary["disconnected"] if net["name"] not in unrouted]
    )
    lines += named_edges(summary["overflow"])
    if summary["unrouted"] and not summary["config"]["allow_overflow"]:
        lines.append(
            "hint: --effort high and a longer --time-limit try harder; --allow-overflow wires "
            "these nets all the same and names the edges that lack tracks"
        )
    return lines


def model_lines(details: dict[str, Any], *, verbose: bool = False) -> list[str]:
    """What the model did, from the details of a neural run; nothing for another router."""
    if "model" not in details:
        return []
    model, exits = details["model"], details["exits"].values()
    stages = ("drawn", "redrawn", "sampled", "joined", "failed")
    total = {name: sum(e[name] for e in exits) for name in stages}
    lines = [
        f"model      drew {total['drawn']} at the first try, "
        f"{total['redrawn']} again by waypoints, {total['sampled']} by samples, "
        f"{total['joined']} by joining, not {total['failed']}; {model['kept']} "
        f"({model['kept_share']:.1%}) are still as drawn; "
        f"{details['engine']} in {details['precision']}"
    ]
    if verbose:
        for name, count in details["exits"].items():
            ink = (
                ""
                if count["ink"] is None
                else f", ink {count['taken_ink']:.2f} ({count['ink']:.2f} at the threshold)"
            )
            control = (
                f", a blank drawing costs {count['control_cost'] / count['cost']:.3f} as much"
                if count["cost"]
                else ""
            )
            lines.append(
                f"  exit {name:<9}{count['nets']} nets in waves of {count['wave']}: "
                f"{count['drawn']} drawn, {count['redrawn']} redrawn, "
                f"{count['sampled']} sampled, {count['joined']} joined, "
                f"{count['failed']} failed; {count['races']} races lost, "
                f"{count['retaken']} of them retaken{ink}{control}"
            )
    return lines + [f"  {line}" for line in details["story"]]


def named_nets(what: str, nets: list[dict[str, Any]]) -> list[str]:
    """A line for each of the first few nets of :func:`net_places`, and how many more there are."""
    lines = []
    for net in nets[:_NAMED_AT_MOST]:
        (x1, y1), (x2, y2) = net["box"]
        lines.append(f"{what}: net {net['name']}, pins from ({x1},{y1}) to ({x2},{y2})")
    return lines + _more(what, len(nets))


def named_edges(places: list[dict[str, Any]]) -> list[str]:
    """A line for each of the worst few edges of :func:`overflow_places`."""
    lines = []
    worst = sorted(places, key=lambda place: place["capacity"] - place["demand"])
    for place in worst[:_NAMED_AT_MOST]:
        (x1, y1), (x2, y2) = place["edge"]
        nets = place["nets"]
        more = len(nets) - _NETS_OF_AN_EDGE_AT_MOST
        lines.append(
            f"overflow: edge ({x1},{y1})-({x2},{y2}), {place['demand']} nets on "
            f"{place['capacity']} tracks: {', '.join(nets[:_NETS_OF_AN_EDGE_AT_MOST])}"
            + (f" and {more} more" if more > 0 else "")
        )
    return lines + _more("overflow", len(places))


def _more(what: str, count: int) -> list[str]:
    more = count - _NAMED_AT_MOST
    return [f"{what}: {more} more, all in the JSON summary"] if more > 0 else []
