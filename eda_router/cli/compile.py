"""``edaroute compile``."""

from __future__ import annotations

import compileall
import os
import sys
import time
from pathlib import Path

import click

import eda_router
from eda_router.cli.options import quiet_option
from eda_router.cli.progress import with_bar
from eda_router.errors import EdarouteError


@click.command("compile")
@click.option(
    "--jobs",
    type=click.IntRange(1, 1024),
    default=None,
    help="Processes that compile.  [default: as many as there are processors]",
)
@quiet_option
def command(jobs: int | None, quiet: bool) -> None:
    """Compile all kernels ahead, which else the first run of each kind does.

    They are kept beside the package or in the user's cache folder; NUMBA_CACHE_DIR names another.
    What is compiled already is not compiled again. Python's bytecode of the package is written
    too, where that is possible.

    \b
    Example:
      edaroute compile
    """
    from eda_router.numba_cache import can_keep_kernels, import_numba

    if not can_keep_kernels():
        raise EdarouteError(
            f"{os.environ.get('NUMBA_CACHE_DIR')}: cannot be written, expected a folder for "
            "compiled kernels in NUMBA_CACHE_DIR"
        )
    began = time.monotonic()
    if not quiet and not sys.stderr.isatty():
        click.echo("compiling all kernels: one or two minutes with two processors", err=True)
    compileall.compile_dir(Path(eda_router.__file__).parent, quiet=2)
    import_numba()
    from eda_router.compiling import JOBS, compile_kernels
    from eda_router.jobs import Workers

    done = compile_kernels(Workers(jobs or os.cpu_count() or 1))
    for _ in with_bar(done, JOBS, "compiling", "parts", quiet):
        pass
    if not quiet:
        click.echo(f"compiled   all kernels, in {time.monotonic() - began:.0f} s")
