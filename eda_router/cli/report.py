"""``edaroute report``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import (
    bench_argument,
    output_option,
    path_option,
    read_design,
    route_argument,
)


@click.command("report")
@bench_argument
@route_argument
@output_option("Page to write.  [default: the design's name and .html]")
@path_option(
    "--summary",
    "summary_path",
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
    from eda_router.files import check_outputs, displayable, is_stdout
    from eda_router.formats import route_file
    from eda_router.report.page import write_page
    from eda_router.report.run import Run, RunSummary, load_summary

    inputs = (route, summary_path)
    design = read_design(bench, output, inputs=inputs)
    target = output or Path(f"{design.name}.html")
    check_outputs(target, inputs=(bench, *inputs))
    routes = route_file.read(route, design).routes
    summary = RunSummary() if summary_path is None else load_summary(summary_path, design, routes)
    run = Run(displayable(route.name), routes, summary)
    write_page(target, design, [run], displayable(title))
    if not is_stdout(target):
        click.echo(f"written    {target}")
