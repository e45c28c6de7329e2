"""Writing files: beside and renamed, so that a file is old or new and never half.

Where no file can be made beside the old one, or none renamed over it, the old one is written into:
a pipe, a device, an open descriptor such as ``/dev/stdout``, a file that is mounted by itself, a
file in a folder that is not ours.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from eda_router.errors import InputError, reason

_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d+)|/dev/std(in|out|err)")
_STANDARD = {"in": 0, "out": 1, "err": 2}
_LONGEST_SUFFIX = 16


def displayable(text: str) -> str:
    """``text`` with bytes of a file name that are no UTF-8 replaced by U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def is_stdout(path: str | Path | None) -> bool:
    """Whether a path stands for standard output: ``-``, ``/dev/stdout`` or another name of it."""
    return path is not None and _descriptor(path) == 1


def check_outputs(*outputs: str | Path | None, inputs: Iterable[str | Path | None] = ()) -> None:
    """Find out before long work whether its results could be written, each to a file of its own.

    Args:
        outputs: files to write; None where there is none.
        inputs: files that are read, which no output may overwrite.

    Raises:
        InputError: two of them are one file, or an output cannot be written.
    """
    for read in inputs:
        for path in outputs:
            refuse_same_file(read, path)
    refuse_same_file(*outputs)
    for path in outputs:
        if path is not None:
            check_writable(path)


def refuse_same_file(*paths: str | Path | None) -> None:
    """Make sure that no two paths lead to one file, by links or otherwise, even to one to be made.

    None, folders, pipes and devices are left out; standard output counts under all its names.

    Raises:
        InputError: two of them do.
    """
    seen: dict[str | tuple[int, int], str | Path] = {}
    for path in paths:
        if path is None:
            continue
        if is_stdout(path):
            # Two files behind each other there are no file that anything could read.
            if "-" in seen:
                raise InputError(path, None, f"is {seen['-']} too", "different files")
            seen["-"] = path
            continue
        place = os.path.realpath(path)
        marks: set[str | tuple[int, int]] = {place}
        with contextlib.suppress(OSError):
            found = os.stat(path)
            if not stat.S_ISREG(found.st_mode):
                continue
            marks.add((found.st_dev, found.st_ino))
        for mark in marks & seen.keys():
            raise InputError(path, None, f"is {seen[mark]} too", "different files")
        seen |= dict.fromkeys(marks, path)


def check_writable(path: str | Path) -> None:
    """Find out before long work whether :func:`write_atomically` could write ``path``.

    Raises:
        InputError: it could not.
    """
    if _descriptor(path) is not None:
        return
    target = Path(os.path.realpath(path))
    folder = target.parent
    try:
        found = os.stat(target)
    except FileNotFoundError:
        if not os.path.isdir(folder):
            raise InputError(path, None, f"cannot be written: no folder {folder}") from None
        if not os.access(folder, os.W_OK | os.X_OK):
            raise InputError(path, None, f"cannot be written: no permission for {folder}") from None
        return
    except OSError as error:
        raise InputError(path, None, f"cannot be written: {reason(error)}") from error
    if stat.S_ISDIR(found.st_mode):
        raise InputError(path, None, "is a folder", "the name of a file to write")
    into = os.access(target, os.W_OK)
    if not into and not (stat.S_ISREG(found.st_mode) and _replaceable(found, folder)):
        raise InputError(path, None, f"cannot be written: no permission for {target}")


