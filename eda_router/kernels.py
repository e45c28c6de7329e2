"""How kernels are compiled: :func:`kernel`, Numba without Python objects or the lock, and cached.

Numba trusts the files of its cache: one cut short by a full disk or an interrupt raises from then
on, at every run until somebody deletes it, and where no folder can be written importing a kernel
fails. Here every file carries a checksum, what is damaged counts as missing and is compiled and
written anew, and without room or a folder for the cache kernels are compiled for this run alone.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core import caching

_DIGEST_BYTES = 4


class _CheckedCacheFile(caching.IndexDataCacheFile):
    """A kernel's index and data files, each either whole or not there."""

    def save(self, key: Any, data: Any) -> None:
        try:
            super().save(key, data)
        except OSError:
            # No room, or no permission: this run has its kernel, the next one compiles again.
            return

    def _load_index(self) -> dict[Any, str]:
        try:
            index: dict[Any, str] = super()._load_index()
        except Exception:
            # Unpickling damaged bytes may raise anything.
            return {}
        return index

    def _save_data(self, name: str, data: Any) -> None:
        packed = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(_digest(packed) + packed)

    def _load_data(self, name: str) -> Any:
        with open(self._data_path(name), "rb") as file:
            stored = file.read()
        packed = stored[_DIGEST_BYTES:]
        if stored[:_DIGEST_BYTES] != _digest(packed):
            raise OSError("damaged")  # as a missing file, see IndexDataCacheFile.load
        return pickle.loads(packed)


def _digest(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(_DIGEST_BYTES, "big")


# Numba looks this name up whenever it makes the cache of a function.
caching.IndexDataCacheFile = _CheckedCacheFile  # type: ignore[misc]


def kernel(function: Callable[..., Any]) -> Any:
    """Compile ``function`` with Numba at its first call, cached on disk, without Python's lock."""
    return _compiled(function)


def inlined(function: Callable[..., Any]) -> Any:
    """As :func:`kernel`, for small functions that are written into the kernels that call them."""
    return _compiled(function, inline="always")


def _compiled(function: Callable[..., Any], **options: Any) -> Any:
    try:
        return njit(cache=True, nogil=True, no_cfunc_wrapper=True, **options)(function)
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        return njit(nogil=True, **options)(function)
