"""Routing many designs in many ways: what is done is kept, so that a batch can go on.

What came of a run lies in a file named by a digest of all that decides it: version, content of the
design's files, settings and weights. Names and places of files change nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import eda_router
from eda_router.batch.config import BatchConfig
from eda_router.batch.row import FLAWED, LEGAL, Figures, Row
from eda_router.config import RouteConfig, identity
from eda_router.design import Design
from eda_router.errors import EdarouteError
from eda_router.files import write_text
from eda_router.formats.design_files import DesignFiles, file_digest
from eda_router.formats.guide import guide_of
from eda_router.guide_verification import verify_guide
from eda_router.jobs import Workers, run_jobs
from eda_router.neural.model_folder import EXITS, MODEL
from eda_router.report.bounds import lower_bounds, terminal_bounds
from eda_router.report.layered_summary import layered_summary
from eda_router.report.summary import summarize
from eda_router.resources import bundled
from eda_router.routing.flow import load_router, route
from eda_router.routing.layered_flow import route_layered
from eda_router.strict_json import dumps
from eda_router.verification import verify

_DIGITS = 16


def run_batch(
    folder: Path,
    designs: Sequence[tuple[str, DesignFiles | EdarouteError]],
    config: BatchConfig,
    workers: Workers | None = None,
) -> Iterator[tuple[int, Row]]:
    """Route each design in each way, what is kept excepted; call again to go on.

    One design that fails does not stop the others. What failed is not kept.

    Args:
        folder: where figures are kept; it is there.
        designs: name and files of each, or why there are none.
        config: the ways to route them.
        workers: where that is done; None: in this process.

    Yields:
        (number of the row, row), as each is done. Rows are numbered by design, then way.

    Raises:
        EdarouteError: there is no such cluster.

    Example:
        >>> from pathlib import Path
        >>> import eda_router
        >>> designs = [(one.name, one) for one in eda_router.find_designs(["synth-tiny"])]
        >>> ways = eda_router.BatchConfig(router=("maze",), effort=("low", "medium"))
        >>> Path("runs").mkdir()
        >>> rows = dict(eda_router.run_batch(Path("runs"), designs, ways))
        >>> [(rows[number].effort, rows[number].status) for number in (0, 1)]
        [('low', 'legal'), ('medium', 'legal')]
    """
    jobs = [(folder, *given, way) for given, way in product(designs, config.routes)]
    yield from run_jobs(keep_row, jobs, workers)


def keep_row(
    folder: Path, name: str, files: DesignFiles | EdarouteError, config: RouteConfig
) -> Row:
    """The row of one design routed in one way, from its file where it is kept."""
    digest = None
    try:
        if isinstance(files, EdarouteError):
            raise files
        digest = content_digest(files)
        path = folder / f"{_digest(_facts(digest, config))}.json"
        figures = _kept(path)
        if figures is None:
            figures = route_figures(files.read(), config)
            write_text(path, dumps(dataclasses.asdict(figures), indent=1) + "\n")
    except EdarouteError as error:
        figures = Figures(problem=str(error))
    except (OSError, MemoryError) as error:
        figures = Figures(problem=f"{type(error).__name__}: {error}".splitlines()[0])
    return Row(
        design=name,
        digest=digest,
        router=config.router,
        effort=config.effort,
        seed=config.seed,
        **dataclasses.asdict(figures),
    )


def content_digest(files: DesignFiles) -> str:
    """Digits that stand for the content of a design's files and its settings, not for names.

    Raises:
        InputError: a file cannot be read.
    """
    identity = files.identity()
    sums = [file["sha256"] for file in identity["files"]]
    return _digest({"files": sums, "settings": identity["settings"]})


def _facts(design: str, config: RouteConfig) -> dict[str, Any]:
    """All that decides what comes of a run."""
    weights = []
    if config.router == "neural":
        place = bundled("models", EXITS).parent
        weights = [file_digest(place / name) for name in (EXITS, MODEL)]
    return {
        "version": eda_router.__version__,
        "design": design,
        "config": identity(config),
        "weights": weights,
    }


def _digest(facts: dict[str, Any]) -> str:
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _kept(path: Path) -> Figures | None:
    """Figures from their file; None where there is none that is whole."""
    try:
        figures = Figures(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return figures if figures.status in (LEGAL, FLAWED) else None


def route_figures(design: Design, config: RouteConfig) -> Figures:
    """Route a design, on its layers where it has some, and recount what came of it."""
    load_router(config)
    cpu, wall = time.process_time(), time.perf_counter()
    if design.layers is None:
        result = route(design, config)
        spent = time.process_time() - cpu, time.perf_counter() - wall
        told = summarize(result, verify(design, result.routes), {})
        bounds = lower_bounds(design)
    else:
        done = route_layered(design, config)
        spent = time.process_time() - cpu, time.perf_counter() - wall
        told = layered_summary(done, verify_guide(design, guide_of(done.layered)), {})
        bounds = terminal_bounds(design.layers, design.width)
    found = told["result"]
    return Figures(
        nets=design.num_nets,
        wirelength=found["wirelength"],
        overflow=found["total_overflow"],
        unrouted=found["disconnected"],
        vias=found.get("vias"),
        bound=int(bounds.sum()),
        cpu=round(spent[0], 3),
        wall=round(spent[1], 3),
        kept=told["details"].get("model", {}).get("kept_share"),
        status=LEGAL if found["exit_status"] == 0 else FLAWED,
    )
