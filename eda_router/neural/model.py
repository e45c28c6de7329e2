"""The progressive conditional variational autoencoder that draws routes.

One network with an *exit* at each window size. The *core* works at 8x8: convolutions, a dense
latent between encoder and decoder, and a skip connection past it. Each *ring* doubles the
resolution; it is added to a trained model and trained alone, the inner layers locked, so an exit
never changes once it is trained.

Growth
    ``pooled``: the inner exit draws the problem pooled to half the resolution, a problem of the
    kind it was trained on; the ring gets its features and its drawing and works out the details.
    ``paper``: Algorithm 1 of the paper. The ring's convolution and pooling stand before the inner
    trunk in place of its input head, its upsampling and deconvolution behind in place of its
    output head; the detached heads stay as the inner exit.

Latent
    The decoder gets z = mean + noise * deviation of the prior p(z | image); noise zero gives the
    prior's mean, the first drawing. In training z may come from the posterior
    q(z | image, route), which is held close to the prior (:func:`kl_divergence`).

Plans
    A *plan* is a rough route at half the resolution (:mod:`eda_router.neural.plans`). The exit
    inside is shown it as faint pins, so it draws one way where it would hint at several, and the
    ring follows (pooled growth).

Further exits
    A ring refines what the exit inside draws of the problem at half the resolution, whatever that
    resolution is. So the outermost ring is put around itself for nets wider than the largest
    window that was trained (pooled growth).

Outputs
    Each exit's head gives three logits a tile: whether it is in the route, and whether the route
    takes the edge to its right and the edge above (:mod:`eda_router.neural.decode` says why).
    Calling the model gives the tiles alone.

The input is described in :mod:`eda_router.neural.tensors`.

References:
    [1] D. Kingma, M. Welling: Auto-encoding variational Bayes. ICLR 2014. arXiv 1312.6114.
    [2] K. Sohn, H. Lee, X. Yan: Learning structured output representation using deep conditional
        generative models. NeurIPS 2015.
    [3] A. Radford, L. Metz, S. Chintala: Unsupervised representation learning with deep
        convolutional generative adversarial networks. ICLR 2016. arXiv 1511.06434.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from eda_router.neural.architecture import Batch
from eda_router.neural.layers import (
    PACKAGE,
    Block,
    Convolution,
    WeightNormalized,
    gather_pixels,
    pool_problem,
    seed_dropout,
    spread_pixels,
)
from eda_router.neural.model_config import CORE_SIZE, ModelConfig, ModelTerms, value_at

HEAD_CHANNELS = 3
"""Tile, right edge, upper edge; the first alone without edge maps."""

LIVE = 0.01
"""KL in nats from which a dimension of the latent counts as used."""

DCGAN_DEVIATION = 0.02
"""Deviation of the first weights of all kernels by the rules of DCGAN [3]."""

PLAN_PIN = 0.4
"""What a tile of a plan is shown as, where a pin is 1. At 1 a drawing follows a bad plan all the
way, and costs more; the fainter, the more drawings stay undecided."""

DILATIONS = (1, 2, 4)
"""Dilations of a ring's blocks in turn."""


class Gaussian(NamedTuple):
    """A diagonal normal distribution, mean and logarithm of variance ``(batch, ..., latent)``."""

    mean: Any
    log_variance: Any


class Latent(NamedTuple):
    """What the latents are taken from; by default the priors' means.

    Attributes:
        noise: ``(batch, numbers)``, standard normal, the core's first and then ring by ring; None
            stands for zero.
        routes: ``(batch, size, size, 1)`` tiles wanted; z then is taken from the posterior.
        mask: bool ``(batch, 1)``: the samples for which the posterior is used when there are
            routes; None for all.
    """

    noise: Any = None
    routes: Any = None
    mask: Any = None


FIRST = Latent()
"""The first drawing: the prior's mean."""


class Belief(NamedTuple):
    """What a level holds of its latent; both None for a level without one.

    Attributes:
        prior: distribution given the image.
        posterior: the same given image and route; None unless asked for.
    """

    prior: Gaussian | None = None
    posterior: Gaussian | None = None


class Drawing(NamedTuple):
    """What an exit gives.

    Attributes:
        logits: ``(batch, size, size, 3)``: tile, right edge, upper edge.
        features: ``(batch, size, size, channels)``, for the ring around.
        beliefs: of the core's latent and of each ring's, from the inside.
    """

    logits: Any
    features: Any
    beliefs: tuple[Belief, ...]


def kl_divergence(posterior: Gaussian, prior: Gaussian) -> Any:
    """KL(posterior || prior) in nats per dimension, ``(batch, dimensions)``."""
    difference = posterior.log_variance - prior.log_variance
    distance = ops.square(posterior.mean - prior.mean) * ops.exp(-prior.log_variance)
    kl = 0.5 * (ops.exp(difference) + distance - 1.0 - difference)
    return ops.reshape(kl, (-1, math.prod(kl.shape[1:])))


def gaussian(values: Any) -> Gaussian:
    """Mean and bounded log-variance from the two halves of the last axis."""
    mean, log_variance = ops.split(values, 2, axis=-1)
    return Gaussian(mean, ops.clip(log_variance, -10.0, 4.0))


def edges_of_tiles(tiles: Any, images: Any) -> Any:
    """Maps from a map of tiles: an edge is drawn as the fainter of its two tiles, pins as 1.

    Args:
        tiles: ``(batch, size, size, 1)``, 0..1.
        images: ``(batch, size, size, 3)``, for the pins.

    Returns:
        ``(batch, size, size, 3)``: the tiles as they are, the edges to the right and above; those
        that leave the window are 0.
    """
    black = ops.maximum(tiles, ops.cast(images[..., 2:] > 0, tiles.dtype))
    right = ops.minimum(black[:, :, :-1], black[:, :, 1:])
    up = ops.minimum(black[:, :-1], black[:, 1:])
    right = ops.pad(right, [(0, 0), (0, 0), (0, 1), (0, 0)])
    up = ops.pad(up, [(0, 0), (0, 1), (0, 0), (0, 0)])
    return ops.concatenate([tiles, right, up], axis=-1)


def draw_latent(belief: Belief, mask: Any, noise: Any) -> Any:
    """The latent of a level: from the posterior where there is one and ``mask`` is set.

    Args:
        belief: of the level.
        mask: bool ``(batch, 1)``; None for all.
        noise: of the shape of the prior's mean; None for the mean.
    """
    prior, posterior = belief
    assert prior is not None
    used = posterior or prior
    if posterior is not None and mask is not None:
        chosen = ops.reshape(mask, (-1, *[1] * (len(prior.mean.shape) - 1)))
        used = Gaussian(
            ops.where(chosen, posterior.mean, prior.mean),
            ops.where(chosen, posterior.log_variance, prior.log_variance),
        )
    if noise is None:
        return used.mean
    return used.mean + ops.cast(noise, used.mean.dtype) * ops.exp(0.5 * used.log_variance)


class _Level(keras.layers.Layer):
    """Where two sides meet in a level: its own features past the levels inside, and what they give.

    Args:
        config: of the model.
        scaled: whether the config's factors on the two sides hold in this level.
    """

    def __init__(self, config: ModelConfig, scaled: bool, **kwargs: Any):
        super().__init__(**kwargs)
        self.config = config
        self.own_factor, self.inner_factor = (
            (config.skip_scale, config.path_scale) if scaled else (1.0, 1.0)
        )
        self.grows = scaled and config.skip_growth > 0.0

    def block(self, channels: int, name: str, dilation: int = 1) -> Block:
        """A block as the config has them."""
        return Block(
            channels,
            dilation=dilation,
            residual=self.config.residual,
            normalization=self.config.normalization,
            dropout=self.config.dropout,
            name=name,
        )

    def build_factor(self) -> None:
        """Create the share of the own side's factor that is reached, where it grows."""
        if self.grows:
            self.reached = self.add_weight(
                shape=(), initializer="ones", trainable=False, name="reached"
            )

    def meet(self, own: Any, *inner: Any) -> Any:
        """Concatenate ``(batch, rows, rows, channels)`` of both sides, each with its factor."""
        factor: Any = self.own_factor
        if self.grows:
            factor = ops.cast(factor * ops.convert_to_tensor(self.reached), self.compute_dtype)
        return ops.concatenate([own * factor, *(part * self.inner_factor for part in inner)], -1)


