"""The command line ``edaroute``: one thin file a command.

A command's file is imported only when that command runs, so ``--help`` and shell completion
answer at once. Adding a command is one line in :data:`COMMANDS`.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from eda_router import __version__
from eda_router.cli.streams import prepare, stdout_error, tell
from eda_router.errors import EdarouteError, InputError, reason

COMMANDS = {
    "route": "Route a design and write its wires.",
    "verify": "Evaluate a route file or guide on its design.",
    "bound": "Prove how little overflow or wire a design can have.",
    "info": "Say what a design holds.",
    "convert": "Write a design in a format of routing contests.",
    "plot": "Draw congestion, density or single nets.",
    "report": "Show a run on one HTML page.",
    "compare": "Tell how the routes of several runs differ.",
    "synth": "Write a synthetic design.",
    "batch": "Route many designs in several ways.",
    "maps": "Write images of designs and their congestion.",
    "nets": "Write a table of nets.",
    "dataset": "Make samples to learn from.",
    "train": "Train a model.",
    "evaluate": "Measure a model beside its controls.",
    "study": "Compare variants of the training.",
    "config": "Print a YAML file with every option.",
    "compile": "Compile all kernels ahead.",
}
"""Name of each command, which is that of its file here, and its one line of help."""

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"eda_router.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names of commands from the table, without importing any."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [
            CompletionItem(name, help=text)
            for name, text in COMMANDS.items()
            if name.startswith(incomplete)
        ]


@click.command("edaroute", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edaroute")
def cli() -> None:
    """A global router with a neural core.

    \b
    Example:
      edaroute route ibm02.modified -o ibm02.route
      edaroute verify ibm02.modified ibm02.route
      edaroute route gcd.def --lef tech.lef --lef cells.lef -o gcd.guide
    """


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; the only place where errors become text.

    0: done; 1: a result with a flaw, such as overflow; 2: bad input or usage; 130: Ctrl-C.
    """

    def terminate(signum: int, frame: FrameType | None) -> None:
        # An exception lets half-written files be removed.
        sys.exit(EXIT_TERMINATED)

    signal.signal(signal.SIGTERM, terminate)
    try:
        status = cli.main(args=args, prog_name="edaroute", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted")
        return EXIT_INTERRUPTED
    except EdarouteError as error:
        tell(error_line(error))
        return EXIT_BAD_INPUT
    except OSError as error:
        tell(_explained(error))
        return EXIT_BAD_INPUT


def error_line(error: EdarouteError) -> str:
    """The line that tells of an error: with its file, or as an error where there is none."""
    in_file = isinstance(error, InputError) and error.path is not None
    return str(error) if in_file else f"error: {error}"


def _explained(error: OSError) -> str:
    """A line for what the operating system refused while a command worked."""
    if isinstance(error.filename, str):
        return f"{error.filename}: cannot be used: {reason(error)}"
    if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO):
        # Files are written by name; without one it is the stream, where Python does not buffer it.
        return f"standard output: cannot be written: {reason(error)}"
    return f"error: {reason(error)}"


def run() -> NoReturn:
    """Run the command line as a process of its own."""
    prepare()
    status = main()
    atexit._run_exitfuncs()
    error = stdout_error()
    if isinstance(error, BrokenPipeError):
        status = status or 1
    elif error is not None and status != EXIT_BAD_INPUT:
        tell(f"standard output: cannot be written: {reason(error)}")
        status = EXIT_BAD_INPUT
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    # Taking down an interpreter full of compiled kernels, object by object, takes 0.4 s.
    os._exit(status)
