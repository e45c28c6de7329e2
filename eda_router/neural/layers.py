"""The parts that the model is put together from, in ``keras.ops`` only.

References:
    [1] S. Ioffe, C. Szegedy: Batch normalization. ICML 2015. arXiv 1502.03167.
    [2] T. Salimans, D. Kingma: Weight normalization. NeurIPS 2016. arXiv 1602.07868.
    [3] F. Yu, V. Koltun: Multi-scale context aggregation by dilated convolutions. ICLR 2016.
        arXiv 1511.07122.
    [4] N. Srivastava et al.: Dropout. JMLR 15, 2014.
    [5] S. Zagoruyko, N. Komodakis: Wide residual networks. BMVC 2016. arXiv 1605.07146.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

PACKAGE = "edaroute"

_MOST_BLOCKS = 8191
"""Blocks whose random numbers one key may tell apart."""


@keras.saving.register_keras_serializable(PACKAGE)
class Convolution(keras.layers.Layer):
    """A convolution, its normalisation and a rectifier.

    Args:
        filters: output channels.
        kernel: tiles on a side of the kernel.
        strides: 2 halves the resolution.
        dilation: distance between the kernel's taps [3].
        activate: whether a rectifier follows.
        normalization: ``none``, ``batch`` [1] (before the rectifier, convolution without bias),
            ``weight`` [2], or ``weight_mean``: that with mean-only batch normalisation [2].
        zero: start with zero weights, so that a residual block starts as the identity.
    """

    def __init__(
        self,
        filters: int,
        kernel: int = 3,
        *,
        strides: int = 1,
        dilation: int = 1,
        activate: bool = True,
        normalization: str = "none",
        zero: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.filters, self.kernel, self.strides = filters, kernel, strides
        self.dilation, self.activate = dilation, activate
        self.normalization, self.zero = normalization, zero
        zero_kernel = zero and normalization == "none"
        convolution = keras.layers.Conv2D(
            filters,
            kernel,
            strides=strides,
            dilation_rate=dilation,
            padding="same",
            use_bias=normalization != "batch",
            kernel_initializer="zeros" if zero_kernel else "he_normal",
            name="convolution",
        )
        self.norm: keras.layers.Layer | None = None
        if normalization == "batch":
            self.norm = keras.layers.BatchNormalization(
                momentum=0.98,
                gamma_initializer="zeros" if zero else "ones",
                name="norm",
            )
        elif normalization == "weight_mean":
            self.norm = MeanNormalization(name="norm")
        self.convolution = (
            WeightNormalized(convolution) if normalization.startswith("weight") else convolution
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for inputs ``(batch, height, width, channels)``."""
        self.convolution.build(input_shape)
        if self.norm is not None:
            self.norm.build(self.convolution.compute_output_shape(input_shape))
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """``(batch, height, width, channels)`` to ``(..., filters)``."""
        outputs = self.convolution(inputs)
        if self.norm is not None:
            outputs = self.norm(outputs, training=training and self.trainable)
        return ops.relu(outputs) if self.activate else outputs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel": self.kernel,
            "strides": self.strides,
            "dilation": self.dilation,
            "activate": self.activate,
            "normalization": self.normalization,
            "zero": self.zero,
        }