def check_folder(path: str | Path) -> None:
    """Find out before long work whether a folder could be made, or written into where it is there.

    Raises:
        InputError: it could not.
    """
    place = Path(os.path.realpath(path))
    while True:
        try:
            found = os.stat(place)
        except FileNotFoundError:
            place = place.parent
        except OSError as error:
            raise InputError(path, None, f"cannot be written: {reason(error)}") from error
        else:
            break
    if not stat.S_ISDIR(found.st_mode):
        raise InputError(path, None, f"cannot be written: {place} is no folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise InputError(path, None, f"cannot be written: no permission for {place}")


def make_folder(path: str | Path) -> None:
    """Make a folder unless it is there, and find out whether files can be written in it.

    Raises:
        InputError: they cannot.
    """
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(path, None, f"cannot be made: {reason(error)}", "a folder") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise InputError(path, None, "cannot be written: no permission")


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write a file beside ``path`` and rename it; see :func:`replacing`.

    ``-`` is standard output.

    Raises:
        InputError: the file cannot be written.
    """
    with replacing(path) as beside:
        beside.write_bytes(data)


def write_packed(path: str | Path, data: bytes) -> None:
    """Write a file as :func:`write_atomically` does, gzipped when ``path`` ends with ``.gz``.

    Raises:
        InputError: the file cannot be written.
    """
    if str(path).endswith(".gz"):
        # Without the time of day equal data give equal files.
        data = gzip.compress(data, 9, mtime=0)
    write_atomically(path, data)


def write_text(path: str | Path, text: str) -> None:
    """Write a file in UTF-8, as :func:`write_atomically` does.

    Raises:
        InputError: the file cannot be written.
    """
    write_atomically(path, text.encode())


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give the path of an empty file to write, which becomes ``path`` when the block is done.

    On any failure, an interrupt included, an existing file stays as it was and nothing is left
    beside it. Links are followed. What cannot be renamed over is written into, when the block is
    done; only then can a failure leave half a file.

    Yields:
        a file with the suffix of ``path``, in its folder where that is possible.

    Raises:
        InputError: the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    try:
        beside, renamed = _new_file(path, target)
        try:
            yield beside
            with open(beside, "rb+") as file:
                os.fsync(file.fileno())
            if not (renamed and _rename(beside, target)):
                _copy_into(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(path, None, f"cannot be written: {reason(error)}") from error


def _new_file(path: str | Path, target: Path) -> tuple[Path, bool]:
    """An empty file, and whether it lies beside ``target`` and may be renamed to it."""
    suffix = target.suffix if len(os.fsencode(target.suffix)) <= _LONGEST_SUFFIX else ""
    try:
        special = _descriptor(path) is not None or not stat.S_ISREG(os.stat(target).st_mode)
        there = True
    except FileNotFoundError:
        special = there = False
    if not special:
        try:
            # The name of the target may be as long as names can be, so it is no part of this one.
            handle, name = tempfile.mkstemp(suffix, ".edaroute-", target.parent)
        except OSError:
            if not there:
                raise
        else:
            os.close(handle)
            return Path(name), True
    handle, name = tempfile.mkstemp(suffix, "edaroute-")
    os.close(handle)
    return Path(name), False


def _rename(beside: Path, target: Path) -> bool:
    """Rename a finished file; False where the target is there and must stay the file that it is."""
    os.chmod(beside, _mode_of(target))
    try:
        os.replace(beside, target)
    except OSError:
        # Another user's file in a sticky folder, or a file that is mounted by itself.
        if not target.is_file():
            raise
        return False
    return True


def _copy_into(source: Path, path: str | Path) -> None:
    """Write into a file, a pipe, a device or an open descriptor."""
    descriptor = _descriptor(path)
    with open(source, "rb") as content:
        if descriptor == _STANDARD["out"]:
            sys.stdout.flush()
            shutil.copyfileobj(content, sys.stdout.buffer)
            sys.stdout.flush()
            return
        # A second opening of a descriptor's file would begin at its start and overwrite it.
        with open(path if descriptor is None else os.dup(descriptor), "wb") as file:
            shutil.copyfileobj(content, file)


def _descriptor(path: str | Path) -> int | None:
    """The number of the open descriptor that ``-`` or a path such as ``/dev/fd/3`` stands for."""
    if str(path) == "-":
        return _STANDARD["out"]
    match = _DESCRIPTOR.fullmatch(str(path))
    if match is None:
        return None
    return int(match[1]) if match[1] else _STANDARD[match[2]]


def _replaceable(found: os.stat_result, folder: Path) -> bool:
    """Whether a file with this status may be renamed over in its folder."""
    holder = os.stat(folder)
    ours = os.geteuid() in (found.st_uid, holder.st_uid)
    return os.access(folder, os.W_OK | os.X_OK) and (ours or not holder.st_mode & stat.S_ISVTX)


def _mode_of(target: Path) -> int:
    """The permissions a file has, or would get if it were created now."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask
