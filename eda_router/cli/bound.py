"""``edaroute bound``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eda_router.cli.options import (
    FiniteRange,
    PathType,
    bench_argument,
    json_option,
    output_option,
    quiet_option,
    read_design,
    show_values,
)

if TYPE_CHECKING:
    from eda_router.design import Design, Routes
    from eda_router.proof.generation import Round

ROUTING_SHARE = 0.3
"""Of the time limit, for a routing to begin with where none is given."""

PRICES_SHARE = 0.7
"""Of the time limit, after which the best prices so far are checked."""


@click.command("bound")
@bench_argument
@click.argument("route", required=False, type=PathType())
@output_option("Certificate to write: the prices, as a NumPy archive.")
@click.option(
    "--kind",
    type=click.Choice(["overflow", "wirelength"]),
    help="What to bound.  [default: overflow where the routing has some, until 0 is all that can "
    "be proven; else wirelength]",
)
@click.option(
    "--time-limit",
    type=FiniteRange(min=0),
    help="Seconds for a proof; the best prices after 70 % of them are checked in the rest, with "
    "lower bounds for the nets whose cheapest tree is not known by then.",
)
@json_option
@quiet_option
def command(
    bench: Path,
    route: Path | None,
    output: Path | None,
    kind: str | None,
    time_limit: float | None,
    json_path: Path | None,
    quiet: bool,
) -> None:
    """Prove how little overflow or wire any routing of the design BENCH can have.

    ROUTE is a route file to begin with, and to compare with the bound; without one the maze router
    makes one. edaroute verify --certificate checks what is written.

    \b
    Example:
      edaroute bound ibm01.modified ibm01.route -o ibm01.npz
      edaroute verify ibm01.modified ibm01.route --certificate ibm01.npz
    """
    began = time.monotonic()
    design = read_design(bench, output, json_path, inputs=(route,))
    deadline = None if time_limit is None else began + PRICES_SHARE * time_limit

    from eda_router.files import is_stdout
    from eda_router.proof.bound import find_bound
    from eda_router.proof.certificate import write_certificate
    from eda_router.report.proof import bound_lines, bound_values
    from eda_router.verification import verify

    routes = _routes(design, route, time_limit)
    check = verify(design, routes)
    wanted = kind or ("overflow" if check.total_overflow else "wirelength")
    with _progress(quiet) as on_round:
        while True:
            figure = check.total_overflow if wanted == "overflow" else check.wirelength
            comparable = not check.disconnected and (wanted == "overflow" or check.legal)
            bound = find_bound(
                design,
                wanted,
                routes,
                routed=figure if comparable else None,
                deadline=deadline,
                check_deadline=None if time_limit is None else began + time_limit,
                on_round=on_round,
            )
            if kind or wanted == "wirelength" or bound.proof.bound:
                break
            wanted = "wirelength"
    if output is not None:
        write_certificate(bound.certificate, output)
    values = bound_values(design, bound, routes)
    show_values(values, [] if quiet else bound_lines(values), json_path)
    if output is not None and not quiet and not is_stdout(json_path):
        click.echo(f"written    {output}")


def _routes(design: Design, route: Path | None, time_limit: float | None) -> Routes:
    """The wires of a file, or of a run of the maze router that may overflow."""
    if route is not None:
        from eda_router.formats import route_file

        return route_file.read(route, design).routes
    from eda_router.config import RouteConfig
    from eda_router.routing.flow import route as route_design

    limit = None if time_limit is None else ROUTING_SHARE * time_limit
    config = RouteConfig(router="maze", allow_overflow=True, time_limit=limit)
    return route_design(design, config).routes


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[Round], None] | None]:
    """A bar on a terminal, else a line a round, both on stderr: what is proven, and what is not."""
    if quiet:
        yield None
    elif not sys.stderr.isatty():
        yield lambda row: click.echo(
            f"round {row.number:>3}{row.seconds:>9.1f} s   prices give {row.lower:.2f}, trees "
            f"{row.upper:.2f}   {row.columns} trees, {row.new} new",
            err=True,
        )
    else:
        from tqdm import tqdm

        with tqdm(unit=" rounds", leave=False, file=sys.stderr, dynamic_ncols=True) as bar:

            def show(row: Round) -> None:
                bar.set_postfix_str(f"prices give {row.lower:.2f}, trees {row.upper:.2f}")
                bar.update()

            yield show
