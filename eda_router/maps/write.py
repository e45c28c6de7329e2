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
from eda_router.errors import InputError
from eda_router.files import make_folder, write_atomically, write_text
from eda_router.formats.design_files import DesignFiles
from eda_router.formats.guide import guide_of
from eda_router.jobs import run_jobs
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
    folder: Path,
    designs: Sequence[DesignFiles],
    config: MapsConfig,
    routes: Sequence[Path] = (),
    workers: int = 1,
) -> Iterator[tuple[DesignFiles, dict[str, Any]]]:
    """Write the maps of designs, each named as its design.

    Args:
        folder: made if missing; existing maps of that name are replaced.
        designs: with different names.
        config: how designs without a route are routed.
        routes: a route file, guide or solution for each design; or none at all.
        workers: processes to work in.

    Yields:
        (design, its note), as each is done.

    Raises:
        InputError: a file cannot be read or written, or there are more or fewer routes than
            designs.
    """
    if routes and len(routes) != len(designs):
        raise InputError(
            None, None, f"{len(routes)} routes, {len(designs)} designs", "one for each, or none"
        )
    given: list[Path | None] = [*routes] if routes else [None] * len(designs)
    jobs = [(folder, files, config, path) for files, path in zip(designs, given, strict=True)]
    for number, note in run_jobs(write_design_maps, jobs, workers):
        yield designs[number], note


def write_design_maps(
    folder: Path, files: DesignFiles, config: MapsConfig, routes: Path | None
) -> dict[str, Any]:
    """Write the maps of one design; give its note."""
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
        "version": eda_router.__version__,
        "design": files.identity(),
        "shape": [design.width, design.height],
        **_lines(design),
        "route": None if routes is None else _identity(routes),
        "config": dataclasses.asdict(config),
        "found": {stage: dataclasses.asdict(verdict) for stage, verdict in verdicts.items()},
        "sha256": sums,
    }
    make_folder(folder / NOTES)
    write_text(folder / NOTES / f"{files.name}.json", json.dumps(note, indent=1) + "\n")
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


def _identity(path: Path) -> dict[str, str]:
    return {"name": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
