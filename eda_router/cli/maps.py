"""``edaroute maps``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from eda_router.cli import EXIT_BAD_INPUT, error_line
from eda_router.cli.options import (
    designs_argument,
    lef_option,
    part_of,
    path_option,
    settings_from,
    settings_options,
    workers_options,
)
from eda_router.cli.progress import with_bar
from eda_router.cli.streams import tell
from eda_router.errors import EdarouteError
from eda_router.formats.lefdef_config import LefDefConfig
from eda_router.jobs import Workers
from eda_router.maps.config import MapsConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class MapsSettings(LefDefConfig, MapsConfig):
    """All that a YAML file for maps may hold."""


@click.command("maps")
@designs_argument
@path_option("-o", "--folder", "folder", folder=True, required=True, help="Folder to write.")
@path_option(
    "--route",
    "routes",
    multiple=True,
    help="Route file, guide or solution of a design, one for each design in their order."
    " Repeatable.  [default: the designs are routed]",
)
@lef_option
@workers_options("Designs to work on at once, each in a process of its own.")
@settings_options(MapsSettings)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    given: tuple[str, ...],
    folder: Path,
    routes: tuple[Path, ...],
    lef: tuple[Path, ...],
    workers: Workers | None,
    config_path: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Write images of each DESIGN and its congestion, in CircuitNet's folders and names.

    NAME=PATH gives a design another name than its file's. docs/maps.md defines every map.

    Maps that are there and whole are kept. A design that fails does not stop the others; exit
    status 2 then.

    \b
    Example:
      edaroute maps ibm01.modified ibm02.modified -o maps --jobs 2
      edaroute maps gcd.def --lef tech.lef --lef cells.lef --route gcd.guide -o maps
    """
    settings = settings_from(MapsSettings, config_path, options)

    from eda_router.files import check_folder
    from eda_router.formats.design_files import find_designs
    from eda_router.maps.write import write_maps

    designs = find_designs(given, lef, part_of(settings, LefDefConfig))
    check_folder(folder)
    done = write_maps(folder, designs, part_of(settings, MapsConfig), routes, workers)
    failed = False
    for files, note in with_bar(done, len(designs), "maps", "designs", quiet):
        if isinstance(note, EdarouteError):
            failed = True
            tell(error_line(note))
        elif not quiet:
            overflow = {stage: found["total_overflow"] for stage, found in note["found"].items()}
            width, height = note["shape"]
            told = "".join(f", overflow {stage} {value}" for stage, value in overflow.items())
            click.echo(f"{files.name}: {len(note['sha256'])} maps, {width} x {height}{told}")
    if failed:
        ctx.exit(EXIT_BAD_INPUT)
