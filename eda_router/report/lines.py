"""A run in words: the status table while it goes on, and its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eda_router.report.layer_table import table_lines
from eda_router.report.places import first_names, named_edges, named_nets
from eda_router.routing.result import PassRow

MOST_PLACES = 3
"""Places where tracks are missing that the lines name; JSON holds all."""

PASS_HEADER = (
    f"{'pass':<16}{'seconds':>9}{'rerouted':>10}{'overflow':>10}{'max':>6}"
    f"{'edges':>8}{'wirelength':>12}"
)


def pass_line(row: PassRow) -> str:
    """A row of the status table under :data:`PASS_HEADER`."""
    return (
        f"{row.name:<16}{row.seconds:>9.2f}{row.rerouted:>10}{row.overflow:>10}"
        f"{row.max_overflow:>6}{row.overflowed_edges:>8}{row.wirelength:>12}"
    )


def summary_lines(summary: dict[str, Any], *, verbose: bool = False) -> list[str]:
    """What a person wants to see of :func:`summarize`."""
    process, result = summary["process"], summary["result"]
    lines = [
        *(_figures(summary) if "layers" not in summary else _layered_figures(summary)),
        f"nets       {', '.join(f'{name} {count}' for name, count in summary['stages'].items())}",
        *kept_lines(summary),
        *proof_lines(summary),
        *model_lines(summary["details"], verbose=verbose),
        *(table_lines(summary["layers"]) if "layers" in summary else []),
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
    return lines + flaw_lines(summary)


def kept_lines(summary: dict[str, Any]) -> list[str]:
    """Which run the result is of, or began with, where it is another one than was asked for."""
    run, asked = summary["details"].get("run"), summary["config"]["effort"]
    if run is None:
        return []
    if run == "quick":
        return [
            "kept       the quick run of the maze router; the time limit left nothing better of "
            f"effort {asked}"
        ]
    if asked == "max":
        return [f"begun      with the run at effort {run}, better here than that at effort high"]
    return [f"kept       the run at effort {run}, better here than that at effort {asked}"]


def proof_lines(summary: dict[str, Any]) -> list[str]:
    """How far from optimal the result is, where that was proven."""
    proof = summary["details"].get("proof")
    if proof is None or proof["bound"] is None or proof["kind"] != "wirelength":
        return []
    length, bound = summary["result"]["wirelength"], proof["bound"]
    if length <= bound:
        return ["proven     optimal: no routing without overflow is shorter"]
    return [
        f"proven     no routing without overflow is shorter than {bound}; this one is at most "
        f"{100 * (length - bound) / bound:.3f} % above the optimum"
    ]


def flaw_lines(summary: dict[str, Any]) -> list[str]:
    """Why nets or tracks are missing, as far as is known, and the options that can still help."""
    if not summary["unrouted"] and not summary["overflow"]:
        return []
    details = summary["details"]
    negotiation, missing = details.get("negotiation", {}), details.get("missing_tracks", 0)
    why = []
    if negotiation.get("stalled"):
        why.append(
            f"negotiation stopped early, after {negotiation['rounds']} rounds: overflow no longer "
            f"fell below {negotiation['least_overflow']}"
        )
    if missing:
        why.append(f"at least {missing} tracks are missing, however the nets are routed")
    elif "missing_tracks" in details:
        why.append(
            "no line or box of tiles that was tried is short of tracks, so it is not proven that "
            "any are missing; edaroute bound may still prove it"
        )
    lines = [f"why        {'; '.join(why)}"] if why else []
    lines += crowded_lines(details.get("crowded_boxes", []))
    hints = _hints(summary)
    return lines + ([f"hint: {'; '.join(hints)}"] if hints else [])


def crowded_lines(boxes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where tracks are missing whatever the routing, and the nets that need them.

    Args:
        boxes: ``crowded_boxes`` of :func:`eda_router.routing.shortage.shortage_details`.
    """
    lines = []
    for box in boxes[:MOST_PLACES]:
        left, low, right, high = box["box"]
        lines.append(
            f"missing    {box['missing']} tracks around tiles ({left},{low})-({right},{high}): "
            f"{len(box['nets'])} nets must cross {box['tracks']} tracks, {first_names(box['nets'])}"
        )
    if len(boxes) > MOST_PLACES:
        rest = sum(box["missing"] for box in boxes[MOST_PLACES:])
        lines.append(f"           and {rest} around {len(boxes) - MOST_PLACES} further boxes")
    return lines


