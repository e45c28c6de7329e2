"""``edaroute dataset``."""

from __future__ import annotations

import dataclasses
import functools
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

    from eda_router.dataset.making import make
    from eda_router.formats.design_files import find_designs

    make(
        folder,
        find_designs(given, lef, part_of(settings, LefDefConfig)),
        part_of(settings, DatasetConfig),
        license=license,
        workers=workers,
        show=functools.partial(with_bar, quiet=quiet),
        tell=(lambda line: None) if quiet else click.echo,
    )
