"""The adversary: the DCGAN rules, its losses, and the two players' turns."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from eda_router.study.variants import VARIANTS
from eda_router.training.adversary import Adversary, build_discriminator
from eda_router.training.config import TrainConfig
from eda_router.training.trainer import Trainer
from tests.trainings import TINY, Stopping

GAN = {
    **TINY,
    **VARIANTS["GAN"].changes,
    "sizes": (8, 16),
    "samples": (96,),
    "epoch": (32,),
    "pretrain": (0,),
    "mixed_precision": False,
}


@pytest.mark.parametrize("size", [8, 16, 64])
def test_the_discriminator_keeps_the_rules(size):
    model = build_discriminator(size, 4)
    found = [layer for layer in model.layers if not isinstance(layer, keras.layers.Reshape)]
    assert not [one for one in found if "Pooling" in type(one).__name__]
    assert not [one for one in found if isinstance(one, keras.layers.Dense)]
    convolutions = [one for one in found if isinstance(one, keras.layers.Conv2D)]
    assert all(one.strides == (2, 2) for one in convolutions[:-1])
    norms = [one for one in found if isinstance(one, keras.layers.BatchNormalization)]
    # All but the first and the last convolution are normalised.
    assert len(norms) == len(convolutions) - 2
    assert isinstance(found[1], keras.layers.LeakyReLU)
    assert model.output_shape == (None, 1)


def test_the_generator_keeps_the_rules(tmp_path, training_data):
    trainer = Trainer(TrainConfig(**GAN), training_data, tmp_path, progress=False)
    config = trainer.config
    # In the paper's growth nothing is pooled: strided convolutions lead down.
    assert (config.growth, config.normalization, config.skip_scale) == ("paper", "batch", 0.0)
    assert all(ring.down.strides == 2 for ring in trainer.model.rings)
    assert trainer.optimizer.beta_1 == trainer.adversary.optimizer.beta_1 == 0.5


def test_the_losses_are_those_of_the_game():
    adversary = Adversary(TrainConfig(core_channels=4, learning_rate=0.0), 8)
    generator = np.random.default_rng(1)
    images, targets, drawn = generator.random((3, 5, 8, 8, 3)).astype(np.float32)

    def judged(maps):
        both = np.concatenate([images, maps], axis=-1)
        logits = np.asarray(adversary.model(both, training=True), np.float64)
        return 1 / (1 + np.exp(-logits))

    true, made = judged(targets), judged(drawn)
    expected = -np.log(true).mean() - np.log(1 - made).mean()
    assert float(adversary.learn(images, targets, drawn)) == pytest.approx(expected, rel=1e-4)
    assert float(adversary.deceive(images, drawn)) == pytest.approx(-np.log(made).mean(), rel=1e-4)


def test_each_player_learns_from_its_own_loss_alone():
    adversary = Adversary(TrainConfig(core_channels=4, learning_rate=1e-3), 8)
    generator = np.random.default_rng(1)
    images, targets = generator.random((2, 16, 8, 8, 3)).astype(np.float32)
    drawn = tf.Variable(generator.random((16, 8, 8, 3)).astype(np.float32))
    first = [v.numpy().copy() for v in adversary.model.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        judged = adversary.learn(images, targets, drawn)
        before = [v.numpy().copy() for v in adversary.model.trainable_variables]
        deceived = adversary.deceive(images, drawn)
    assert any(not np.array_equal(a, b) for a, b in zip(first, before, strict=True))
    assert tape.gradient(judged, drawn) is None
    assert np.abs(tape.gradient(deceived, drawn).numpy()).max() > 0
    after = [v.numpy() for v in adversary.model.trainable_variables]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    losses = [float(adversary.learn(images, targets, drawn)) for _ in range(30)]
    assert losses[-1] < losses[0]


@pytest.mark.own_process
def test_both_players_move_and_resume_to_the_bit(tmp_path, training_data):
    config = TrainConfig(**GAN)
    start = Trainer(config, training_data, tmp_path / "start", progress=False)
    first = [np.asarray(v).copy() for v in start.adversary.model.variables]
    trainer = Trainer(config, training_data, tmp_path / "whole", progress=False)
    whole = trainer.run()
    moved = trainer.adversary.model.variables
    assert all(
        not np.array_equal(a, np.asarray(b))
        for a, b in zip(first, moved, strict=True)
        if b.trainable
    )
    stopped = Stopping(config, training_data, tmp_path / "stopped", progress=False)
    stopped.batches = 3
    with pytest.raises(KeyboardInterrupt):
        stopped.run()
    again = Trainer(config, training_data, tmp_path / "stopped", resume=True, progress=False)
    resumed = again.run()
    for one, other in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        assert np.array_equal(one, other)
    for one, other in zip(moved, again.adversary.model.variables, strict=True):
        assert np.array_equal(np.asarray(one), np.asarray(other))
