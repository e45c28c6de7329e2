"""``edaroute report``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import bench_argument, refuse_same_file


@click.command("report")
@bench_argument
@click.argument("route", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Page to write.  [default: the design's name and .html]",
)
@click.option(
    "--summary",
    "summary_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What 'edaroute route --json' wrote: adds stages, times and settings.",
)
@click.option("--title", default="", help="Title of the page.  [default: the design's name]")
def command(
    bench: Path, route: Path, output: Path | None, summary_path: Path | None, title: str
) -> None:
    """Show the routes ROUTE of the design BENCH on one HTML page that needs no network.

    \b
    Example:
      edaroute route ibm02.modified -o ibm02.route --json ibm02.json
      edaroute report ibm02.modified ibm02.route --summary ibm02.json -o ibm02.html
    """
    from eda_router.files import check_writable
    from eda_router.formats import ispd98, route_file
    from eda_router.report.page import write_page
    from eda_router.report.run import Run, RunSummary, load_summary
    from eda_router.resources import find_design

    design = ispd98.read(find_design(bench))
    target = output or Path(f"{design.name}.html")
    refuse_same_file(bench, route, summary_path, target)
    check_writable(target)
    routes = route_file.read(route, design).routes
    summary = RunSummary() if summary_path is None else load_summary(summary_path, design, routes)
    write_page(target, design, [Run(route.name, routes, summary)], title)
    click.echo(f"written    {target}")
