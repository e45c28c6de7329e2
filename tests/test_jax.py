"""The model is written in keras.ops alone, so it draws the same on another backend."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from eda_router.neural.engines import TOLERANCE, load_engine
from eda_router.neural.tensors import encode, images
from eda_router.resources import folder

DRAW = """
import sys
import numpy as np
import keras
from eda_router.neural.model_folder import load_model
from eda_router.resources import folder

model = load_model(folder("models"))
batches = np.load(sys.argv[1])
maps = {size: model.probabilities(model.exit(batch).logits) for size, batch in batches.items()}
np.savez(sys.argv[2], **{size: keras.ops.convert_to_numpy(part) for size, part in maps.items()})
assert keras.backend.backend() == "jax" and "tensorflow" not in sys.modules
"""


def states(size):
    generator = np.random.default_rng(size)
    right, up = generator.integers(0, 9, (2, 4, size, size))
    pins = generator.random((4, size, size)) < 4 / size**2
    pins[:, 0, 0] = pins[:, -1, -1] = True
    return np.stack([encode(*window) for window in zip(right, up, pins, strict=True)])


def test_jax_draws_what_tensorflow_draws(tmp_path):
    pytest.importorskip("jax")
    batches = {str(size): images(states(size)) for size in (8, 16)}
    np.savez(tmp_path / "images.npz", **batches)
    command = [sys.executable, "-c", DRAW, tmp_path / "images.npz", tmp_path / "maps.npz"]
    subprocess.run(command, check=True, env={**os.environ, "KERAS_BACKEND": "jax"}, timeout=300)
    engine = load_engine(folder("models"), "keras")
    with np.load(tmp_path / "maps.npz") as maps:
        for size, batch in batches.items():
            assert np.abs(maps[size] - engine.draw(batch)).max() <= TOLERANCE["float32"], size
