"""From the figures of a study to its folder: report, tables, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eda_router.design import Design
from eda_router.study.curves import read_curves
from eda_router.study.measure import Row
from eda_router.study.pictures import write_curves, write_galleries, write_overviews
from eda_router.study.report import shown_sizes, write_report
from eda_router.study.routing import Routed, route_blank
from eda_router.study.trainings import configure
from eda_router.study.variants import DEFAULT, GROUPS, ROUTED_GROUP, VARIANTS
from eda_router.training.config import TrainConfig


def publish_study(
    base: TrainConfig,
    rows: Sequence[Row],
    routed: Sequence[Routed],
    *,
    data: Path,
    runs: Path,
    output: Path,
    times: float,
    bench: Design | None,
    command: str,
) -> None:
    """Write the report with its tables and pictures.

    Args:
        base: the config that the variants change.
        rows: of all trainings.
        routed: runs on a design; may be empty.
        data: folder of data sets.
        runs: folder of the trainings.
        output: folder for the report.
        times: how many times the budgets of the groups.
        bench: design that was routed, for the blank control.
        command: that was given, for the report.
    """
    if routed and bench is not None:
        routed = [*routed, *route_blank(bench, GROUPS[ROUTED_GROUP].settings["sizes"])]
    seeds = {name: sorted({r.seed for r in rows if r.variant == name}) for name in VARIANTS}
    curves = [
        read_curves(runs, name, size, seeds[name])
        for group in GROUPS
        for size in shown_sizes([row for row in rows if row.group == group])
        for name, variant in VARIANTS.items()
        if variant.views == 1 and any((r.variant, r.size) == (name, size) for r in rows)
        if variant.group == group
    ]
    budgets = {
        variant.group: configure(base, name, 1, times)
        for name, variant in VARIANTS.items()
        if variant.row == DEFAULT
    }
    write_report(rows, routed, curves, budgets, output, command)
    write_overviews(rows, output)
    write_curves(curves, output)
    configs = {name: configure(base, VARIANTS[name].of or name, 1, times) for name in seeds}
    write_galleries(rows, data, runs, configs, output)
