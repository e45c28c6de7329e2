"""Exported exits in whole numbers of eight bits, by NNCF's quantisation after training.

Weights and activations get scales, those of the activations from what a few random windows let
flow through the network. Processors multiply eight-bit numbers several times as fast as floats.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.dataset.random_windows import random_states
from eda_router.neural.engines import INT8_OUTLIERS, TOLERANCE
from eda_router.neural.exports import write_exported
from eda_router.neural.model_folder import exit_file, weights_file
from eda_router.neural.tensors import images

TILES, LEAST_WINDOWS = 1 << 15, 64
"""So many tiles of random windows, or so many windows, are what the scales are taken from; with
eight times as many windows of 8x8 the drawings differ as often from those in float32."""

MOST_PINS = 12

INK_TOLERANCE = 0.02
"""Share by which an exit may draw more or less in int8 than in float32, at :data:`INK_LEVEL`."""

INK_LEVEL = 0.1

_AT_ONCE = 8

EXACT = {"INFERENCE_PRECISION_HINT": "f32"}


def export_int8(folder: str | Path, sizes: Sequence[int]) -> tuple[int, ...]:
    """Write exits of a folder in int8, beside those in float32 of which they are made.

    Needs OpenVINO and NNCF. :func:`eda_router.neural.model_folder.write_exits` comes after it.

    Args:
        folder: of the model, exported for OpenVINO.
        sizes: of its exits, tiles.

    Returns:
        the sizes of the exits written: of those whose drawings of other random windows are within
        :data:`eda_router.neural.engines.TOLERANCE` of float32, and their ink within
        :data:`INK_TOLERANCE` of its.

    Example:
        >>> import eda_router, shutil
        >>> from eda_router.resources import folder
        >>> from eda_router.training.quantise import export_int8
        >>> mine = shutil.copytree(folder("models"), "quantised")
        >>> model = eda_router.load_model(mine)
        >>> export_int8(mine, model.exits[:1])
        (8,)
        >>> eda_router.write_exits(mine, model.thresholds, model.latent)
    """
    import nncf
    import openvino

    nncf.set_log_level(logging.ERROR)
    folder = Path(folder)
    core = openvino.Core()
    quantised = {}
    for size in sizes:
        model = core.read_model(folder / exit_file(size), folder / weights_file())
        count = max(LEAST_WINDOWS, TILES // size**2)
        # No noise and no plans.
        shapes = [list(given.partial_shape)[1:] for given in model.inputs[1:]]
        rest = [
            np.zeros((_AT_ONCE, *(length.get_length() for length in shape)), np.float32)
            for shape in shapes
        ]
        # NNCF draws its progress bars on standard output.
        with redirect_stdout(io.StringIO()):
            lean = nncf.quantize(
                model,
                nncf.Dataset([(part, *rest) for part in _windows(0, count, size)], list),
                preset=nncf.QuantizationPreset.MIXED,
                subset_size=count // _AT_ONCE,
            )
        drawn, again = (core.compile_model(given, "CPU", EXACT) for given in (model, lean))
        maps = [
            (drawn((part, *rest))[0], again((part, *rest))[0])
            for part in _windows(count, 2 * count, size)
        ]
        if _alike(*map(np.concatenate, zip(*maps, strict=True))):
            quantised[size] = lean
    if quantised:
        write_exported(folder, quantised, "int8")
    return tuple(quantised)


def _alike(drawn: NDArray[np.float32], again: NDArray[np.float32]) -> bool:
    """Whether drawings in int8 are as those in float32: nearly everywhere, and with as much ink."""
    apart = np.quantile(np.abs(drawn - again), 1 - 1 / INT8_OUTLIERS)
    ink = (again > INK_LEVEL).sum() / max(1, (drawn > INK_LEVEL).sum())
    return bool(apart <= TOLERANCE["int8"] and abs(ink - 1) <= INK_TOLERANCE)


def _windows(start: int, stop: int, size: int) -> Iterator[NDArray[np.float32]]:
    """Images of random windows, so many at once."""
    shown = images(random_states(np.arange(start, stop, dtype=np.uint64), size, MOST_PINS))
    for first in range(0, stop - start, _AT_ONCE):
        yield shown[first : first + _AT_ONCE]
