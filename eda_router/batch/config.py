"""The settings of a batch. Imports nothing heavy: the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal

from eda_router.config import RouteConfig, Settings, setting
from eda_router.errors import InputError


@dataclass(frozen=True, kw_only=True)
class BatchConfig(Settings):
    """In which ways each design is routed: in every combination of the values.

    Example:
        >>> import eda_router
        >>> config = eda_router.BatchConfig(router=("maze",), effort=("low", "high"))
        >>> [(way.router, way.effort) for way in config.routes]
        [('maze', 'low'), ('maze', 'high')]
    """

    router: tuple[Literal["neural", "maze"], ...] = setting(
        (RouteConfig.router,), "Routers; see edaroute route."
    )
    effort: tuple[Literal["low", "medium", "high", "max"], ...] = setting(
        (RouteConfig.effort,), "How hard they try; see edaroute route."
    )
    seed: tuple[int, ...] = setting(
        (RouteConfig.seed,), "Seeds of every random choice.", low=0, high=2**31 - 1
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("router", "effort", "seed"):
            if not getattr(self, name):
                raise InputError(None, None, f"option {name}: nothing", "at least one value")

    @property
    def routes(self) -> list[RouteConfig]:
        """The ways to route, each once; seeds change fastest, then efforts."""
        ways = product(self.router, self.effort, self.seed)
        return [
            RouteConfig(router=router, effort=effort, seed=seed)
            for router, effort, seed in dict.fromkeys(ways)
        ]
