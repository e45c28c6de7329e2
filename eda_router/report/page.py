"""One self-contained HTML file that shows a run, or several runs of one design.

The page opens from disk and asks nothing of any network: style, scripts, the chart library
(Apache ECharts, ``assets/echarts.min.js``, unchanged from its npm package) and the packed routes
stand in it. Everything derived, such as demand and overflow of each edge, is derived by the page
again from the routes, so that it also checks what it is told.
"""

from __future__ import annotations

import dataclasses
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

import eda_router
from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray, Routes
from eda_router.errors import InputError
from eda_router.formats.text import write_atomically
from eda_router.ledger import CapacityLedger
from eda_router.report.bounds import BOUND_LABEL, BOUND_MEANING, lower_bounds
from eda_router.report.congestion import (
    DirectionFigures,
    direction_figures,
    utilisation_histogram,
)
from eda_router.report.packing import pack
from eda_router.report.palette import DARK, DEEP, LIGHT, STOPS, Palette
from eda_router.report.peers import KnownCircuit, known_circuit
from eda_router.result import Stage
from eda_router.verification import Verification, verify

_SCRIPTS = ("decode.js", "map.js", "table.js", "charts.js", "page.js")
_STACKED_FROM = 2.2  # width over height from which the table stands under the map
_LONGEST_VALUE = 200  # characters of a setting or detail that a table shows
_JS_WHOLE = 2**53  # JavaScript's numbers are whole up to here
STAGE_NAMES = tuple(stage.name.lower() for stage in Stage)


@dataclass(frozen=True, eq=False)
class Run:
    """One run to show.

    Attributes:
        label: what to call it.
        routes: its wires.
        summary: what ``edaroute route --json`` wrote; empty when it is not at hand.
    """

    label: str
    routes: Routes
    summary: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Checked:
    """A run with what was recounted from its wires, and the letter that stands for it."""

    run: Run
    letter: str
    check: Verification
    directions: tuple[DirectionFigures, DirectionFigures]
    stage: NDArray[np.uint8] | None
    exits: IntArray | None
    histogram: list[list[int]]

    @property
    def full_edges(self) -> int:
        return sum(figures.full for figures in self.directions)

    @property
    def seconds(self) -> tuple[float, float] | None:
        """Wall-clock and processor seconds of the whole process, when they are known."""
        process = self.run.summary.get("process")
        return None if process is None else (process["wall"], process["cpu"])


def load_summary(path: str | Path, design: Design, routes: Routes) -> dict[str, Any]:
    """Read what ``edaroute route --json`` wrote and make sure that it belongs to ``routes``.

    Raises:
        InputError: the file cannot be read, is no such summary, or tells of another run.
    """
    try:
        summary = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, None, "is no text", "JSON in UTF-8") from error
    except json.JSONDecodeError as error:
        raise InputError(path, error.lineno, f"no JSON: {error.msg}") from error
    try:
        told = {
            "nets": summary["design"]["nets"],
            "wirelength": summary["result"]["wirelength"],
        }
        _stage_names(summary["stages"])
        [(row["name"], row["overflow"], row["wirelength"]) for row in summary["passes"]]
        [(phase["wall"] + 0, phase["cpu"] + 0) for phase in summary["phases"].values()]
        [summary["process"][key] + 0 for key in ("wall", "cpu")]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            path, None, f"no summary of a run ({error})", "what 'edaroute route --json' writes"
        ) from error
    found = {"nets": design.num_nets, "wirelength": routes.wirelength}
    for name, value in told.items():
        if value != found[name]:
            raise InputError(
                path, None, f"tells of another run: {name} {value}", f"{found[name]} as routed"
            )
    assert isinstance(summary, dict)
    return summary


def _stage_names(stages: Mapping[str, int]) -> None:
    for name in stages:
        if name not in STAGE_NAMES:
            raise KeyError(name)


def _digits(summary: Mapping[str, Any], key: str, nets: int) -> NDArray[np.uint8] | None:
    """One digit a net, when the summary has such a text."""
    text = summary.get(key)
    if not isinstance(text, str) or len(text) != nets or not text.isdecimal():
        return None
    return np.frombuffer(text.encode(), np.uint8) - np.uint8(ord("0"))


