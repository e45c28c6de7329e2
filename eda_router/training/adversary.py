"""The adversary of a generative adversarial network, by the DCGAN rules [1].

The model is the generator. The discriminator sees the problem with a drawing and says whether a
teacher drew it. At each step it learns from true and made drawings first; the generator then learns
to be taken for a teacher, and from nothing else.

The rules: strided convolutions instead of pooling, batch normalisation everywhere but at the
discriminator's input and output, no hidden dense layer in the discriminator, leaky rectifiers
there, weights from a normal distribution of deviation 0.02, Adam with beta 1 = 0.5. What they say
of the generator are switches of the model: growth ``paper``, normalisation ``batch``, no skips,
first weights ``normal``, output ``tanh``, with which the discriminator sees maps from -1 to 1.

[1] A. Radford, L. Metz, S. Chintala: Unsupervised representation learning with deep convolutional
    generative adversarial networks. ICLR 2016. arXiv 1511.06434.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from eda_router.neural.model import DCGAN_DEVIATION
from eda_router.training.config import TrainConfig

_SLOPE = 0.2
_LAST_SIZE = 4


def build_discriminator(size: int, channels: int) -> keras.Sequential:
    """A net from ``(batch, size, size, 6)``, problem and drawing, to one logit: drawn by a teacher.

    Args:
        size: of the windows, a power of two from 8 up.
        channels: of the first convolution; each further one has twice as many.
    """
    stack: list[Any] = [keras.Input((size, size, 6))]

    def convolution(filters: int, **options: Any) -> Any:
        return layers.Conv2D(
            filters,
            4,
            kernel_initializer=keras.initializers.RandomNormal(0, DCGAN_DEVIATION),
            **options,
        )

    first = True
    while size > _LAST_SIZE:
        stack.append(convolution(channels, strides=2, padding="same", use_bias=first))
        if not first:
            stack.append(layers.BatchNormalization())
        stack.append(layers.LeakyReLU(_SLOPE))
        first = False
        size, channels = size // 2, 2 * channels
    stack += [convolution(1, padding="valid"), layers.Reshape((1,))]
    return keras.Sequential(stack)


class Adversary:
    """A discriminator with its optimiser.

    Args:
        config: of the training; learning rate and momentum serve both sides.
        size: of the stage's windows.
    """

    def __init__(self, config: TrainConfig, size: int):
        self.model = build_discriminator(size, config.width)
        self._signed = config.output == "tanh"
        self.optimizer = keras.optimizers.Adam(config.learning_rate, beta_1=config.momentum)
        self.optimizer.build(self.model.trainable_variables)

    @property
    def variables(self) -> list[Any]:
        """All that resuming needs: weights and the optimiser's state."""
        return [*self.model.variables, *self.optimizer.variables]

    def learn(self, images: Any, targets: Any, drawn: Any) -> Any:
        """One step of the discriminator; its loss.

        Args:
            images: ``(batch, size, size, 3)`` problems.
            targets: the teacher's maps, of the same shape.
            drawn: the generator's maps as probabilities; no gradient reaches them.
        """
        drawn = tf.stop_gradient(drawn)
        with tf.GradientTape() as tape:
            true = self._judge(images, targets)
            made = self._judge(images, drawn)
            # -log D(true) - log(1 - D(made))
            loss = ops.mean(ops.softplus(-true)) + ops.mean(ops.softplus(made))
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
        return loss

    def deceive(self, images: Any, drawn: Any) -> Any:
        """The generator's loss: -log D(made), mean over the batch."""
        return ops.mean(ops.softplus(-self._judge(images, drawn)))

    def _judge(self, images: Any, maps: Any) -> Any:
        if self._signed:
            maps = 2.0 * maps - 1.0
        return self.model(ops.concatenate([images, maps], axis=-1), training=True)
