"""``edaroute compare``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import bench_argument, json_option, refuse_same_file, write_json
from eda_router.errors import InputError


@click.command("compare")
@bench_argument
@click.argument("routes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="HTML page to write, with maps and every net.",
)
@json_option
def command(
    bench: Path, routes: tuple[Path, ...], output: Path | None, json_path: Path | None
) -> None:
    """Tell how the routes ROUTES of the design BENCH differ; the first file is the base.

    \b
    Example:
      edaroute compare ibm02.modified maze.route neural.route -o compared.html
    """
    from eda_router.files import check_writable
    from eda_router.formats import ispd98, route_file
    from eda_router.report.compare import comparison_lines, comparison_values
    from eda_router.report.page import write_page
    from eda_router.report.run import Run
    from eda_router.resources import find_design

    if len(routes) < 2:
        raise InputError(None, None, "one route file", "two or more to compare")
    for path in (output, json_path):
        for route in routes:
            refuse_same_file(bench, path, route)
        if path is not None and str(path) != "-":
            check_writable(path)
    design = ispd98.read(find_design(bench))
    # Files of one name in several folders are told apart by the folder.
    names = [path.name for path in routes]
    labels = [path.name if names.count(path.name) == 1 else str(path) for path in routes]
    runs = [
        Run(label, route_file.read(path, design).routes)
        for label, path in zip(labels, routes, strict=True)
    ]
    values = comparison_values(design, runs)
    if json_path is not None:
        write_json(json_path, values)
    if str(json_path) != "-":
        for line in comparison_lines(values):
            click.echo(line)
    if output is not None:
        write_page(output, design, runs)
        if str(json_path) != "-":
            click.echo(f"written    {output}")
