"""What the text formats share: reading, plain or gzipped, and fast whole numbers."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.errors import InputError, reason

LINE_END = re.compile(r"\r\n|\r|\n")
WHOLE_NUMBER = re.compile(r"-?[0-9]+")
MAX_BYTES = 2 << 30
"""Largest text that is read, unpacked; a gzipped file of megabytes can claim terabytes."""
_GZIP_MAGIC = b"\x1f\x8b"
_INT64_DIGITS = 18
_kept: dict[str, bytes] = {}


def read_head(path: str | Path, count: int) -> bytes:
    """The first ``count`` bytes of a file, unpacked when it is gzipped; fewer of a shorter one.

    A pipe gives its content only once, so it is read as a whole and kept for :func:`read_bytes`.

    Raises:
        InputError: as for :func:`read_bytes`.
    """
    if not os.path.isfile(path):
        _kept[str(path)] = read_bytes(path)
        return _kept[str(path)][:count]
    with _told(path), open(path, "rb") as file:
        packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        if not packed:
            return file.read(count)
        with gzip.open(file) as content:
            return content.read(count)


def read_bytes(path: str | Path, most: int = MAX_BYTES) -> bytes:
    """The content of a file, unpacked when it is gzipped, whatever its name.

    Args:
        path: of the file.
        most: bytes that it may hold, unpacked.

    Raises:
        InputError: the file cannot be read, is larger, or is a damaged gzip file.
    """
    if str(path) in _kept:
        return _kept.pop(str(path))
    with _told(path), open(path, "rb") as file:
        # A pipe can be read once only, so its beginning is looked at, not taken.
        packed = file.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC)
        data = (gzip.GzipFile(fileobj=file) if packed else file).read(most + 1)
    if len(data) > most:
        unpacked = "unpacks to" if packed else "holds"
        raise InputError(path, None, f"{unpacked} more than {most} bytes", "less")
    return data


@contextmanager
def _told(path: str | Path) -> Iterator[None]:
    """Tell of a file that cannot be read in one line."""
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(path, None, f"damaged gzip file: {error}") from error
    except (OSError, ValueError) as error:
        raise InputError(path, None, f"cannot be read: {reason(error)}") from error


def decode(path: str | Path, data: bytes) -> str:
    """``data`` as text.

    Raises:
        InputError: it is no UTF-8 text; the line of the first bad byte is given.
    """
    bad = data.find(b"\0")
    if bad < 0:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            bad = error.start
    line = len(LINE_END.findall(data[:bad].decode("latin-1"))) + 1
    raise InputError(path, line, f"byte 0x{data[bad]:02x} is no text", "UTF-8 text")


def shorten(text: str, limit: int = 40) -> str:
    """``text`` quoted, cut where it is too long for a message."""
    return repr(text if len(text) <= limit else text[: limit - 3] + "...")


def parse_numbers(
    data: NDArray[np.uint8], starts: NDArray[np.intp], ends: NDArray[np.intp]
) -> NDArray[np.int64] | None:
    """Parse many unsigned whole numbers at once.

    Args:
        data: ASCII text as bytes.
        starts: first byte of each number.
        ends: byte after the last of each number.

    Returns:
        int64 values, or None when one of them is not made of 1 to 18 digits.
    """
    lengths = ends - starts
    values = np.zeros(len(starts), np.int64)
    if not len(starts):
        return values
    if int(lengths.min()) < 1 or int(lengths.max()) > _INT64_DIGITS:
        return None
    for place in range(int(lengths.max())):
        # A byte below '0' wraps round to more than 9.
        digits = data[np.maximum(ends - 1 - place, 0)] - np.uint8(48)
        inside = lengths > place
        if np.any((digits > 9) & inside):
            return None
        values += np.where(inside, digits, 0) * np.int64(10**place)
    return values
