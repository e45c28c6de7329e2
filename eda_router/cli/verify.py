"""``edaroute verify``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import (
    DesignSource,
    design_arguments,
    json_option,
    quiet_option,
    route_argument,
    show_values,
)


@click.command("verify")
@design_arguments
@route_argument
@json_option
@quiet_option
@click.pass_context
def command(
    ctx: click.Context, /, source: DesignSource, route: Path, json_path: Path | None, quiet: bool
) -> None:
    """Evaluate the route file ROUTE of the design BENCH.

    Exit status 0: every net is connected and no edge overflows; 1: not so; 2: bad input.
    Repeated edges, cycles and stubs are waste and make nothing illegal.

    \b
    Example:
      edaroute verify ibm02.modified ibm02.route
    """
    from eda_router.formats import route_file
    from eda_router.report.evaluation import evaluation_lines, evaluation_values
    from eda_router.verification import verify

    design = source.read(json_path, inputs=[route])
    content = route_file.read(route, design)
    check = verify(design, content.routes, int(content.repeated.sum()))
    values = evaluation_values(design, content, check)
    show_values(values, [] if quiet else evaluation_lines(values, check), json_path)
    ctx.exit(0 if check.legal else 1)
