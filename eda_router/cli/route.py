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
    output_option,
    quiet_option,
    settings_from,
    verbose_option,
    write_json,
)
from eda_router.clock import PhaseTime, process_age, timed
from eda_router.config import RouteConfig
from eda_router.errors import EdarouteError
from eda_router.resources import find_design

if TYPE_CHECKING:
    from eda_router.routing.result import PassRow, RoutingResult
    from eda_router.verification import Verification


@click.command("route")
@bench_argument
@output_option(
    "Route file to write; - for standard output.  [default: the design's name and .route]"
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
        from eda_router import formats
        from eda_router.files import check_outputs, is_stdout

        inputs = (find_design(bench), config_path)
        check_outputs(output, json_path, inputs=inputs)
        _import(config, quiet)
        from eda_router.formats import route_file
        from eda_router.report.lines import summary_lines
        from eda_router.report.summary import summarize
        from eda_router.routing import flow
    with timed(phases, "read"):
        design = formats.read(bench)
    target = output or Path(f"{design.name}.route")
    check_outputs(target, json_path, inputs=inputs)

    with _progress(verbose, quiet) as on_pass:
        result = flow.route(design, config, on_pass=on_pass)
    with timed(phases, "verify"):
        check = _recounted(result)
    with timed(phases, "write"):
        route_file.write(design, result.routes, target)

    summary = summarize(result, check, phases)
    if json_path is not None:
        write_json(json_path, summary)
    if not quiet:
        machine_reads_stdout = is_stdout(target) or is_stdout(json_path)
        for line in summary_lines(summary, verbose=verbose):
            click.echo(line, err=machine_reads_stdout)
        if not is_stdout(target):
            click.echo(f"written    {target}", err=machine_reads_stdout)
    ctx.exit(result.exit_status)


def _import(config: RouteConfig, quiet: bool) -> None:
    """Import Numba in its short way, then the router, and say so where that takes long."""
    from eda_router.numba_cache import import_numba, kernels_compiled

    import_numba()
    from eda_router.routing import flow

    if not quiet and not kernels_compiled():
        click.echo("compiling the kernels, at the first run only: about a minute", err=True)
    flow.load_router(config)


def _recounted(result: RoutingResult) -> Verification:
    """The independent evaluation of a result, which must agree with the router's own figures.

    Raises:
        EdarouteError: it does not.
    """
    from eda_router.verification import verify

    check = verify(result.design, result.routes)
    ours, theirs = (
        (result.total_overflow, len(result.unrouted)),
        (check.total_overflow, check.disconnected),
    )
    if ours != theirs:
        raise EdarouteError(
            f"the router says overflow {ours[0]} and {ours[1]} unrouted nets, the evaluator "
            f"{theirs[0]} and {theirs[1]}; please report this fault, nothing was written"
        )
    return check


@contextmanager
def _progress(verbose: bool, quiet: bool) -> Iterator[Callable[[PassRow], None] | None]:
    """A bar that vanishes on a terminal, else a table with one row a pass, both on stderr."""
    from eda_router.report.lines import PASS_HEADER, pass_line

    if quiet:
        yield None
    elif verbose or not sys.stderr.isatty():
        # The head comes with the first row: a run that fails before it says why, and no more.
        head = iter([f"{PASS_HEADER}\n"])
        yield lambda row: click.echo(next(head, "") + pass_line(row), err=True)
    else:
        from tqdm import tqdm

        with tqdm(unit=" passes", leave=False, file=sys.stderr, dynamic_ncols=True) as bar:

            def show(row: PassRow) -> None:
                bar.set_postfix_str(f"overflow {row.overflow}, wirelength {row.wirelength}")
                bar.set_description(row.name, refresh=False)
                bar.update()

            yield show
