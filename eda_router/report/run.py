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
from eda_router.report.layer_figures import LayerFigures, layer_figures
from eda_router.report.wires import LayerWires
from eda_router.routing.ledger import CapacityLedger
from eda_router.routing.result import RouteSource
from eda_router.verification import verify

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
    """One run to show: its wires, and what is known about how they came about.

    Attributes:
        label: what to call it.
        routes: its wires on the plane.
        summary: what is known about how they came about.
        wires: its wires and vias on layers; None where it was routed on the plane.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> result = eda_router.route(design, eda_router.RouteConfig(router="maze"))
        >>> run = eda_router.Run("maze", result.routes)
        >>> run.wirelength == result.wirelength
        True
    """

    label: str
    routes: Routes
    summary: RunSummary = field(default_factory=RunSummary)
    wires: LayerWires | None = None

    @property
    def lengths(self) -> IntArray:
        """int32 ``(num_nets,)``: edges of each net, on layers each once a layer."""
        return self.routes.lengths if self.wires is None else self.wires.lengths

    @property
    def wirelength(self) -> int:
        """Edges of all nets, on layers each once a layer."""
        return self.routes.wirelength if self.wires is None else self.wires.wirelength


@dataclass(frozen=True)
class Verdict:
    """What was recounted from a run, on the plane or on layers.

    Attributes:
        wirelength: edges of all nets, on layers each once a layer.
        vias: between neighbouring layers; None on the plane.
        total_overflow: tracks above capacity, summed over all edges.
        max_overflow: the largest overflow of an edge.
        overflowed_edges: edges with overflow.
        nets_to_route: nets that need wire.
        disconnected: nets whose pins are not joined.
    """

    wirelength: int
    vias: int | None
    total_overflow: int
    max_overflow: int
    overflowed_edges: int
    nets_to_route: int
    disconnected: int

    @property
    def legal(self) -> bool:
        """Whether every net is joined and no edge overflows."""
        return not self.disconnected and not self.total_overflow


def judge(design: Design, run: Run) -> Verdict:
    """Recount a run from its wires, by the independent evaluator of its form."""
    if run.wires is None:
        check = verify(design, run.routes)
        return Verdict(
            wirelength=check.wirelength,
            vias=None,
            total_overflow=check.total_overflow,
            max_overflow=check.max_overflow,
            overflowed_edges=len(check.overflowed_edges),
            nets_to_route=check.nets_to_route,
            disconnected=check.disconnected,
        )
    overflow = run.wires.ledger.overflow_figures()
    return Verdict(
        wirelength=run.wires.wirelength,
        vias=run.wires.num_vias,
        total_overflow=overflow.total,
        max_overflow=overflow.largest,
        overflowed_edges=overflow.edges,
        nets_to_route=run.wires.nets_to_route,
        disconnected=len(run.wires.disconnected_nets),
    )


@dataclass(frozen=True, eq=False)
class CheckedRun:
    """A run with what was recounted from its wires.

    Attributes:
        run: as given.
        letter: that stands for it where its label is too long.
        check: the independent evaluation.
        directions: figures of the horizontal and the vertical edges, of all layers together.
        histogram: for each direction, edges by tenths of use, then full, then overflowed.
        layers: figures of each layer in use, bottom up; none on the plane.
    """

    run: Run
    letter: str
    check: Verdict
    directions: tuple[DirectionFigures, DirectionFigures]
    histogram: list[list[int]]
    layers: list[LayerFigures]

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
    ledger = CapacityLedger.of(design, run.routes) if run.wires is None else run.wires.ledger
    histogram = utilisation_histogram(ledger)
    return CheckedRun(
        run=run,
        letter=letter,
        check=judge(design, run),
        directions=(
            direction_figures(ledger, HORIZONTAL),
            direction_figures(ledger, VERTICAL),
        ),
        histogram=[
            [*histogram.below[d].tolist(), int(histogram.full[d]), int(histogram.over[d])]
            for d in (HORIZONTAL, VERTICAL)
        ],
        layers=[] if run.wires is None else layer_figures(run.wires),
    )


def load_summary(path: str | Path, design: Design, wirelength: int) -> RunSummary:
    """Read what ``edaroute route --json`` wrote, and make sure that it tells of this run.

    Args:
        path: of the file.
        design: that was routed.
        wirelength: of the run.

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
    found = (design.num_nets, wirelength)
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
