"""The settings of samples and data sets. Imports nothing heavy: the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

from eda_router.config import RouteConfig, Settings, setting
from eda_router.errors import InputError

_BASE_SHARD = 16384
_BASE_SIZE = 8


@dataclass(frozen=True, kw_only=True)
class SampleSettings(Settings):
    """The settings that samples of every source share."""

    seed: int = setting(1, "Seed of every random choice.", low=0, high=2**31 - 1)
    shard_samples: int | None = setting(
        None, "Samples in a shard; null: 16384 of 8x8 tiles, half as many for each doubling.", low=1
    )
    max_pins: int = setting(16, "Most pins of a net in a random window.", low=2, high=64)
    exact_pins: int = setting(
        8, "Nets with up to this many pins get optimal trees.", low=2, high=10
    )
    labels: Literal["optimal", "random_ties", "maze"] = setting(
        "optimal",
        "What is drawn in each state: the optimal tree with ties decided by place, with ties "
        "decided at random, or a tree grown pin by pin.",
    )
    expected_demand: float = setting(
        RouteConfig.expected_demand,
        "Share of the expected demand (RUDY) of nets still to come that half of the designs' "
        "ledgers show as used; a quarter shows none, a quarter a random share.",
        low=0,
        high=1,
    )

    def count(self, size: int) -> int:
        """Samples in a shard of windows of ``size``."""
        return self.shard_samples or max(1, _BASE_SHARD * _BASE_SIZE // size)


@dataclass(frozen=True, kw_only=True)
class SampleConfig(SampleSettings):
    """The settings that one data set is made of."""

    source: Literal["random", "ledger"] = setting(
        "random", "Where states come from: random windows, or ledgers of synthetic designs."
    )


@dataclass(frozen=True, kw_only=True)
class DesignSampleConfig(SampleSettings):
    """How windows are cut from designs that are given."""

    router: Literal["maze", "neural"] = setting(
        "maze",
        "Who routes the designs given. The maze router's wires are the same on every processor, "
        "the neural router's are not.",
    )
    effort: Literal["low", "medium", "high", "max"] = setting(
        RouteConfig.effort, "How hard it tries; see edaroute route."
    )
    states: Literal["first", "full"] = setting(
        "first",
        "What a net sees of the router's wires: those of the nets before it, smallest first, as in "
        "a first pass; or those of all others.",
    )
    validation_share: float = setting(
        0.1,
        "Share of the nets of each design given that is kept for validation; 1 keeps the designs.",
        low=0,
        high=1,
    )

    @property
    def route(self) -> RouteConfig:
        """The settings of the router."""
        return RouteConfig(router=self.router, effort=self.effort, seed=self.seed)


@dataclass(frozen=True, kw_only=True)
class DatasetConfig(DesignSampleConfig):
    """What ``edaroute dataset`` makes.

    Raises:
        InputError: a size is no power of two, or as for all settings.
    """

    sizes: tuple[int, ...] = setting(
        (8, 16, 32, 64), "Sizes of the windows, powers of two.", unit="tiles", low=4, high=256
    )
    source: Literal["both", "random", "ledger"] | None = setting(
        None,
        "Where states come from beside the designs given: random windows, ledgers of synthetic "
        "designs, or both; null: both, or neither where a design is given.",
    )
    shards: int = setting(4, "Training shards for each source and size.", low=0, high=1_000_000)
    first: int = setting(0, "Number of the first training shard.", low=0, high=999_999)
    validation_shards: int = setting(1, "Validation shards for each.", low=0, high=1_000_000)

    def __post_init__(self) -> None:
        super().__post_init__()
        for size in self.sizes:
            if size & (size - 1):
                raise InputError(None, None, f"option sizes: {size}", "powers of two")

    @property
    def sources(self) -> tuple[SampleConfig, ...]:
        """What the made-up samples of each source are made of."""
        return tuple(
            SampleConfig(source=source, **self._part(SampleSettings))
            for source in ("random", "ledger")
            if self.source in (source, "both", None)
        )

    @property
    def of_designs(self) -> DesignSampleConfig:
        """How windows are cut from the designs given."""
        return DesignSampleConfig(**self._part(DesignSampleConfig))

    def _part(self, cls: type[Settings]) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(cls)}
