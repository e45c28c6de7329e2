"""What runs compiled: a step of training, and drawing; and the weights' moving averages."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from eda_router.dataset.teacher import RIGHT_BIT, TILE_BIT, UP_BIT
from eda_router.neural.architecture import Architecture, Batch
from eda_router.neural.tensors import IMAGE_TABLE
from eda_router.training.adversary import Adversary
from eda_router.training.config import TrainConfig
from eda_router.training.objective import objective


class Averages:
    """Moving averages of variables.

    Args:
        variables: that are averaged.
        decay: of the average; smaller at first, so that the start is soon forgotten. 0: none, the
            averages stay unused.
    """

    def __init__(self, variables: Sequence[Any], decay: float):
        self._of = list(variables)
        self.decay = decay
        self.variables = [tf.Variable(v.value, trainable=False) for v in self._of]

    def restart(self) -> None:
        """The variables' values become the averages."""
        for average, variable in zip(self.variables, self._of, strict=True):
            average.assign(variable.value)

    def update(self, steps: Any) -> None:
        """Take the variables' values in, after ``steps`` steps; part of the compiled step."""
        if self.decay > 0.0:
            taken = tf.cast(steps, tf.float32)
            decay = tf.minimum(self.decay, (1.0 + taken) / (10.0 + taken))
            for average, variable in zip(self.variables, self._of, strict=True):
                average.assign_sub((1.0 - decay) * (average - variable))

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """The variables have their averages' values within."""
        kept = [tf.identity(variable.value) for variable in self._of]
        try:
            self.take_over()
            yield
        finally:
            for variable, value in zip(self._of, kept, strict=True):
                variable.assign(value)

    def take_over(self) -> None:
        """The averages become the variables' values."""
        if self.decay > 0.0:
            for variable, average in zip(self._of, self.variables, strict=True):
                variable.assign(average)


def compile_step(
    config: TrainConfig,
    stage: int,
    model: Architecture,
    optimizer: keras.optimizers.Optimizer,
    averages: Averages,
    adversary: Adversary | None,
) -> Callable[..., dict[str, Any]]:
    """A compiled step of training.

    Args:
        config: of the training.
        stage: of the training.
        model: that is trained.
        optimizer: built for its trainable variables.
        averages: of these.
        adversary: that judges the drawings in place of the loss.

    Returns:
        a function of uint8 states and labels ``(batch, size, size)``, an int64 key ``(2,)`` of the
        random numbers, the weight of the model's own terms, and whether the labels are to be the
        pins alone. It gives the loss and its parts.
    """
    variables = model.trainable_variables
    table = tf.constant(IMAGE_TABLE)

    def losses(states: Any, labels: Any, key: Any, weight: Any, route_free: Any) -> Any:
        codes = tf.cast(states, tf.int32)
        images = tf.gather(table, codes)
        bits = tf.cast(labels, tf.int32)
        targets = tf.stack([bits & TILE_BIT, bits & RIGHT_BIT, bits & UP_BIT], axis=-1)
        targets = tf.cast(targets > 0, tf.float32)
        pins = tf.cast(codes & 1, tf.float32)[..., None] * tf.constant([1.0, 0.0, 0.0])
        shown = _waypoints(targets[..., 0], config.stage("waypoints", stage), key + 2)
        images = tf.maximum(images, shown[..., None] * tf.constant([0.0, 0.0, 1.0]))
        targets = tf.where(route_free, pins, targets)
        count = tf.shape(states)[0]
        noise = tf.random.stateless_normal((count, model.noise(states.shape[1])), key + 1)
        if adversary is None:
            chance = tf.random.stateless_uniform((count, 1), key)
            batch = Batch(images, targets, noise, chance, weight)
            return objective(config, model, batch, stage)
        drawn = model.maps(images, noise, training=True)
        judged = adversary.learn(images, targets, drawn)
        deceived = adversary.deceive(images, drawn)
        return deceived, {"generator": deceived, "discriminator": judged}

    @tf.function(autograph=False, reduce_retracing=True)
    def step(states: Any, labels: Any, key: Any, weight: Any, route_free: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            loss, parts = losses(states, labels, key, weight, route_free)
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        # A level may have weights that a stage does not use, as a locked core's posterior.
        pairs = zip(gradients, variables, strict=True)
        known = [tf.zeros_like(v) if g is None else g for g, v in pairs]
        if config.clip_follows_rate:
            longest = (
                config.clip * config.learning_rate / tf.maximum(optimizer.learning_rate, 1e-12)
            )
            known, _ = tf.clip_by_global_norm(known, longest)
        optimizer.apply(known, variables)
        averages.update(optimizer.iterations)
        return {"loss": loss, **parts}

    compiled: Callable[..., dict[str, Any]] = step
    return compiled


MOST_WAYPOINTS = 4.0
"""Most tiles of a route, in the mean, that are shown as pins."""


def _waypoints(routes: Any, share: float, key: Any) -> Any:
    """Tiles of the routes ``(batch, size, size)`` that are shown as pins, 0 or 1.

    In a ``share`` of the batch each tile is chosen with one probability, such that up to
    :data:`MOST_WAYPOINTS` are.
    """
    count = tf.shape(routes)[0]
    chosen = tf.random.stateless_uniform((count, 2, 1, 1), key)
    tiles = tf.maximum(1.0, tf.reduce_sum(routes, axis=(1, 2), keepdims=True))
    rate = tf.where(chosen[:, 0] < share, MOST_WAYPOINTS * chosen[:, 1] / tiles, 0.0)
    draws = tf.random.stateless_uniform(tf.shape(routes), key + 1)
    return tf.cast(draws < rate, tf.float32) * routes


def compile_draw(model: Architecture) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A compiled function from images to the maps of their first drawings."""

    @tf.function(autograph=False, reduce_retracing=True)
    def maps(images: Any) -> Any:
        return model.maps(images)

    def draw(images: NDArray[np.float32]) -> NDArray[np.float32]:
        drawn: NDArray[np.float32] = maps(tf.constant(images)).numpy()
        return drawn

    return draw
