"""One self-contained HTML file that shows a run, or several runs of one design.

The page opens from disk and asks nothing of any network: style, scripts, the chart library
(Apache ECharts, ``assets/echarts.min.js``, unchanged from its npm package) and the packed routes
stand in it. Everything derived, such as demand and overflow of each edge, is derived by the page
again from the routes, so that it also checks what it is told.
"""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import compress
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import eda_router
from eda_router.design import Design, IntArray
from eda_router.files import displayable, write_text
from eda_router.report import fragments
from eda_router.report.bounds import (
    BOUND_LABEL,
    BOUND_MEANING,
    SPAN_MEANING,
    lower_bounds,
    terminal_bounds,
)
from eda_router.report.layer_figures import extent_text
from eda_router.report.packing import pack
from eda_router.report.palette import DARK, DEEP, LIGHT, STOPS
from eda_router.report.peers import KnownCircuit, known_circuit
from eda_router.report.run import STAGE_NAMES, CheckedRun, Run, check_run
from eda_router.report.statistics import grid_values
from eda_router.report.thinning import kept_nets, thinned
from eda_router.report.wires import LayerWires
from eda_router.strict_json import dumps

if TYPE_CHECKING:
    from eda_router.report.proof import Explanation

_SCRIPTS = ("decode.js", "map.js", "table.js", "charts.js", "page.js")
_STACKED_FROM = 2.2  # width over height from which the table stands under the map
_JS_WHOLE = 2**53  # JavaScript's numbers are whole up to here


def _facts(
    design: Design,
    runs: Sequence[CheckedRun],
    known: KnownCircuit | None,
    directory: list[tuple[str, str, int, int]],
    explanation: Explanation | None,
) -> dict[str, Any]:
    return {
        "design": grid_values(design),
        "runs": [
            {
                "label": run.run.label,
                "letter": run.letter,
                "wirelength": run.check.wirelength,
                "legal": run.check.legal,
                "histogram": run.histogram,
                "stages": [run.summary.stages.get(name, 0) for name in STAGE_NAMES],
                "phases": run.summary.phases,
                "passes": run.summary.passes,
            }
            for run in runs
        ],
        "layers": _layer_facts(runs),
        "shortages": []
        if explanation is None
        else [
            {"edges": place.edges.tolist(), "missing": place.missing}
            for place in explanation.places
        ],
        "reference": None
        if known is None
        else {
            "steiner": known.steiner,
            "peers": [dataclasses.asdict(peer) for peer in known.peers],
        },
        "stage_names": STAGE_NAMES,
        "bound_label": BOUND_LABEL,
        "bound_meaning": BOUND_MEANING if runs[0].run.wires is None else SPAN_MEANING,
        "palette": {
            "light": dataclasses.asdict(LIGHT),
            "dark": dataclasses.asdict(DARK),
            "scale": {"stops": STOPS, "deep_at": DEEP},
        },
        "directory": directory,
    }


def _layer_facts(runs: Sequence[CheckedRun]) -> dict[str, Any] | None:
    """Names and directions of the layers; None on the plane."""
    wires = runs[0].run.wires
    if wires is None:
        return None
    return {"names": wires.stack.names, "horizontal": wires.stack.horizontal.tolist()}


def _pack_design(
    design: Design,
    runs: Sequence[CheckedRun],
    bounds: IntArray,
    kept: NDArray[np.bool_] | None,
) -> tuple[list[tuple[str, str, int, int]], str]:
    arrays: dict[str, NDArray[Any]] = {
        "capacity": design.capacity,
        "pins": design.pins,
        "pin_counts": design.pin_counts,
        "bounds": bounds,
    }
    for number, run in enumerate(runs):
        wires = run.run.wires
        if wires is None:
            arrays[f"edges{number}"] = run.run.routes.edges
            arrays[f"lengths{number}"] = run.run.routes.lengths
        else:
            arrays["capacity"] = wires.flat_ledger.capacity
            arrays["layer_capacity"] = wires.stack.capacity
            arrays |= {f"{name}{number}": array for name, array in _layer_arrays(wires).items()}
        if run.summary.net_stages is not None:
            arrays[f"stage{number}"] = run.summary.net_stages
        if run.summary.net_exits is not None:
            arrays[f"exit{number}"] = run.summary.net_exits
    names, ids = design.net_names, design.net_ids
    if kept is not None:
        arrays = thinned(design, runs, arrays, kept)
        names, ids = list(compress(names, kept.tolist())), ids[kept]
    texts = {"names": "\n".join(names)}
    if ids.max(initial=0) < _JS_WHOLE:
        arrays["ids"] = ids
    else:
        texts["ids"] = "\n".join(map(str, ids.tolist()))
    return pack(arrays, texts)


def _layer_arrays(wires: LayerWires) -> dict[str, NDArray[Any]]:
    pin_counts, pins = wires.pins
    return {
        "edges": wires.edges,
        "lengths": wires.lengths,
        "layers": wires.layers,
        "vias": wires.via_tiles,
        "via_layers": wires.via_layers,
        "via_counts": wires.via_counts,
        "pins": pins,
        "pin_counts": pin_counts,
    }


