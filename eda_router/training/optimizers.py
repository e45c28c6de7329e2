"""Optimisers and learning-rate schedules by name."""

from __future__ import annotations

import math

import keras

from eda_router.training.config import TrainConfig


def make_optimizer(config: TrainConfig) -> keras.optimizers.Optimizer:
    """The optimiser of a config; its learning rate is set at each step."""
    rate = config.learning_rate
    # Where the clip moves with the rate, the step does it.
    clip = None if config.clip_follows_rate else config.clip or None
    match config.optimizer:
        case "adamw":
            return keras.optimizers.AdamW(
                rate,
                weight_decay=config.weight_decay,
                beta_1=config.momentum,
                global_clipnorm=clip,
            )
        case "adam":
            return keras.optimizers.Adam(rate, beta_1=config.momentum, global_clipnorm=clip)
        case "sgd":
            return keras.optimizers.SGD(rate, momentum=config.momentum, global_clipnorm=clip)
        case "rmsprop":
            return keras.optimizers.RMSprop(rate, global_clipnorm=clip)
        case "adadelta":
            return keras.optimizers.Adadelta(rate, global_clipnorm=clip)


def learning_rate(config: TrainConfig, progress: float, seen: int, batch_factor: int = 1) -> float:
    """Learning rate at a share ``progress`` of a stage, after ``seen`` samples of it.

    ``cyclical`` is the triangular policy of L. Smith (WACV 2017, arXiv 1506.01186) from a tenth of
    the highest rate; ``batch_factor`` is how much the batch has grown (AdaBatch).
    """
    progress = min(1.0, progress)
    rate = config.learning_rate * batch_factor
    if config.schedule == "cosine":
        rate *= 0.5 * (1.0 + math.cos(math.pi * progress))
    elif config.schedule == "linear":
        rate *= 1.0 - progress
    elif config.schedule == "cyclical":
        place = seen % config.cycle / config.cycle
        rate *= 0.1 + 0.9 * (1.0 - abs(2.0 * place - 1.0))
    if config.warmup > 0.0:
        rate *= min(1.0, (progress + 1e-4) / config.warmup)
    return rate
