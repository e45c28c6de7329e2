"""Training: resumption, stages, measures."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import shutil
import signal

import keras
import numpy as np
import pytest

from eda_router.config import load_config
from eda_router.dataset.teacher import tree_edges, tree_mask
from eda_router.errors import EdarouteError, InputError
from eda_router.neural.model import RouteVAE
from eda_router.neural.model_folder import load_model
from eda_router.training import trainer as training
from eda_router.training.checkpoint import read_checkpoint
from eda_router.training.config import TrainConfig
from eda_router.training.folder import CHECKPOINT, CONFIG, LOG, check_config, read_log
from eda_router.training.measure import choose_threshold, quality, sweep
from eda_router.training.optimizers import learning_rate
from eda_router.training.trainer import Trainer
from tests.trainings import TINY, Stopping


@pytest.mark.own_process
def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path, training_data):
    """Stopped in the first stage and in the second, and compared with the same whole one."""
    config = TrainConfig(
        **TINY, sizes=(8, 16), samples=(128, 96), epoch=(64,), joint=32, mixed_precision=False
    )
    whole = Trainer(config, training_data, tmp_path / "whole", progress=False).run()
    log = read_log(tmp_path / "whole" / LOG)
    assert {r["size"] for r in log} == {8, 16}
    for stop in (3, 17):
        folder = tmp_path / f"stopped-{stop}"
        stopped = Stopping(config, training_data, folder, progress=False)
        stopped.batches = stop
        with pytest.raises(KeyboardInterrupt):
            stopped.run()
        resumed = Trainer(config, training_data, folder, resume=True, progress=False).run()
        for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
            assert np.array_equal(one, other), f"stopped in batch {stop}"
        assert load_config(TrainConfig, folder / CONFIG) == config
        assert [r["loss"] for r in read_log(folder / LOG)] == [r["loss"] for r in log]


def outcome(folder):
    """What two trainings that are one have in common: the checkpoint's values and the log."""
    stored = read_checkpoint(folder / CHECKPOINT)
    timed = {"seconds", "spent", "processor"}
    progress = {k: v for k, v in dataclasses.asdict(stored.progress).items() if k not in timed}
    log = [{k: v for k, v in r.items() if k not in timed} for r in read_log(folder / LOG)]
    values = [value.tobytes() for values in stored.values.values() for value in values]
    return progress, log, values, stored.random


RESUMED = TrainConfig(
    **{**TINY, "pretrain": (32, 0)},
    sizes=(8, 16, 32),
    samples=(64, 32, 16),
    epoch=(48,),
    patience=2,
    mixed_precision=False,
)


PLACES = [
    ("learning_rate", 2, 1, False),
    # In a validation, while the weights have their averages' values.
    ("draw_all", 2, 1, False),
    ("append_record", 2, 2, True),
    ("write_checkpoint", 3, 2, False),
    ("save_model", 2, 2, True),
    ("make_optimizer", 2, 2, True),
]
"""Calls of the trainer: their name, which of them, how many Ctrl-C, whether after the call."""


@pytest.mark.own_process
def test_wherever_ctrl_c_comes_the_resumed_training_is_the_same(
    tmp_path, training_data, monkeypatch
):
    """Ctrl-C, once or twice, before or after a call of something that the trainer calls.

    One test of all places: they are compared with the same uninterrupted training, which is made
    in the process of the test.
    """
    whole = Trainer(RESUMED, training_data, tmp_path / "whole", progress=False).run()
    expected = outcome(tmp_path / "whole")
    for name, call, times, after in PLACES:
        folder = tmp_path / name
        trainer = Trainer(RESUMED, training_data, folder, progress=False)
        with monkeypatch.context() as patch:
            patch.setattr(training, name, interrupted(getattr(training, name), call, times, after))
            with pytest.raises(KeyboardInterrupt):
                trainer.run()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler, name
        model = Trainer(RESUMED, training_data, folder, resume=True, progress=False).run()
        assert outcome(folder) == expected, name
        assert all(map(np.array_equal, model.get_weights(), whole.get_weights())), name


