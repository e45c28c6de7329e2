"""``edaroute info``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import DesignSource, design_arguments, json_option, show_values


@click.command("info")
@design_arguments
@json_option
def command(source: DesignSource, json_path: Path | None) -> None:
    """Say what the design BENCH holds.

    \b
    Example:
      edaroute info ibm02.modified
    """
    from eda_router.report.statistics import design_lines, design_values

    values = design_values(source.read(json_path))
    show_values(values, design_lines(values), json_path)