def _hints(summary: dict[str, Any]) -> list[str]:
    """What could still help, the most likely first; only options that are not in use."""
    config = summary["config"]
    hints = []
    if summary["details"].get("out_of_time"):
        hints.append("a longer --time-limit lets the router finish")
    elif not config["negotiate"]:
        hints.append("--negotiate reroutes nets until none is in the way of another")
    elif config["router"] == "neural" and config["fallback"] == "none":
        hints.append("--fallback maze routes what the model cannot")
    elif config["effort"] not in ("high", "max"):
        hints.append("--effort high tries harder")
    if summary["unrouted"] and not config["allow_overflow"]:
        hints.append(
            "--allow-overflow wires these nets all the same and names the edges that lack tracks"
        )
    return hints


def _figures(summary: dict[str, Any]) -> list[str]:
    """Size, wirelength and overflow of a run on the plane."""
    design, result = summary["design"], summary["result"]
    return [
        f"{design['name']}: {design['width']} x {design['height']} tiles, {design['nets']} nets, "
        f"{design['nets_to_route']} to route",
        f"wirelength {result['wirelength']}{_over_bound(summary)}",
        _overflow_line(result),
    ]


def _layered_figures(summary: dict[str, Any]) -> list[str]:
    """Size, wirelength, vias and overflow of a run on layers."""
    design, result = summary["design"], summary["result"]
    length = result["wirelength_um"]
    return [
        f"{design['name']}: {design['width']} x {design['height']} GCells, {design['nets']} nets "
        f"with {design['terminals']} terminals, {design['nets_to_route']} to route, "
        f"{design['local_nets']} within one GCell",
        f"wirelength {result['wirelength']} GCell edges{_over_bound(summary)}"
        + ("" if length is None else f", {length:.1f} um"),
        f"vias       {result['vias']}",
        _overflow_line(result),
    ]


def _over_bound(summary: dict[str, Any]) -> str:
    bound = summary["design"]["half_perimeter"]
    longer = summary["result"]["wirelength"] / bound - 1 if bound else 0
    return f" ({longer:.1%} over the half perimeters)" if bound else ""


def _overflow_line(result: dict[str, Any]) -> str:
    return (
        f"overflow   total {result['total_overflow']}, max {result['max_overflow']}, "
        f"on {result['overflowed_edges']} edges"
    )


def model_lines(details: dict[str, Any], *, verbose: bool = False) -> list[str]:
    """What the model did, from the details of a neural run; nothing for another router."""
    if "model" not in details:
        return []
    model, exits = details["model"], details["exits"].values()
    stages = ("drawn", "redrawn", "sampled", "joined", "failed")
    total = {name: sum(e[name] for e in exits) for name in stages}
    views = details.get("views", 1)
    wider = f", and was not asked for {details['too_wide']} wider" * bool(details["too_wide"])
    lines = [
        f"model      drew {total['drawn']} at the first try, "
        f"{total['redrawn']} drawn again, {total['sampled']} by samples, "
        f"{total['joined']} by joining, not {total['failed']}{wider}; "
        f"{model['kept']} ({model['kept_share']:.1%}) are still as drawn; "
        f"{details['engine']} in {details['precision']}" + f", {views} views" * (views > 1)
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
                f"{count['failed']} failed, {count['kept']} still as drawn; "
                f"{count['races']} races lost, "
                f"{count['retaken']} of them retaken{ink}{control}"
            )
        if details["too_wide"]:
            lines.append(f"  no exit       {details['too_wide']} nets, too wide for the windows")
    return lines + [f"  {line}" for line in details["story"]]
