"""The standard streams, whatever they lead to: closed, full, or in another encoding."""

from __future__ import annotations

import contextlib
import io
import os
import sys

import click


def prepare() -> None:
    """Let a closed stream swallow what is written to it, and every stream take every text."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            # The lowest number free is that of the closed stream. Left free, it would become that
            # of the next file opened, and what a library prints would go into the file.
            opened = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(opened, "w" if descriptor else "r", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper) and _refuses_text(stream):
            stream.reconfigure(errors="backslashreplace")


def _refuses_text(stream: io.TextIOWrapper) -> bool:
    """Whether there are names of nets or files that the stream's encoding cannot say."""
    in_utf8 = stream.encoding.lower().replace("-", "") == "utf8"
    return stream.errors == "strict" or (stream.errors == "surrogateescape" and not in_utf8)


def tell(line: str) -> None:
    """Write a line to standard error, and go on where even that fails."""
    # Where it fails, only the exit status is left to tell of it.
    with contextlib.suppress(OSError):
        click.echo(line, err=True)


def stdout_error() -> OSError | None:
    """Write out what standard output still holds; the error where that fails."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return error
    return None
