"""What defines the methods that the study compares, each by itself."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf

from eda_router.dataset.folders import dataset_path
from eda_router.dataset.samples import VALIDATION_SHARD, Dataset, SampleConfig, make_samples
from eda_router.errors import InputError
from eda_router.neural.engines import OpenVinoEngine
from eda_router.neural.exports import export_openvino
from eda_router.neural.layers import Block, Convolution, MeanNormalization
from eda_router.neural.model import FIRST, Drawing, RouteVAE, edges_of_tiles
from eda_router.neural.tensors import images, pin_tiles
from eda_router.study.trainings import labels_folder, make_data, train_one
from eda_router.study.variants import VARIANTS
from eda_router.training.config import TrainConfig
from eda_router.training.data import TrainingData
from eda_router.training.optimizers import make_optimizer
from eda_router.training.step import Averages, compile_step
from eda_router.training.trainer import Trainer
from tests.models import problems, shaken, tiny
from tests.trainings import TINY


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def test_batch_normalisation_folds_into_the_convolution():
    layer = Convolution(4, normalization="batch", activate=False)
    layer.build((None, 8, 8, 3))
    gamma, beta, mean = numbers(3, 4)
    variance = np.abs(numbers(4, seed=1)) + 0.1
    layer.norm.set_weights([gamma, beta, mean, variance])
    factor = gamma / np.sqrt(variance + layer.norm.epsilon)
    folded = keras.layers.Conv2D(4, 3, padding="same")
    folded.build((None, 8, 8, 3))
    folded.set_weights([layer.convolution.kernel.numpy() * factor, beta - mean * factor])
    inputs = numbers(2, 8, 8, 3, seed=2)
    assert np.allclose(layer(inputs), folded(inputs), atol=1e-5)
    assert not np.allclose(layer(inputs, training=True), folded(inputs), atol=1e-2)


def test_batch_normalisation_is_gone_from_what_routes(tmp_path):
    model = shaken(RouteVAE(tiny(normalization="batch")))
    model.save(tmp_path / "model.keras")
    export_openvino(tmp_path)
    facts = {"exits": (8,), "thresholds": {8: 0.5}, "latent": {8: 3}}
    engine = OpenVinoEngine(tmp_path, facts, 1, "float32")
    narrow = problems(8)
    expected = model.probabilities(model.exit(narrow).logits)
    assert np.allclose(engine.draw(narrow), expected, atol=1e-4)
    assert "BatchNorm" not in (tmp_path / "exit8.xml").read_text(encoding="utf-8")


def test_weight_normalisation_parts_length_from_direction():
    layer = Convolution(4, normalization="weight", activate=False)
    layer.build((None, 8, 8, 3))
    inner = layer.convolution
    plain = keras.layers.Conv2D(4, 3, padding="same")
    plain.build((None, 8, 8, 3))
    plain.set_weights([inner.convolution.kernel.numpy(), inner.convolution.bias.numpy()])
    inputs = numbers(2, 8, 8, 3)
    start = np.asarray(layer(inputs))
    assert np.allclose(start, plain(inputs), atol=1e-5)
    inner.convolution.kernel.assign(7.0 * inner.convolution.kernel)
    assert np.allclose(layer(inputs), start, atol=1e-5)
    inner.gain.assign(2.0 * inner.gain)
    assert np.allclose(layer(inputs), 2.0 * start, atol=1e-5)


def test_mean_only_normalisation_takes_the_mean_and_leaves_the_scale():
    layer = MeanNormalization(momentum=0.75)
    inputs = 3.0 + 5.0 * numbers(4, 8, 8, 2)
    mean = inputs.mean(axis=(0, 1, 2))
    assert np.allclose(layer(inputs, training=True), inputs - mean, atol=1e-4)
    assert np.allclose(layer.mean, 0.25 * mean, atol=1e-5)
    layer.bias.assign([1.0, -1.0])
    assert np.allclose(layer(inputs), inputs - 0.25 * mean + [1.0, -1.0], atol=1e-4)
    both = Convolution(4, normalization="weight_mean", activate=False)
    both.build((None, 8, 8, 3))
    narrow = numbers(2, 8, 8, 3)
    assert np.allclose(np.asarray(both(narrow, training=True)).mean(axis=(0, 1, 2)), 0, atol=1e-4)


@pytest.mark.parametrize(("scale", "side"), [("skip_scale", 0), ("path_scale", 1)])
@pytest.mark.parametrize("factor", [0.1, 0.5])
def test_a_weight_on_a_side_is_a_weight_on_what_merges_it(scale, side, factor):
    weighted = shaken(RouteVAE(tiny(**{scale: factor})))
    plain = RouteVAE(tiny())
    plain.set_weights(weighted.get_weights())
    narrow = problems(8)
    assert not np.allclose(plain(narrow), weighted(narrow), atol=1e-4)
    merge = plain.core.merge.convolution.kernel
    scaled = merge.numpy()
    channels = slice(0, 4) if side == 0 else slice(4, None)
    scaled[:, :, channels] *= factor
    merge.assign(scaled)
    assert np.allclose(plain(narrow), weighted(narrow), atol=1e-5)


def test_a_residual_block_adds_its_input_and_starts_as_nothing():
    inputs = np.abs(numbers(2, 8, 8, 4))
    block = Block(4)
    assert np.array_equal(block(inputs), inputs)
    block.second.convolution.kernel.assign(numbers(3, 3, 4, 4))
    plain = Block(4, residual=False)
    plain.build(inputs.shape)
    plain.set_weights(block.get_weights())
    added = np.maximum(inputs + np.asarray(block.second(block.first(inputs))), 0)
    assert np.allclose(block(inputs), added, atol=1e-5)
    assert np.allclose(
        plain(inputs), np.maximum(np.asarray(plain.second(plain.first(inputs))), 0), atol=1e-5
    )


def test_dilated_blocks_see_further():
    def seen(dilation):
        """Rows of an exit's inner features that a change of one tile's features reaches."""
        config = tiny(sizes=(8, 16, 32), ring_blocks=(3,), dilation=dilation)
        ring = shaken(RouteVAE(config)).rings[1]
        down, logits = np.zeros((1, 16, 16, 6), np.float32), np.zeros((1, 16, 16, 3), np.float32)
        features = np.zeros((1, 16, 16, 5), np.float32)
        inner = Drawing(logits, features, ())
        before = np.asarray(ring.refine_inner(down, inner, FIRST)[0])
        features[0, 0, 0] = 100.0
        after = np.asarray(ring.refine_inner(down, inner, FIRST)[0])
        return int(np.any(after != before, axis=(0, 2, 3)).sum())

    # A merge, then blocks of two convolutions each, the first of which may be dilated.
    assert seen(False) == 1 + 1 + 3 * (1 + 1)
    assert seen(True) == 1 + 1 + (1 + 1) + (2 + 1) + (4 + 1)


def test_adabatch_doubles_the_batch_and_the_rate_on_a_schedule(tmp_path, training_data):
    config = TrainConfig(
        **{**TINY, "pretrain": (0,), "batch": (8,)},
        sizes=(8,),
        samples=(192,),
        schedule="constant",
        warmup=0.0,
        learning_rate=1e-3,
        **VARIANTS["AdaBatch"].changes,
    )
    trainer = Trainer(config, training_data, tmp_path, progress=False)
    steps = []

    def step(states, *_):
        steps.append((len(states), float(trainer.optimizer.learning_rate.numpy())))
        return {}

    trainer.step = step
    while trainer.state.seen < 192:
        trainer._one_step(0, 192, 0.0)
    # A third of the samples each at 8, 16 and 32 a batch.
    assert [count for count, _ in steps] == [8] * 8 + [16] * 4 + [32] * 2
    assert [rate for _, rate in steps] == pytest.approx([1e-3 * count / 8 for count, _ in steps])


class Noting(Trainer):
    """Keeps the core's weights as they are after each stage."""

    def _finish_stage(self):
        super()._finish_stage()
        self.after = [*getattr(self, "after", []), self.model.core.get_weights()]