@keras.saving.register_keras_serializable(PACKAGE)
class Core(_Level):
    """Encoder, latent and decoder at 8x8, with this exit's input and output heads."""

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, config.scaled == "all", **kwargs)
        channels, norm = config.core_channels, config.normalization
        self.stem = Convolution(channels, normalization=norm, name="stem")
        blocks = [self.block(channels, f"block{i}") for i in range(config.core_blocks)]
        half = config.core_blocks // 2
        self.encoder, self.decoder = blocks[:half], blocks[half:]
        if config.latent:
            self.squeeze = Convolution(16, 2, strides=2, normalization=norm, name="squeeze")
            self.encode = keras.layers.Dense(config.dense, activation="relu", name="encode")
            self.prior = keras.layers.Dense(2 * config.latent, name="prior", dtype="float32")
            self.encode_route = keras.layers.Dense(
                config.dense, activation="relu", name="encode_route"
            )
            self.posterior = keras.layers.Dense(
                2 * config.latent, name="posterior", dtype="float32"
            )
            self.decode = keras.layers.Dense(config.dense, activation="relu", name="decode")
            self.spread = keras.layers.Dense(
                CORE_SIZE * CORE_SIZE * 8, activation="relu", name="spread"
            )
            self.merge = Convolution(channels, 1, activate=False, normalization=norm, name="merge")
        self.head = keras.layers.Conv2D(
            HEAD_CHANNELS if config.edge_maps else 1,
            3,
            padding="same",
            name="head",
            dtype="float32",
        )

    def build(self, input_shape: tuple[int | None, ...] | None = None) -> None:
        """Create all weights."""
        config = self.config
        grid = (None, CORE_SIZE, CORE_SIZE)
        trunk = (*grid, config.core_channels)
        self.stem.build((*grid, 3))
        for block in (*self.encoder, *self.decoder):
            block.build(trunk)
        if config.latent:
            self.squeeze.build(trunk)
            flat = 16 * (CORE_SIZE // 2) ** 2
            self.encode.build((None, flat))
            self.prior.build((None, config.dense))
            self.encode_route.build((None, flat + CORE_SIZE * CORE_SIZE))
            self.posterior.build((None, config.dense))
            self.decode.build((None, config.latent))
            self.spread.build((None, config.dense))
            self.merge.build((*grid, config.core_channels + 8))
        self.build_factor()
        self.head.build(trunk)
        self.built = True

    @property
    def all_blocks(self) -> list[Block]:
        """Its blocks, in order."""
        return [*self.encoder, *self.decoder]

    def trunk(self, hidden: Any, latent: Latent, training: bool = False) -> Drawing:
        """From the stem's output on; routes are pooled to 8x8."""
        config = self.config
        for block in self.encoder:
            hidden = block(hidden, training=training)
        belief = Belief()
        if config.latent:
            flat = ops.reshape(
                self.squeeze(hidden, training=training), (-1, self.encode.kernel.shape[0])
            )
            belief = Belief(gaussian(self.prior(self.encode(flat))))
            if latent.routes is not None:
                routes = ops.reshape(ops.cast(latent.routes, flat.dtype), (-1, CORE_SIZE**2))
                both = ops.concatenate([flat, routes], axis=-1)
                belief = belief._replace(
                    posterior=gaussian(self.posterior(self.encode_route(both)))
                )
            noise = None if latent.noise is None else latent.noise[:, : config.latent]
            z = draw_latent(belief, latent.mask, noise)
            decoded = ops.reshape(self.spread(self.decode(z)), (-1, CORE_SIZE, CORE_SIZE, 8))
            hidden = self.merge(self.meet(hidden, decoded), training=training)
        for block in self.decoder:
            hidden = block(hidden, training=training)
        return Drawing(self.head(hidden), hidden, (belief,))

    def draw(self, images: Any, latent: Latent, training: bool = False) -> Drawing:
        """Draw ``(batch, 8, 8, 3)`` images."""
        hidden = self.stem(ops.cast(images, self.compute_dtype), training=training)
        return self.trunk(hidden, latent, training)


@keras.saving.register_keras_serializable(PACKAGE)
class RingLatent(keras.layers.Layer):
    """A ring's latent, ``dimensions`` numbers for every four by four tiles.

    Its prior sees the ring's features at half its resolution, its posterior the route too.

    Args:
        dimensions: of the latent at a place.
        channels: of the features that it is added to.
        normalization: of the convolutions.
    """

    def __init__(self, dimensions: int, channels: int, normalization: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.dimensions, self.channels = dimensions, channels
        self.look = Convolution(channels, 2, strides=2, normalization=normalization, name="look")
        self.prior = keras.layers.Conv2D(2 * dimensions, 1, name="prior", dtype="float32")
        self.look_at_route = Convolution(
            channels, 2, strides=2, normalization=normalization, name="look_at_route"
        )
        self.weigh = Convolution(channels, normalization=normalization, name="weigh")
        self.posterior = keras.layers.Conv2D(2 * dimensions, 1, name="posterior", dtype="float32")
        self.spread = keras.layers.Conv2D(4 * channels, 1, name="spread")

    def build(self, input_shape: tuple[Any, ...]) -> None:
        """Create the weights for features ``(batch, rows, rows, channels)``."""
        _, rows, columns, channels = input_shape
        places = (None, rows // 2, columns // 2)
        self.look.build(input_shape)
        self.prior.build((*places, self.channels))
        self.look_at_route.build((None, rows, columns, channels + 4))
        self.weigh.build((*places, self.channels))
        self.posterior.build((*places, self.channels))
        self.spread.build((*places, self.dimensions))
        self.built = True

    def call(self, hidden: Any, latent: Latent, noise: Any, training: bool = False) -> Any:
        """Add the latent to ``(batch, rows, rows, channels)``; gives what is believed of it too.

        Args:
            hidden: the ring's features.
            latent: what it is taken from.
            noise: the ring's part of the latent's.
            training: whether normalisation uses the batch's statistics.
        """
        belief = Belief(gaussian(self.prior(self.look(hidden, training=training))))
        if latent.routes is not None:
            routes = ops.cast(gather_pixels(latent.routes), self.compute_dtype)
            both = ops.concatenate([hidden, routes], axis=-1)
            seen = self.weigh(self.look_at_route(both, training=training), training=training)
            belief = belief._replace(posterior=gaussian(self.posterior(seen)))
        if noise is not None:
            _, rows, columns, _ = hidden.shape
            noise = ops.reshape(noise, (-1, rows // 2, columns // 2, self.dimensions))
        z = ops.cast(draw_latent(belief, latent.mask, noise), self.compute_dtype)
        return hidden + spread_pixels(self.spread(z)), belief


@keras.saving.register_keras_serializable(PACKAGE)
class Ring(_Level):
    """What doubles the resolution, with this exit's input and output heads.

    Args:
        config: of the model.
        index: 0 for the innermost ring.
        inner_channels: channels of the inner exit's features.
    """

    def __init__(self, config: ModelConfig, index: int, inner_channels: int, **kwargs: Any):
        super().__init__(config, True, **kwargs)
        self.index = index
        self.size = config.sizes[index + 1]
        self.inner_channels = inner_channels
        norm = config.normalization
        self.fine = fine = config.ring("fine_channels", index)
        # In the paper's growth the inner trunk takes the place of the blocks at half resolution.
        pooled = config.growth == "pooled"
        self.coarse = config.ring("channels", index) if pooled else inner_channels
        self.stem = Convolution(fine, normalization=norm, name="stem")
        pools = config.pooling == "max"
        self.down = Convolution(
            self.coarse,
            1 if pools else 2,
            strides=1 if pools else 2,
            normalization=norm,
            name="down",
        )
        self.blocks: list[Block] = []
        if pooled:
            self.merge = Convolution(self.coarse, normalization=norm, name="merge")
            self.blocks = [
                self.block(
                    self.coarse,
                    f"block{i}",
                    DILATIONS[i % len(DILATIONS)] if config.dilation else 1,
                )
                for i in range(config.ring("blocks", index))
            ]
        dimensions = config.ring("latent", index)
        self.latent = (
            RingLatent(dimensions, self.coarse, norm, name="latent") if dimensions else None
        )
        self.up = Convolution(
            4 * fine, 1, normalization=norm if config.normalize_up else "none", name="up"
        )
        self.refine = Convolution(fine, normalization=norm, name="refine")
        self.fine_blocks = [
            self.block(fine, f"fine{i}") for i in range(config.ring("fine_blocks", index))
        ]
        self.head = keras.layers.Conv2D(
            HEAD_CHANNELS if config.edge_maps else 1,
            3,
            padding="same",
            name="head",
            dtype="float32",
        )

    def build(self, input_shape: tuple[int | None, ...] | None = None) -> None:
        """Create all weights."""
        grid = (None, self.size, self.size)
        half = (None, self.size // 2, self.size // 2)
        self.stem.build((*grid, 3))
        self.down.build((*(half if self.config.pooling == "max" else grid), self.fine))
        if self.config.growth == "pooled":
            self.merge.build((*half, self.coarse + self.inner_channels + 1))
            for block in self.blocks:
                block.build((*half, self.coarse))
        if self.latent is not None:
            self.latent.build((*half, self.coarse))
        self.up.build((*half, self.coarse))
        self.refine.build((*grid, 2 * self.fine))
        for block in self.fine_blocks:
            block.build((*grid, self.fine))
        self.build_factor()
        self.head.build((*grid, self.fine))
        self.built = True

    @property
    def all_blocks(self) -> list[Block]:
        """Its blocks, in order."""
        return [*self.blocks, *self.fine_blocks]

    def start(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        """Stem of ``(batch, size, size, 3)`` images, and its output at half resolution."""
        hidden = self.stem(ops.cast(images, self.compute_dtype), training=training)
        return hidden, self.halve(hidden, training)

    def halve(self, stem: Any, training: bool = False) -> Any:
        """The stem's output ``(batch, size, size, fine)`` at half the resolution."""
        if self.config.pooling == "max":
            stem = ops.max_pool(stem, 2, 2)
        return self.down(stem, training=training)

    def refine_inner(
        self, down: Any, inner: Drawing, latent: Latent, training: bool = False
    ) -> tuple[Any, Belief]:
        """Join this ring's half-resolution features with the inner exit's (pooled growth)."""
        drawn = ops.sigmoid(inner.logits[..., :1])
        parts = [ops.cast(part, self.compute_dtype) for part in (inner.features, drawn)]
        hidden = self.merge(self.meet(down, *parts), training=training)
        half = len(self.blocks) // 2
        for block in self.blocks[:half]:
            hidden = block(hidden, training=training)
        hidden, belief = self.choose(hidden, latent, training)
        for block in self.blocks[half:]:
            hidden = block(hidden, training=training)
        return hidden, belief

    def choose(self, hidden: Any, latent: Latent, training: bool = False) -> tuple[Any, Belief]:
        """Add the ring's own latent, if it has one, to its features at half resolution."""
        if self.latent is None:
            return hidden, Belief()
        noise = latent.noise
        if noise is not None:
            rows = hidden.shape[1]
            inner, own = (self.config.noise(size) for size in (rows, 2 * rows))
            noise = noise[:, inner:own]
        chosen, belief = self.latent(hidden, latent, noise, training=training)
        return chosen, belief

    def finish(self, stem: Any, hidden: Any, training: bool = False) -> tuple[Any, Any]:
        """Logits and features from the stem's output and what came up from half resolution."""
        merged = self.meet(stem, spread_pixels(self.up(hidden, training=training)))
        features = self.refine(merged, training=training)
        for block in self.fine_blocks:
            features = block(features, training=training)
        return self.head(features), features


def _draw_kernels(level: Core | Ring) -> None:
    """Draw all kernels of a level anew, by the rules of DCGAN [3]."""
    for weight in level.weights:
        if weight.name == "kernel":
            weight.assign(keras.initializers.RandomNormal(0.0, DCGAN_DEVIATION)(weight.shape))


def _named_weights(ring: Ring) -> dict[str, Any]:
    """Weights by their names within a ring, such as ``block-1/first/convolution/kernel``.

    Blocks count from the last: those next to the exit are the ones that a shorter ring needs.
    """
    counts = {"block": len(ring.blocks), "fine": len(ring.fine_blocks)}

    def name(path: str) -> str:
        within = path.partition(f"{ring.name}/")[2]
        return re.sub(r"^(block|fine)(\d+)", lambda m: f"{m[1]}{int(m[2]) - counts[m[1]]}", within)

    return {name(weight.path): weight for weight in ring.weights}


def _planned(images: Any, plans: Any) -> Any:
    """Images ``(batch, size, size, 3)`` with plans ``(batch, size, size)`` as faint pins."""
    faint = PLAN_PIN * ops.cast(plans, images.dtype)[..., None]
    return ops.concatenate([images[..., :2], ops.maximum(images[..., 2:], faint)], axis=-1)


def _pooled_latent(latent: Latent) -> Latent:
    """What the exit inside takes its latents from: routes at half the resolution."""
    if latent.routes is None:
        return latent
    return latent._replace(routes=ops.max_pool(latent.routes, 2, 2))


@keras.saving.register_keras_serializable(PACKAGE)
class RouteVAE(keras.Model):
    """The whole model: core and rings; see :class:`eda_router.neural.architecture.Architecture`.

    Args:
        config: the model's shape.
        locked: inner exits that are not trained: every one smaller than this size.
    """

    def __init__(self, config: ModelConfig, locked: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.config = config
        self.core = Core(config, name="core")
        self.rings: list[Ring] = []
        channels = config.core_channels
        for index in range(len(config.sizes) - 1):
            ring = Ring(config, index, channels, name=f"ring{config.sizes[index + 1]}")
            self.rings.append(ring)
            channels = config.ring("fine_channels", index)
        self.lock(locked)
        self.build()

    def build(self, input_shape: tuple[int | None, ...] | None = None) -> None:
        """Create all weights; they depend on the config alone."""
        if not self.levels[0].built:
            for level in self.levels:
                level.build()
                if self.config.first_weights == "normal":
                    _draw_kernels(level)
        self.built = True

    def noise(self, size: int) -> int:
        """See :meth:`eda_router.neural.architecture.Architecture.noise`."""
        return self.config.noise(size)

    def takes_plans(self, size: int) -> bool:
        """See :meth:`eda_router.neural.architecture.Architecture.takes_plans`."""
        return size > CORE_SIZE and self.config.growth == "pooled"

    @property
    def levels(self) -> list[Core | Ring]:
        """The core and the rings, from the inside."""
        return [self.core, *self.rings]

    def lock(self, below: int) -> None:
        """Make only the levels of window size ``below`` and more trainable."""
        self.locked = below
        for level, size in zip(self.levels, self.config.sizes, strict=True):
            level.trainable = size >= below

    @property
    def further(self) -> tuple[int, ...]:
        """See :class:`eda_router.neural.architecture.Architecture`."""
        return self.config.further

    def level(self, size: int) -> Core | Ring:
        """The part that was added for exit ``size``; the outermost ring for further exits."""
        if size in self.further:
            return self.levels[-1]
        return self.levels[self.config.sizes.index(size)]

    def parameters(self, size: int) -> int:
        """Number of weights of the levels that exit ``size`` runs through."""
        levels = zip(self.levels, self.config.sizes, strict=True)
        return int(sum(level.count_params() for level, own in levels if own <= size))

    def begin_step(self, key: Sequence[int], sizes: Collection[int], progress: float) -> None:
        """Seed the dropout, and let the factors on skips grow.

        See :meth:`eda_router.neural.architecture.Architecture.begin_step`.
        """
        if self.config.dropout:
            seed_dropout((block for level in self.levels for block in level.all_blocks), key)
        for size in sizes:
            level = self.level(size)
            if level.grows:
                level.reached.assign(min(1.0, progress / self.config.skip_growth))

    def start_from_data(self, images: Any, routes: Any, sizes: Collection[int]) -> None:
        """Start weight normalisation layer after layer, each on what those before it give then.

        See :meth:`eda_router.neural.architecture.Architecture.start_from_data`.
        """
        layers = [
            layer
            for size in sizes
            for layer in self.level(size)._flatten_layers()
            if isinstance(layer, WeightNormalized)
        ]
        for layer in layers:
            layer.starting = True
        try:
            self.exit(images, Latent(routes=routes))
        finally:
            for layer in layers:
                layer.starting = False

    def exit(
        self,
        images: Any,
        latent: Latent = FIRST,
        training: bool = False,
        plans: Any = None,
    ) -> Drawing:
        """Draw images ``(batch, size, size, 3)`` with the exit of their size.

        Args:
            images: as in :mod:`eda_router.neural.tensors`.
            latent: what the latent is taken from.
            training: whether normalisation uses the batch's statistics (trainable levels only).
            plans: ``(batch, size / 2, size / 2)``, 0 or 1, for sizes that take them; None: none.
        """
        if self.config.growth == "pooled":
            return self._pooled(images, latent, training, plans)
        level = self.level(images.shape[1])
        stem = level.stem(ops.cast(images, level.compute_dtype), training=training)
        return self._through(stem, images.shape[1], latent, training)

    def _pooled(self, images: Any, latent: Latent, training: bool, plans: Any = None) -> Drawing:
        level = self.level(images.shape[1])
        if isinstance(level, Core):
            return level.draw(images, latent, training)
        problem = pool_problem(images)
        if plans is not None:
            problem = _planned(problem, plans)
        inner = self._pooled(problem, _pooled_latent(latent), training)
        stem, down = level.start(images, training)
        hidden, belief = level.refine_inner(down, inner, latent, training)
        return Drawing(*level.finish(stem, hidden, training), (*inner.beliefs, belief))

    def _through(self, stem: Any, size: int, latent: Latent, training: bool) -> Drawing:
        """Paper's growth: from a stem's output at ``size`` through all inner trunks and back."""
        level = self.level(size)
        if isinstance(level, Core):
            return level.trunk(stem, latent, training)
        down = level.halve(stem, training)
        inner = self._through(down, size // 2, _pooled_latent(latent), training)
        hidden, belief = level.choose(inner.features, latent, training)
        return Drawing(*level.finish(stem, hidden, training), (*inner.beliefs, belief))

    def call(self, images: Any, training: bool = False) -> Any:
        """Logits ``(batch, size, size, 1)`` that each tile is in the route, latent at its mean."""
        return self.exit(images, training=training).logits[..., :1]

    def probabilities(self, logits: Any) -> Any:
        """Turn an exit's logits into 0..1, the tile's as the config's ``output`` says."""
        config = self.config
        if config.output == "sigmoid":
            return ops.sigmoid(logits)
        if config.output == "tanh":
            return 0.5 + 0.5 * ops.tanh(logits)
        boosted = config.output_boost * logits[..., :1]
        value = ops.exp(boosted) if config.output == "exp" else ops.power(boosted, 3)
        rest = config.output_rest
        tiles = ops.clip((value - rest) / (config.output_goal - rest), 0.0, 1.0)
        return ops.concatenate([tiles, ops.sigmoid(logits[..., 1:])], axis=-1)

    def maps(
        self, images: Any, noise: Any = None, training: bool = False, plans: Any = None
    ) -> Any:
        """Draw images; ``noise`` moves the latents from their means.

        See :meth:`eda_router.neural.architecture.Architecture.maps`.
        """
        latent = Latent(noise) if self.noise(images.shape[1]) else FIRST
        drawn = self.probabilities(self.exit(images, latent, training, plans).logits)
        return drawn if self.config.edge_maps else edges_of_tiles(drawn, images)

    def draw_batch(self, batch: Batch, terms: ModelTerms, stage: int) -> Drawing:
        """Draw a batch for the loss, a share of it from the posterior.

        See :meth:`eda_router.neural.architecture.Architecture.draw_batch`.
        """
        share = value_at(terms.posterior, stage)
        latent = FIRST
        if share > 0.0 and self.noise(batch.images.shape[1]):
            mask = batch.chance < share
            latent = Latent(ops.where(mask, batch.noise, 0.0), batch.targets[..., :1], mask)
        return self.exit(batch.images, latent, training=True)

    def charge(self, drawn: Drawing, weight: Any, terms: ModelTerms) -> tuple[Any, dict[str, Any]]:
        """The KL divergence of the posterior from the prior.

        See :meth:`eda_router.neural.architecture.Architecture.charge`.
        """
        divergences = [
            kl_divergence(posterior, prior)
            for level, (prior, posterior) in zip(self.levels, drawn.beliefs, strict=False)
            if level.trainable and prior is not None and posterior is not None
        ]
        if not divergences:
            return None, {}
        kl = ops.mean(ops.concatenate(divergences, axis=-1), axis=0)
        figures = {"kl": ops.sum(kl)}
        return weight * ops.sum(ops.maximum(kl, terms.free_bits)), figures

    def latent_use(self, images: Any, routes: Any) -> dict[str, float]:
        """KL of the posteriors from the priors in nats, and the dimensions that carry any."""
        drawing = self.exit(images, Latent(routes=routes))
        divergences = [
            ops.convert_to_numpy(kl_divergence(posterior, prior)).mean(axis=0)
            for prior, posterior in drawing.beliefs
            if prior is not None and posterior is not None
        ]
        if not divergences:
            return {}
        mean = np.concatenate(divergences)
        return {"kl": float(mean.sum()), "live_dimensions": int((mean > LIVE).sum())}

    def grow(self, size: int, inherit: bool = False) -> RouteVAE:
        """A model with exits up to ``size``, the weights so far copied and locked.

        Args:
            size: of the new outermost window.
            inherit: start each new ring with the weights of the ring inside it, layer by layer, as
                far as both have the layer in equal shape, of more blocks the last; their tasks are
                alike.
        """
        sizes = tuple(CORE_SIZE << i for i in range((size // CORE_SIZE).bit_length()))
        grown = RouteVAE(dataclasses.replace(self.config, sizes=sizes), locked=size)
        for old, new in zip(self.levels, grown.levels, strict=False):
            new.set_weights(old.get_weights())
        if inherit:
            for inner, outer in itertools.pairwise(grown.rings[max(0, len(self.rings) - 1) :]):
                given = _named_weights(inner)
                for name, weight in _named_weights(outer).items():
                    if name in given and given[name].shape == weight.shape:
                        weight.assign(given[name])
        return grown

    def get_config(self) -> dict[str, Any]:
        """The model's shape as plain values."""
        return {**dataclasses.asdict(self.config), "name": self.name, "locked": self.locked}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> RouteVAE:
        """Rebuild from :meth:`get_config`."""
        values: dict[str, Any] = dict(config)
        name, locked = values.pop("name"), values.pop("locked")
        return cls(ModelConfig(**values), locked=locked, name=name)
