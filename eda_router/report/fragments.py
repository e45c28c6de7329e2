"""The parts of the page as HTML: cards, charts' places, tables, controls, the scale's style."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eda_router.design import Design, IntArray
from eda_router.report.layer_figures import LAYER_HEADS, total_figures
from eda_router.report.palette import DARK, LIGHT, STOPS, Palette
from eda_router.report.peers import KnownCircuit
from eda_router.report.places import first_names
from eda_router.report.run import CheckedRun

if TYPE_CHECKING:
    from eda_router.report.proof import Explanation

_LONGEST_VALUE = 200  # characters of a setting or detail that a table shows


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _card(label: str, value: str, note: str) -> str:
    return (
        f'<div class="card"><span class="label">{html.escape(label)}</span>'
        f"<b>{html.escape(value)}</b><span>{html.escape(note)}</span></div>"
    )


def cards(
    design: Design,
    run: CheckedRun,
    known: KnownCircuit | None,
    bound: int,
    explanation: Explanation | None = None,
) -> str:
    """The figures of merit of a single run, one card each."""
    check = run.check
    steiner = bound if known is None else known.steiner
    over = f"{check.wirelength / steiner - 1:+.2%} over {_number(steiner)}" if steiner else ""
    bound_name = "shortest trees" if known else "lower bound"
    found = [
        _card("Wirelength, tile edges", _number(check.wirelength), f"{over}, {bound_name}")
        if steiner
        else _card("Wirelength, tile edges", _number(check.wirelength), "nothing to route"),
        _card(
            "Overflow, tracks",
            _number(check.total_overflow),
            f"on {_number(check.overflowed_edges)} edges, at most {check.max_overflow}"
            if check.total_overflow
            else "every edge within capacity",
        ),
        *(
            []
            if explanation is None
            else [
                _card(
                    "Tracks missing, proven",
                    _number(explanation.missing),
                    "whatever the routing; marked on the map where",
                )
            ]
        ),
        _card(
            "Nets joined",
            f"{check.nets_to_route - check.disconnected:,}",
            f"of {check.nets_to_route:,} to route, {design.num_nets:,} in all",
        ),
        *(
            []
            if check.vias is None
            else [_card("Vias", _number(check.vias), _vias_a_net(check.vias, check.nets_to_route))]
        ),
        _card(
            "Full edges",
            _number(run.full_edges),
            f"of {_number(sum(figures.edges for figures in run.directions))}; "
            + ", ".join(
                f"{name} {figures.mean_utilisation:.0%} used"
                for name, figures in zip(("H", "V"), run.directions, strict=True)
            ),
        ),
    ]
    if run.summary.seconds is not None:
        wall, cpu = run.summary.seconds
        peak = run.summary.peak_mb
        note = f"{cpu:.2f} s of processor" + (f", {peak:,.0f} MB at most" if peak else "")
        found.append(_card("Time", f"{wall:.2f} s", note))
    if run.summary.model_part is not None:
        kept, kept_share, routed_share = run.summary.model_part
        found.append(
            _card(
                "Wires as the model drew them",
                f"{kept_share:.1%}",
                f"of the nets, {kept:,}; it routed {routed_share:.1%} itself",
            )
        )
    if known is not None:
        best = min((peer for peer in known.peers if peer.measured), key=lambda p: p.wirelength)
        change = check.wirelength / best.wirelength - 1
        found.append(
            _card(
                "Against the best router measured",
                f"{change:+.2%}",
                f"{best.name}: {_number(best.wirelength)}",
            )
        )
    return "\n".join(found)


def _vias_a_net(vias: int, nets: int) -> str:
    return f"{vias / nets:.1f} a net to route" if nets else "no net to route"


def run_cards(runs: Sequence[CheckedRun], bound: int) -> str:
    """One card a run, the first run being the base."""
    first = runs[0].check.wirelength
    found = []
    for run in runs:
        change = (
            f"{run.check.wirelength / first - 1:+.2%}, " if run is not runs[0] and first else ""
        )
        above = f"{run.check.wirelength / bound - 1:+.1%} over the bound, " if bound else ""
        vias = "" if run.check.vias is None else f"{_number(run.check.vias)} vias, "
        found.append(
            _card(
                f"{run.letter} · {run.run.label}",
                _number(run.check.wirelength),
                f"{change}{above}{vias}overflow {_number(run.check.total_overflow)}, "
                f"{_number(run.full_edges)} edges full",
            )
        )
    return "\n".join(found)


def _verdict(good: bool, text: str) -> str:
    return f'<span class="verdict {"good" if good else "bad"}">{html.escape(text)}</span>'


def verdicts(runs: Sequence[CheckedRun]) -> str:
    """Whether each run is legal, and what is wrong where it is not."""
    chips = []
    for run in runs:
        of = f"{run.letter}: " if len(runs) > 1 else ""
        check = run.check
        if check.legal:
            chips.append(_verdict(True, f"{of}✓ legal"))
            continue
        if check.total_overflow:
            chips.append(_verdict(False, f"{of}overflow {check.total_overflow:,}"))
        if check.disconnected:
            chips.append(_verdict(False, f"{of}{check.disconnected:,} nets not joined"))
    return "".join(chips)


def _chart(name: str, title: str, note: str = "") -> str:
    text = f"<p>{html.escape(note)}</p>" if note else ""
    return (
        f'<div class="chart"><h2>{html.escape(title)}</h2>'
        f'<div data-chart="{name}" role="img"></div>{text}</div>'
    )


def charts(runs: Sequence[CheckedRun], known: KnownCircuit | None) -> str:
    """The places that ``charts.js`` fills, for what the summaries tell."""
    places = [_chart("histogram", "Use of edges")]
    if known is not None:
        places.append(
            _chart(
                "peers",
                "Wirelength beside other routers",
                "Filled: measured on one machine of 2 cores; hollow: as published. All without "
                "overflow. The line is the sum of the nets' shortest trees.",
            )
        )
    if any(run.summary.stages for run in runs):
        places.append(_chart("stages", "Nets by the stage that gave them their wire"))
    if any(run.summary.phases for run in runs):
        places.append(_chart("time", "Processor seconds by phase"))
    if len(runs) == 1 and len(runs[0].summary.passes) > 1:
        places.append(_chart("passes", "Pass by pass"))
    return "\n".join(places)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], own: int | None = None) -> str:
    def cell(tag: str, column: int, text: str) -> str:
        number = ' class="number"' if column else ""
        return f"<{tag}{number}>{html.escape(text)}</{tag}>"

    lines = ["<tr>" + "".join(cell("th", c, text) for c, text in enumerate(heads)) + "</tr>"]
    for place, row in enumerate(rows):
        mark = ' class="own"' if place == own else ""
        lines.append(
            f"<tr{mark}>" + "".join(cell("td", c, text) for c, text in enumerate(row)) + "</tr>"
        )
    return f'<div class="scroll" tabindex="0"><table>{"".join(lines)}</table></div>'


def _details(title: str, body: str) -> str:
    return f"<details><summary>{html.escape(title)}</summary>{body}</details>"


def _flatten(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows += _flatten(value, f"{prefix}{name}.")
        elif len(text := json.dumps(value)) <= _LONGEST_VALUE:
            rows.append((prefix + name, text))
    return rows


def tables(runs: Sequence[CheckedRun], known: KnownCircuit | None) -> str:
    """Tables to unfold: references, phases, exits, settings."""
    parts = []
    if known is not None:
        lines = [
            (
                f"{run.letter} · {run.run.label}" if len(runs) > 1 else "this run",
                run.check.wirelength,
                "" if run.summary.seconds is None else f"{run.summary.seconds[1]:.2f}",
                f"overflow {run.check.total_overflow:,}" if not run.check.legal else "legal",
            )
            for run in runs
        ] + [
            (
                peer.name,
                peer.wirelength,
                f"{peer.seconds:.2f}",
                "measured" if peer.measured else "published",
            )
            for peer in known.peers
        ]
        lines.sort(key=lambda line: line[1])
        rows = [
            (name, _number(length), f"{length / known.steiner - 1:.2%}", seconds, note)
            for name, length, seconds, note in lines
        ]
        own = next((i for i, row in enumerate(rows) if row[0] == "this run"), None)
        heads = ("Router", "Wirelength", "Over the bound", "Seconds", "Standing")
        parts.append(_details(f"References on {known.name}", _table(heads, rows, own)))
    for run in runs:
        of = f" of {run.letter}" if len(runs) > 1 else ""
        if run.summary.phases:
            times = [(name, f"{wall:.3f}", f"{cpu:.3f}") for name, wall, cpu in run.summary.phases]
            phase_heads = ("Phase", "Wall clock, s", "Processor, s")
            parts.append(_details(f"Phases{of}", _table(phase_heads, times)))
        if run.summary.exits:
            exits = run.summary.exits
            columns = list(dict.fromkeys(key for count in exits.values() for key in count))
            counts = [
                (name, *("–" if (value := count.get(key)) is None else _number(value)
                         for key in columns))
                for name, count in exits.items()
            ]  # fmt: skip
            names = ("Exit", *(key.replace("_", " ") for key in columns))
            parts.append(_details(f"Exits of the model{of}", _table(names, counts)))
        if run.summary.settings:
            settings = _flatten(run.summary.settings)
            parts.append(_details(f"Settings and details{of}", _table(("What", "Value"), settings)))
    return "\n".join(parts)


def shortage_table(design: Design, explanation: Explanation | None) -> str:
    """A table to unfold: where tracks are missing, and which nets need them."""
    if explanation is None:
        return ""
    rows = []
    for place in explanation.places:
        left, low, right, high = place.box
        names = [design.net_names[net] for net in place.nets.tolist()]
        rows.append(
            (
                f"({left},{low})–({right},{high})",
                *map(_number, (place.missing, place.wires, place.tracks, len(place.edges))),
                first_names(names),
            )
        )
    heads = ("Tiles", "Missing", "Wires", "Tracks", "Edges", "Nets with most of the wires")
    return _details("Where tracks are missing", _table(heads, rows))


def layer_tables(runs: Sequence[CheckedRun]) -> str:
    """What is used of each layer, one table a run; nothing on the plane."""
    parts = []
    for run in runs:
        if run.layers:
            rows = [figures.texts for figures in (*run.layers, total_figures(run.layers))]
            of = f" of {run.letter} · {run.run.label}" if len(runs) > 1 else ""
            table = _table(LAYER_HEADS, rows, len(rows) - 1)
            parts.append(
                f'<section class="panel layers"><h2>Layers{html.escape(of)}</h2>{table}</section>'
            )
    return f'<div class="layer-tables">{"".join(parts)}</div>' if parts else ""


def layer_choice(runs: Sequence[CheckedRun]) -> str:
    """The choice of the layer that the map shows; nothing on the plane."""
    wires = runs[0].run.wires
    if wires is None:
        return ""
    shown = {figures.name for run in runs for figures in run.layers if figures.on_map}
    options = "".join(
        f'<option value="{layer}">{html.escape(name)} {"↔" if flat else "↕"}</option>'
        for layer, (name, flat) in enumerate(
            zip(wires.stack.names, wires.stack.horizontal.tolist(), strict=True)
        )
        if name in shown
    )
    return (
        '<label class="sr" for="layer">Layer shown</label>'
        f'<select id="layer"><option value="-1">All layers</option>{options}</select>'
    )


def map_kinds(several: bool) -> str:
    """The choice of what the map shows."""
    kinds = [
        ("both", "Both", "Horizontal and vertical edges as diamonds, side by side"),
        ("horizontal", "Horizontal", "Edges that horizontal wires cross"),
        ("vertical", "Vertical", "Edges that vertical wires cross"),
        ("pins", "Pins", "Nets with a pin in each tile"),
    ]
    if several:
        kinds.append(("difference", "Difference", "Demand less the first run's"))
    return "".join(
        f'<label title="{title}"><input type="radio" name="kind" value="{name}"'
        f"{' checked' if name == 'both' else ''}>{label}</label>"
        for name, label, title in kinds
    )


def run_choice(runs: Sequence[CheckedRun]) -> str:
    """The choice of the run that the map shows; nothing for a single run."""
    if len(runs) == 1:
        return ""
    options = "".join(
        f'<option value="{number}">{run.letter} · {html.escape(run.run.label)}</option>'
        for number, run in enumerate(runs)
    )
    return f'<label class="sr" for="run">Run shown</label><select id="run">{options}</select>'


def scale_style() -> str:
    """Style of the legend of colours, for both themes."""

    def rules(scope: str, palette: Palette) -> list[str]:
        stops = [
            f"{colour} {100 * stop:.0f}%" for colour, stop in zip(palette.ramp, STOPS, strict=True)
        ]
        even = ", ".join(palette.ramp)
        two = f"{palette.ramp[3]}, {palette.ramp[0]}, {palette.full}"
        return [
            f"{scope} #scale .ramp "
            f"{{ background: linear-gradient(to right, {', '.join(stops)}); }}",
            f'{scope} #scale[data-kind="pins"] .ramp '
            f"{{ background: linear-gradient(to right, {even}); }}",
            f'{scope} #scale[data-kind="difference"] .ramp '
            f"{{ background: linear-gradient(to right, {two}); }}",
            f"{scope} #scale .full {{ background: {palette.full}; }}",
            f"{scope} #scale .over {{ background: "
            f"linear-gradient(to right, {palette.over}, {palette.deep}); }}",
        ]

    dark = "\n".join(rules(':root:not([data-theme="light"])', DARK))
    return "\n".join(
        [
            *rules(":root", LIGHT),
            f"@media (prefers-color-scheme: dark) {{\n{dark}\n}}",
            *rules(':root[data-theme="dark"]', DARK),
        ]
    )


def table_note(several: bool, bound_meaning: str, part: tuple[int, int] | None = None) -> str:
    """What stands under the table of nets; ``part``: nets in the table, if not all, and in all."""
    first = (
        "Change: the last run's length less the first's; differ: edges that only one of them uses."
        if several
        else f"Ratio: length over the net's lower bound, which is the {bound_meaning}."
    )
    if part is not None:
        first = (
            f"{part[0]:,} of {part[1]:,} nets can be looked at here: those with overflow or "
            "without wire, then those furthest above their bounds, then the longest; the others "
            "are left out of this table and of searches. Map and figures count all nets. "
            f"{first}"
        )
    return f"{first} Click a head to sort, a row to see the net. Keys: / search, ↑ ↓, Enter zooms."


def value_range(values: IntArray) -> str:
    """The values of an array as a text: one number, or the least and the greatest."""
    if not values.size:
        return "0"
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"
