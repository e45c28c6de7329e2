"""``edaroute batch``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eda_router.batch.config import BatchConfig
from eda_router.cli.options import (
    designs_argument,
    lef_option,
    output_option,
    part_of,
    path_option,
    settings_from,
    settings_options,
    workers_options,
)
from eda_router.cli.progress import with_bar
from eda_router.cli.streams import tell
from eda_router.errors import InputError
from eda_router.formats.lefdef_config import LefDefConfig

if TYPE_CHECKING:
    from eda_router.batch.row import Row
    from eda_router.jobs import Workers


@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchSettings(LefDefConfig, BatchConfig):
    """All that a YAML file for a batch may hold."""


@click.command("batch")
@designs_argument
@output_option(
    "Table to write: .csv, .csv.gz or .parquet; - for CSV on standard output.", required=True
)
@path_option(
    "--runs",
    folder=True,
    help="Folder where what is done is kept.  [default: the table's name and .runs]",
)
@lef_option
@workers_options("Runs at once, each in a process of its own.")
@settings_options(BatchSettings)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    given: tuple[str, ...],
    output: Path,
    runs: Path | None,
    lef: tuple[Path, ...],
    workers: Workers | None,
    config_path: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Route each DESIGN with each router, effort and seed, and write a table of what came of it.

    NAME=PATH gives a design another name than its file's. docs/batch.md defines every column.

    What is done is kept, by the content of the design and the settings, so that an interrupted
    command goes on where it was. A design that fails does not stop the others; its rows say why.
    Exit status 1 where a run failed, or left overflow or unrouted nets.

    \b
    Example:
      edaroute batch ibm01.modified ibm02.modified --router maze,neural --jobs 2 -o table.csv
      edaroute batch gcd.def aes.def --lef tech.lef --lef cells.lef --effort low,medium -o table.csv
    """
    settings = settings_from(BatchSettings, config_path, options)
    config = part_of(settings, BatchConfig)

    from eda_router.batch.row import LEGAL, columns
    from eda_router.batch.run import run_batch
    from eda_router.files import check_folder, check_outputs, is_stdout, make_folder
    from eda_router.formats.design_files import DesignFiles, try_designs
    from eda_router.report.net_table import check_suffix, write_net_table

    check_suffix(output)
    printed = is_stdout(output)
    if runs is None:
        if printed:
            raise InputError(None, None, "a table on standard output", "a folder with --runs too")
        runs = output.with_name(f"{output.name}.runs")
    designs = try_designs(given, lef, part_of(settings, LefDefConfig))
    read = [path for _, one in designs if isinstance(one, DesignFiles) for path in one.files]
    check_outputs(output, inputs=(*read, config_path))
    check_folder(runs)
    make_folder(runs)
    total = len(designs) * len(config.routes)
    rows = {}
    for number, row in with_bar(
        run_batch(runs, designs, config, workers), total, "batch", "runs", quiet
    ):
        rows[number] = row
        _tell(row, quiet or printed)
    write_net_table(output, columns([rows[number] for number in range(total)]))
    if not quiet and not printed:
        click.echo(f"written    {output}, {total} runs")
    ctx.exit(int(any(row.status != LEGAL for row in rows.values())))


def _tell(row: Row, quiet: bool) -> None:
    """A line for a run, on standard error where it failed."""
    way = f"{row.design}, {row.router}, {row.effort}, seed {row.seed}"
    if row.problem is not None:
        tell(f"{way}: {row.problem}")
    elif not quiet:
        click.echo(
            f"{way}: wirelength {row.wirelength}, overflow {row.overflow}, "
            f"unrouted {row.unrouted}, {row.cpu:.2f} s"
        )
