"""``edaroute route``."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eda_router.cli.options import (
    bench_argument,
    click_options,
    config_option,
    json_option,
    quiet_option,
    refuse_same_file,
    settings_from,
    verbose_option,
    write_json,
)
from eda_router.clock import PhaseTime, process_age, timed
from eda_router.config import RouteConfig

if TYPE_CHECKING:
    from eda_router.routing.result import PassRow


@click.command("route")
@bench_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Route file to write; - for standard output.  [default: the design's name and .route]",
)
@config_option
@json_option
@verbose_option
@quiet_option
@click_options(RouteConfig)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    bench: Path,
    output: Path | None,
    config_path: Path | None,
    json_path: Path | None,
    verbose: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Route the design BENCH and write its wires.

    Exit status 0: all nets routed without overflow; 1: overflow or unrouted nets are left, the
    file is written and the summary names them; 2: bad input; 130: interrupted, nothing written.

    \b
    Example:
      edaroute route ibm02.modified -o ibm02.route --effort high
    """
    start = process_age(), time.process_time()
    config = settings_from(RouteConfig, config_path, options)
    # A short run that makes no cycles: collecting would only walk through what imports made.
    gc.disable()

    phases = {"start": PhaseTime(*start)}
    with timed(phases, "import"):
        from eda_router.numba_cache import import_numba

        import_numba()
        from eda_router.errors import EdarouteError
        from eda_router.files import check_writable
        from eda_router.formats import ispd98, route_file
        from eda_router.numba_cache import kernels_compiled
        from eda_router.report.summary import summarize, summary_lines
        from eda_router.resources import find_design
        from eda_router.routing import flow as router
        from eda_router.verification import verify

        if not quiet and not kernels_compiled():
            click.echo("compiling the kernels, at the first run only: about a minute", err=True)
        router.load_router(config)
    with timed(phases, "read"):
        design = ispd98.read(find_design(bench))
    target = output or Path(f"{design.name}.route")
    to_stdout = str(target) == "-"
    refuse_same_file(bench, config_path, target, json_path)
    for path in (target, json_path):
        if path is not None and str(path) != "-":
            check_writable(path)

    with _progress(verbose, quiet) as on_pass:
        result = router.route(design, config, on_pass=on_pass)
    with timed(phases, "verify"):
        check = verify(design, result.routes)
        if check.total_overflow != result.total_overflow or check.disconnected != len(
            result.unrouted
        ):
            raise EdarouteError(
                f"the router says overflow {result.total_overflow} and {len(result.unrouted)} "
                f"unrouted nets, the evaluator {check.total_overflow} and {check.disconnected}; "
                "please report this fault, nothing was written"
            )
    with timed(phases, "write"):
        if to_stdout:
            click.echo(route_file.format_routes(design, result.routes), nl=False)
        else:
            route_file.write(design, result.routes, target)

    summary = summarize(result, check, phases)
    if json_path is not None:
        write_json(json_path, summary)
    if not quiet:
        machine_reads_stdout = to_stdout or str(json_path) == "-"
        for line in summary_lines(summary, verbose=verbose):
            click.echo(line, err=machine_reads_stdout)
        if not to_stdout:
            click.echo(f"written    {target}", err=machine_reads_stdout)
    ctx.exit(result.exit_status)


@contextmanager
def _progress(verbose: bool, quiet: bool) -> Iterator[Callable[[PassRow], None] | None]:
    """A bar that vanishes on a terminal, else a table with one row a pass, both on stderr."""
    from eda_router.report.summary import PASS_HEADER, pass_line

    if quiet:
        yield None
    elif verbose or not sys.stderr.isatty():
        click.echo(PASS_HEADER, err=True)
        yield lambda row: click.echo(pass_line(row), err=True)
    else:
        from tqdm import tqdm

        with tqdm(unit=" passes", leave=False, file=sys.stderr, dynamic_ncols=True) as bar:

            def show(row: PassRow) -> None:
                bar.set_postfix_str(f"overflow {row.overflow}, wirelength {row.wirelength}")
                bar.set_description(row.name, refresh=False)
                bar.update()

            yield show
