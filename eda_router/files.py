"""Writing files: beside and renamed, so that a file is old or new and never half."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

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
