"""The flow: which router runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.routing.result import PassRow, RoutingResult


class Router(Protocol):
    """A router; see :func:`route` for the arguments, ``deadline`` is on the monotonic clock."""

    def __call__(
        self,
        design: Design,
        config: RouteConfig,
        *,
        on_pass: Callable[[PassRow], None] | None,
        deadline: float | None,
    ) -> RoutingResult:
        """Route ``design``."""
        ...


def load_router(config: RouteConfig) -> Router:
    """Import the router that ``config`` asks for.

    Raises:
        EdarouteError: it cannot run here.
    """
    if config.router == "neural":
        from eda_router.routing.neural import route_neural

        return route_neural
    from eda_router.routing.maze import route_maze

    return route_maze


def route(
    design: Design,
    config: RouteConfig | None = None,
    *,
    on_pass: Callable[[PassRow], None] | None = None,
) -> RoutingResult:
    """Route every net of ``design``.

    Args:
        design: grid, capacities and nets.
        config: settings; the defaults when None.
        on_pass: called with the state after each pass.

    Returns:
        The wires and how they came about. With a time limit the best state reached.

    Raises:
        EdarouteError: the router asked for cannot run here.
    """
    config = config or RouteConfig()
    deadline = None if config.time_limit is None else time.monotonic() + config.time_limit
    return load_router(config)(design, config, on_pass=on_pass, deadline=deadline)
