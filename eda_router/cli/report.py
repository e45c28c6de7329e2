"""``edaroute report``."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from eda_router.cli.options import (
    DesignSource,
    design_arguments,
    output_option,
    path_option,
    route_argument,
)


@click.command("report")
@design_arguments
@route_argument
@output_option("Page to write.  [default: the design's name and .html]")
@path_option(
    "--summary",
    "summary_path",
    help="What 'edaroute route --json' wrote: adds stages, times and settings.",
)
@path_option(
    "--certificate",
    "certificate_path",
    help="A certificate of overflow that edaroute bound wrote: the map marks the edges that it "
    "prices, and how many tracks are missing there.",
)
@click.option("--title", default="", help="Title of the page.  [default: the design's name]")
def command(
    source: DesignSource,
    route: Path,
    output: Path | None,
    summary_path: Path | None,
    certificate_path: Path | None,
    title: str,
) -> None:
    """Show the routes ROUTE of the design BENCH on one HTML page that needs no network.

    ROUTE is a route file or, for a design with layers, a guide or a solution of the contest.

    \b
    Example:
      edaroute route ibm02.modified -o ibm02.route --json ibm02.json
      edaroute report ibm02.modified ibm02.route --summary ibm02.json -o ibm02.html
      edaroute report gcd.def --lef tech.lef gcd.guide -o gcd.html
    """
    from eda_router.files import check_outputs, displayable, is_stdout
    from eda_router.report.page import write_page
    from eda_router.report.results import read_run
    from eda_router.report.run import load_summary

    inputs = (route, summary_path, certificate_path)
    design = source.read(output, inputs=inputs)
    target = output or Path(f"{design.name}.html")
    check_outputs(target, inputs=(*source.files, *inputs))
    run = read_run(route, source.bench, design, displayable(route.name))
    if summary_path is not None:
        summary = load_summary(summary_path, design, run.wirelength)
        run = dataclasses.replace(run, summary=summary)
    explanation = None
    if certificate_path is not None:
        from eda_router.report.proof import read_explanation

        explanation = read_explanation(certificate_path, design, run.routes)
    write_page(target, design, [run], displayable(title), explanation)
    if not is_stdout(target):
        click.echo(f"written    {target}")
