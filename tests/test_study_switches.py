"""Switches of the study whose default is what trainings and routing did before there were any."""

from __future__ import annotations

import dataclasses
import json
import shutil
from itertools import pairwise

import numpy as np
import pytest

from eda_router.cli import main
from eda_router.config import RouteConfig
from eda_router.dataset.teacher import tree_mask
from eda_router.errors import EdarouteError, InputError
from eda_router.formats import read
from eda_router.neural.engines import load_engine
from eda_router.neural.layers import Block, Convolution, seed_dropout
from eda_router.neural.model import DCGAN_DEVIATION, RouteVAE
from eda_router.neural.tensors import images
from eda_router.neural.views import ViewsEngine
from eda_router.resources import bundled
from eda_router.routing.neural import route_neural, route_with
from eda_router.study.trainings import trained_exits
from eda_router.training.adversary import Adversary
from eda_router.training.checkpoint import read_checkpoint
from eda_router.training.config import TrainConfig
from eda_router.training.data import TrainingData
from eda_router.training.folder import CHECKPOINT, LOG, read_log
from eda_router.training.train import train
from eda_router.training.trainer import Trainer
from tests.models import problems, shaken, tiny
from tests.trainings import TINY, Stopping

PLAIN = {**TINY, "pretrain": (0,)}


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def same(one, other):
    """Whether two lists of weights are equal to the bit."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# Dropout


def dropping_block(share):
    """A block that gives what its first convolution gives, after the dropout."""
    block = Block(4, residual=False, dropout=share)
    block.build((None, 8, 8, 4))
    kernel = np.zeros((3, 3, 4, 4), np.float32)
    kernel[1, 1] = np.eye(4)
    block.second.convolution.kernel.assign(kernel)
    return block


def test_dropout_drops_its_share_in_training_and_makes_up_for_it():
    block = dropping_block(0.25)
    inputs = numbers(16, 8, 8, 4)
    whole = np.asarray(block(inputs))
    assert np.allclose(whole, block.first(inputs))
    dropped = np.asarray(block(inputs, training=True))[whole > 0] / whole[whole > 0]
    gone = np.isclose(dropped, 0)
    assert np.allclose(dropped[~gone], 1 / 0.75, atol=1e-4)
    assert gone.mean() == pytest.approx(0.25, abs=0.03)
    block.trainable = False
    assert np.array_equal(block(inputs, training=True), whole)


def test_what_is_dropped_follows_from_the_key_and_the_block():
    blocks = [dropping_block(0.5) for _ in range(2)]
    for block in blocks:
        block.set_weights(blocks[0].get_weights())
    inputs = numbers(2, 8, 8, 4)

    def drawn(key):
        seed_dropout(blocks, key)
        return [np.asarray(block(inputs, training=True)).tobytes() for block in blocks]

    first = drawn((7, 0))
    assert drawn((7, 0)) == first
    assert len({*first, *drawn((7, 16)), *drawn((8, 0))}) == 6


@pytest.mark.own_process
def test_a_training_with_dropout_and_growing_skips_is_resumed_as_it_was(tmp_path, training_data):
    config = TrainConfig(
        **TINY,
        sizes=(8,),
        samples=(64,),
        epoch=(64,),
        dropout=0.3,
        skip_growth=0.8,
        mixed_precision=False,
    )
    whole = Trainer(config, training_data, tmp_path / "whole", progress=False).run()
    stopped = Stopping(config, training_data, tmp_path / "stopped", progress=False)
    stopped.batches = 4
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    resumed = Trainer(
        config, training_data, tmp_path / "stopped", resume=True, progress=False
    ).run()
    assert same(whole.get_weights(), resumed.get_weights())


# Skips


@pytest.mark.parametrize(("progress", "factor"), [(0.0, 0.0), (0.1, 0.25), (0.4, 1.0), (1.0, 1.0)])
def test_a_growing_skip_has_the_factor_that_its_stage_has_reached(progress, factor):
    grows = shaken(RouteVAE(tiny(sizes=(8, 16), skip_growth=0.4)))
    for level in grows.levels:
        level.reached.assign(1.0)
    grows.begin_step((1, 2), (16,), progress)
    plain = RouteVAE(tiny(sizes=(8, 16)))
    for own, level in zip(grows.levels, plain.levels, strict=True):
        kept = [w for w, v in zip(own.get_weights(), own.weights, strict=True) if v.shape != ()]
        level.set_weights(kept)
    ring = plain.rings[0]
    for layer, channels in ((ring.merge, ring.coarse), (ring.refine, ring.fine)):
        kernel = layer.convolution.kernel.numpy()
        kernel[:, :, :channels] *= factor
        layer.convolution.kernel.assign(kernel)
    for size in (8, 16):
        assert np.allclose(grows(problems(size)), plain(problems(size)), atol=1e-5)


class Watching(Trainer):
    """Keeps what share of the skips' factors each level has reached after each step."""

    def _one_step(self, *given):
        parts = super()._one_step(*given)
        reached = [float(level.reached) for level in self.model.levels]
        self.reached = [*getattr(self, "reached", []), reached]
        return parts


