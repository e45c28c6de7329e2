"""Whole numbers packed small enough to travel inside a page.

Each array becomes the differences of its neighbours, zigzagged to be non-negative and written as
LEB128 bytes; all arrays together are deflated and written as base64. ``assets/decode.js`` undoes
it.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_MAX_BYTES = 10  # of a 64-bit number in groups of 7 bits


def pack_numbers(numbers: NDArray[np.integer]) -> bytes:
    """Differences of neighbours, zigzag, LEB128. Any integer array; it is read flat."""
    flat = np.asarray(numbers, np.int64).reshape(-1)
    steps = np.diff(flat, prepend=0)
    zigzag = ((steps << 1) ^ (steps >> 63)).astype(np.uint64)
    groups = np.ones(len(zigzag), np.int64)
    for place in range(1, _MAX_BYTES):
        groups += zigzag >= np.uint64(1 << (7 * place))
    widest = int(groups.max(initial=1))
    spread = np.empty((len(zigzag), widest), np.uint8)
    for place in range(widest):
        spread[:, place] = (zigzag >> np.uint64(7 * place)) & np.uint64(127)
        spread[:, place] |= np.where(place < groups - 1, 128, 0).astype(np.uint8)
    return spread[np.arange(widest) < groups[:, None]].tobytes()


def pack(
    arrays: Mapping[str, NDArray[np.integer]], texts: Mapping[str, str]
) -> tuple[list[tuple[str, str, int, int]], str]:
    """Pack arrays and texts into one base64 string.

    Returns:
        (directory, base64): each directory entry holds name, ``numbers`` or ``text``, count of
        numbers or characters, and bytes; the entries lie one after the other in the inflated data.
    """
    parts = []
    directory = []
    for name, numbers in arrays.items():
        parts.append(pack_numbers(numbers))
        directory.append((name, "numbers", int(np.size(numbers)), len(parts[-1])))
    for name, text in texts.items():
        parts.append(text.encode())
        directory.append((name, "text", len(text), len(parts[-1])))
    return directory, base64.b64encode(zlib.compress(b"".join(parts), 9)).decode("ascii")
