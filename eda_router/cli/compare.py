"""``edaroute compare``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import (
    DesignSource,
    PathType,
    design_arguments,
    json_option,
    output_option,
    show_values,
)
from eda_router.errors import InputError


@click.command("compare")
@design_arguments
@click.argument("routes", nargs=-1, required=True, type=PathType())
@output_option("HTML page to write, with maps and every net.")
@json_option
def command(
    source: DesignSource, routes: tuple[Path, ...], output: Path | None, json_path: Path | None
) -> None:
    """Tell how the routes ROUTES of the design BENCH differ; the first file is the base.

    For a design with layers ROUTES may all be guides, or all solutions of the contest.

    \b
    Example:
      edaroute compare ibm02.modified maze.route neural.route -o compared.html
      edaroute compare gcd.def --lef tech.lef theirs.guide ours.guide
    """
    from eda_router.files import displayable, is_stdout
    from eda_router.report.compare import comparison_lines, comparison_values
    from eda_router.report.page import write_page
    from eda_router.report.results import read_run

    if len(routes) < 2:
        raise InputError(None, None, "one route file", "two or more to compare")
    design = source.read(output, json_path, inputs=routes)
    # Files of one name in several folders are told apart by the folder.
    names = [path.name for path in routes]
    labels = [path.name if names.count(path.name) == 1 else str(path) for path in routes]
    runs = [
        read_run(path, source.bench, design, displayable(label))
        for label, path in zip(labels, routes, strict=True)
    ]
    for path, run in zip(routes, runs, strict=True):
        if (run.wires is None) != (runs[0].wires is None):
            with_layers = "without layers" if run.wires is None else "with layers"
            raise InputError(
                path, None, f"wires {with_layers}, unlike {routes[0].name}", "files of one form"
            )
    values = comparison_values(design, runs)
    show_values(values, comparison_lines(values), json_path)
    if output is not None:
        write_page(output, design, runs)
        if not is_stdout(json_path) and not is_stdout(output):
            click.echo(f"written    {output}")
