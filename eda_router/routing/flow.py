"""The flow: which router runs, and which of its results is kept.

One run is the rule. Two cases take more, and the best result of all is what comes back:

- *Against the clock* a quick run of the maze router comes first, so that there is a legal result
  early; what time is left goes to the run asked for, or, where that could not finish, to shortening
  the quick one.
- *At effort high* a design that could not be finished is routed at the lower efforts too: gentle
  costs make wires short, and steep ones sometimes leave fewer nets.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Protocol

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.errors import expect_type
from eda_router.routing.effort import Effort
from eda_router.routing.hook import Hook, PassState, is_stopped
from eda_router.routing.result import PassRow, RoutingResult
from eda_router.routing.shortage import shortage_details

QUICK = Effort(
    congestion_weight=6.0,
    history_step=2.0,
    history_growth=1.1,
    history_limit=4.0,
    iterations=100,
    patience=30,
    rounds_per_margin=2,
    exact_pins=4,
    improvements=0,
    refinements=0,
    refine_exact_pins=4,
    box_nodes=1024,
)
"""The effort of the quick run: costs so steep that little overflow is left to negotiate about, and
trees as they grew. Half the time of effort low, for wires some 2 % longer."""

TIMES_QUICK = {
    ("maze", "low"): 2.5,
    ("maze", "medium"): 5.0,
    ("maze", "high"): 30.0,
    ("neural", "low"): 7.0,
    ("neural", "medium"): 10.0,
    ("neural", "high"): 40.0,
}
"""About how many times as long as the quick run each router and effort takes; with less time left
than that, the run asked for would not finish."""

GRACE = 0.25, 0.5
"""What the quick run may take beyond the limit to become legal: a share of it, at most so many
seconds. Only a busy machine makes use of that."""


class Router(Protocol):
    """A router; see :func:`route` for the arguments, ``deadline`` is on the monotonic clock."""

    def __call__(
        self,
        design: Design,
        config: RouteConfig,
        *,
        on_pass: Callable[[PassState], object] | None,
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
    on_pass: Callable[[PassState], object] | None = None,
) -> RoutingResult:
    """Route every net of ``design``.

    Args:
        design: grid, capacities and nets.
        config: settings; the defaults when None.
        on_pass: shown the :class:`~eda_router.routing.hook.PassState` after each pass; the run ends
            when it returns :data:`~eda_router.routing.hook.STOP`.

    Returns:
        The wires and how they came about. With a time limit the best state reached.

    Raises:
        TypeError: an argument is of another type.
        EdarouteError: the router asked for cannot run here.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> result = eda_router.route(design, eda_router.RouteConfig(effort="low"))
        >>> eda_router.verify(design, result.routes).legal
        True
    """
    config = RouteConfig() if config is None else config
    expect_type("design", design, Design)
    expect_type("config", config, RouteConfig)
    hook = None if on_pass is None else Hook(on_pass)
    if config.time_limit is None:
        return route_until(design, config, hook=hook, deadline=None)
    load_kernels()
    deadline = time.monotonic() + config.time_limit
    return route_until(design, config, hook=hook, deadline=deadline)


def route_until(
    design: Design,
    config: RouteConfig,
    *,
    hook: Hook | None,
    deadline: float | None,
) -> RoutingResult:
    """As :func:`route`, until a moment on the monotonic clock, or None."""
    if config.effort == "max":
        return _route_most(design, config, hook, deadline)
    flow = _Flow(design, config, hook, deadline)
    if deadline is None or not config.finishes:
        flow.run(config)
    else:
        flow.run_quick_first()
    if config.effort == "high" and config.finishes:
        for effort in ("medium", "low"):
            if flow.best.exit_status and flow.time_left > 0 and not flow.stopped:
                flow.run(dataclasses.replace(config, effort=effort), f"{effort} ")
    flow.account()
    return flow.best


def _route_most(
    design: Design,
    config: RouteConfig,
    hook: Hook | None,
    deadline: float | None,
) -> RoutingResult:
    """Effort max: what effort high gives, shortened."""
    from eda_router.proof.master import load_solver
    from eda_router.routing.maximum import ROUTING_SHARE, shorten

    load_solver()
    first = deadline
    if deadline is not None:
        began = time.monotonic()
        first = began + ROUTING_SHARE * (deadline - began)
    high = dataclasses.replace(config, effort="high")
    result = route_until(design, high, hook=hook, deadline=first)
    if config.finishes and not is_stopped(hook):
        result.details["out_of_time"] = False
        result = shorten(result, hook, deadline)
    result.config = config
    return result


def load_kernels() -> None:
    """Load the maze router's kernels, or compile them, before a clock runs that it would count."""
    from eda_router.routing.maze import MazeRouter, finish, route_all

    nets = [
        ("two", 0, [(0, 0), (3, 2)]),
        ("five", 2, [(0, 0), (4, 1), (1, 4), (3, 3), (2, 0)]),
        ("star", 1, [(x, y) for x in (0, 2, 4) for y in (0, 2, 4)]),
    ]
    design = Design.from_pins("kernels", 5, 5, 1, 1, 4 * nets)
    router = MazeRouter(design, RouteConfig(router="maze", effort="medium", iterations=1))
    route_all(router)
    finish(router)


