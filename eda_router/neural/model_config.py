"""The model's shape, and what it asks for in training, as settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from eda_router.config import Settings, setting
from eda_router.errors import InputError

T = TypeVar("T")

CORE_SIZE = 8
"""Tiles on a side of the innermost exit's window."""

TINY: dict[str, Any] = {
    "core_channels": 8,
    "core_blocks": 2,
    "latent": 8,
    "dense": 32,
    "ring_latent": (0,),
    "ring_channels": (8,),
    "ring_fine_channels": (8,),
    "ring_blocks": (1,),
    "ring_fine_blocks": (2,),
    "further_exits": 0,
}
"""A model for trials, which trains in seconds."""


def value_at(values: Sequence[T], index: int) -> T:
    """The value number ``index`` of a setting of which the last value serves all further ones."""
    return values[min(index, len(values) - 1)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig(Settings):
    """Everything that decides which weights the model has."""

    sizes: tuple[int, ...] = setting(
        (8,), "Window sizes of the exits, from 8 up, each twice the one before.", unit="tiles"
    )
    further_exits: int = setting(
        2,
        "Exits above the largest size, each twice the one before, for nets that are wider: the "
        "outermost ring once more around itself, which is not trained for them. There are none "
        "without a ring, without pooled growth, and where the ring has other channels than what it "
        "is around.",
        low=0,
        high=4,
        later=True,
    )
    growth: Literal["pooled", "paper"] = setting(
        "pooled",
        "How rings are added: inner exits see the pooled problem, or, as in Algorithm 1 of the "
        "paper, the ring's features.",
    )
    core_channels: int = setting(32, "Channels of the core's convolutions.", low=1, high=1024)
    core_blocks: int = setting(
        6, "Residual blocks of the core, half before and half after the latent.", low=0, high=64
    )
    latent: int = setting(64, "Dimensions of the latent; 0: no latent.", low=0, high=4096)
    ring_latent: tuple[int, ...] = setting(
        (8,),
        "Dimensions of each ring's latent on every four by four tiles; the last value serves "
        "further rings. 0: no latent of its own.",
        low=0,
        high=256,
    )
    dense: int = setting(256, "Units of the dense layers around the latent.", low=1, high=8192)
    ring_channels: tuple[int, ...] = setting(
        (64,), "Channels of each ring at half its resolution; the last value serves further rings."
    )
    ring_fine_channels: tuple[int, ...] = setting(
        (32,), "Channels of each ring at full resolution; the last value serves further rings."
    )
    ring_blocks: tuple[int, ...] = setting(
        (6,), "Residual blocks of each ring; the last value serves further rings."
    )
    ring_fine_blocks: tuple[int, ...] = setting(
        (4,),
        "Residual blocks of each ring at full resolution; the last value serves further rings.",
    )
    pooling: Literal["strided", "max"] = setting(
        "strided",
        "How a ring halves its resolution: a strided convolution, or, as in Algorithm 1 of the "
        "paper, the largest of four tiles, then a convolution.",
    )
    dilation: bool = setting(True, "Let the rings' blocks see far through dilated convolutions.")
    residual: bool = setting(True, "Add each block's input to its output.")
    dropout: float = setting(
        0.0,
        "Share of a block's features that training drops, between its two convolutions.",
        low=0,
        high=0.95,
        later=True,
    )
    skip_scale: float = setting(
        1.0, "Factor on skip connections before they meet the decoder; 0: no skips.", low=0
    )
    path_scale: float = setting(1.0, "Factor on the decoder's own side, the control.", low=0)
    scaled: Literal["all", "rings"] = setting(
        "all",
        "Where the two factors hold: everywhere, or in rings alone, where a ring's own features "
        "meet what comes from inside.",
        later=True,
    )
    skip_growth: float = setting(
        0.0,
        "Share of a stage over which the factor on the skips of the levels that it adds grows from "
        "0 to skip_scale; 0: it is constant.",
        low=0,
        high=1,
        later=True,
    )
    normalization: Literal["none", "batch", "weight", "weight_mean"] = setting(
        "none",
        "Normalisation of the convolutions; 'weight_mean' is 'weight' with mean-only batch "
        "normalisation.",
    )
    normalize_up: bool = setting(
        False, "Normalise the convolution before the rings' upsampling too."
    )
    first_weights: Literal["inputs", "normal"] = setting(
        "inputs",
        "What kernels start from: deviations by the number of inputs, residual blocks as the "
        "identity, or, by the rules of DCGAN, all from a normal distribution of deviation 0.02.",
        later=True,
    )
    edge_maps: bool = setting(
        True,
        "Draw edges beside tiles; without, an exit has one channel as in the paper, and an edge "
        "counts as drawn as the fainter of its two tiles, pins being black.",
    )
    output: Literal["sigmoid", "exp", "pow3", "tanh"] = setting(
        "sigmoid",
        "What turns an output into a drawing: the sigmoid, the scale of the losses exp_gb and "
        "pow3_gb, or, by the rules of DCGAN, the hyperbolic tangent from -1, white, to 1.",
    )
    output_boost: float = setting(1.0, "Factor on the outputs of 'exp' and 'pow3'.", low=1e-3)
    output_goal: float = setting(
        4.0, "Target value of a tile of the route with 'exp' and 'pow3'.", low=1e-3
    )
    output_rest: float = setting(
        0.0, "Target value of all other tiles; below 0 for 'pow3' alone.", high=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        expected = tuple(CORE_SIZE << i for i in range(len(self.sizes)))
        if not self.sizes or self.sizes != expected:
            raise InputError(
                None, None, f"option sizes: {list(self.sizes)}", "8, 16, 32, 64 … without gaps"
            )
        if self.output_rest < 0.0 and self.output != "pow3":
            raise InputError(
                None, None, f"option output_rest: {self.output_rest:g} with {self.output}", "0"
            )
        if self.first_weights == "normal" and self.normalization.startswith("weight"):
            raise InputError(
                None,
                None,
                f"option first_weights: normal with normalization {self.normalization}, whose "
                "kernels have no length",
                "inputs",
            )
        for name in (
            "ring_channels",
            "ring_fine_channels",
            "ring_blocks",
            "ring_fine_blocks",
            "ring_latent",
        ):
            if not getattr(self, name):
                raise InputError(None, None, f"option {name}: empty", "one value or more")

    def ring(self, name: str, index: int) -> int:
        """The value of ``ring_<name>`` for ring number ``index`` (0 is the innermost ring)."""
        values: tuple[int, ...] = getattr(self, f"ring_{name}")
        return value_at(values, index)

    @property
    def further(self) -> tuple[int, ...]:
        """Sizes above ``sizes`` that the outermost ring draws too."""
        outermost = len(self.sizes) - 2
        if self.growth != "pooled" or outermost < 0:
            return ()
        inner = self.ring("fine_channels", outermost - 1) if outermost else self.core_channels
        if inner != self.ring("fine_channels", outermost):
            return ()
        return tuple(self.sizes[-1] << i for i in range(1, self.further_exits + 1))

    def noise(self, size: int) -> int:
        """Numbers of noise that a drawing of windows of ``size`` takes, inner latents first."""
        rings = [side for side in (*self.sizes[1:], *self.further) if side <= size]
        own = ((side // 4) ** 2 * self.ring("latent", i) for i, side in enumerate(rings))
        return self.latent + sum(own)

    @property
    def width(self) -> int:
        """Channels at full resolution, for what is made to go with the model."""
        return self.core_channels


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelTerms(Settings):
    """What the model asks for in training beside the loss of its drawings."""

    kl_weight: float = setting(1.0, "Weight of the KL divergence.", low=0)
    kl_anneal: float = setting(
        0.1, "Share of the first stage over which the KL's weight rises from 0.", low=0, high=1
    )
    free_bits: float = setting(
        0.02, "KL a dimension below which nothing is charged.", unit="nats", low=0
    )
    posterior: tuple[float, ...] = setting(
        (0.5, 0.7),
        "Share of a batch drawn from the posterior, the rest from the prior's mean; by stage.",
        low=0,
        high=1,
    )

    def term_weight(self, stage: int, progress: float) -> float:
        """Weight of the model's terms at a share ``progress`` of a stage."""
        if stage == 0 and self.kl_anneal > 0.0:
            return self.kl_weight * min(1.0, progress / self.kl_anneal)
        return self.kl_weight
