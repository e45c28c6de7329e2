"""``edaroute compare``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import (
    bench_argument,
    json_option,
    output_option,
    read_design,
    show_values,
)
from eda_router.errors import InputError


@click.command("compare")
@bench_argument
@click.argument("routes", nargs=-1, required=True, type=click.Path(path_type=Path))
@output_option("HTML page to write, with maps and every net.")
@json_option
def command(
    bench: Path, routes: tuple[Path, ...], output: Path | None, json_path: Path | None
) -> None:
    """Tell how the routes ROUTES of the design BENCH differ; the first file is the base.

    \b
    Example:
      edaroute compare ibm02.modified maze.route neural.route -o compared.html
    """
    from eda_router.files import displayable, is_stdout
    from eda_router.formats import route_file
    from eda_router.report.compare import comparison_lines, comparison_values
    from eda_router.report.page import write_page
    from eda_router.report.run import Run

    if len(routes) < 2:
        raise InputError(None, None, "one route file", "two or more to compare")
    design = read_design(bench, output, json_path, inputs=routes)
    # Files of one name in several folders are told apart by the folder.
    names = [path.name for path in routes]
    labels = [path.name if names.count(path.name) == 1 else str(path) for path in routes]
    runs = [
        Run(displayable(label), route_file.read(path, design).routes)
        for label, path in zip(labels, routes, strict=True)
    ]
    values = comparison_values(design, runs)
    show_values(values, comparison_lines(values), json_path)
    if output is not None:
        write_page(output, design, runs)
        if not is_stdout(json_path) and not is_stdout(output):
            click.echo(f"written    {output}")
