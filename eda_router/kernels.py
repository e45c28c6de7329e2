"""How kernels are compiled: :func:`kernel`, Numba without Python objects or the lock, and cached.

Numba trusts the files of its cache: one cut short by a full disk or an interrupt raises from then
on, at every run until somebody deletes it, and where no folder can be written importing a kernel
fails. Here every file carries a checksum, what is damaged counts as missing and is compiled and
written anew, and without room or a folder for the cache kernels are compiled for this run alone.

Numba also takes a kernel for fresh while its own file is as it was, and numbers the files of a
kernel as they come, so that two processes may write code for different types under one number. Here
a kernel is fresh while all that is compiled into it is as it was, and its files are named after the
types.

Compiling takes half a minute for the search alone, and most of that goes by the size of the code: a
kernel that is called is compiled into each that calls it, and once for every combination of types.
So what is called from one place is ``inlined``; what several kernels call is called with 64-bit
numbers only, and with ``np.int64(0)`` where a plain 0 would be a type of its own.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numba.core import caching
from numba.core.dispatcher import Dispatcher

_DIGEST_BYTES = 4

_OPTIONS = Path(__file__).read_bytes() if Path(__file__).is_file() else b""
"""This file, which says how kernels are compiled."""


class _CheckedCacheFile(caching.IndexDataCacheFile):
    """A kernel's index and data files, each either whole or not there."""

    def save(self, key: Any, data: Any) -> None:
        """Write the code for some types, then the index that names it."""
        digest = hashlib.sha256(repr(key).encode()).digest()
        name = self._data_name(int.from_bytes(digest[:8]))
        try:
            self._save_data(name, data)
            # Another process may have added to the index meanwhile, and of two that do so at once
            # one is forgotten: then a later run compiles again, and the other's code is kept.
            self._save_index(self._load_index() | {key: name})
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


class _KernelCache(caching.FunctionCache):
    """The cached code of a kernel.

    Args:
        function: the kernel's Python function.
        makes_arrays: whether the kernel makes arrays.

    Raises:
        RuntimeError: there is no folder for the cache.
    """

    def __init__(self, function: Callable[..., Any], *, makes_arrays: bool):
        super().__init__(function)
        self._makes_arrays = makes_arrays
        self._cache_file = _CheckedCacheFile(
            self.cache_path,
            self._impl.filename_base,
            (self._impl.locator.get_source_stamp(), _made_of(function.__module__)),
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The code for some types, None where it is not kept."""
        if self._makes_arrays:
            # This needs the memory management that Numba sets up with all it knows to compile.
            return super().load_overload(sig, target_context)
        # Other code needs none of that, which takes longer than loading it; compiling sees to it.
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile ``function`` with Numba at its first call, cached on disk, without Python's lock.

    It may not make arrays, so it counts no references to them: a search passes two dozen arrays
    from kernel to kernel, and each would be counted, in turn with other threads, at every call.
    """
    return _compiled(function, makes_arrays=False)


def making_arrays(function: Callable[..., Any]) -> Any:
    """As :func:`kernel`, for functions that make arrays or call others for the arrays they make."""
    return _compiled(function, makes_arrays=True)


def _compiled(function: Callable[..., Any], *, makes_arrays: bool) -> Any:
    options: dict[str, Any] = {"nogil": True, "_nrt": makes_arrays}
    compiled: Any = njit(**options)(function)
    try:
        # What njit does where it is asked to cache, with a cache of ours.
        compiled._cache = _KernelCache(function, makes_arrays=makes_arrays)
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
    return compiled


def inlined(function: Callable[..., Any]) -> Any:
    """As :func:`kernel`, for functions that are written into the kernels that call them.

    These keep the code, so that there is nothing to keep here, or to look for at every start.
    """
    return njit(nogil=True, inline="always")(function)


@cache
def _made_of(module: str) -> str:
    """A digest of what kernels of a module are made of.

    That is its file, the numbers it imports, and the modules of the kernels it imports with all
    that these are made of. Asked at the first kernel of a module, below its imports.
    """
    names = vars(sys.modules[module])
    source = Path(names.get("__file__") or "")
    # Without a file, as in an archive, a release is all that tells.
    digest = hashlib.sha256(source.read_bytes() if source.is_file() else b"")
    digest.update(_OPTIONS)
    others = set()
    for name, value in sorted(names.items()):
        if isinstance(value, int | float | tuple | np.generic):
            digest.update(f"{name}={value!r};".encode())
        elif isinstance(value, Dispatcher):
            others.add(value.__module__)
    for other in sorted(others - {module}):
        digest.update(_made_of(other).encode())
    return digest.hexdigest()
