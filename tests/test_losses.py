"""Losses against plain NumPy, and the gradients of the boosted ones."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from eda_router.neural import losses

GENERATOR = np.random.default_rng(3)
LOGITS = (3 * GENERATOR.standard_normal((4, 5, 5))).astype(np.float32)
TARGETS = (GENERATOR.random((4, 5, 5)) < 0.3).astype(np.float32)
DRAWN = 1 / (1 + np.exp(-LOGITS.astype(np.float64)))


def tiles(values):
    return values.sum(axis=(1, 2))


ENTROPY = -(TARGETS * np.log(DRAWN) + (1 - TARGETS) * np.log(1 - DRAWN))
SQUARED = tiles((DRAWN - TARGETS) ** 2)
SURPLUS = tiles(DRAWN) - tiles(TARGETS)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (losses.cross_entropy(TARGETS, LOGITS), tiles(ENTROPY)),
        (losses.squared(TARGETS, LOGITS), SQUARED),
        (
            losses.paper(TARGETS, LOGITS, 0.3, 0.7),
            SQUARED + 0.3 * np.abs(SURPLUS) + 0.7 * np.maximum(0, -SURPLUS),
        ),
        (
            losses.focal(TARGETS, LOGITS, 2.0),
            tiles(np.abs(TARGETS - DRAWN) ** 2 * ENTROPY),
        ),
        (
            losses.tversky(TARGETS, LOGITS, 0.8),
            1
            - tiles(TARGETS * DRAWN)
            / (
                tiles(TARGETS * DRAWN)
                + 0.8 * tiles(TARGETS * (1 - DRAWN))
                + 0.2 * tiles((1 - TARGETS) * DRAWN)
            ),
        ),
    ],
    ids=["cross_entropy", "squared", "paper", "focal", "tversky"],
)
def test_values(loss, expected):
    assert np.allclose(keras.ops.convert_to_numpy(loss), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("loss", "delta"),
    [
        (losses.exp_gb, lambda o: np.exp(1.5 * o) - 4 * TARGETS),
        (losses.pow3_gb, lambda o: (1.5 * o) ** 3 - 4 * TARGETS),
        (
            lambda *values: losses.pow3_gb(*values, rest=-2.0),
            lambda o: (1.5 * o) ** 3 - np.where(TARGETS > 0, 4.0, -2.0),
        ),
    ],
    ids=["exp_gb", "pow3_gb", "pow3_gb, negative targets"],
)
def test_boosted_gradients_are_the_error_deltas(loss, delta):
    outputs = tf.constant(LOGITS / 3)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        value = loss(TARGETS, outputs, 1.5, 4.0)
    assert np.allclose(tape.gradient(value, outputs), delta(LOGITS / 3), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("loss", [losses.exp_gb, losses.pow3_gb], ids=["exp_gb", "pow3_gb"])
def test_boosted_gradients_against_differences(loss):
    outputs = (LOGITS / 3).astype(np.float64)
    step = 1e-4

    def value(place, change):
        moved = outputs.copy()
        moved[place] += change
        return keras.ops.convert_to_numpy(loss(TARGETS.astype(np.float64), moved, 1.5, 4.0)).sum()

    with tf.GradientTape() as tape:
        variable = tf.constant(outputs)
        tape.watch(variable)
        total = tf.reduce_sum(loss(tf.constant(TARGETS, tf.float64), variable, 1.5, 4.0))
    gradient = tape.gradient(total, variable).numpy()
    for place in [(0, 0, 0), (1, 2, 3), (3, 4, 4), (2, 0, 1)]:
        slope = (value(place, step) - value(place, -step)) / (2 * step)
        assert gradient[place] == pytest.approx(slope, rel=1e-5, abs=1e-6)
