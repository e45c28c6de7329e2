"""Writing files: beside and renamed, so that a file is old or new and never half; JSON by rows."""

from __future__ import annotations

import contextlib
import json
import math
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eda_router.errors import InputError


def check_writable(path: str | Path) -> None:
    """Find out before long work whether :func:`write_atomically` could write ``path``.

    Raises:
        InputError: it could not.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InputError(path, None, "is a folder", "the name of a file to write")
    if not target.parent.is_dir():
        raise InputError(path, None, f"cannot be written: no folder {target.parent}")
    probe = target if _is_special(target) else target.parent
    if not os.access(probe, os.W_OK):
        raise InputError(path, None, f"cannot be written: no permission for {probe}")


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write a file beside ``path`` and rename it, so that ``path`` is old or new, never half.

    On any failure, an interrupt included, an existing file stays as it was and nothing is left
    beside it. Links are followed, and devices and pipes, which cannot be renamed, written into.

    Raises:
        InputError: the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        if _is_special(target):
            target.write_bytes(data)
            return
        handle, beside = tempfile.mkstemp(
            prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent
        )
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(beside, _mode_of(target))
            os.replace(beside, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
    except OSError as error:
        raise InputError(path, None, f"cannot be written: {error.strerror}") from error


def _is_special(target: Path) -> bool:
    return target.exists() and not target.is_file() and not target.is_dir()


def _mode_of(target: Path) -> int:
    """The permissions a file has, or would get if it were created now."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def make_folder(path: str | Path) -> None:
    """Make a folder unless it is there, and find out whether files can be written in it.

    Raises:
        InputError: they cannot.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(path, None, f"cannot be made: {error.strerror}", "a folder") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise InputError(path, None, "cannot be written: no permission")


def strict_json(value: Any) -> Any:
    """The same value with None for numbers that JSON has no word for: NaN and infinity."""
    if isinstance(value, Mapping):
        return {key: strict_json(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict_json(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def format_rows(value: Any, levels: int = 2) -> str:
    """JSON with one row a line, so that a change of a row is a change of a line.

    Args:
        value: mappings and lists within each other.
        levels: of these that are opened, one member a line. What lies deeper is a row, and so is
            what holds no mappings and lists.

    Returns:
        the text with its last newline; numbers that are none are null.
    """
    return _rows(strict_json(value), levels, "") + "\n"


def _rows(value: Any, levels: int, indent: str) -> str:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if levels == 0 or not any(isinstance(part, (dict, list)) for part in parts):
        return json.dumps(value, allow_nan=False)
    inner = indent + " "
    if isinstance(value, dict):
        lines = [f"{json.dumps(k)}: {_rows(v, levels - 1, inner)}" for k, v in value.items()]
        first, last = "{}"
    else:
        lines = [_rows(part, levels - 1, inner) for part in value]
        first, last = "[]"
    return first + ",".join(f"\n{inner}{line}" for line in lines) + f"\n{indent}{last}"