def test_skips_grow_in_the_stage_that_adds_them_alone(tmp_path, training_data):
    config = TrainConfig(
        **PLAIN, sizes=(8, 16), samples=(64,), epoch=(64,), joint=16, skip_growth=0.5
    )
    trainer = Watching(config, training_data, tmp_path, progress=False)
    trainer.run()
    steps = [0.0, 0.5, 1.0, 1.0]
    assert trainer.reached == [[r] for r in steps] + [[1.0, r] for r in [*steps, 1.0]]


@pytest.mark.parametrize("factor", ["skip_scale", "path_scale"])
def test_factors_in_rings_alone_leave_the_core_as_it_is(factor):
    scaled = shaken(RouteVAE(tiny(sizes=(8, 16), scaled="rings", **{factor: 0.3})))
    everywhere, nowhere = (
        RouteVAE(tiny(sizes=(8, 16), **changes)) for changes in ({factor: 0.3}, {})
    )
    for model in (everywhere, nowhere):
        model.set_weights(scaled.get_weights())
    narrow, wide = problems(8), problems(16)
    assert np.array_equal(scaled(narrow), nowhere(narrow))
    assert not np.allclose(everywhere(narrow), nowhere(narrow), atol=1e-4)
    assert not np.allclose(scaled(wide), nowhere(wide), atol=1e-4)
    ring, inner = everywhere.rings[0], scaled.exit(narrow)
    down = numbers(3, 8, 8, ring.coarse)
    features, _ = ring.refine_inner(down, inner, latent=None)
    assert np.allclose(scaled.rings[0].refine_inner(down, inner, latent=None)[0], features)


# Stages without data


class Noting(Trainer):
    """Keeps the weights of all levels at the start of each stage and after it."""

    def _run_stage(self, interrupts):
        before = [level.get_weights() for level in self.model.levels]
        super()._run_stage(interrupts)
        after = [level.get_weights() for level in self.model.levels]
        moved = [not same(one, other) for one, other in zip(before, after, strict=True)]
        self.moved = [*getattr(self, "moved", []), moved]


@pytest.mark.parametrize(
    ("samples", "without", "moved"),
    [
        ((0, 32, 32), None, [[True, True], [False, False, True]]),
        ((32, 0, 32), None, [[True], [False, True, True]]),
        ((32, 32, 32), 16, [[True], [False, True, True]]),
        ((32, 32, 0), None, [[True], [False, True]]),
        ((0, 0, 32), None, [[True, True, True]]),
    ],
)
def test_a_stage_that_is_passed_over_is_trained_with_the_next(
    tmp_path, training_data, samples, without, moved
):
    config = TrainConfig(
        **PLAIN, sizes=(8, 16, 32), samples=samples, epoch=(32,), pass_over=True, average=0.0
    )
    data = {size: part for size, part in training_data.items() if size != without}
    trainer = Noting(config, data, tmp_path, progress=False)
    trainer.run()
    assert trainer.moved == moved
    trained = [
        size for size, count in zip(config.sizes, samples, strict=True) if count and size != without
    ]
    assert [record["size"] for record in read_log(tmp_path / LOG)] == trained
    assert trainer.passed_over == tuple(size for size in config.sizes if size not in trained)
    if without is None:
        assert trained_exits(config) == tuple(trained)


@pytest.mark.parametrize(
    ("changes", "size"), [({"samples": (0,)}, 8), ({"samples": (32, 0), "direct": True}, 16)]
)
def test_without_any_samples_nothing_can_be_passed_over(tmp_path, training_data, changes, size):
    config = TrainConfig(**PLAIN, sizes=(8, 16), pass_over=True, **changes)
    with pytest.raises(EdarouteError, match=f"no samples for {size}x{size}"):
        Trainer(config, training_data, tmp_path, progress=False)


