"""Keeps TensorFlow's own lines, which are no messages of this program, out of standard error.

TensorFlow tells of the processor, of graphics cards it does not find, and of how to compile it,
while it is imported. What it writes then goes past Python and heeds none of its settings, so the
file descriptor is turned aside for that time; lines that are none of TensorFlow's are passed on.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

_OWN = re.compile(rb"[IWE]\d{4} [\d:.]+ |WARNING: All log messages before absl")
"""How TensorFlow's lines begin."""


def mute_tensorflow() -> None:
    """Have TensorFlow say nothing, whoever imports it; settings in the environment stay."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder):
    """Finds TensorFlow as all others do, and wraps its loader."""

    _asking_others = False

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of TensorFlow; None for every other module."""
        if name != "tensorflow" or self._asking_others:
            return None
        self._asking_others = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._asking_others = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    """A loader that works with standard error turned aside."""

    def __init__(self, loader: Any):
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """As the wrapped loader."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """As the wrapped loader, with standard error turned aside."""
        with _aside():
            self._loader.exec_module(module)


@contextlib.contextmanager
def _aside() -> Iterator[None]:
    try:
        kept = os.dup(2)
    except OSError:
        # Standard error is closed; there is nothing to keep lines out of.
        yield
        return
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            others = b"".join(line for line in file if not _OWN.match(line))
            if others:
                with contextlib.suppress(OSError):
                    os.write(2, others)
