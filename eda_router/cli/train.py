"""``edaroute train``."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eda_router.cli.options import (
    data_option,
    folder_option,
    path_option,
    settings_from,
    settings_options,
    smoke_option,
)
from eda_router.jobs import Workers
from eda_router.neural.architecture import TINY_SHAPE
from eda_router.training.config import TrainConfig
from eda_router.training.folder import CHECKPOINT, check_config, refuse_used

if TYPE_CHECKING:
    from eda_router.report.album import Album

SMOKE: dict[str, Any] = {
    **TINY_SHAPE,
    "samples": (2048, 512, 128, 64),
    "pretrain": (256, 64, 32, 16),
    "epoch": (1024, 512, 128, 64),
    "batch": (64, 32, 16, 8),
    "validation": 64,
    "data_source": "random",
    "data_samples": (1024, 256, 64, 32),
}
"""A tiny model and budget that go through every stage in less than two minutes."""


@click.command("train")
@folder_option("runs/model", "Folder for the model, its log and its figures.")
@data_option("Samples made by 'edaroute dataset'.  [default: made in its subfolder data]")
@click.option(
    "--resolution-schedule",
    metavar="SIZES",
    help="Window sizes of the stages, the same as --sizes.",
)
@click.option("--resume", is_flag=True, help="Go on from the output folder's checkpoint.")
@path_option(
    "--start",
    folder=True,
    exists=True,
    help="Model whose levels are taken over; stages with 0 --samples leave them as they are.",
)
@smoke_option("A tiny model and budget, to see that all works.")
@settings_options(TrainConfig)
def command(
    folder: Path,
    data: Path | None,
    resolution_schedule: str | None,
    resume: bool,
    start: Path | None,
    smoke: bool,
    config_path: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Train a model, stage by stage, and make it ready for routing.

    Beside the model stand its curves, drawings of each epoch and, where TensorBoard is installed,
    its log. After Ctrl-C the same command with --resume goes on where it stopped. --resume with
    more --samples than before goes on improving the last stage. --start improves single stages of
    a model that is finished; stages outside one that is trained again have to follow.

    \b
    Example:
      edaroute train --resolution-schedule 8,16,32,64 -o runs/model
      edaroute route ibm02.modified --router neural --model runs/model
    """
    if resolution_schedule is not None:
        options["sizes"] = _sizes(resolution_schedule, options["sizes"])
    if smoke:
        options = {**SMOKE, **{k: v for k, v in options.items() if v is not None}}
    from eda_router.files import check_folder

    check_folder(folder)
    if not resume:
        refuse_used(folder)
    elif config_path is None and (folder / CHECKPOINT).exists():
        config_path = check_config(folder)
    config = settings_from(TrainConfig, config_path, options)

    from eda_router.neural.engines import load_engine, load_model
    from eda_router.training.data import TrainingData
    from eda_router.training.evaluate import table
    from eda_router.training.publish import publish
    from eda_router.training.trainer import Trainer, set_up

    threads = config.threads or os.cpu_count() or 1
    samples = TrainingData(
        data or folder / "data", config, workers=Workers(threads), make=data is None
    )
    set_up(config)
    trainer = Trainer(
        config,
        samples,
        folder,
        resume=resume,
        start=None if start is None else load_model(start),
        progress=not quiet,
        on_epoch=_album(folder, quiet),
    )
    try:
        trainer.run()
    except (KeyboardInterrupt, SystemExit):
        click.echo(f"{folder} holds all so far; the same command with --resume goes on", err=True)
        raise
    # An exit that was not trained again keeps its threshold.
    known = {} if start is None else load_engine(start).thresholds
    held = {
        size: samples[size].validation
        for i, size in enumerate(config.sizes)
        if size not in known or config.stage("samples", i)
    }
    report = publish(folder, held, known=known, threads=threads)
    if not quiet:
        for line in table(report):
            click.echo(line)
        click.echo(f"written {folder}")


def _sizes(schedule: str, sizes: tuple[int, ...] | None) -> tuple[int, ...]:
    """The sizes of ``--resolution-schedule``, which goes not with ``--sizes``."""
    if sizes is not None:
        raise click.UsageError("--resolution-schedule and --sizes are the same; give one")
    try:
        return tuple(int(part) for part in schedule.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{schedule!r} is no list such as 8,16,32", param_hint="--resolution-schedule"
        ) from None


def _album(folder: Path, quiet: bool) -> Album | None:
    """What draws the training while it runs, where matplotlib is installed."""
    if find_spec("matplotlib") is not None:
        from eda_router.report.album import Album

        return Album(folder)
    if not quiet:
        click.echo("no pictures of the training: pip install 'edaroute[viz]'", err=True)
    return None
