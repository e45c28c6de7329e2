"""``edaroute info``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import bench_argument, json_option, write_json


@click.command("info")
@bench_argument
@json_option
def command(bench: Path, json_path: Path | None) -> None:
    """Say what the design BENCH holds.

    \b
    Example:
      edaroute info ibm02.modified
    """
    from eda_router.formats import ispd98
    from eda_router.report.summary import design_lines, design_values
    from eda_router.resources import find_design

    values = design_values(ispd98.read(find_design(bench)))
    if json_path is not None:
        write_json(json_path, values)
    if str(json_path) != "-":
        for line in design_lines(values):
            click.echo(line)
