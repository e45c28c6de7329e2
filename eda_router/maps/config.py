"""The settings of maps. Imports nothing heavy: the command line reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eda_router.config import RouteConfig, Settings, setting


@dataclass(frozen=True, kw_only=True)
class MapsConfig(Settings):
    """How designs without a route of their own get the maps of congestion.

    Raises:
        TypeError: there is no setting of that name.
        InputError: a value is of another type or out of range.

    Example:
        >>> import eda_router
        >>> eda_router.MapsConfig(effort="low").route.router
        'maze'
    """

    labels: bool = setting(
        True, "Route designs that come without a route, for the maps of congestion."
    )
    router: Literal["maze", "neural"] = setting(
        "maze",
        "Who routes them. The maze router's wires are the same on every processor, the neural "
        "router's are not.",
    )
    effort: Literal["low", "medium", "high", "max"] = setting(
        RouteConfig.effort, "How hard it tries; see edaroute route."
    )
    seed: int = setting(RouteConfig.seed, "Seed of the router.", low=0, high=2**31 - 1)

    @property
    def route(self) -> RouteConfig:
        """Settings of the router: what cannot be routed without overflow is routed with it."""
        return RouteConfig(
            router=self.router, effort=self.effort, seed=self.seed, allow_overflow=True
        )

    @property
    def early_route(self) -> RouteConfig:
        """Settings of an early look: one pass of the maze router, without rip-up and reroute."""
        return RouteConfig(
            router="maze",
            effort=self.effort,
            seed=self.seed,
            allow_overflow=True,
            negotiate=False,
            refine=False,
        )
