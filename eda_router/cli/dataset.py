"""``edaroute dataset``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eda_router.cli.options import (
    PathType,
    designs_option,
    lef_option,
    part_of,
    settings_from,
    settings_options,
    workers_options,
)
from eda_router.cli.progress import with_bar
from eda_router.dataset.config import DatasetConfig
from eda_router.formats.lefdef_config import LefDefConfig

if TYPE_CHECKING:
    from eda_router.formats.design_files import DesignFiles
    from eda_router.jobs import Workers


@dataclasses.dataclass(frozen=True, kw_only=True)
class DatasetSettings(LefDefConfig, DatasetConfig):
    """All that a YAML file for samples may hold."""


@click.command("dataset")
@click.argument("folder", type=PathType(folder=True))
@designs_option("Cut windows from this design, in any format or bundled.")
@lef_option
@click.option(
    "--license",
    metavar="NAME",
    help="Licence of the designs given, as data hubs call it; for the data card."
    "  [default: unknown, or mit for bundled designs]",
)
@workers_options("Processes to work in.")
@settings_options(DatasetSettings)
def command(
    folder: Path,
    given: tuple[str, ...],
    lef: tuple[Path, ...],
    license: str | None,
    workers: Workers | None,
    config_path: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Make training and validation samples below FOLDER, one data set for each source and size.

    Without --design samples are made up. With it each design is routed, and every net becomes a
    window with the teacher's tree and the router's; train takes no such samples.

    Shards that are there and whole are kept, so an interrupted command goes on where it was.
    README.md in FOLDER is a data card of all that is there.

    \b
    Example:
      edaroute dataset samples --sizes 8,16 --shards 4 --jobs 2
      edaroute dataset samples --design ibm02.modified --design gcd.def --lef tech.lef
    """
    settings = settings_from(DatasetSettings, config_path, options)
    config = part_of(settings, DatasetConfig)

    from eda_router.dataset.card import check_card, write_card
    from eda_router.dataset.design_samples import check_names
    from eda_router.dataset.opened import find_sets
    from eda_router.files import check_folder
    from eda_router.formats.design_files import find_designs

    designs = find_designs(given, lef, part_of(settings, LefDefConfig))
    check_names(designs)
    check_folder(folder)
    check_card(folder)
    _write_designs(folder, designs, config, workers, license, quiet)
    if config.source is not None or not designs:
        _write_made_up(folder, config, workers, quiet)
    if find_sets(folder):
        write_card(folder)


def _write_designs(
    folder: Path,
    designs: list[DesignFiles],
    config: DatasetConfig,
    workers: Workers | None,
    license: str | None,
    quiet: bool,
) -> None:
    """Route designs and cut windows from them."""
    from eda_router.dataset.design_samples import (
        route_designs,
        window_jobs,
        write_windows,
    )

    cut = config.of_designs
    routed = route_designs(folder, designs, cut, workers)
    for _ in with_bar(routed, len(designs), "routing", "designs", quiet):
        pass
    jobs = []
    for files in designs:
        wanted = window_jobs(folder, files, cut, config.sizes, license)
        if not wanted:
            _tell(f"{files.name}: no net with a wire that a window holds", quiet)
        jobs += wanted
    made = dict.fromkeys((job.place for job in jobs), 0)
    done = write_windows(jobs, workers)
    for job, is_new in with_bar(done, len(jobs), "windows", "shards", quiet):
        made[job.place] += is_new
    for place, new in made.items():
        _tell(f"{place}: {sum(job.place == place for job in jobs)} shards, {new} new", quiet)


def _write_made_up(
    folder: Path, config: DatasetConfig, workers: Workers | None, quiet: bool
) -> None:
    """Make samples up, of each source and size."""
    from eda_router.dataset.folders import dataset_path
    from eda_router.dataset.samples import VALIDATION_SHARD, write_dataset

    shards = [*range(config.first, config.first + config.shards)]
    shards += range(VALIDATION_SHARD, VALIDATION_SHARD + config.validation_shards)
    for size in config.sizes:
        for samples in config.sources:
            place = dataset_path(folder, samples.source, size)
            done = write_dataset(place, samples, size, shards, workers)
            made = sum(new for _, new in with_bar(done, len(shards), place.name, "shards", quiet))
            count = samples.count(size)
            _tell(f"{place}: {len(shards)} shards of {count} samples, {made} new", quiet)


def _tell(line: str, quiet: bool) -> None:
    if not quiet:
        click.echo(line)