def test_what_was_passed_over_is_no_exit(tmp_path, capsys):
    data = tmp_path / "data"
    args = ["dataset", str(data), "--sizes", "16", "--shards", "1", "--shard-samples", "32"]
    assert main([*args, "--source", "random"]) == 0
    capsys.readouterr()
    config = TrainConfig(
        **PLAIN, sizes=(8, 16), samples=(32,), epoch=(32,), pass_over=True, data_source="random"
    )
    assert list(TrainingData(data, config)) == [16]
    report = train(config, tmp_path / "model", data=data)
    assert list(report) == [16]
    assert load_engine(tmp_path / "model").exits == (16,)
    strict = dataclasses.replace(config, pass_over=False)
    with pytest.raises(InputError, match="no samples of 8x8"):
        train(strict, tmp_path / "strict", data=data)


# Weight normalisation started from data


def test_a_start_from_data_gives_outputs_of_mean_0_and_deviation_1():
    layer = Convolution(4, normalization="weight", activate=False)
    layer.build((None, 8, 8, 3))
    inner = layer.convolution
    kernel = inner.convolution.kernel.numpy()
    kernel[..., 3] = 0
    inner.convolution.kernel.assign(kernel)
    dead = float(inner.gain[3])
    inputs = 3.0 + 5.0 * numbers(8, 8, 8, 3)
    inner.starting = True
    layer(inputs)
    inner.starting = False
    outputs = np.asarray(layer(inputs))
    assert np.allclose(outputs.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    assert np.allclose(outputs.std(axis=(0, 1, 2)), [1, 1, 1, 0], atol=1e-3)
    # A channel that never changes has no deviation to divide by.
    assert float(inner.gain[3]) == dead


def test_levels_start_from_the_first_batch_layer_by_layer(tmp_path, training_data):
    config = TrainConfig(
        **PLAIN,
        sizes=(8, 16),
        samples=(16,),
        epoch=(16,),
        normalization="weight",
        data_start=True,
        mixed_precision=False,
    )
    started = []

    class Looking(Trainer):
        def _start_from_data(self):
            inner = [level.get_weights() for level in self.model.levels[:-1]]
            super()._start_from_data()
            kept = [level.get_weights() for level in self.model.levels[:-1]]
            assert all(same(one, other) for one, other in zip(inner, kept, strict=True))
            pairs = zip(self.averages.variables, self.model.trainable_variables, strict=True)
            assert all(np.array_equal(average, variable) for average, variable in pairs)
            level = self.model.levels[-1]
            samples = self._batch(16)
            started.append(np.asarray(level.stem.convolution(images(samples.states))))
            if self.size == 8:
                # What comes second has started from what the first gives once it has started.
                hidden = level.stem(images(samples.states))
                started.append(np.asarray(level.encoder[0].first.convolution(hidden)))

    Looking(config, training_data, tmp_path, progress=False).run()
    assert len(started) == 3
    for outputs in started:
        assert np.allclose(outputs.mean(axis=(0, 1, 2)), 0, atol=1e-4)
        assert np.allclose(outputs.std(axis=(0, 1, 2)), 1, atol=1e-3)


def test_the_start_reaches_what_only_routes_lead_to(training_data):
    model = RouteVAE(tiny(sizes=(8, 16), ring_latent=(2,), normalization="weight"))
    look = model.rings[0].latent.look_at_route.convolution
    before = look.gain.numpy()
    samples = training_data[16].validation
    routes = tree_mask(samples.labels)[..., None].astype(np.float32)
    core = model.core.get_weights()
    model.start_from_data(images(samples.states), routes, (16,))
    assert not np.allclose(look.gain.numpy(), before)
    assert same(core, model.core.get_weights())
    drawn = np.asarray(model(images(samples.states)))
    assert np.array_equal(drawn, model(images(samples.states)))


# DCGAN


def test_first_weights_of_dcgan_are_normal_in_every_level():
    shape = {"first_weights": "normal", "core_channels": 16, "dense": 32}
    model = RouteVAE(tiny(sizes=(8,), **shape)).grow(16)
    core = model.core.get_weights()
    assert same(core, model.grow(32).core.get_weights())
    for level in model.levels:
        kernels = [v.numpy().ravel() for v in level.weights if v.name == "kernel"]
        assert all(np.any(kernel) for kernel in kernels)
        values = np.concatenate(kernels)
        assert values.mean() == pytest.approx(0, abs=0.002)
        assert values.std() == pytest.approx(DCGAN_DEVIATION, rel=0.05)


def test_an_output_of_tanh_is_judged_from_minus_1_to_1():
    config = TrainConfig(**TINY, sizes=(8,), loss="adversarial", output="tanh")
    model = RouteVAE(config.model())
    logits = np.array([-9.0, -0.5, 0.0, 0.5, 9.0], np.float32).reshape(1, 1, 5, 1)
    drawn = np.asarray(model.probabilities(logits))
    assert np.allclose(2 * drawn - 1, np.tanh(logits), atol=1e-6)
    narrow = problems(8)
    maps = np.random.default_rng(1).random(narrow.shape).astype(np.float32)
    for output, expected in (("tanh", 2 * maps - 1), ("sigmoid", maps)):
        adversary = Adversary(dataclasses.replace(config, output=output), 8)
        seen = []
        judge = adversary.model
        adversary.model = lambda both, judge=judge, seen=seen, **options: (
            seen.append(np.asarray(both)) or judge(both, **options)
        )
        adversary.deceive(narrow, maps)
        assert np.allclose(seen[0][..., 3:], expected, atol=1e-6)
        assert np.array_equal(seen[0][..., :3], narrow)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output": "tanh"}, "output: tanh with loss cross_entropy"),
        ({"first_weights": "normal", "normalization": "weight"}, "first_weights: normal"),
        ({"data_start": True, "normalization": "batch"}, "data_start: nothing to start"),
    ],
)
def test_switches_that_do_not_go_together_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        TrainConfig(**changes)


