"""``edaroute study``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eda_router.cli.options import (
    FiniteRange,
    bench_option,
    data_option,
    folder_option,
    path_option,
    read_design,
    settings_from,
    settings_options,
    smoke_option,
    workers_options,
)
from eda_router.cli.train import SMOKE
from eda_router.jobs import Workers
from eda_router.training.config import TrainConfig

if TYPE_CHECKING:
    from eda_router.study.measure import Row
    from eda_router.study.routing import Routed

SMOKE_TIMES = 1 / 256
SMOKE_SAMPLES = 64
SMOKE_VARIANTS = ("default", "eight views", "paper", "from scratch at 32")
"""Of each group one: a direct one, a growing one, and one that looks at another's training."""


@click.command("study")
@folder_option("runs/study", "Folder for the report, its tables and pictures.")
@path_option(
    "--runs",
    folder=True,
    help="Folder for the trainings.  [default: runs in the report's folder]",
)
@data_option("Folder for the samples, made where they are missing.  [default: data among the runs]")
@click.option(
    "--seeds", type=click.IntRange(min=1), help="Seeds of each variant.  [default: 3; smoke: 1]"
)
@click.option("--variant", "names", multiple=True, help="Only this variant; may be repeated.")
@click.option(
    "--times", type=FiniteRange(min=0, min_open=True), help="Times the budget of each group."
)
@bench_option("Design that the variants at full resolution route, such as ibm02.modified.")
@click.option(
    "--routed-seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Seeds whose variants route it; at full resolution a run takes minutes.",
)
@click.option(
    "--rewrite",
    is_flag=True,
    help="Measure nothing: the report anew from the tables in its folder.",
)
@click.option("--list", "listing", is_flag=True, help="Name the variants and stop.")
@smoke_option("A tiny model and budget, few variants, to see that all works.")
@workers_options("Trainings at once, each in a process of its own.")
@settings_options(TrainConfig)
def command(
    folder: Path,
    runs: Path | None,
    data: Path | None,
    seeds: int | None,
    names: tuple[str, ...],
    times: float | None,
    bench: Path | None,
    routed_seeds: int,
    rewrite: bool,
    listing: bool,
    smoke: bool,
    workers: Workers | None,
    config_path: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Train variants of the model on the same data and budget, and report side by side.

    Trainings that are done are not repeated, and an interrupted one goes on; those of other
    settings or samples are kept beside. What a variant changes, and what its group may spend,
    counts more than options. Figures of other variants, seeds or processors that are in the
    tables of the report's folder stay there.

    \b
    Example:
      edaroute study --config scripts/study.yaml --bench ibm02.modified
      edaroute study --config scripts/study.yaml --variant default --variant "no skips" --seeds 1
      edaroute study --config scripts/study.yaml -o docs/study --rewrite
    """
    if listing:
        _list()
        return
    chosen = _chosen(names, smoke)
    given = {name: value for name, value in options.items() if value is not None}
    base = settings_from(TrainConfig, config_path, {**SMOKE, **given} if smoke else given)
    times = times or (SMOKE_TIMES if smoke else 1.0)

    from eda_router.files import check_folder, make_folder

    runs = runs or folder / "runs"
    place = data or runs / ("data-smoke" if smoke else "data")
    for output in (folder, runs, place):
        check_folder(output)
    from eda_router.study.publish import check_publishing, publish_study
    from eda_router.study.run import run_study
    from eda_router.study.trainings import Study, make_data

    design = None if bench is None or rewrite else read_design(bench)
    if design is None and not rewrite and not quiet:
        click.echo("no figures of routing: no design given with --bench", err=True)
    study = Study(base, place, runs, times)
    check_publishing(folder)
    rows: list[Row] = []
    routed: list[Routed] = []
    if not rewrite:
        make_folder(runs)
        configs = [study.config(name) for name in chosen]
        shard = SMOKE_SAMPLES if smoke else None
        # Processes take longer to start than so few samples take to make.
        makers = None if smoke else Workers(os.cpu_count() or 1)
        make_data(place, configs, shard, workers or makers)
        numbers = range(1, (seeds or (1 if smoke else 3)) + 1)
        rows, routed = _collected(
            run_study(study, numbers, chosen, design, routed_seeds, workers), quiet
        )
    publish_study(
        study,
        rows,
        routed,
        output=folder,
        bench=design,
        command=_command_line(config_path, bench, times),
    )
    if not quiet:
        click.echo(f"written {folder / 'README.md'}")


def _list() -> None:
    """Name the variants with what each changes."""
    from eda_router.study.variants import VARIANTS

    for name, variant in VARIANTS.items():
        views = {"views": variant.views} if variant.views > 1 else {}
        click.echo(f"{variant.group} {name}: {variant.changes | views}")


def _chosen(names: tuple[str, ...], smoke: bool) -> tuple[str, ...]:
    """The variants to train: those named, or a few, or all.

    Raises:
        InputError: there is none of that name.
    """
    from eda_router.errors import InputError
    from eda_router.study.variants import VARIANTS

    for name in names:
        if name not in VARIANTS:
            raise InputError(None, None, f"no variant {name!r}", "one that --list names")
    return names or (SMOKE_VARIANTS if smoke else tuple(VARIANTS))


def _collected(
    done: Iterable[tuple[list[Row], list[Routed]]], quiet: bool
) -> tuple[list[Row], list[Routed]]:
    """The figures of all trainings and runs, told as they come."""
    rows: list[Row] = []
    routed: list[Routed] = []
    for measured, ways in done:
        rows += measured
        routed += ways
        if not quiet:
            last = measured[-1]
            click.echo(
                f"{last.variant}, seed {last.seed}: exit {last.size} connected "
                f"{last.connected:.4f}, ink {last.ink:.3f}, cost {last.cost:.4f}"
            )
    return rows, routed


def _command_line(config_path: Path | None, bench: Path | None, times: float) -> str:
    """The command for the report, as anyone can give it again."""
    parts = {
        "config": config_path,
        "bench": bench.name if bench is not None else None,
        "times": times if times != 1.0 else None,
    }
    return "edaroute study" + "".join(
        f" --{name} {value}" for name, value in parts.items() if value is not None
    )