@cache
def _asset(name: str) -> str:
    return files("eda_router.report").joinpath("assets", name).read_text(encoding="utf-8")


def _letter(number: int) -> str:
    """A, B, ..., Z, AA, AB, ..."""
    before, last = divmod(number, 26)
    return (_letter(before - 1) if before else "") + chr(ord("A") + last)


def format_page(
    design: Design,
    runs: Sequence[Run],
    title: str = "",
    explanation: Explanation | None = None,
) -> str:
    """The page as a text.

    Args:
        design: the grid and its nets.
        runs: at least one; with two or more the page compares them, the first one being the base.
        title: of the page; empty, made from the design's name.
        explanation: where the first run lacks tracks whatever the routing, as a certificate shows;
            None leaves it out.
    """
    checked = [check_run(design, run, _letter(number)) for number, run in enumerate(runs)]
    several = len(runs) > 1
    known = known_circuit(design)
    wires = runs[0].wires
    bounds = lower_bounds(design) if wires is None else terminal_bounds(wires.stack, design.width)
    bound = int(bounds.sum())
    kept = kept_nets(design, checked, bounds)
    directory, data = _pack_design(design, checked, bounds, kept)
    # A closing tag inside a net's name must not end the script element.
    facts = dumps(_facts(design, checked, known, directory, explanation)).replace("<", "\\u003c")
    heading = title or (f"{design.name}: {len(runs)} runs" if several else design.name)
    filters = "change>0 differ>10" if several else "pins>5 ratio>1.2 over>0"
    hint = f"Search a name, or filter: {filters}" + (
        "" if wires is None else f" vias>{0 if several else 9}"
    )
    return Template(_asset("page.html")).substitute(
        title=html.escape(f"{heading} · edaroute"),
        css=_style(design),
        heading=html.escape(heading),
        subtitle=html.escape(_subtitle(design, wires)),
        verdicts=fragments.verdicts(checked),
        cards=fragments.run_cards(checked, bound if known is None else known.steiner)
        if several
        else fragments.cards(design, checked[0], known, bound, explanation),
        kinds=fragments.map_kinds(several),
        runs=fragments.layer_choice(checked) + fragments.run_choice(checked),
        map_style=f"aspect-ratio: {design.width} / {design.height}",
        placeholder=html.escape(hint),
        search_help="Words are sought in the names. Conditions, such as pins>=3 or stage:maze, "
        "hold for the columns. All must be met.",
        table_note=html.escape(
            fragments.table_note(
                several,
                BOUND_MEANING if wires is None else SPAN_MEANING,
                None if kept is None else (int(kept.sum()), design.num_nets),
            )
        ),
        charts=fragments.charts(checked, known),
        layers=fragments.layer_tables(checked),
        tables=fragments.shortage_table(design, explanation) + fragments.tables(checked, known),
        footer=f"Made by edaroute {eda_router.__version__}; charts by Apache ECharts "
        "(Apache License 2.0), which stands in this file. Nothing is loaded from elsewhere.",
        facts=facts,
        data=data,
        library=_asset("echarts.min.js"),
        script="\n".join(_asset(name) for name in _SCRIPTS),
    )


def _style(design: Design) -> str:
    """The style of the page; the table of nets stands under the map of a wide grid."""
    stacked = design.width > _STACKED_FROM * design.height
    columns = "minmax(0, 1fr)" if stacked else "minmax(0, 1.25fr) minmax(0, 1fr)"
    return Template(_asset("page.css")).substitute(
        explorer_columns=columns, scale_css=fragments.scale_style()
    )


def _subtitle(design: Design, wires: LayerWires | None) -> str:
    """Size, capacities or layers, and nets in a line."""
    if wires is None:
        horizontal = fragments.value_range(design.horizontal_capacity)
        vertical = fragments.value_range(design.vertical_capacity)
        room = f"capacity horizontal {horizontal} and vertical {vertical} tracks"
        to_route = len(design.routable)
    else:
        first, last = (wires.stack.names[layer] for layer in wires.stack.signal)
        room = f"{extent_text(wires.stack)} · signals on {first} to {last}"
        to_route = wires.nets_to_route
    return (
        f"{design.width}×{design.height} tiles · {room} · "
        f"{design.num_nets:,} nets, {to_route:,} to route"
    )


def write_page(
    path: str | Path,
    design: Design,
    runs: Sequence[Run],
    title: str = "",
    explanation: Explanation | None = None,
) -> None:
    """Write one HTML page that shows runs of a design and needs no network.

    Args:
        path: of the page.
        design: that was routed.
        runs: one or more to show side by side.
        title: of the page; the design's name when empty.
        explanation: see :func:`format_page`.

    Raises:
        InputError: the file cannot be written.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> result = eda_router.route(design, eda_router.RouteConfig(router="maze"))
        >>> eda_router.write_page("tiny.html", design, [eda_router.Run("maze", result.routes)])
    """
    write_text(path, displayable(format_page(design, runs, title, explanation)))