def _checked(design: Design, run: Run, letter: str) -> _Checked:
    ledger = CapacityLedger.of(design, run.routes)
    histogram = utilisation_histogram(ledger)
    exits = _digits(run.summary.get("details", {}), "net_exits", design.num_nets)
    return _Checked(
        run=run,
        letter=letter,
        check=verify(design, run.routes),
        directions=(
            direction_figures(ledger, HORIZONTAL),
            direction_figures(ledger, VERTICAL),
        ),
        stage=_digits(run.summary, "net_stages", design.num_nets),
        exits=None if exits is None else np.where(exits, 4 << exits.astype(np.int32), 0),
        histogram=[
            [*histogram.below[d].tolist(), int(histogram.full[d]), int(histogram.over[d])]
            for d in (HORIZONTAL, VERTICAL)
        ],
    )


def _phases(run: Run) -> list[tuple[str, Mapping[str, float]]]:
    """The phases in the order of the clock: writing and checking come after routing."""
    phases = list(run.summary.get("phases", {}).items())
    return sorted(phases, key=lambda phase: phase[0] in ("verify", "write"))


def _facts(
    design: Design,
    runs: Sequence[_Checked],
    known: KnownCircuit | None,
    directory: list[tuple[str, str, int, int]],
) -> dict[str, Any]:
    def stages(run: _Checked) -> list[int]:
        told = run.run.summary.get("stages", {})
        return [int(told.get(name, 0)) for name in STAGE_NAMES]

    def phases(run: _Checked) -> list[list[Any]]:
        return [[name, phase["wall"], phase["cpu"]] for name, phase in _phases(run.run)]

    def passes(run: _Checked) -> list[list[Any]]:
        told = run.run.summary.get("passes", [])
        return [[row["name"], row["overflow"], row["wirelength"]] for row in told]

    def colours(palette: Palette) -> dict[str, Any]:
        return dataclasses.asdict(palette)

    return {
        "design": {
            "name": design.name,
            "width": design.width,
            "height": design.height,
            "nets": design.num_nets,
        },
        "runs": [
            {
                "label": run.run.label,
                "letter": run.letter,
                "wirelength": run.check.wirelength,
                "legal": run.check.legal,
                "histogram": run.histogram,
                "stages": stages(run),
                "phases": phases(run),
                "passes": passes(run),
            }
            for run in runs
        ],
        "reference": None
        if known is None
        else {
            "steiner": known.steiner,
            "peers": [dataclasses.asdict(peer) for peer in known.peers],
        },
        "stage_names": STAGE_NAMES,
        "bound_label": BOUND_LABEL,
        "bound_meaning": BOUND_MEANING,
        "palette": {
            "light": colours(LIGHT),
            "dark": colours(DARK),
            "scale": {"stops": STOPS, "deep_at": DEEP},
        },
        "directory": directory,
    }


def _pack_design(
    design: Design, runs: Sequence[_Checked], bounds: IntArray
) -> tuple[list[tuple[str, str, int, int]], str]:
    arrays: dict[str, NDArray[Any]] = {
        "capacity": design.capacity,
        "pins": design.pins,
        "pin_counts": design.pin_counts,
        "bounds": bounds,
    }
    for number, run in enumerate(runs):
        arrays[f"edges{number}"] = run.run.routes.edges
        arrays[f"lengths{number}"] = run.run.routes.lengths
        if run.stage is not None:
            arrays[f"stage{number}"] = run.stage
        if run.exits is not None:
            arrays[f"exit{number}"] = run.exits
    texts = {"names": "\n".join(design.net_names)}
    if design.net_ids.max(initial=0) < _JS_WHOLE:
        arrays["ids"] = design.net_ids
    else:
        texts["ids"] = "\n".join(map(str, design.net_ids.tolist()))
    return pack(arrays, texts)


@cache
def _asset(name: str) -> str:
    return files("eda_router.report").joinpath("assets", name).read_text(encoding="utf-8")


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _card(label: str, value: str, note: str) -> str:
    return (
        f'<div class="card"><span class="label">{html.escape(label)}</span>'
        f"<b>{html.escape(value)}</b><span>{html.escape(note)}</span></div>"
    )


