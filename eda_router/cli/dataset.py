"""``edaroute dataset``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from eda_router.cli.options import PathType, settings_from, settings_options
from eda_router.dataset.config import DatasetConfig


@click.command("dataset")
@click.argument("folder", type=PathType(folder=True))
@settings_options(DatasetConfig)
def command(folder: Path, config_path: Path | None, quiet: bool, **options: Any) -> None:
    """Make training and validation samples below FOLDER, one data set for each source and size.

    Shards that are there and whole are kept, so an interrupted command goes on where it was.

    \b
    Example:
      edaroute dataset samples --sizes 8,16 --shards 4 --processes 2
    """
    config = settings_from(DatasetConfig, config_path, options)

    from tqdm import tqdm

    from eda_router.dataset.folders import dataset_path
    from eda_router.dataset.samples import VALIDATION_SHARD, write_dataset
    from eda_router.files import check_folder

    check_folder(folder)
    shards = [*range(config.first, config.first + config.shards)]
    shards += range(VALIDATION_SHARD, VALIDATION_SHARD + config.validation_shards)
    for size in config.sizes:
        for samples in config.sources:
            place = dataset_path(folder, samples.source, size)
            done = write_dataset(place, samples, size, shards, config.processes)
            bar = tqdm(
                done,
                total=len(shards),
                desc=place.name,
                unit=" shards",
                leave=False,
                file=sys.stderr,
                disable=quiet or not sys.stderr.isatty(),
            )
            made = sum(new for _, new in bar)
            if not quiet:
                click.echo(
                    f"{place}: {len(shards)} shards of {samples.count(size)} samples, {made} new"
                )
