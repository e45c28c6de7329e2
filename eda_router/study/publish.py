"""From the figures of a study to its folder: report, tables, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from eda_router.design import Design
from eda_router.errors import EdarouteError
from eda_router.files import check_writable, make_folder
from eda_router.study.curves import read_curves
from eda_router.study.measure import Row
from eda_router.study.report import PICTURES, REPORT, shown_sizes, write_report
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
    """Write the report with its tables and pictures.

    Args:
        study: where the trainings lie.
        rows: of all trainings.
        routed: runs on a design; may be empty.
        output: folder for the report.
        bench: design that was routed, for the blank control.
        command: that was given, for the report.
    """
    from eda_router.study.pictures import write_curves, write_galleries, write_overviews

    if routed and bench is not None:
        routed = [*routed, *route_blank(bench, GROUPS[ROUTED_GROUP].settings["sizes"])]
    seeds = {name: sorted({r.seed for r in rows if r.variant == name}) for name in VARIANTS}
    curves = [
        read_curves(study, name, size, seeds[name])
        for group in GROUPS
        for size in shown_sizes([row for row in rows if row.group == group])
        for name, variant in VARIANTS.items()
        if variant.views == 1 and any((r.variant, r.size) == (name, size) for r in rows)
        if variant.group == group
    ]
    budgets = {
        variant.group: study.config(name)
        for name, variant in VARIANTS.items()
        if variant.row == DEFAULT
    }
    make_folder(output / PICTURES)
    write_report(rows, routed, curves, budgets, output, command)
    write_overviews(rows, output)
    write_curves(curves, output)
    write_galleries(study, rows, output)
