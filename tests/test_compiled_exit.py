"""Compiled exits are kept, and what is kept gives the same bits or is not used."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from eda_router.neural.compiled_exit import ExportedExit
from eda_router.neural.engines import OpenVinoEngine, load_engine
from eda_router.neural.model_folder import read_facts
from eda_router.resources import folder

pytest.importorskip("openvino")

MODELS = folder("models")


@pytest.fixture
def compiled(monkeypatch):
    """Counts how many exits are compiled rather than read."""
    made = []
    own = ExportedExit.compiled
    monkeypatch.setattr(
        ExportedExit, "compiled", lambda exit_, core: made.append(exit_) or own(exit_, core)
    )
    return made


def drawn(kept, precision="auto", images=None):
    facts = read_facts(MODELS)
    engine = OpenVinoEngine(MODELS, facts, 1, precision, kept)
    if images is None:
        images = np.random.default_rng(0).integers(0, 2, (20, 8, 8, 3)).astype(np.float32)
    return engine.draw(images)


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_what_is_kept_is_read_and_draws_the_same_bits(tmp_path, compiled, precision):
    kept = tmp_path / "made" / "here"
    expected = drawn(None, precision)
    for _ in range(3):
        assert np.array_equal(drawn(kept, precision), expected)
    assert len(compiled) == 2, "once without a folder, and once for the folder"
    assert len(list(kept.iterdir())) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:100],
        lambda data: data[:-1],
        lambda data: data[:-1000] + bytes([data[-1000] ^ 1]) + data[-999:],
        lambda data: bytes(32) + data[32:],
    ],
)
def test_what_is_damaged_counts_as_missing(tmp_path, compiled, damage):
    expected = drawn(tmp_path)
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    for _ in range(2):
        assert np.array_equal(drawn(tmp_path), expected)
    assert len(compiled) == 2, "the damaged one is replaced"


def test_what_openvino_refuses_counts_as_missing(tmp_path, compiled, monkeypatch):
    """As after a change of what it writes under the same version."""
    import openvino

    expected = drawn(tmp_path)

    def refuse(*_):
        raise RuntimeError("another format")

    monkeypatch.setattr(openvino.Core, "import_model", refuse)
    assert np.array_equal(drawn(tmp_path), expected)
    assert len(compiled) == 2


def test_other_settings_shapes_and_weights_are_kept_apart(tmp_path, compiled):
    for precision in ("float32", "int8"):
        drawn(tmp_path, precision)
    drawn(tmp_path, "float32", np.zeros((1, 16, 16, 3), np.float32))
    assert len(compiled) == len(list(tmp_path.iterdir())) == 3


def test_without_a_place_the_exit_is_compiled_for_this_run(tmp_path):
    (tmp_path / "file").write_text("no folder")
    assert np.array_equal(drawn(tmp_path / "file"), drawn(None))
    assert (tmp_path / "file").read_text() == "no folder"


def test_only_the_bundled_model_is_kept(tmp_path, monkeypatch, compiled):
    """Models in training come and go; what is kept of them would stay."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    other = shutil.copytree(MODELS, tmp_path / "model")
    images = np.zeros((1, 8, 8, 3), np.float32)
    load_engine(other).draw(images)
    assert not list((tmp_path / "kernels").glob("*.compiled"))
    for _ in range(2):
        load_engine(None).draw(images)
    assert len(list((tmp_path / "kernels").glob("*.compiled"))) == 1
    assert len(compiled) == 2