@pytest.mark.parametrize(
    ("changes", "moves"),
    [({"lock": True, "joint": 32}, [False, True]), ({"lock": False}, [True])],
    ids=["locked, then joint", "not locked"],
)
def test_what_the_stages_after_the_first_do_to_the_core(tmp_path, training_data, changes, moves):
    config = TrainConfig(
        **{**TINY, "pretrain": (0,)}, sizes=(8, 16), samples=(32,), epoch=(32,), **changes
    )
    trainer = Noting(config, training_data, tmp_path, progress=False)
    trainer.run()
    moved = [
        not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
        for one, other in pairwise(trainer.after)
    ]
    assert moved == moves


def test_pretraining_without_routes_asks_for_the_pins_alone(tmp_path, training_data):
    config = TrainConfig(
        **{**TINY, "pretrain": (1536,)},
        sizes=(8,),
        samples=(16,),
        epoch=(1536,),
        learning_rate=1e-2,
        average=0.0,
    )
    trainer = Trainer(config, training_data, tmp_path, progress=False)
    while trainer.state.seen < 1536:
        trainer._one_step(1536, 16, 0.0)
    states = training_data[8].validation.states
    drawn = np.asarray(trainer.model(images(states)))[..., 0] > 0
    pins = pin_tiles(states)
    assert np.mean(drawn[pins]) > 0.4
    assert np.mean(drawn[~pins]) < 0.02


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SGD", keras.optimizers.SGD),
        ("RMSprop", keras.optimizers.RMSprop),
        ("Adadelta", keras.optimizers.Adadelta),
        ("Adam", keras.optimizers.Adam),
        ("default", keras.optimizers.AdamW),
    ],
)
def test_optimisers_are_those_named(name, kind):
    config = TrainConfig(**{"learning_rate": 0.01, **VARIANTS[name].changes})
    optimizer = make_optimizer(config)
    assert type(optimizer) is kind
    assert float(optimizer.learning_rate.numpy()) == pytest.approx(config.learning_rate)


