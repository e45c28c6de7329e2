"""``edaroute nets``."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from eda_router.cli.options import (
    DesignSource,
    PathType,
    design_arguments,
    output_option,
    path_option,
)
from eda_router.errors import InputError


@click.command("nets")
@design_arguments
@click.argument("route", required=False, type=PathType())
@output_option(
    "Table to write: .csv, .csv.gz or .parquet; - for CSV on standard output.", required=True
)
@path_option(
    "--summary",
    "summary_path",
    help="What 'edaroute route --json' wrote: tells the exit and source of each net.",
)
def command(
    source: DesignSource, route: Path | None, output: Path, summary_path: Path | None
) -> None:
    """Write a table of the nets of the design BENCH, one a row, and of their wires in ROUTE.

    Columns: net, name, id, pins, half_perimeter, bound, length, vias, layers, detour, exit, source.
    What is not known stays empty.

    \b
    Example:
      edaroute nets ibm02.modified ibm02.route --summary ibm02.json -o nets.csv
      edaroute nets gcd.def --lef tech.lef gcd.guide -o nets.parquet
    """
    from eda_router.files import displayable, is_stdout
    from eda_router.report.net_table import check_suffix, net_table, write_net_table
    from eda_router.report.results import read_run
    from eda_router.report.run import load_summary

    if summary_path is not None and route is None:
        raise InputError(summary_path, None, "a summary without the wires it tells of", "ROUTE too")
    check_suffix(output)
    design = source.read(output, inputs=(route, summary_path))
    run = None
    if route is not None:
        run = read_run(route, source.bench, design, displayable(route.name))
        if summary_path is not None:
            summary = load_summary(summary_path, design, run.wirelength)
            run = dataclasses.replace(run, summary=summary)
    write_net_table(output, net_table(design, run))
    if not is_stdout(output):
        click.echo(f"written    {output}, {design.num_nets} nets")
