"""Exits of a Keras model, written for OpenVINO."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from eda_router.files import write_atomically
from eda_router.neural.architecture import exit_function
from eda_router.neural.model_folder import (
    CONSTANT,
    Export,
    exit_file,
    load_model,
    weights_file,
)


def export_openvino(folder: str | Path, sizes: Collection[int] | None = None) -> None:
    """Write exits of a folder's model for OpenVINO, normalisation folded, in float32.

    Exits in other numbers that were made of an earlier model are removed.

    Args:
        folder: of the model.
        sizes: of the exits; None: of all that the model draws, further ones too.
    """
    import tensorflow as tf
    from openvino.tools.ovc import convert_model

    folder = Path(folder)
    model = load_model(folder)
    converted = {}
    for size in sorted(sizes or (*model.config.sizes, *model.further)):
        inputs: list[tuple[int, ...]] = [(size, size, 3), (model.noise(size),)]
        by_plans = model.takes_plans(size)
        if by_plans:
            inputs.append((size // 2, size // 2))
        specs = [tf.TensorSpec((None, *shape), tf.float32) for shape in inputs]
        draw = exit_function(model, by_plans)
        converted[size] = convert_model(draw.get_concrete_function(*specs))
    for name in [weights_file("int8"), *(exit_file(size, "int8") for size in converted)]:
        (folder / name).unlink(missing_ok=True)
    write_exported(folder, converted, "float32")


def write_exported(folder: Path, models: Mapping[int, Any], export: Export) -> None:
    """Write OpenVINO's models of exits.

    The weights of all exits go into one file, in which those that exits share stand once, and in
    half precision where that holds every one of a tensor exactly.

    Args:
        folder: of the model.
        models: an ``openvino.Model`` for each size.
        export: the numbers that their weights are in.
    """
    from openvino import save_model as save_openvino

    places: dict[bytes, int] = {}
    weights = bytearray()
    exported: dict[str, bytes] = {}
    for size, model in models.items():
        with TemporaryDirectory(dir=folder) as scratch:
            path = Path(scratch) / "exit.xml"
            _halve(model)
            save_openvino(model, path, compress_to_fp16=False)
            text = path.read_text(encoding="utf-8")
            own = path.with_suffix(".bin").read_bytes()
        text = CONSTANT.sub(partial(_moved, own=own, places=places, weights=weights), text)
        exported[exit_file(size, export)] = text.encode()
    # The weights first: exits of before find what they need in them or are refused.
    for name, data in {weights_file(export): bytes(weights), **exported}.items():
        write_atomically(folder / name, data)


def _halve(model: Any) -> None:
    """Keep an OpenVINO model's constants in half precision where nothing is lost by it.

    They are cast back where they are used; OpenVINO does that once, when it compiles the model.
    """
    from openvino import op, opset13

    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_element_type().to_dtype() != np.float32:
            continue
        values = node.data
        with np.errstate(over="ignore"):
            halves = values.astype(np.float16)
        if values.ndim == 0 or not np.array_equal(halves, values):
            continue
        cast = opset13.convert(op.Constant(halves), "f32")
        for user in node.output(0).get_target_inputs():
            user.replace_source_output(cast.output(0))


def _moved(match: re.Match[str], own: bytes, places: dict[bytes, int], weights: bytearray) -> str:
    """A constant's place in the common weights, to which it is added when it is new."""
    start, length = int(match[1]), int(match[2])
    value = own[start : start + length]
    if value not in places:
        # OpenVINO maps the file; aligned constants are used where they lie.
        weights.extend(bytes(-len(weights) % 64))
        places[value] = len(weights)
        weights.extend(value)
    return f'offset="{places[value]}" size="{length}"'
