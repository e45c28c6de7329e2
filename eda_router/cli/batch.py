"""``edaroute batch``."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from eda_router.cli.options import (
    RouteSettings,
    config_option,
    designs_argument,
    lef_option,
    output_option,
    part_of,
    quiet_option,
    settings_from,
    workers_options,
)
from eda_router.cli.progress import with_bar
from eda_router.config import RouteConfig
from eda_router.errors import InputError
from eda_router.formats.lefdef_config import LefDefConfig
from eda_router.jobs import Workers

F = TypeVar("F", bound=Callable[..., Any])

WAYS = ("router", "effort", "seed")
"""Settings of which a run takes one of several values."""


def _way_option(name: str) -> Callable[[F], F]:
    """An option for one of :data:`WAYS`."""
    help = f"Values of {name} to run, with commas between.  [default: that of --config]"
    return click.option(f"--{name}", metavar="VALUE,...", help=help)


@click.command("batch")
@designs_argument
@output_option("Table to write, in CSV; its runs are not repeated.", required=True)
@lef_option
@_way_option("router")
@_way_option("effort")
@_way_option("seed")
@workers_options("Runs at once, each in a process of its own.")
@config_option
@quiet_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    given: tuple[str, ...],
    output: Path,
    lef: tuple[Path, ...],
    workers: Workers | None,
    config_path: Path | None,
    quiet: bool,
    **ways: str | None,
) -> None:
    """Route each DESIGN in each way, and write a table with one row a run.

    NAME=PATH gives a design another name than its file's. A YAML file that 'edaroute config route'
    writes sets all that is not given here.

    The table is written after each run, and an interrupted command goes on where it was; rows of
    other runs stay. A design that fails does not stop the others: its row says why, and it is tried
    again next time. Exit status 1 then.

    \b
    Example:
      edaroute batch ibm01.modified ibm02.modified --router maze,neural -o runs.csv --jobs 2
      edaroute batch gcd.def --lef tech.lef --lef cells.lef --effort low,medium -o runs.csv
    """
    settings = settings_from(RouteSettings, config_path, {})
    configs = _configs(part_of(settings, RouteConfig), ways)

    from eda_router.files import check_outputs, is_stdout
    from eda_router.formats.design_files import find_designs

    designs = find_designs(given, lef, part_of(settings, LefDefConfig))
    if is_stdout(output):
        raise InputError(None, None, "a table that is kept on standard output", "-o FILE")
    check_outputs(output, inputs=[path for files in designs for path in files.files])
    from eda_router.batch import FAILED, run_batch

    done = run_batch(output, designs, configs, workers)
    failed = False
    for row in with_bar(done, len(designs) * len(configs), "batch", "runs", quiet):
        failed |= row["status"] == FAILED
        if not quiet:
            told = row["problem"] or (
                f"wirelength {row['wirelength']}, overflow {row['overflow']}, "
                f"unrouted {row['unrouted']}, CPU {row['cpu']} s"
            )
            way = ", ".join(row[name] for name in ("design", "router", "effort"))
            click.echo(f"{way}, seed {row['seed']}: {told}")
    ctx.exit(int(failed))


def _configs(base: RouteConfig, ways: dict[str, str | None]) -> list[RouteConfig]:
    """One config for each combination of the values given.

    Raises:
        InputError: a value is none of its setting, or given twice.
    """
    values: dict[str, list[Any]] = {
        name: [getattr(base, name)] if text is None else text.split(",")
        for name, text in ways.items()
    }
    try:
        values["seed"] = [int(value) for value in values["seed"]]
    except ValueError as error:
        raise InputError(None, None, f"seed {ways['seed']}", "whole numbers") from error
    configs: list[RouteConfig] = []
    for chosen in itertools.product(*(values[name] for name in WAYS)):
        options = dict(zip(WAYS, chosen, strict=True))
        config = settings_from(RouteConfig, None, {**dataclasses.asdict(base), **options})
        if config in configs:
            raise InputError(None, None, f"a second run of {options}", "different values")
        configs.append(config)
    return configs