@keras.saving.register_keras_serializable(PACKAGE)
class MeanNormalization(keras.layers.Layer):
    """Takes each channel's mean over the batch away, and nothing else [2]; then adds a bias.

    In use the mean is the moving average over the training's batches.

    Args:
        momentum: of that average.
    """

    def __init__(self, momentum: float = 0.98, **kwargs: Any):
        super().__init__(**kwargs)
        self.momentum = momentum

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the bias and the average for inputs ``(batch, height, width, channels)``."""
        shape = input_shape[-1:]
        self.bias = self.add_weight(shape=shape, initializer="zeros", name="bias")
        self.mean = self.add_weight(
            shape=shape, initializer="zeros", trainable=False, name="moving_mean"
        )
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """``(batch, height, width, channels)`` to the same shape."""
        mean = ops.convert_to_tensor(self.mean)
        if training:
            mean = ops.mean(ops.cast(inputs, self.variable_dtype), axis=(0, 1, 2))
            self.mean.assign(self.momentum * self.mean + (1.0 - self.momentum) * mean)
        return inputs + ops.cast(self.bias - mean, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "momentum": self.momentum}


@keras.saving.register_keras_serializable(PACKAGE)
class WeightNormalized(keras.layers.Layer):
    """A convolution whose kernel is ``gain * direction / |direction|`` per output channel [2].

    Attributes:
        starting: whether the next call, which has to be eager, is the first batch that gain and
            bias start from (section 3 of [2]): outputs get mean 0 and deviation 1. A channel that
            is the same everywhere keeps its gain.
    """

    def __init__(self, convolution: keras.layers.Conv2D, **kwargs: Any):
        super().__init__(**kwargs)
        self.convolution = convolution
        self.starting = False

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights; the gain starts at the length of the kernel."""
        self.convolution.build(input_shape)
        norm = ops.sqrt(ops.sum(ops.square(self.convolution.kernel), axis=(0, 1, 2)) + 1e-12)
        start = ops.convert_to_numpy(norm)
        self.gain = self.add_weight(
            shape=(self.convolution.filters,),
            initializer=lambda shape, dtype: ops.convert_to_tensor(start, dtype),
            name="gain",
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """``(batch, height, width, channels)`` to ``(..., filters)``."""
        if self.starting:
            self._start(inputs)
        bias = ops.cast(self.convolution.bias, self.compute_dtype)
        return self._convolve(inputs, self.gain) + bias

    def _convolve(self, inputs: Any, gain: Any) -> Any:
        inner = self.convolution
        kernel = ops.cast(inner.kernel, self.variable_dtype)
        norm = ops.sqrt(ops.sum(ops.square(kernel), axis=(0, 1, 2)) + 1e-12)
        return ops.conv(
            inputs,
            ops.cast(kernel * (gain / norm), self.compute_dtype),
            strides=inner.strides,
            padding="same",
            dilation_rate=inner.dilation_rate,
        )

    def _start(self, inputs: Any) -> None:
        before = ops.cast(self.gain, self.variable_dtype)
        outputs = ops.cast(self._convolve(inputs, ops.ones_like(before)), self.variable_dtype)
        mean, variance = ops.moments(outputs, axes=(0, 1, 2))
        moves = variance > 1e-8
        gain = ops.where(moves, ops.rsqrt(ops.maximum(variance, 1e-8)), before)
        self.gain.assign(gain)
        self.convolution.bias.assign(-mean * gain)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """As the convolution's."""
        shape: tuple[int | None, ...] = self.convolution.compute_output_shape(input_shape)
        return shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        inner = keras.saving.serialize_keras_object(self.convolution)
        return {**super().get_config(), "convolution": inner}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> WeightNormalized:
        """Rebuild with the inner convolution."""
        inner = keras.saving.deserialize_keras_object(config.pop("convolution"))
        return cls(inner, **config)


@keras.saving.register_keras_serializable(PACKAGE)
class Block(keras.layers.Layer):
    """Two convolutions, added to their input when ``residual``.

    Args:
        filters: channels, of the input too.
        dilation: of the first convolution.
        residual: whether the input is added.
        normalization: of both.
        dropout: share of the features that training drops [4] between the two, where wide residual
            networks have it [5]; the random numbers are those of :func:`seed_dropout`.
    """

    def __init__(
        self,
        filters: int,
        *,
        dilation: int = 1,
        residual: bool = True,
        normalization: str = "none",
        dropout: float = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.filters, self.dilation = filters, dilation
        self.residual, self.normalization = residual, normalization
        self.dropout = dropout
        self.drop = keras.layers.Dropout(dropout, seed=0, name="drop") if dropout else None
        self.first = Convolution(
            filters, dilation=dilation, normalization=normalization, name="first"
        )
        self.second = Convolution(
            filters, activate=False, normalization=normalization, zero=residual, name="second"
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights for inputs ``(batch, height, width, filters)``."""
        self.first.build(input_shape)
        self.second.build(input_shape)
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """``(batch, height, width, filters)`` to the same shape."""
        hidden = self.first(inputs, training=training)
        if self.drop is not None:
            hidden = self.drop(hidden, training=training and self.trainable)
        outputs = self.second(hidden, training=training)
        return ops.relu(inputs + outputs if self.residual else outputs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "dilation": self.dilation,
            "residual": self.residual,
            "normalization": self.normalization,
            "dropout": self.dropout,
        }


def seed_dropout(blocks: Iterable[Block], key: Sequence[int]) -> None:
    """Let what the blocks drop next follow from a key alone, for each block otherwise.

    Args:
        blocks: that have a dropout or none.
        key: two whole numbers.
    """
    for number, block in enumerate(blocks):
        if block.drop is not None:
            state = [(key[0] * _MOST_BLOCKS + number) % 2**32, key[1] % 2**32]
            block.drop.seed_generator.state.assign(np.array(state, np.uint32))


def pool_problem(images: Any) -> Any:
    """The same problem at half the resolution, float ``(batch, size / 2, size / 2, 3)``.

    A tile stands for two by two; its upper edge for the two edges that lead up from them, its right
    edge for the two that lead right, each with the mean of their capacities; it has a pin where one
    of the four has.
    """
    vertical = ops.mean(_pairs(images[:, 1::2, :, 0], 2), axis=3)
    horizontal = ops.mean(_pairs(images[:, :, 1::2, 1], 1), axis=2)
    pins = ops.max(_pairs(ops.max(_pairs(images[..., 2], 1), axis=2), 2), axis=3)
    return ops.stack([vertical, horizontal, pins], axis=-1)


def _pairs(values: Any, axis: int) -> Any:
    """Split ``axis`` of ``(batch, rows, columns)`` into pairs; the pair axis follows it."""
    _, rows, columns = values.shape
    shape = (-1, rows // 2, 2, columns) if axis == 1 else (-1, rows, columns // 2, 2)
    return ops.reshape(values, shape)


def gather_pixels(values: Any) -> Any:
    """``(batch, 2 * rows, 2 * rows, c)`` to ``(batch, rows, rows, 4 * c)``: four tiles become one.

    :func:`spread_pixels` undoes it.
    """
    _, rows, columns, channels = values.shape
    parts = ops.reshape(values, (-1, rows // 2, 2, columns // 2, 2, channels))
    parts = ops.transpose(parts, (0, 1, 3, 2, 4, 5))
    return ops.reshape(parts, (-1, rows // 2, columns // 2, 4 * channels))


def spread_pixels(values: Any) -> Any:
    """``(batch, rows, rows, 4 * c)`` to ``(batch, 2 * rows, 2 * rows, c)``: each tile becomes four.

    After a 1x1 convolution this is the transposed 2x2 convolution with stride 2, which is many
    times slower on CPUs.
    """
    _, rows, columns, channels = values.shape
    quarters = ops.reshape(values, (-1, rows, columns, 2, 2, channels // 4))
    quarters = ops.transpose(quarters, (0, 1, 3, 2, 4, 5))
    return ops.reshape(quarters, (-1, 2 * rows, 2 * columns, channels // 4))
