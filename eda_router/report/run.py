"""A run to show: its wires, what was recounted from them, and what its summary tells."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray, Routes
from eda_router.errors import InputError
from eda_router.report.congestion import (
    DirectionFigures,
    direction_figures,
    utilisation_histogram,
)
from eda_router.routing.ledger import CapacityLedger
from eda_router.routing.result import RouteSource
from eda_router.verification import Verification, verify

STAGE_NAMES = tuple(stage.name.lower() for stage in RouteSource)


@dataclass(frozen=True, eq=False)
class RunSummary:
    """What ``edaroute route --json`` told, as far as the page shows it; all empty without it.

    Attributes:
        stages: nets by the name of their stage.
        phases: name, wall-clock and processor seconds, in the order of the clock.
        passes: name, overflow and wirelength after each pass.
        seconds: wall-clock and processor seconds of the whole process.
        peak_mb: its peak memory, megabytes.
        model_part: nets whose final wire is as the model drew it, their share of the nets to
            route, and the share that the model routed before others changed it.
        exits: figures of each exit of the model.
        net_stages: uint8 ``(num_nets,)``, number of the :class:`RouteSource` of each net.
        net_exits: int32 ``(num_nets,)``, window of the model for each net, 0 without one.
        settings: configuration, versions and details, for a table.
    """

    stages: Mapping[str, int] = field(default_factory=dict)
    phases: tuple[tuple[str, float, float], ...] = ()
    passes: tuple[tuple[str, float, float], ...] = ()
    seconds: tuple[float, float] | None = None
    peak_mb: float | None = None
    model_part: tuple[int, float, float] | None = None
    exits: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    net_stages: NDArray[np.uint8] | None = None
    net_exits: IntArray | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Run:
    """One run to show.

    Attributes:
        label: what to call it.
        routes: its wires.
        summary: what is known about how they came about.
    """

    label: str
    routes: Routes
    summary: RunSummary = field(default_factory=RunSummary)


@dataclass(frozen=True, eq=False)
class CheckedRun:
    """A run with what was recounted from its wires.

    Attributes:
        run: as given.
        letter: that stands for it where its label is too long.
        check: the independent evaluation.
        directions: figures of the horizontal and the vertical edges.
        histogram: for each direction, edges by tenths of use, then full, then overflowed.
    """

    run: Run
    letter: str
    check: Verification
    directions: tuple[DirectionFigures, DirectionFigures]
    histogram: list[list[int]]

    @property
    def summary(self) -> RunSummary:
        """What is known about how the wires came about."""
        return self.run.summary

    @property
    def full_edges(self) -> int:
        """Edges without a free track and without overflow, both directions."""
        return sum(figures.full for figures in self.directions)


def check_run(design: Design, run: Run, letter: str) -> CheckedRun:
    """Recount a run from its wires. ``letter`` stands for it where its label is too long."""
    ledger = CapacityLedger.of(design, run.routes)
    histogram = utilisation_histogram(ledger)
    return CheckedRun(
        run=run,
        letter=letter,
        check=verify(design, run.routes),
        directions=(
            direction_figures(ledger, HORIZONTAL),
            direction_figures(ledger, VERTICAL),
        ),
        histogram=[
            [*histogram.below[d].tolist(), int(histogram.full[d]), int(histogram.over[d])]
            for d in (HORIZONTAL, VERTICAL)
        ],
    )


def load_summary(path: str | Path, design: Design, routes: Routes) -> RunSummary:
    """Read what ``edaroute route --json`` wrote and make sure that it belongs to ``routes``.

    Raises:
        InputError: the file cannot be read, is no such summary, or tells of another run.
    """
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, None, "is no text", "JSON in UTF-8") from error
    except json.JSONDecodeError as error:
        raise InputError(path, error.lineno, f"no JSON: {error.msg}") from error
    except RecursionError as error:
        raise InputError(path, None, "no JSON: nested too deep") from error
    try:
        told = (values["design"]["nets"], values["result"]["wirelength"])
        summary = parse_summary(values, design.num_nets)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            path, None, f"no summary of a run ({error})", "what 'edaroute route --json' writes"
        ) from error
    found = (design.num_nets, routes.wirelength)
    for name, value, expected in zip(("nets", "wirelength"), told, found, strict=True):
        if value != expected:
            raise InputError(
                path, None, f"tells of another run: {name} {value}", f"{expected} as routed"
            )
    return summary


def parse_summary(values: Mapping[str, Any], nets: int) -> RunSummary:
    """Pick what the page shows out of the values of a summary.

    Args:
        values: as read from JSON.
        nets: of the design.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: the values are no summary.
    """
    stages = {name: int(_number(count)) for name, count in values["stages"].items()}
    unknown = set(stages) - set(STAGE_NAMES)
    if unknown:
        raise ValueError(f"unknown stage {min(unknown)}")
    process = values["process"]
    peak = process.get("peak_mb")
    details = values.get("details", {})
    model = details.get("model")
    exits = _digits(details.get("net_exits"), nets)
    # What runs after routing is told before it.
    phases = sorted(values["phases"].items(), key=lambda phase: phase[0] in ("verify", "write"))
    return RunSummary(
        stages=stages,
        phases=tuple(
            (name, _number(phase["wall"]), _number(phase["cpu"])) for name, phase in phases
        ),
        passes=tuple(
            (str(row["name"]), _number(row["overflow"]), _number(row["wirelength"]))
            for row in values["passes"]
        ),
        seconds=(_number(process["wall"]), _number(process["cpu"])),
        peak_mb=None if peak is None else _number(peak),
        model_part=None
        if model is None
        else (
            int(_number(model["kept"])),
            _number(model["kept_share"]),
            _number(model["routed_share"]),
        ),
        exits={
            name: {key: None if value is None else _number(value) for key, value in count.items()}
            for name, count in details.get("exits", {}).items()
        },
        net_stages=_digits(values.get("net_stages"), nets, len(STAGE_NAMES) - 1),
        net_exits=None if exits is None else np.where(exits, 4 << exits.astype(np.int32), 0),
        settings={
            key: dict(values[key])
            for key in ("config", "versions", "details")
            if values.get(key) is not None
        },
    )


def _number(value: Any) -> float:
    """``value``, which must be a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError(f"{value!r:.40} is no number")
    return value


def _digits(text: Any, nets: int, most: int = 9) -> NDArray[np.uint8] | None:
    """One digit a net, up to ``most``; None where there is no such text."""
    if text is None:
        return None
    digits = np.frombuffer(text.encode(), np.uint8) - np.uint8(ord("0"))
    if len(digits) != nets or digits.max(initial=0) > most:
        raise ValueError(f"not one digit up to {most} for each of {nets} nets")
    return digits