def _cards(design: Design, run: _Checked, known: KnownCircuit | None, bound: int) -> str:
    check = run.check
    steiner = bound if known is None else known.steiner
    over = f"{check.wirelength / steiner - 1:+.2%} over {_number(steiner)}" if steiner else ""
    bound_name = "shortest trees" if known else "lower bound"
    cards = [
        _card("Wirelength, tile edges", _number(check.wirelength), f"{over}, {bound_name}")
        if steiner
        else _card("Wirelength, tile edges", _number(check.wirelength), "nothing to route"),
        _card(
            "Overflow, tracks",
            _number(check.total_overflow),
            f"on {_number(len(check.overflowed_edges))} edges, at most {check.max_overflow}"
            if check.total_overflow
            else "every edge within capacity",
        ),
        _card(
            "Nets joined",
            f"{check.nets_to_route - check.disconnected:,}",
            f"of {check.nets_to_route:,} to route, {design.num_nets:,} in all",
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
    if run.seconds is not None:
        wall, cpu = run.seconds
        peak = run.run.summary["process"].get("peak_mb")
        note = f"{cpu:.2f} s of processor" + (f", {peak:,.0f} MB at most" if peak else "")
        cards.append(_card("Time", f"{wall:.2f} s", note))
    model = run.run.summary.get("details", {}).get("model")
    if model is not None:
        cards.append(
            _card(
                "Wires as the model drew them",
                f"{model['kept_share']:.1%}",
                f"of the nets, {model['kept']:,}; it routed {model['routed_share']:.1%} itself",
            )
        )
    if known is not None:
        best = min((peer for peer in known.peers if peer.measured), key=lambda p: p.wirelength)
        change = check.wirelength / best.wirelength - 1
        cards.append(
            _card(
                "Against the best router measured",
                f"{change:+.2%}",
                f"{best.name}: {_number(best.wirelength)}",
            )
        )
    return "\n".join(cards)


def _run_cards(runs: Sequence[_Checked], bound: int) -> str:
    first = runs[0].check.wirelength
    cards = []
    for run in runs:
        change = (
            f"{run.check.wirelength / first - 1:+.2%}, " if run is not runs[0] and first else ""
        )
        above = f"{run.check.wirelength / bound - 1:+.1%} over the bound, " if bound else ""
        cards.append(
            _card(
                f"{run.letter} · {run.run.label}",
                _number(run.check.wirelength),
                f"{change}{above}overflow {_number(run.check.total_overflow)}, "
                f"{_number(run.full_edges)} edges full",
            )
        )
    return "\n".join(cards)


def _verdict(good: bool, text: str) -> str:
    return f'<span class="verdict {"good" if good else "bad"}">{html.escape(text)}</span>'


def _verdicts(runs: Sequence[_Checked]) -> str:
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


def _charts(runs: Sequence[_Checked], known: KnownCircuit | None) -> str:
    charts = [_chart("histogram", "Use of edges")]
    if known is not None:
        charts.append(
            _chart(
                "peers",
                "Wirelength beside other routers",
                "Filled: measured on one machine of 2 cores; hollow: as published. All without "
                "overflow. The line is the sum of the nets' shortest trees.",
            )
        )
    if any(run.run.summary.get("stages") for run in runs):
        charts.append(_chart("stages", "Nets by the stage that gave them their wire"))
    if any(run.run.summary.get("phases") for run in runs):
        charts.append(_chart("time", "Processor seconds by phase"))
    if len(runs) == 1 and len(runs[0].run.summary.get("passes", [])) > 1:
        charts.append(_chart("passes", "Pass by pass"))
    return "\n".join(charts)


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
    return f'<div class="scroll"><table>{"".join(lines)}</table></div>'


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


def _tables(runs: Sequence[_Checked], known: KnownCircuit | None) -> str:
    parts = []
    if known is not None:
        lines = [
            (
                f"{run.letter} · {run.run.label}" if len(runs) > 1 else "this run",
                run.check.wirelength,
                "" if run.seconds is None else f"{run.seconds[1]:.2f}",
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
        heads = ("Router", "Wirelength", "Over the bound", "Seconds", "")
        parts.append(_details(f"References on {known.name}", _table(heads, rows, own)))
    for run in runs:
        of = f" of {run.letter}" if len(runs) > 1 else ""
        if run.run.summary.get("phases"):
            rows3 = [
                (name, f"{phase['wall']:.3f}", f"{phase['cpu']:.3f}")
                for name, phase in _phases(run.run)
            ]
            heads3 = ("Phase", "Wall clock, s", "Processor, s")
            parts.append(_details(f"Phases{of}", _table(heads3, rows3)))
        exits = run.run.summary.get("details", {}).get("exits")
        if exits:
            columns = list(dict.fromkeys(key for count in exits.values() for key in count))
            rows = [
                (name, *("–" if count[key] is None else _number(count[key]) for key in columns))
                for name, count in exits.items()
            ]
            heads = ("Exit", *(key.replace("_", " ") for key in columns))
            parts.append(_details(f"Exits of the model{of}", _table(heads, rows)))
        told = {
            key: run.run.summary[key]
            for key in ("config", "versions", "details")
            if run.run.summary.get(key)
        }
        if told:
            rows2 = _flatten(told)
            parts.append(_details(f"Settings and details{of}", _table(("What", "Value"), rows2)))
    return "\n".join(parts)


def _kinds(several: bool) -> str:
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


def _run_choice(runs: Sequence[_Checked]) -> str:
    if len(runs) == 1:
        return ""
    options = "".join(
        f'<option value="{number}">{run.letter} · {html.escape(run.run.label)}</option>'
        for number, run in enumerate(runs)
    )
    return f'<label class="sr" for="run">Run shown</label><select id="run">{options}</select>'


def _scale_css() -> str:
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


def _letter(number: int) -> str:
    """A, B, ..., Z, AA, AB, ..."""
    before, last = divmod(number, 26)
    return (_letter(before - 1) if before else "") + chr(ord("A") + last)


def format_page(design: Design, runs: Sequence[Run], title: str = "") -> str:
    """The page as a text.

    Args:
        design: the grid and its nets.
        runs: at least one; with two or more the page compares them, the first one being the base.
        title: of the page; empty, made from the design's name.
    """
    checked = [_checked(design, run, _letter(number)) for number, run in enumerate(runs)]
    several = len(runs) > 1
    known = known_circuit(design)
    bounds = lower_bounds(design)
    bound = int(bounds.sum())
    directory, data = _pack_design(design, checked, bounds)
    # A closing tag inside a net's name must not end the script element.
    facts = json.dumps(_facts(design, checked, known, directory)).replace("<", "\\u003c")
    stacked = design.width > _STACKED_FROM * design.height
    columns = "minmax(0, 1fr)" if stacked else "minmax(0, 1.25fr) minmax(0, 1fr)"
    capacity = " and ".join(
        f"{name} {_range(values)}"
        for name, values in (
            ("horizontal", design.horizontal_capacity),
            ("vertical", design.vertical_capacity),
        )
    )
    heading = title or (f"{design.name}: {len(runs)} runs" if several else design.name)
    hint = (
        "Search a name, or filter: change>0 differ>10"
        if several
        else ("Search a name, or filter: pins>5 ratio>1.2 over>0")
    )
    return Template(_asset("page.html")).substitute(
        title=html.escape(f"{heading} · edaroute"),
        css=Template(_asset("page.css")).substitute(
            explorer_columns=columns, scale_css=_scale_css()
        ),
        heading=html.escape(heading),
        subtitle=html.escape(
            f"{design.width}×{design.height} tiles · capacity {capacity} tracks · "
            f"{design.num_nets:,} nets, {len(design.routable):,} to route"
        ),
        verdicts=_verdicts(checked),
        cards=_run_cards(checked, bound if known is None else known.steiner)
        if several
        else _cards(design, checked[0], known, bound),
        kinds=_kinds(several),
        runs=_run_choice(checked),
        map_style=f"aspect-ratio: {design.width} / {design.height}",
        placeholder=html.escape(hint),
        search_help="Words are sought in the names. Conditions, such as pins>=3 or stage:maze, "
        "hold for the columns. All must be met.",
        table_note=html.escape(_table_note(several)),
        charts=_charts(checked, known),
        tables=_tables(checked, known),
        footer=f"Made by edaroute {eda_router.__version__}; charts by Apache ECharts "
        "(Apache License 2.0), which stands in this file. Nothing is loaded from elsewhere.",
        facts=facts,
        data=data,
        library=_asset("echarts.min.js"),
        script="\n".join(_asset(name) for name in _SCRIPTS),
    )


def _table_note(several: bool) -> str:
    first = (
        "Change: the last run's length less the first's; differ: edges that only one of them uses."
        if several
        else f"Ratio: length over the net's lower bound, which is the {BOUND_MEANING}."
    )
    return f"{first} Click a head to sort, a row to see the net. Keys: / search, ↑ ↓, Enter zooms."


def _range(values: IntArray) -> str:
    if not values.size:
        return "0"
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"


def write_page(path: str | Path, design: Design, runs: Sequence[Run], title: str = "") -> None:
    """Write the page of :func:`format_page` beside its place and rename it.

    Raises:
        InputError: the file cannot be written.
    """
    write_atomically(path, format_page(design, runs, title).encode())