def interrupted(function, call, times, after):
    """A function with so many Ctrl-C at one of its calls, before or after it."""
    calls = itertools.count(1)

    def calling(*args):
        if next(calls) != call:
            return function(*args)
        result = function(*args) if after else None
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
        return result if after else function(*args)

    return calling


def test_a_training_deletes_no_other_one(tmp_path, training_data):
    config = TrainConfig(**TINY, sizes=(8,), samples=(32,), epoch=(64,))
    Trainer(config, training_data, tmp_path, progress=False).run()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=r"checkpoint\.npz: of an earlier training.*--resume"):
        Trainer(config, training_data, tmp_path, progress=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    (tmp_path / CHECKPOINT).unlink()
    with pytest.raises(InputError, match=r"log\.jsonl: of an earlier training"):
        Trainer(config, training_data, tmp_path, progress=False)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, training_data):
    folder = tmp_path_factory.mktemp("finished")
    config = TrainConfig(**TINY, sizes=(8,), samples=(64,), epoch=(32,), mixed_precision=False)
    Trainer(config, training_data, folder, progress=False).run()
    return folder


DAMAGE = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "garbage": lambda data: np.random.default_rng(1).bytes(len(data)),
    "zeros": lambda data: data[: len(data) // 3] + bytes(len(data) // 3) + data[-len(data) // 3 :],
    "an array": lambda data: array_file(),
}


def array_file():
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


@pytest.mark.parametrize("name", [CHECKPOINT, CONFIG, LOG])
@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_damaged_is_named(tmp_path, training_data, finished, name, damage):
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    (folder / name).write_bytes(DAMAGE[damage]((folder / name).read_bytes()))

    def resume():
        config = load_config(TrainConfig, check_config(folder))
        Trainer(config, training_data, folder, resume=True, progress=False)

    with pytest.raises(InputError) as raised:
        resume()
    assert raised.value.path == str(folder / name)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lock": False}, "lock was True"),
        ({"loss": "focal"}, "loss was cross_entropy"),
        ({"sizes": (8, 16), "latent": 4}, "latent was 3"),
    ],
)
def test_a_checkpoint_of_other_variables_is_refused(training_data, finished, change, message):
    config = dataclasses.replace(load_config(TrainConfig, finished / CONFIG), **change)
    with pytest.raises(InputError, match=message):
        Trainer(config, training_data, finished, resume=True, progress=False)


def test_a_schedule_may_grow_but_not_shrink(tmp_path, training_data, finished):
    folder = tmp_path / "run"
    shutil.copytree(finished, folder)
    config = load_config(TrainConfig, folder / CONFIG)
    longer = dataclasses.replace(config, sizes=(8, 16))
    Trainer(longer, training_data, folder, resume=True, progress=False).run()
    with pytest.raises(InputError, match=r"sizes were \[8, 16\]"):
        Trainer(config, training_data, folder, resume=True, progress=False)


def test_the_first_exit_stays_while_the_ring_is_trained(tmp_path, training_data):
    config = TrainConfig(**TINY, sizes=(8,), samples=(64,), epoch=(64,))
    first = Trainer(config, training_data, tmp_path / "a", progress=False).run()
    both = TrainConfig(**TINY, sizes=(8, 16), samples=(64,), epoch=(64,))
    second = Trainer(both, training_data, tmp_path / "b", progress=False).run()
    for one, other in zip(first.core.get_weights(), second.core.get_weights(), strict=True):
        assert np.array_equal(one, other)
    stored = load_model(tmp_path / "b")
    assert stored.config == both.model()
    for weights in stored.get_weights():
        assert np.array_equal(weights, weights.astype(np.float16)), "more than half precision"