# Views


def test_routing_with_views_draws_their_mean(tmp_path, capsys):
    design = read(bundled("data", "synth-tiny.modified.gz"))
    config = RouteConfig(threads=1, views=8, negotiate=False, refine=False)
    routed = route_neural(design, config)
    assert routed.details["views"] == 8
    engine = load_engine(threads=1, precision="auto")
    wrapped = route_with(ViewsEngine(engine, 8), design, config)
    alone = route_with(engine, design, dataclasses.replace(config, views=1))
    maps = engine.draw(problems(8))
    assert not np.allclose(ViewsEngine(engine, 8).draw(problems(8)), maps, atol=1e-3)
    edges = [result.routes.edges.tobytes() for result in (routed, wrapped, alone)]
    assert edges[0] == edges[1]
    assert edges[0] != edges[2]
    args = ["route", "synth-tiny", "--threads", "1", "-o", str(tmp_path / "tiny.route")]
    assert main([*args, "--views", "8", "--json", str(tmp_path / "summary.json")]) == 0
    assert ", 8 views" in capsys.readouterr().out
    assert json.loads((tmp_path / "summary.json").read_text())["details"]["views"] == 8
    assert main(args) == 0
    assert " views" not in capsys.readouterr().out


# Checkpoints from before


def test_a_checkpoint_from_before_a_setting_goes_on_at_its_default_alone(tmp_path, training_data):
    config = TrainConfig(**TINY, sizes=(8,), samples=(32,), epoch=(32,))
    Trainer(config, training_data, tmp_path / "old", progress=False).run()
    assert "dropout" not in read_checkpoint(tmp_path / "old" / CHECKPOINT).config
    longer = dataclasses.replace(config, samples=(64,))
    other = dataclasses.replace(config, dropout=0.5)
    with pytest.raises(InputError, match=r"dropout was 0\.0"):
        Trainer(other, training_data, tmp_path / "old", resume=True, progress=False)
    Trainer(longer, training_data, tmp_path / "old", resume=True, progress=False).run()
    seen = [record["seen"] for record in read_log(tmp_path / "old" / LOG)]
    assert [b - a for a, b in pairwise([0, *seen])] == [32, 32, 32]
    Trainer(other, training_data, tmp_path / "new", progress=False).run()
    shutil.copytree(tmp_path / "new", tmp_path / "copy")
    with pytest.raises(InputError, match=r"dropout was 0\.5"):
        Trainer(config, training_data, tmp_path / "copy", resume=True, progress=False)
