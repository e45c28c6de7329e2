"""The engines: equal to Keras, and no net depends on those drawn with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from eda_router.errors import EdarouteError, InputError
from eda_router.neural import engines
from eda_router.neural.engines import TOLERANCE, load_engine
from eda_router.neural.exports import export_openvino
from eda_router.neural.model import RouteVAE
from eda_router.neural.model_folder import exit_file, write_exits
from eda_router.training.quantise import export_int8
from tests.models import problems, shaken, tiny


@pytest.fixture(scope="module", params=["none", "batch"])
def folder(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("model")
    config = tiny(sizes=(8, 16, 32), normalization=request.param, further_exits=1)
    shaken(RouteVAE(config)).save(path / "model.keras")
    if find_spec("openvino"):
        export_openvino(path)
        if find_spec("nncf"):
            export_int8(path, config.sizes)
    write_exits(path, *exits_of(config), config.further)
    return path


def exits_of(config):
    """Thresholds of all exits, and how much noise they take."""
    thresholds = {8: 0.2, 16: 0.3, 32: 0.1, **dict.fromkeys(config.further, 0.1)}
    return thresholds, {size: config.noise(size) for size in thresholds}


@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_openvino_equals_keras(folder, size):
    pytest.importorskip("openvino")
    keras_engine, lean = load_engine(folder, "keras"), load_engine(folder, "openvino")
    images = problems(size, 70)
    drawn = keras_engine.draw(images)
    assert drawn.std() > 10 * TOLERANCE["float32"]
    assert np.abs(lean.draw(images) - drawn).max() <= TOLERANCE["float32"]
    samples = keras_engine.sample(images[:2], 5, seed=7)
    assert samples.shape == (2, 5, size, size, 3)
    assert samples.std(axis=1).max() > TOLERANCE["float32"]
    assert np.abs(lean.sample(images[:2], 5, seed=7) - samples).max() <= TOLERANCE["float32"]


def test_what_half_precision_holds_takes_half_the_place_and_draws_alike(tmp_path):
    pytest.importorskip("openvino")
    config = tiny(sizes=(8, 16), further_exits=0)
    images, took = problems(16, 20), {}
    for name in ("whole", "half"):
        (tmp_path / name).mkdir()
        model = shaken(RouteVAE(config))
        if name == "half":
            model.set_weights([w.astype(np.float16).astype(w.dtype) for w in model.get_weights()])
        model.save(tmp_path / name / "model.keras")
        export_openvino(tmp_path / name)
        write_exits(tmp_path / name, {8: 0.2, 16: 0.3}, {s: config.noise(s) for s in (8, 16)})
        took[name] = (tmp_path / name / "exits.bin").stat().st_size
        drawn = load_engine(tmp_path / name, "keras").draw(images)
        lean = load_engine(tmp_path / name, "openvino").draw(images)
        assert np.abs(drawn - lean).max() <= TOLERANCE["float32"]
    parameters = 4 * sum(w.size for w in model.get_weights())
    assert took["half"] - took["whole"] < -0.3 * parameters


@pytest.mark.parametrize("size", [16, 32])
def test_plans_are_drawn_by(folder, size):
    pytest.importorskip("openvino")
    full, lean = load_engine(folder, "keras"), load_engine(folder, "openvino")
    images = problems(size, 21)
    plans = np.random.default_rng(size).random((21, size // 2, size // 2)) < 0.2
    plans[5] = False
    for engine in (full, lean):
        assert engine.planned == {16, 32, 64}
        plain, drawn = engine.draw(images), engine.draw(images, plans)
        assert np.abs(drawn - plain)[plans.any(axis=(1, 2))].max(axis=(1, 2, 3)).min() > 1e-4
        assert np.array_equal(drawn[5], plain[5])
        # Neither the company nor what was drawn of the same image before tells.
        fresh = load_engine(folder, engine.name)
        order = np.random.default_rng(1).permutation(21)
        assert np.array_equal(fresh.draw(images[order], plans[order]), drawn[order])
        assert np.array_equal(fresh.draw(images), plain)
    assert np.abs(lean.draw(images, plans) - full.draw(images, plans)).max() <= TOLERANCE["float32"]


@pytest.mark.parametrize("name", ["keras", "openvino"])
def test_all_samples_of_an_image_get_its_plan(folder, name):
    pytest.importorskip("openvino")
    engine = load_engine(folder, name)
    images = problems(16, 3)
    plans = np.random.default_rng(3).random((3, 8, 8)) < 0.2
    plans[1] = False
    plain, drawn = engine.sample(images, 4, 7), engine.sample(images, 4, 7, plans)
    assert np.array_equal(drawn[1], plain[1])
    assert np.abs(drawn - plain)[[0, 2]].max(axis=(2, 3, 4)).min() > 1e-4
    # Each alone: neither the plan of another image nor another sample's noise.
    assert np.array_equal(engine.sample(images[2:], 4, 7, plans[2:])[0], drawn[2])


def test_plans_of_another_shape_are_refused(folder):
    engine = load_engine(folder)
    with pytest.raises(ValueError, match=r"plans \(2, 16, 16\) for 2 windows of 16x16"):
        engine.draw(problems(16, 2), np.zeros((2, 16, 16), np.bool_))
    with pytest.raises(ValueError, match=r"expected \(2, 0, 0\)"):
        engine.draw(problems(8, 2), np.zeros((2, 4, 4), np.bool_))


@pytest.mark.parametrize("name", ["keras", "openvino"])
def test_no_plans_without_an_exit_that_draws_them(folder, tmp_path, name, monkeypatch):
    pytest.importorskip("openvino")
    mine = shutil.copytree(folder, tmp_path / "model")
    config = tiny(sizes=(8, 16, 32))
    write_exits(mine, {16: 0.3, 32: 0.1}, {size: config.noise(size) for size in (16, 32)})
    engine = load_engine(mine, name)
    assert engine.planned == {32}
    shown = []
    run = engine._run
    monkeypatch.setattr(engine, "_run", lambda *given: shown.append(given[2]) or run(*given))
    images = problems(16, 2)
    drawn = engine.draw(images)
    # An input that is not fed holds what was in memory.
    assert all(plans.shape[1:] == (8, 8) and not plans.any() for plans in shown)
    expected = load_engine(folder, "keras").draw(images)
    assert np.abs(drawn - expected).max() <= TOLERANCE["float32"]


@pytest.mark.parametrize(
    ("name", "precision"), [("keras", "float32"), ("openvino", "float32"), ("openvino", "int8")]
)
def test_a_drawing_does_not_depend_on_its_batch(folder, name, precision, monkeypatch):
    if name == "openvino":
        pytest.importorskip("nncf" if precision == "int8" else "openvino")
    engine = load_engine(folder, name, precision=precision)
    images = problems(8, 131)
    drawn = engine.draw(images)
    order = np.random.default_rng(0).permutation(131)
    assert np.array_equal(engine.draw(images[order]), drawn[order])
    for start, stop in ((0, 1), (5, 8), (60, 131)):
        assert np.array_equal(engine.draw(images[start:stop]), drawn[start:stop])
    samples = engine.sample(images[:3], 4, seed=1)
    assert np.array_equal(engine.sample(images[2:3], 4, seed=1)[0], samples[2])
    # After so many lone images they are no longer filled up to a piece.
    monkeypatch.setattr(engines, "RARE", 16)
    fresh = load_engine(folder, name, precision=precision)
    alone = [fresh.draw(image[None])[0] for image in images[:32]]
    assert np.array_equal(alone, drawn[:32])


def test_batches_grow_where_tensorflow_sees_a_gpu(folder, monkeypatch):
    import tensorflow as tf

    images = problems(8, 40)
    plain = load_engine(folder, "keras")
    monkeypatch.setattr(
        tf.config, "list_physical_devices", lambda kind: ["a GPU"] if kind == "GPU" else []
    )
    engine = load_engine(folder, "keras")
    assert engine.batches > plain.batches == 1
    shapes = []
    run = engine._run
    monkeypatch.setattr(engine, "_run", lambda *given: shapes.append(given[0].shape) or run(*given))
    assert np.abs(engine.draw(images) - plain.draw(images)).max() <= TOLERANCE["float32"]
    assert shapes == [(engines._ACCELERATED_PIECE, 8, 8, 3)]


@pytest.mark.parametrize("memory", [0, 1 << 24])
def test_what_is_remembered_is_drawn_once_and_to_the_same_bits(folder, monkeypatch, memory):
    monkeypatch.setattr(engines, "MEMORY", memory)
    engine = load_engine(folder)
    pieces = []
    run = engine._run
    monkeypatch.setattr(engine, "_run", lambda *given: pieces.append(given) or run(*given))
    images = problems(8, 50)
    repeated = images[np.random.default_rng(0).integers(0, 50, 400)]
    expected = np.array([load_engine(folder).draw(image[None])[0] for image in images])
    index = [int(np.flatnonzero((images == image).all((1, 2, 3)))[0]) for image in repeated]
    for _ in range(2):
        assert np.array_equal(engine.draw(repeated), expected[index])
    rounds = 1 if memory else 2
    assert sum(len(given[0]) for given in pieces) < rounds * (50 + 16)
    assert all(len(memory.numbers) <= 50 for memory in engine._memories.values())


@pytest.mark.parametrize(
    ("offered", "taken", "without_int8"),
    [
        ("BF16 INT8", "int8", "bfloat16"),
        ("BF16", "bfloat16", "bfloat16"),
        ("INT8", "int8", "float32"),
        ("", "float32", "float32"),
    ],
)
def test_the_precision_is_the_cheapest_that_processor_and_exit_have(
    damaged, monkeypatch, offered, taken, without_int8
):
    openvino = pytest.importorskip("openvino")
    pytest.importorskip("nncf")
    (damaged / exit_file(16, "int8")).unlink()
    monkeypatch.setattr(openvino.Core, "get_property", lambda *_: ["FP32", *offered.split()])

    def precisions(asked):
        found = load_engine(damaged, "openvino", precision=asked).precisions
        assert list(found) == [8, 16, 32, 64]
        return list(found.values())

    assert precisions("auto") == [taken, without_int8, taken, without_int8]
    assert precisions("float32") == ["float32"] * 4
    assert precisions("int8") == ["int8", "float32", "int8", "float32"]
    if "BF16" in offered:
        assert precisions("bfloat16") == ["bfloat16"] * 4
    else:
        with pytest.raises(EdarouteError, match="no bfloat16"):
            precisions("bfloat16")


def test_int8_only_where_the_model_has_it(damaged):
    pytest.importorskip("nncf")
    assert load_engine(damaged, "openvino", precision="int8").precisions[8] == "int8"
    # Exits of another model than the one in float32 are worse than none.
    facts = json.loads((damaged / "exits.json").read_text())
    export_openvino(damaged)
    write_exits(
        damaged, {8: 0.2, 16: 0.3, 32: 0.1}, {int(k): v for k, v in facts["latent"].items()}
    )
    assert not list(damaged.glob("*int8*"))
    with pytest.raises(EdarouteError, match="no exits in int8"):
        load_engine(damaged, "openvino", precision="int8")
    assert "int8" not in load_engine(damaged, "openvino", precision="auto").precisions.values()


def test_facts_of_the_folder(folder):
    engine = load_engine(folder, "keras")
    assert (engine.exits, engine.further) == ((8, 16, 32), (64,))
    assert engine.thresholds == {8: 0.2, 16: 0.3, 32: 0.1, 64: 0.1}
    with pytest.raises(ValueError, match="no exit for windows of 128x128"):
        engine.draw(problems(128, 1))


def test_openvino_needs_no_tensorflow(folder):
    pytest.importorskip("openvino")
    code = (
        "import sys; import numpy as np; from eda_router.neural.engines import load_engine\n"
        f"e = load_engine({str(folder)!r}); e.draw(np.zeros((1, 8, 8, 3), np.float32))\n"
        "assert e.name == 'openvino'; assert 'tensorflow' not in sys.modules\n"
        "assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_folder_that_is_no_model(tmp_path):
    with pytest.raises(InputError, match=r"exits\.json: cannot be read"):
        load_engine(tmp_path)
    (tmp_path / "exits.json").write_text("[]")
    with pytest.raises(InputError, match="another format"):
        load_engine(tmp_path)


@pytest.fixture
def damaged(folder, tmp_path):
    """A copy of the folder, to be damaged."""
    return Path(shutil.copytree(folder, tmp_path / "model"))


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b""])
@pytest.mark.parametrize("name", ["exits.json", "exits.bin", "exit16.xml", "model.keras"])
def test_damaged_files_are_named(damaged, name, damage):
    path = damaged / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError) as raised:
        load_engine(damaged, "keras" if name == "model.keras" else "openvino")
    assert raised.value.path == str(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["exits.bin", "exit8.xml", "exit32.xml", "exits.int8.bin"])
def test_a_changed_byte_in_the_middle_is_noticed_when_loading(damaged, name):
    pytest.importorskip("nncf" if "int8" in name else "openvino")
    path = damaged / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    precision = "int8" if "int8" in name else "float32"
    with pytest.raises(InputError, match="damaged") as raised:
        load_engine(damaged, "openvino", precision=precision)
    assert raised.value.path == str(path)
    # A folder from before there were digests is taken as it is, where its lengths are right.
    facts = json.loads((damaged / "exits.json").read_text())
    del facts["sha256"]
    (damaged / "exits.json").write_text(json.dumps(facts))
    load_engine(damaged, "openvino")


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": 3},
        {"exits": None},
        {"exits": []},
        {"further": [32]},
        {"further": 64},
        {"exits": [16, 8]},
        {"latent": {"8": "3"}},
        {"thresholds": {"8": 2.0}},
    ],
    ids=str,
)
def test_incomplete_facts_are_refused(damaged, change):
    path = damaged / "exits.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=r"exits\.json: "):
        load_engine(damaged)


def test_tensorflow_says_nothing_of_its_own_and_hides_nothing_of_others():
    code = (
        "import os, sys, eda_router.neural.model, tensorflow as tf; tf.constant(1) + 1\n"
        "from eda_router.neural.quiet import _aside\n"
        "with _aside():\n"
        "    os.write(2, b'I0000 00:00:1.2 3 port.cc:153] own\\na fault\\n')\n"
    )
    # Other tests of this process may have told TensorFlow what to say.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS_"))
    }
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env=environment
    )
    assert run.stderr.decode() == "a fault\n"
