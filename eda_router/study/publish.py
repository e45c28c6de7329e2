"""From the figures of a study to its folder: report, tables, pictures."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from eda_router.design import Design
from eda_router.errors import EdarouteError
from eda_router.files import check_writable, make_folder
from eda_router.study.curves import Curves, reach, read_curves
from eda_router.study.kept import joined, read_figures, write_figures
from eda_router.study.measure import Row
from eda_router.study.report import GOAL, PICTURES, REPORT, ROUTED, STUDY, write_report
from eda_router.study.routing import Routed, route_blank
from eda_router.study.trainings import Study
from eda_router.study.variants import DEFAULT, GROUPS, ROUTED_GROUP, VARIANTS


def check_publishing(output: Path) -> None:
    """Find out before the trainings whether their report could be written.

    Raises:
        EdarouteError: there is nothing to draw its pictures with.
        InputError: the folder cannot be written.
    """
    if find_spec("matplotlib") is None:
        raise EdarouteError("the report has pictures: pip install 'edaroute[viz]'")
    make_folder(output / PICTURES)
    check_writable(output / REPORT)


def publish_study(
    study: Study,
    rows: Sequence[Row],
    routed: Sequence[Routed],
    *,
    output: Path,
    bench: Design | None,
    command: str,
) -> None:
    """Join what was measured with the tables of the folder, and write its report from them.

    Pictures of what is in the tables alone are drawn anew; those that need the trainings stay as
    they are where not all trainings that they show are at hand.

    Args:
        study: where the trainings lie.
        rows: that were measured now; none: the report is written anew from the tables.
        routed: runs on a design; may be empty.
        output: folder for the report.
        bench: design that was routed, for the blank control.
        command: that was given, for the report.

    Raises:
        InputError: a table is damaged.
    """
    from eda_router.study.pictures import write_curves, write_galleries, write_overviews

    if routed and bench is not None:
        routed = [*routed, *route_blank(bench, GROUPS[ROUTED_GROUP].settings["sizes"])]
    curves = [
        read_curves(study, name, size, seeds)
        for (name, size), seeds in _seeds(rows).items()
        if VARIANTS[name].views == 1
    ]
    rows = joined(read_figures(output / STUDY, Row), with_goals(rows, curves), ["size"])
    routed = joined(read_figures(output / ROUTED, Routed), routed, ["design", "windows"])
    write_figures(output / STUDY, Row, rows)
    write_figures(output / ROUTED, Routed, routed)
    make_folder(output / PICTURES)
    write_overviews(rows, output)
    write_curves(rows, curves, output)
    write_galleries(study, rows, output)
    budgets = {
        variant.group: study.config(name)
        for name, variant in VARIANTS.items()
        if variant.row == DEFAULT
    }
    write_report(rows, routed, budgets, output, command)


def with_goals(rows: Sequence[Row], curves: Sequence[Curves]) -> list[Row]:
    """Rows with what their trainings took until the goal that the group's default sets.

    Args:
        rows: of a run.
        curves: of its trainings; seeds in the order of the rows.
    """
    known = {(curve.variant, curve.size): curve for curve in curves}
    defaults = {v.group: name for name, v in VARIANTS.items() if v.row == DEFAULT}
    seeds = _seeds(rows)
    found = []
    for row in rows:
        default = known.get((defaults[row.group], row.size))
        curve = known.get((row.variant, row.size))
        if default is not None and curve is not None:
            goal = GOAL * statistics.fmean(points[-1]["connected"] for points in default.seeds)
            points = curve.seeds[seeds[row.variant, row.size].index(row.seed)]
            row = dataclasses.replace(
                row,
                goal_tiles=reach(points, goal, "tiles") if goal else math.nan,
                goal_seconds=reach(points, goal, "seconds") if goal else math.nan,
            )
        found.append(row)
    return found


def _seeds(rows: Sequence[Row]) -> dict[tuple[str, int], list[int]]:
    """The seeds of each variant and exit, in the order of the rows."""
    found: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        found.setdefault((row.variant, row.size), []).append(row.seed)
    return found
