"""``edaroute study``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from eda_router.cli.options import click_options, config_option, quiet_option, settings_from
from eda_router.cli.train import SMOKE
from eda_router.training.config import TrainConfig

BUDGET: dict[str, Any] = {
    "sizes": (8, 16),
    "samples": (400_000, 150_000),
    "epoch": (100_000, 50_000),
    "patience": 0,
}
"""What each training of the study may spend unless told otherwise."""


@click.command("study")
@click.option(
    "-o",
    "--folder",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("docs/study"),
    show_default=True,
    metavar="FOLDER",
    help="Folder for study.md and study.csv.",
)
@click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs/study"),
    show_default=True,
    metavar="FOLDER",
    help="Folder for the trainings and their samples.",
)
@click.option("--seeds", default=3, show_default=True, help="Seeds of each variant.")
@click.option("--variant", "names", multiple=True, help="Only this variant; may be repeated.")
@click.option("--list", "listing", is_flag=True, help="Name the variants and stop.")
@click.option("--smoke", is_flag=True, help="A tiny budget, to see that all works.")
@config_option
@quiet_option
@click_options(TrainConfig)
def command(
    folder: Path,
    runs: Path,
    seeds: int,
    names: tuple[str, ...],
    listing: bool,
    smoke: bool,
    config_path: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Train variants of the model on the same data and budget, and report side by side.

    Trainings that are done are not repeated, and an interrupted one goes on.

    \b
    Example:
      edaroute study --variant default --variant "no skips" --seeds 1
    """
    from eda_router.errors import InputError
    from eda_router.training.variants import VARIANTS

    if listing:
        for name, changes in VARIANTS.items():
            click.echo(f"{name}: {changes}")
        return
    for name in names:
        if name not in VARIANTS:
            raise InputError(None, None, f"no variant {name!r}", "one that --list names")
    budget = {**BUDGET, **SMOKE, "sizes": (8, 16)} if smoke else BUDGET
    given = {name: value for name, value in options.items() if value is not None}
    config = settings_from(TrainConfig, config_path, {**budget, **given})

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from eda_router.training.data import TrainingData
    from eda_router.training.study import run_study, write_report

    threads = config.threads or os.cpu_count() or 1
    data = TrainingData(runs / "data", config, processes=threads, make=True)
    for size in config.sizes:
        data[size]
    rows = []
    chosen = names or tuple(VARIANTS)
    for done in run_study(config, runs / "data", runs, range(1, seeds + 1), chosen):
        rows += done
        if not quiet:
            last = done[-1]
            click.echo(
                f"{last.variant}, seed {last.seed}: exit {last.size} connected "
                f"{last.connected:.4f}, ink {last.ink:.3f}, cost {last.cost:.4f}"
            )
        spent = ", ".join(
            f"{config.stage('samples', i)} samples at {size}x{size}"
            for i, size in enumerate(config.sizes)
        )
        write_report(rows, folder, spent)
    if not quiet:
        click.echo(f"written {folder / 'study.md'}")