@pytest.mark.parametrize("labels", ["random_ties", "maze"])
def test_other_labels_are_trained_on_and_the_optimal_ones_measured(tmp_path, labels):
    config = TrainConfig(
        **{**TINY, "pretrain": (0,)},
        sizes=(8,),
        samples=(32,),
        epoch=(32,),
        data_source="random",
        data_labels=labels,
    )
    make_data(tmp_path / "data", [config], samples=64)
    place = labels_folder(tmp_path / "data", labels) / "random-8"
    other = Dataset(place).take(np.arange(128))
    plain = TrainingData(tmp_path / "data", config)[8]
    assert np.array_equal(other.states, plain.training.take(np.arange(128)).states)
    assert not np.array_equal(other.labels, plain.training.take(np.arange(128)).labels)
    train_one(config, tmp_path / "data", tmp_path / "run")
    first = (tmp_path / "run" / "log.jsonl").read_text()
    trainer = Trainer(config, {8: plain}, tmp_path / "plain", progress=False)
    trainer.run()
    second = (tmp_path / "plain" / "log.jsonl").read_text()
    one, two = (json.loads(text.splitlines()[-1]) for text in (first, second))
    assert one["training"] != two["training"]
    assert one["loss"] != two["loss"]


def test_thresholds_of_rings_are_chosen_on_ledgers(tmp_path):
    config = TrainConfig(sizes=(8, 16), data_samples=(24, 24))
    data = TrainingData(tmp_path, config, make=True)
    for size in (8, 16):
        assert len(data[size].validation) > 0
    ledger, random = (
        {size: Dataset(dataset_path(tmp_path, source, size), validation=True) for size in (8, 16)}
        for source in ("ledger", "random")
    )
    chosen = data.calibration(16)
    assert np.array_equal(chosen.states, ledger[16].take(np.arange(len(ledger[16]))).states)
    both = data.calibration(8)
    for place, source in enumerate((ledger, random)):
        expected = source[8].take(np.arange(len(both) // 2))
        assert np.array_equal(both.states[place::2], expected.states)
        assert np.array_equal(both.labels[place::2], expected.labels)
    for shard in dataset_path(tmp_path, "ledger", 16).glob(f"shard-{VALIDATION_SHARD}.*"):
        shard.unlink()
    alone = TrainingData(tmp_path, config).calibration(16)
    assert np.array_equal(alone.states, random[16].take(np.arange(len(random[16]))).states)
    again = TrainingData(tmp_path, config, make=True).calibration(16)
    assert np.array_equal(again.states, chosen.states)
    shutil.rmtree(dataset_path(tmp_path, "ledger", 16))
    assert np.array_equal(alone.states, TrainingData(tmp_path, config).calibration(16).states)


def test_without_edge_maps_an_edge_is_the_fainter_of_its_tiles():
    tiles = np.random.default_rng(1).random((2, 8, 8, 1)).astype(np.float32)
    narrow = problems(8, count=2)
    maps = np.asarray(edges_of_tiles(tiles, narrow))
    black = np.where(narrow[..., 2] > 0, 1, tiles[..., 0])
    for b, r, c in np.ndindex(2, 8, 8):
        right = min(black[b, r, c], black[b, r, c + 1]) if c < 7 else 0
        up = min(black[b, r, c], black[b, r + 1, c]) if r < 7 else 0
        assert maps[b, r, c].tolist() == [tiles[b, r, c, 0], right, up]


@pytest.mark.parametrize("growth", ["pooled", "paper"])
def test_an_exit_without_edge_maps_has_one_channel(growth):
    model = shaken(RouteVAE(tiny(sizes=(8, 16), growth=growth, edge_maps=False)))
    wide = problems(16)
    assert model.exit(wide).logits.shape == (3, 16, 16, 1)
    maps = np.asarray(model.maps(wide))
    tiles = 1 / (1 + np.exp(-np.asarray(model.exit(wide).logits)))
    assert np.allclose(maps, edges_of_tiles(tiles, wide), atol=1e-6)


def test_a_training_without_edge_maps_asks_for_tiles_alone(tmp_path, training_data):
    config = TrainConfig(
        **{**TINY, "pretrain": (0,)}, sizes=(8,), samples=(64,), epoch=(64,), edge_maps=False
    )
    trainer = Trainer(config, training_data, tmp_path, progress=False)
    before = trainer.model.core.head.get_weights()
    trainer.run()
    assert before[0].shape[-1] == 1
    assert all(
        np.any(a != b) for a, b in zip(before, trainer.model.core.head.get_weights(), strict=True)
    )
    assert "edges" not in json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])


