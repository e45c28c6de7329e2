"""Exported exits as OpenVINO compiles them for this processor, and where they are kept.

Compiling an exit in int8 takes as long as drawing two thousand windows, and reading what was
compiled a quarter of that.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from eda_router.errors import InputError
from eda_router.files import write_atomically

_DIGEST_BYTES = 32


class ExportedExit(NamedTuple):
    """All that a compiled exit is made of.

    Attributes:
        path: the exit's file.
        weights: the file of its weights.
        shapes: of its inputs, in their order.
        settings: for OpenVINO.
    """

    path: Path
    weights: Path
    shapes: Sequence[Sequence[int]]
    settings: Mapping[str, Any]

    def compiled(self, core: Any) -> Any:
        """An ``openvino.CompiledModel``, made by an ``openvino.Core``.

        Raises:
            InputError: the exit cannot be read.
        """
        try:
            model = core.read_model(self.path, self.weights)
        except RuntimeError as error:
            raise InputError(self.path, None, "damaged", "an exported exit") from error
        model.reshape({number: list(shape) for number, shape in enumerate(self.shapes)})
        return core.compile_model(model, "CPU", dict(self.settings))

    def digest(self, core: Any) -> bytes:
        """A digest of the exit, and of the OpenVINO and the processor that it is compiled with.

        Raises:
            InputError: a file cannot be read.
        """
        about = (
            [found.build_number for found in core.get_versions("CPU").values()],
            core.get_property("CPU", "FULL_DEVICE_NAME"),
            core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"),
            [tuple(shape) for shape in self.shapes],
            sorted(self.settings.items()),
        )
        digest = hashlib.sha256(repr(about).encode())
        for path in (self.path, self.weights):
            try:
                digest.update(hashlib.sha256(path.read_bytes()).digest())
            except OSError as error:
                raise InputError(path, None, f"cannot be read: {error.strerror}") from error
        return digest.digest()


def compile_exit(core: Any, exported: ExportedExit, kept: Path | None) -> Any:
    """Compile an exported exit, or read what was compiled of it before.

    Args:
        core: an ``openvino.Core``.
        exported: the exit.
        kept: folder of what was compiled before, None to keep nothing. What is damaged there counts
            as missing, and where it cannot be written the exit is compiled for this run alone.

    Returns:
        an ``openvino.CompiledModel``.

    Raises:
        InputError: the exit cannot be read.
    """
    if kept is None:
        return exported.compiled(core)
    digest = exported.digest(core)
    path = kept / f"{exported.path.stem}-{digest.hex()[:16]}.compiled"
    with contextlib.suppress(OSError, RuntimeError):
        stored = path.read_bytes()
        data = stored[_DIGEST_BYTES:]
        if stored[:_DIGEST_BYTES] == hashlib.sha256(digest + data).digest():
            return core.import_model(data, "CPU", dict(exported.settings))
    compiled = exported.compiled(core)
    data = compiled.export_model().getvalue()
    with contextlib.suppress(OSError, InputError):
        kept.mkdir(parents=True, exist_ok=True)
        write_atomically(path, hashlib.sha256(digest + data).digest() + data)
    return compiled