class _Flow:
    """The runs of one call, the best result so far, and one account of all of them."""

    def __init__(
        self,
        design: Design,
        config: RouteConfig,
        hook: Hook | None,
        deadline: float | None,
    ):
        self._design = design
        self._config = config
        self._hook = hook
        self._began = time.monotonic()
        self._deadline = deadline
        self._best: RoutingResult | None = None
        self._out_of_time = False

    @property
    def best(self) -> RoutingResult:
        """The result with the fewest open nets, then the least overflow, then the least wire."""
        assert self._best is not None
        return self._best

    @property
    def stopped(self) -> bool:
        """Whether ``on_pass`` ended the run."""
        return is_stopped(self._hook)

    @property
    def time_left(self) -> float:
        """Seconds to the deadline."""
        return float("inf") if self._deadline is None else self._deadline - time.monotonic()

    def run(self, config: RouteConfig, name: str = "") -> None:
        """One run; ``name`` goes before the names of its phases and passes."""
        begins = self._age
        result = load_router(config)(
            self._design, config, on_pass=self._shown(name, begins), deadline=self._deadline
        )
        self._take(result, name, begins)

    def run_quick_first(self) -> None:
        """A quick legal result, then the run asked for or a shorter quick one."""
        from eda_router.routing.maze import MazeRouter, finish, route_all

        config = self._config
        quick_config = dataclasses.replace(
            config, router="maze", effort="low", **dataclasses.asdict(QUICK)
        )
        begins = self._age
        on_pass = self._shown("quick ", begins)
        assert self._deadline is not None
        limit = self.time_left
        grace = min(GRACE[0] * max(0.0, limit), GRACE[1])
        quick = MazeRouter(
            self._design, quick_config, on_pass=on_pass, deadline=self._deadline + grace
        )
        route_all(quick)
        finish(quick)
        used = self._age - begins
        enough = self.time_left > TIMES_QUICK[config.router, config.effort] * used
        if not enough and not self.stopped:
            self._out_of_time = True
            if self.time_left > 0:
                with quick.share_of_time(limit / (limit + grace)):
                    quick.refine_until_deadline()
        self._take(quick.result(), "quick ", begins)
        if enough and not self.stopped:
            self.run(config)

    def account(self) -> None:
        """Add to the best result's details what concerns all runs, or the design."""
        details = self.best.details
        details["out_of_time"] = self._out_of_time or self.time_left <= 0
        if self.stopped:
            details["stopped"] = True
        if self.best.exit_status:
            best = self.best
            details |= shortage_details(self._design, best.ledger.demand, best.unrouted)

    @property
    def _age(self) -> float:
        """Seconds since the call."""
        return time.monotonic() - self._began

    def _shown(self, name: str, begins: float) -> Callable[[PassState], object] | None:
        """What a run that begins at some age calls after each of its passes."""
        if self._hook is None:
            return None
        show = self._hook.show
        return lambda state: show(dataclasses.replace(state, row=_moved(state.row, name, begins)))

    def _take(self, result: RoutingResult, name: str, begins: float) -> None:
        """Keep the better result, with the phases and passes of all runs so far."""
        self._out_of_time |= result.details.get("out_of_time", False)
        result.phases = {f"{name}{phase}": spent for phase, spent in result.phases.items()}
        result.passes = [_moved(row, name, begins) for row in result.passes]
        result.config = self._config
        if name:
            result.details["run"] = name.strip()
        if self._best is not None:
            phases = {**self._best.phases, **result.phases}
            passes = [*self._best.passes, *result.passes]
            result = min((self._best, result), key=_rank)
            result.phases, result.passes = phases, passes
        self._best = result


def _rank(result: RoutingResult) -> tuple[int, int, int, bool]:
    """Of equal results the one of the run asked for comes first."""
    other = "run" in result.details
    return len(result.unrouted), result.total_overflow, result.wirelength, other


def _moved(row: PassRow, name: str, seconds: float) -> PassRow:
    """A row of a run that began some seconds after the first."""
    return dataclasses.replace(row, name=f"{name}{row.name}", seconds=row.seconds + seconds)
