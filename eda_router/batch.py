"""A table of runs: many designs, each routed in several ways.

The table is the memory too. Every row has a key of all that decides it (the design's files, the
settings, the version), the file is written anew after each run, and runs whose rows are there are
not repeated. A run that fails has a row that says why; it is tried again next time.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import eda_router
from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.errors import EdarouteError, InputError
from eda_router.files import write_text
from eda_router.formats.design_files import DesignFiles
from eda_router.formats.guide import guide_of
from eda_router.guide_verification import verify_guide
from eda_router.jobs import Workers, run_jobs
from eda_router.report.bounds import lower_bounds, terminal_bounds
from eda_router.routing.flow import load_kernels, route
from eda_router.routing.layered_flow import route_layered
from eda_router.routing.result import RoutingResult
from eda_router.verification import verify

FAILED = "failed"
"""Status of a run without a result."""

COLUMNS = {
    "design": "name of the design",
    "router": "that routed it",
    "effort": "of the router",
    "seed": "of the run",
    "status": f"legal, flawed (overflow or unrouted nets) or {FAILED}",
    "nets": "nets to route",
    "wirelength": "GCell edges",
    "overflow": "tracks",
    "unrouted": "nets without a wire",
    "vias": "on layers",
    "bound": "no wires of these nets are shorter, GCell edges",
    "drawn": "nets that the model routed",
    "kept": "of these, nets that kept the wire drawn",
    "cpu": "seconds of the processor for routing",
    "wall": "seconds on the clock for routing",
    "problem": "why there is no result",
    "run": "key of all that decides the row",
}
"""The columns of the table and what they mean; what is not known stays empty."""

Row = dict[str, str]


def run_batch(
    table: Path,
    designs: Sequence[DesignFiles],
    configs: Sequence[RouteConfig],
    workers: Workers | None = None,
) -> Iterator[Row]:
    """Route each design in each way, and keep a table of the runs.

    Args:
        table: CSV file with :data:`COLUMNS`; rows of other runs stay, below those of the batch.
        designs: with different names.
        configs: the ways.
        workers: where that is done; None: in this process.

    Yields:
        the row of each run, those that are there first, then as each is done.

    Raises:
        InputError: the table holds something else, or cannot be written.
        EdarouteError: there is no such cluster.

    Example:
        >>> from pathlib import Path
        >>> import eda_router
        >>> designs = eda_router.find_designs(["synth-tiny"])
        >>> ways = [eda_router.RouteConfig(router="maze", effort=e) for e in ("low", "medium")]
        >>> rows = list(eda_router.run_batch(Path("runs.csv"), designs, ways))
        >>> [(row["effort"], row["status"]) for row in rows]
        [('low', 'legal'), ('medium', 'legal')]
    """
    asked = [(files, config) for files in designs for config in configs]
    keys = [run_key(files, config) for files, config in asked]
    there = read_table(table)
    rows = {key: there[key] for key in keys if there.get(key, {}).get("status", FAILED) != FAILED}
    others = [row for key, row in there.items() if key not in keys]
    yield from list(rows.values())
    left = [(key, *job) for key, job in zip(keys, asked, strict=True) if key not in rows]
    for number, row in run_jobs(route_one, [(files, config) for _, files, config in left], workers):
        key = left[number][0]
        rows[key] = {**row, "run": key}
        write_table(table, [*(rows[key] for key in keys if key in rows), *others])
        yield rows[key]


def run_key(files: DesignFiles, config: RouteConfig) -> str:
    """Sixteen digits that stand for all that decides a run but the machine."""
    try:
        identity: Any = files.identity()
    except InputError as error:
        identity = [files.name, str(error)]
    facts = [eda_router.__version__, identity, dataclasses.asdict(config)]
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def route_one(files: DesignFiles, config: RouteConfig) -> Row:
    """Route a design and recount the result; the row of the run, without its key."""
    row = dict.fromkeys(COLUMNS, "")
    row |= {"design": files.name, "router": config.router, "effort": config.effort}
    row["seed"] = str(config.seed)
    try:
        design = files.read()
        load_kernels()
        began, used = time.perf_counter(), time.process_time()
        figures = _figures(design, config)
    except EdarouteError as error:
        return row | {"status": FAILED, "problem": str(error)}
    spent = {"cpu": time.process_time() - used, "wall": time.perf_counter() - began}
    row |= {name: str(value) for name, value in figures.items()}
    return row | {name: f"{value:.2f}" for name, value in spent.items()}


def _figures(design: Design, config: RouteConfig) -> dict[str, Any]:
    """What was recounted from a run's wires."""
    if design.layers is None:
        result = route(design, config)
        plane = verify(design, result.routes)
        overflow, unrouted, wirelength = (
            plane.total_overflow, plane.disconnected, plane.wirelength
        )  # fmt: skip
        bound, more = lower_bounds(design).sum(), {}
    else:
        done = route_layered(design, config)
        result, check = done.result, verify_guide(design, guide_of(done.layered))
        overflow, unrouted, wirelength = (
            check.total_overflow, len(check.missing_nets), check.wirelength
        )  # fmt: skip
        bound, more = terminal_bounds(design.layers, design.width).sum(), {"vias": check.vias}
    return {
        "status": "flawed" if overflow or unrouted else "legal",
        "nets": len(design.routable),
        "wirelength": wirelength,
        "overflow": overflow,
        "unrouted": unrouted,
        "bound": bound,
        **_model(result),
        **more,
    }


def _model(result: RoutingResult) -> dict[str, Any]:
    share = result.details.get("model")
    return {} if share is None else {"drawn": share["routed"], "kept": share["kept"]}


def read_table(path: Path) -> dict[str, Row]:
    """The rows of a table by their keys; none where there is no file.

    Raises:
        InputError: it cannot be read, or is no table of runs.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(path, None, "not text", "a table of runs") from error
    reader = csv.DictReader(io.StringIO(text))
    if reader.fieldnames != list(COLUMNS):
        raise InputError(path, 1, "other columns", ",".join(COLUMNS))
    rows = {}
    for row in reader:
        if None in row or None in row.values():
            raise InputError(path, reader.line_num, "a damaged row", f"{len(COLUMNS)} values")
        rows[row["run"]] = row
    return rows


def write_table(path: Path, rows: Sequence[Row]) -> None:
    """Write a table of runs.

    Raises:
        InputError: the file cannot be written.
    """
    file = io.StringIO()
    writer = csv.DictWriter(file, list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, file.getvalue())
