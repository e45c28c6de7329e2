"""A look into a run after each of its passes, and a way to end it there.

Whoever passes a function as ``on_pass`` is shown a :class:`PassState` after each pass, and may
return :data:`STOP`. The run then ends as if its time were up: where overflow is not allowed nets
are taken out until there is none, and what is routed comes back. Nothing that is shown can be
written to, so a look never changes a result.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from eda_router.design import Design, IntArray, Routes
from eda_router.routing.result import PassRow


class Stop(Enum):
    """What a function given as ``on_pass`` returns to end the run.

    Example:
        >>> import eda_router
        >>> config = eda_router.RouteConfig(router="maze")
        >>> end_after_two = lambda state: eda_router.STOP if state.number == 2 else None
        >>> result = eda_router.route(eda_router.read("synth-tiny"), config, on_pass=end_after_two)
        >>> [row.name for row in result.passes][:2]
        ['first', 'negotiate 1']
    """

    STOP = "stop"


STOP = Stop.STOP
"""The only value that ends a run; any other that ``on_pass`` returns means nothing."""


@dataclass(frozen=True, eq=False, repr=False)
class PassState:
    """A run right after one of its passes.

    The arrays are the run's own, read-only, and go on changing with it: copy what is to be kept.

    Attributes:
        row: name and figures of the pass: a row of the status table.
        design: what is being routed. Where clocks have layers of their own a design with layers is
            routed in two parts, and this is the part.
        demand: int32 ``(height, width, 2)``, nets on the right and the upper edge of each tile.
        take_routes: what :attr:`routes` calls.
        number: of the pass, from 1, counted over all runs that one call takes.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> def look(state):
        ...     free = state.capacity - state.demand
        ...     print(state.number, state.row.name, free.min() >= 0, state.routes.num_nets)
        ...     return eda_router.STOP
        >>> config = eda_router.RouteConfig(router="maze")
        >>> result = eda_router.route(design, config, on_pass=look)
        1 first False 500
        >>> result.total_overflow, result.details["stopped"]
        (0, True)
    """

    row: PassRow
    design: Design
    demand: IntArray
    take_routes: Callable[[], Routes]
    number: int = 0

    def __repr__(self) -> str:
        return f"PassState({self.number}, {self.row!r})"

    @property
    def capacity(self) -> IntArray:
        """int32 ``(height, width, 2)``: tracks of the right and the upper edge of each tile."""
        return read_only(self.design.capacity)

    @cached_property
    def routes(self) -> Routes:
        """A copy of the routes so far, made when it is first asked for, within the call."""
        return self.take_routes()


class Hook:
    """A function given as ``on_pass``, until it says :data:`STOP`.

    Args:
        on_pass: is shown each state.

    Attributes:
        stopped: whether it said so.

    Raises:
        TypeError: ``on_pass`` is no function.
    """

    def __init__(self, on_pass: Callable[[PassState], object]):
        if not callable(on_pass):
            raise TypeError(f"on_pass: {type(on_pass).__name__}, expected a function")
        self.stopped = False
        self._on_pass = on_pass
        self._passes = 0

    def show(self, state: PassState) -> Stop | None:
        """Show the next state, unless the run was stopped; returns :data:`STOP` if it is now."""
        if not self.stopped:
            self._passes += 1
            numbered = dataclasses.replace(state, number=self._passes)
            self.stopped = self._on_pass(numbered) is STOP
        return STOP if self.stopped else None


def is_stopped(hook: Hook | None) -> bool:
    """Whether a hook, if there is one, ended the run."""
    return hook is not None and hook.stopped


def read_only(array: IntArray) -> IntArray:
    """A view of an array that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view
