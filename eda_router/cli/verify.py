"""``edaroute verify``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import (
    bench_argument,
    json_option,
    quiet_option,
    refuse_same_file,
    write_json,
)


@click.command("verify")
@bench_argument
@click.argument("route", type=click.Path(path_type=Path))
@json_option
@quiet_option
@click.pass_context
def command(
    ctx: click.Context, /, bench: Path, route: Path, json_path: Path | None, quiet: bool
) -> None:
    """Evaluate the route file ROUTE of the design BENCH.

    Exit status 0: every net is connected and no edge overflows; 1: not so; 2: bad input.
    Repeated edges, cycles and stubs are waste and make nothing illegal.

    \b
    Example:
      edaroute verify ibm02.modified ibm02.route
    """
    from eda_router.formats import ispd98, route_file
    from eda_router.report.summary import (
        named_edges,
        named_nets,
        net_places,
        overflow_places,
        verification_values,
    )
    from eda_router.resources import find_design
    from eda_router.verification import verify

    refuse_same_file(bench, route, json_path)
    design = ispd98.read(find_design(bench))
    content = route_file.read(route, design)
    check = verify(design, content.routes, int(content.repeated.sum()))
    values = verification_values(check)
    disconnected = net_places(design, check.disconnected_nets)
    overflow = overflow_places(design, content.routes)
    if json_path is not None:
        write_json(
            json_path,
            {
                "design": design.name,
                "nets": check.nets,
                "nets_to_route": check.nets_to_route,
                "nets_in_route": int(content.listed.sum()),
                **values,
                "disconnected_nets": disconnected,
                "overflow": overflow,
            },
        )
    if not quiet and str(json_path) != "-":
        click.echo(f"{'design':<18}{design.name}")
        click.echo(f"{'nets':<18}{check.nets}, {check.nets_to_route} to route")
        for name, value in values.items():
            if name != "legal":
                click.echo(f"{name.replace('_', ' '):<18}{value}")
        for line in named_nets("disconnected", disconnected) + named_edges(overflow):
            click.echo(line)
        click.echo("legal" if check.legal else "illegal")
    ctx.exit(0 if check.legal else 1)