@pytest.mark.parametrize("growth", ["pooled", "paper"])
def test_max_pooling_takes_the_largest_of_four(growth):
    model = shaken(RouteVAE(tiny(sizes=(8, 16), growth=growth, pooling="max")))
    ring = model.rings[0]
    stem = numbers(2, 16, 16, 5)
    largest = stem.reshape(2, 8, 2, 8, 2, 5).max(axis=(2, 4))
    assert np.allclose(ring.halve(stem), ring.down(largest), atol=1e-6)
    assert ring.down.convolution.kernel.shape[:2] == (1, 1)
    assert np.asarray(model.maps(problems(16))).shape == (3, 16, 16, 3)


def test_the_upsampling_is_normalised_where_asked():
    plain, also = (
        RouteVAE(tiny(sizes=(8, 16), normalization="batch", normalize_up=up)).rings[0].up
        for up in (False, True)
    )
    assert plain.norm is None
    assert isinstance(also.norm, keras.layers.BatchNormalization)


def test_boosted_outputs_are_drawn_between_their_two_targets():
    model = RouteVAE(tiny(output="pow3", output_goal=4.0, output_rest=-2.0))
    wanted = np.array([-3.0, -2.0, 1.0, 4.0, 5.0], np.float32)
    logits = np.cbrt(wanted).reshape(1, 1, 5, 1).repeat(3, axis=-1)
    drawn = np.asarray(model.probabilities(logits))[0, 0, :, 0]
    assert np.allclose(drawn, [0, 0, 0.5, 1, 1], atol=1e-5)
    with pytest.raises(InputError, match="output_rest"):
        tiny(output="exp", output_rest=-1.0)


def test_a_clip_that_follows_the_rate_bounds_the_step():
    """However low the rate, a step of SGD may move the weights by clip times the highest rate."""
    moved = {}
    for follows in (False, True):
        config = TrainConfig(
            **TINY,
            sizes=(8,),
            optimizer="sgd",
            momentum=0.0,
            learning_rate=0.1,
            clip=1e-3,
            clip_follows_rate=follows,
        )
        model = shaken(RouteVAE(config.model()))
        optimizer = make_optimizer(config)
        optimizer.build(model.trainable_variables)
        optimizer.learning_rate.assign(0.01)
        averages = Averages(model.trainable_variables, 0.0)
        step = compile_step(config, 0, model, optimizer, averages, None)
        before = model.get_weights()
        samples = make_samples(SampleConfig(shard_samples=16, max_pins=4), 0, 8)
        step(
            tf.constant(samples.states),
            tf.constant(samples.labels),
            tf.constant([1, 2], tf.int64),
            tf.constant(1.0),
            tf.constant(False),
        )
        apart = zip(before, model.get_weights(), strict=True)
        moved[follows] = sum(float(np.square(a - b).sum()) for a, b in apart) ** 0.5
    assert moved[False] == pytest.approx(0.01 * 1e-3, rel=0.05)
    assert moved[True] == pytest.approx(0.1 * 1e-3, rel=0.05)
