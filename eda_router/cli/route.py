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
    DesignSource,
    RouteSettings,
    bench_argument,
    click_options,
    config_option,
    json_option,
    lef_option,
    output_option,
    part_of,
    quiet_option,
    settings_from,
    verbose_option,
    write_json,
)
from eda_router.clock import PhaseTime, process_age, timed
from eda_router.config import RouteConfig
from eda_router.formats.lefdef_config import LefDefConfig

if TYPE_CHECKING:
    from eda_router.routing.hook import PassState


@click.command("route")
@bench_argument
@lef_option
@output_option(
    "Route file or guide to write; - for standard output.  [default: the design's name and .route, "
    "or .guide for a DEF design]"
)
@config_option
@json_option
@verbose_option
@quiet_option
@click_options(RouteSettings)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    bench: Path,
    lef: tuple[Path, ...],
    output: Path | None,
    config_path: Path | None,
    json_path: Path | None,
    verbose: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Route the design BENCH and write its wires.

    A placed design in DEF takes its LEF files with --lef and becomes a route guide for a detailed
    router; all other designs become segments as in the ISPD 2008 contest.

    Exit status 0: all nets routed without overflow; 1: overflow or unrouted nets are left, the
    file is written and the summary names them; 2: bad input; 130: interrupted, nothing written.

    \b
    Example:
      edaroute route ibm02.modified -o ibm02.route --effort high
      edaroute route gcd.def --lef tech.lef --lef cells.lef -o gcd.guide --layer-adjustment met1=0.8
    """
    start = process_age(), time.process_time()
    settings = settings_from(RouteSettings, config_path, options)
    config = part_of(settings, RouteConfig)
    source = DesignSource(bench, lef, part_of(settings, LefDefConfig), config_path)
    # A short run that makes no cycles: collecting would only walk through what imports made.
    gc.disable()

    phases = {"start": PhaseTime(*start)}
    with timed(phases, "import"):
        from eda_router.files import check_outputs, is_stdout

        check_outputs(output, json_path, inputs=source.files)
        _import(config, quiet)
        from eda_router.cli.routed import route
        from eda_router.report.lines import summary_lines
    with timed(phases, "read"):
        ending = source.format.results
        design = source.read()
    target = output or Path(f"{design.name}{ending}")
    check_outputs(target, json_path, inputs=source.files)

    with _progress(verbose, quiet) as on_pass:
        routed = route(design, config, ending, on_pass)
    with timed(phases, "verify"):
        routed.judge()
    with timed(phases, "write"):
        routed.write(target)

    summary = routed.summary(phases)
    if json_path is not None:
        write_json(json_path, summary)
    if not quiet:
        machine_reads_stdout = is_stdout(target) or is_stdout(json_path)
        for line in summary_lines(summary, verbose=verbose):
            click.echo(line, err=machine_reads_stdout)
        if not is_stdout(target):
            click.echo(f"written    {target}", err=machine_reads_stdout)
    ctx.exit(summary["result"]["exit_status"])


def _import(config: RouteConfig, quiet: bool) -> None:
    """Import Numba in its short way, then the router, and say so where that takes long."""
    from eda_router.numba_cache import import_numba, kernels_compiled

    import_numba()
    from eda_router.routing import flow

    if not quiet and not kernels_compiled():
        click.echo(
            "compiling the kernels, at the first run only: about half a minute; edaroute compile "
            "does it ahead",
            err=True,
        )
    flow.load_router(config)


@contextmanager
def _progress(verbose: bool, quiet: bool) -> Iterator[Callable[[PassState], object] | None]:
    """A bar that vanishes on a terminal, else a table with one row a pass, both on stderr."""
    from eda_router.report.lines import PASS_HEADER, pass_line

    if quiet:
        yield None
    elif verbose or not sys.stderr.isatty():
        # The head comes with the first row: a run that fails before it says why, and no more.
        head = iter([f"{PASS_HEADER}\n"])
        yield lambda state: click.echo(next(head, "") + pass_line(state.row), err=True)
    else:
        from tqdm import tqdm

        with tqdm(unit=" passes", leave=False, file=sys.stderr, dynamic_ncols=True) as bar:

            def show(state: PassState) -> None:
                row = state.row
                bar.set_postfix_str(f"overflow {row.overflow}, wirelength {row.wirelength}")
                bar.set_description(row.name, refresh=False)
                bar.update()

            yield show