def test_resuming_needs_a_checkpoint_of_the_same_shape(tmp_path, training_data):
    config = TrainConfig(**TINY, sizes=(8,), samples=(32,), epoch=(64,))
    with pytest.raises(InputError, match=r"checkpoint\.npz: cannot be read"):
        Trainer(config, training_data, tmp_path, resume=True)
    Trainer(config, training_data, tmp_path, progress=False).run()
    other = TrainConfig(**{**TINY, "core_channels": 5}, sizes=(8,))
    with pytest.raises(InputError, match="core_channels was 4"):
        Trainer(other, training_data, tmp_path, resume=True)


def test_a_stage_ends_with_its_minutes_and_the_next_begins(tmp_path, training_data):
    config = TrainConfig(
        **TINY, sizes=(8, 16), samples=(4096, 64), epoch=(512,), minutes=(1e-6, 0.0)
    )
    model = Trainer(config, training_data, tmp_path, progress=False).run()
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").open()]
    assert [r["stage"] for r in log] == [0, 1]
    # The clock is read before each batch: on a busy machine the first one may already be late.
    assert log[0]["seen"] in (16, 2 * 16)
    assert log[1]["seen"] == 32 + 64
    assert load_model(tmp_path).config == model.config


def test_a_start_gives_its_levels_and_keeps_what_is_not_trained(tmp_path, training_data):
    config = TrainConfig(**TINY, sizes=(8, 16), samples=(64,), epoch=(64,))
    start = Trainer(config, training_data, tmp_path / "a", progress=False).run()
    more = dataclasses.replace(config, samples=(0, 64), seed=2)
    trainer = Trainer(more, training_data, tmp_path / "b", start=start, progress=False)
    for one, other in zip(start.get_weights(), trainer.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    model = trainer.run()
    for one, other in zip(start.core.get_weights(), model.core.get_weights(), strict=True):
        assert np.array_equal(one, other)
    pairs = zip(start.rings[0].get_weights(), model.rings[0].get_weights(), strict=True)
    assert any(not np.array_equal(one, other) for one, other in pairs)
    (record,) = (json.loads(line) for line in (tmp_path / "b" / "log.jsonl").open())
    assert (record["size"], record["seen"]) == (16, 64)


def test_a_ring_that_a_start_lacks_is_attached_as_by_growth(tmp_path, training_data):
    config = TrainConfig(**{**TINY, "core_channels": 5}, sizes=(8, 16), samples=(64,), epoch=(64,))
    start = Trainer(config, training_data, tmp_path / "a", progress=False).run()
    more = dataclasses.replace(config, sizes=(8, 16, 32), samples=(0, 0, 64))
    model = Trainer(more, training_data, tmp_path / "b", start=start, progress=False).model
    for level, like in zip(model.levels, [*start.levels, start.rings[0]], strict=True):
        for one, other in zip(level.get_weights(), like.get_weights(), strict=True):
            assert np.array_equal(one, other)
    fresh = dataclasses.replace(more, inherit=False)
    model = Trainer(fresh, training_data, tmp_path / "c", start=start, progress=False).model
    pairs = zip(model.rings[1].get_weights(), start.rings[0].get_weights(), strict=True)
    assert any(not np.array_equal(one, other) for one, other in pairs)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": (0, 0)}, "no samples"),
        ({"sizes": (8, 16, 32), "samples": (64, 64, 0)}, "no samples"),
        ({"latent": 4, "samples": (0, 64)}, "has latent 3, not 4"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(tmp_path, training_data, change, message):
    config = TrainConfig(**TINY, sizes=(8, 16), samples=(64,), epoch=(64,))
    start = RouteVAE(config.model())
    wanted = dataclasses.replace(config, **change)
    with pytest.raises(EdarouteError, match=message):
        Trainer(wanted, training_data, tmp_path, start=start)


def test_no_samples_and_nothing_to_start_from_is_refused(tmp_path, training_data):
    config = TrainConfig(**TINY, sizes=(8, 16), samples=(64, 0))
    with pytest.raises(EdarouteError, match="no samples for 16x16"):
        Trainer(config, training_data, tmp_path)


@pytest.mark.parametrize(
    ("wanted", "native", "taken"),
    [
        (True, True, "mixed_bfloat16"),
        (True, False, "float32"),
        (False, True, "float32"),
    ],
)
def test_mixed_precision_only_where_the_processor_has_it(
    tmp_path, training_data, monkeypatch, wanted, native, taken
):
    monkeypatch.setattr("eda_router.training.trainer.processor_has_bfloat16", lambda: native)
    config = TrainConfig(**TINY, sizes=(8,), samples=(16,), mixed_precision=wanted)
    model = Trainer(config, training_data, tmp_path, progress=False).model
    assert model.core.stem.dtype_policy.name == taken
    assert keras.config.dtype_policy().name == "float32"


def test_training_lowers_the_loss(tmp_path, training_data):
    config = TrainConfig(**TINY, sizes=(8,), samples=(4096,), epoch=(512,), learning_rate=1e-2)
    Trainer(config, training_data, tmp_path, progress=False).run()
    losses = [json.loads(line)["loss"] for line in (tmp_path / "log.jsonl").open()]
    assert losses[-1] < 0.8 * losses[0]


def maps_of(labels, sure):
    """Maps that draw exactly the labels' trees with probability ``sure``."""
    edges = tree_edges(labels)
    drawn = np.stack([tree_mask(labels), edges[..., 0], edges[..., 1]], axis=-1)
    return np.where(drawn > 0, sure, 0.01).astype(np.float32)


def test_measures_of_perfect_blank_and_empty_drawings(training_data):
    samples = training_data[16].validation
    maps = maps_of(samples.labels, 0.4)
    perfect = quality(samples.states, samples.labels, maps, 0.1)
    assert perfect.connected == 1.0
    assert perfect.ink == 1.0
    assert perfect.cost == 1.0
    blank = quality(samples.states, samples.labels, np.ones_like(maps), 0.1)
    assert blank.connected == 1.0
    assert blank.ink > 5
    assert blank.cost > 1.05
    assert quality(samples.states, samples.labels, np.zeros_like(maps), 0.1).connected < 0.2
    swept = sweep(samples.states, samples.labels, maps, (0.005, 0.1, 0.5))
    assert choose_threshold(swept, 1.2).threshold == 0.1
    lowest = swept[0]
    assert lowest.ink > 5
    assert lowest.taken_ink == 1.0
    assert choose_threshold(swept[:1], 1.2) == lowest
    # Half the nets are lost at 0.3: more connected nets are worth a lower threshold.
    maps[::2] = np.minimum(maps[::2], 0.2)
    swept = sweep(samples.states, samples.labels, maps, (0.005, 0.1, 0.3))
    assert choose_threshold(swept[1:], 1.2).threshold == 0.1


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", [1.0, 1.0, 1.0]),
        ("linear", [1.0, 0.5, 0.0]),
        ("cosine", [1.0, 0.5, 0.0]),
        ("cyclical", [0.1, 1.0, 0.1]),
    ],
)
def test_learning_rates(schedule, expected):
    config = TrainConfig(schedule=schedule, learning_rate=1.0, warmup=0.0, cycle=100)
    rates = [learning_rate(config, seen / 100, seen) for seen in (0, 50, 100)]
    assert rates == pytest.approx(expected, abs=1e-6)
    assert learning_rate(config, 0.5, 50, 4) == pytest.approx(4 * expected[1])


def test_a_direct_training_builds_all_and_trains_the_last_size_alone(tmp_path, training_data):
    config = TrainConfig(**TINY, sizes=(8, 16), samples=(64,), epoch=(64,), direct=True)
    before = Trainer(config, training_data, tmp_path / "a", progress=False).model
    core = [weight.copy() for weight in before.core.get_weights()]
    model = Trainer(config, training_data, tmp_path / "b", progress=False).run()
    log = [json.loads(line) for line in (tmp_path / "b" / "log.jsonl").open()]
    assert {record["size"] for record in log} == {16}
    assert sum(record["seen"] for record in log[-1:]) == 64 + 32
    assert any(
        not np.array_equal(one, other)
        for one, other in zip(core, model.core.get_weights(), strict=True)
    )
