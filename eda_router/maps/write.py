"""Writing the maps of designs: one ``.npy`` a map and design, and a note of what made them."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import eda_router
from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.errors import EdarouteError, InputError
from eda_router.files import make_folder, write_atomically, write_text
from eda_router.formats.design_files import DesignFiles, file_digest
from eda_router.formats.guide import guide_of
from eda_router.jobs import Workers, run_jobs
from eda_router.maps.config import MapsConfig
from eda_router.maps.congestion import congestion_maps
from eda_router.maps.features import Map, feature_maps
from eda_router.report.results import read_run
from eda_router.report.run import Run, Verdict, judge
from eda_router.report.wires import guide_wires
from eda_router.routing.flow import route
from eda_router.routing.layered_flow import route_layered
from eda_router.routing.ledger import CapacityLedger

NOTES = "provenance"
"""Folder of the notes; CircuitNet has none of that name."""


def write_maps(
    folder: str | Path,
    designs: Sequence[DesignFiles],
    config: MapsConfig,
    routes: Sequence[Path] = (),
    workers: Workers | None = None,
) -> Iterator[tuple[DesignFiles, dict[str, Any] | EdarouteError]]:
    """Write the maps of designs, each named as its design; call again to go on.

    One design that fails does not stop the others.

    Args:
        folder: made if missing; other maps of a design's name are replaced.
        designs: with different names.
        config: how designs without a route are routed.
        routes: a route file, guide or solution for each design; or none at all.
        workers: where that is done; None: in this process.

    Yields:
        (design, its note or why it has none), as each is done.

    Raises:
        InputError: there are more or fewer routes than designs.

    Example:
        >>> import eda_router
        >>> designs = eda_router.find_designs(["synth-tiny"])
        >>> for files, note in eda_router.write_maps("maps", designs, MapsConfig()):
        ...     print(files.name, note["shape"], len(note["sha256"]))
        synth-tiny [16, 16] 14
    """
    if routes and len(routes) != len(designs):
        raise InputError(
            None, None, f"{len(routes)} routes, {len(designs)} designs", "one for each, or none"
        )
    given: list[Path | None] = [*routes] if routes else [None] * len(designs)
    jobs = [(Path(folder), files, config, path) for files, path in zip(designs, given, strict=True)]
    for number, note in run_jobs(_try_design, jobs, workers):
        yield designs[number], note


def _try_design(
    folder: Path, files: DesignFiles, config: MapsConfig, routes: Path | None
) -> dict[str, Any] | EdarouteError:
    try:
        return keep_design_maps(folder, files, config, routes)
    except EdarouteError as error:
        return error


def keep_design_maps(
    folder: Path, files: DesignFiles, config: MapsConfig, routes: Path | None = None
) -> dict[str, Any]:
    """Write the maps of one design unless they are there and whole already; give its note.

    Raises:
        InputError: a file cannot be read or written.
    """
    made_of = {
        "version": eda_router.__version__,
        "design": files.identity(),
        "route": None if routes is None else {"name": routes.name, "sha256": file_digest(routes)},
        "config": dataclasses.asdict(config),
    }
    path = folder / NOTES / f"{files.name}.json"
    there = _whole_note(folder, path, files.name)
    if there is not None and made_of.items() <= there.items():
        return there
    design = files.read()
    maps, verdicts = make_maps(design, files.path, config, routes)
    sums = {}
    for place, image in maps.items():
        file = io.BytesIO()
        np.save(file, image)
        make_folder(folder / place)
        write_atomically(folder / place / f"{files.name}.npy", file.getvalue())
        sums[place] = hashlib.sha256(file.getvalue()).hexdigest()
    note = {
        **made_of,
        "shape": [design.width, design.height],
        **_lines(design),
        "found": {stage: dataclasses.asdict(verdict) for stage, verdict in verdicts.items()},
        "sha256": sums,
    }
    make_folder(path.parent)
    write_text(path, json.dumps(note, indent=1) + "\n")
    return note


def _whole_note(folder: Path, path: Path, name: str) -> dict[str, Any] | None:
    """The note of maps that are all there as it says; None without such."""
    try:
        note: dict[str, Any] = json.loads(path.read_text())
        for place, digest in note["sha256"].items():
            if file_digest(folder / place / f"{name}.npy") != digest:
                return None
    except (InputError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return note


def make_maps(
    design: Design, place: Path, config: MapsConfig, routes: Path | None = None
) -> tuple[dict[str, Map], dict[str, Verdict]]:
    """The maps of a design by their folders, and what was recounted from each route.

    Args:
        design: read from ``place``.
        place: its file.
        config: how it is routed.
        routes: its route file, guide or solution; None: it is routed where labels are wanted.

    Raises:
        InputError: ``routes`` cannot be read or does not belong to the design.
    """
    maps, runs = feature_maps(design), {}
    if routes is not None:
        runs["GR"] = read_run(routes, place, design, routes.name)
    elif config.labels:
        runs["GR"] = route_run(design, config.route)
        runs["eGR"] = route_run(design, config.early_route)
    for stage, run in runs.items():
        ledger = CapacityLedger.of(design, run.routes) if run.wires is None else run.wires.ledger
        maps |= congestion_maps(ledger, stage)
    return maps, {stage: judge(design, run) for stage, run in runs.items()}


def route_run(design: Design, config: RouteConfig) -> Run:
    """Route a design, on its layers where it has some."""
    if design.layers is None:
        return Run(design.name, route(design, config).routes)
    wires = guide_wires(design, guide_of(route_layered(design, config).layered))
    return Run(design.name, wires.routes, wires=wires)


def _lines(design: Design) -> dict[str, Any]:
    """Where the GCells lie, of designs that say it."""
    layers = design.layers
    if layers is None:
        return {}
    return {"xs": layers.xs.tolist(), "ys": layers.ys.tolist(), "units_per_micron": layers.dbu}
