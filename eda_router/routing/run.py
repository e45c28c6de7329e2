"""One run of a router against the clock: its phases, its deadline, its status table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from eda_router.clock import PhaseTime, timed
from eda_router.routing.hook import STOP, PassState
from eda_router.routing.result import PassRow


class OutOfTime(Exception):
    """The deadline passed, or the run was stopped."""


class Run:
    """A run that has begun.

    Args:
        on_pass: shown the state after each pass; see :mod:`eda_router.routing.hook`.
        deadline: when to stop, on ``clock``, or None.
        clock: seconds that only rise; what the deadline and the status table go by.

    Attributes:
        phases: time of the phases that ran.
        passes: one row a pass.
        out_of_time: whether the deadline, or a share of the time to it, ended some phase.
        stopped: whether ``on_pass`` ended the run.
    """

    def __init__(
        self,
        *,
        on_pass: Callable[[PassState], object] | None = None,
        deadline: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.phases: dict[str, PhaseTime] = {}
        self.passes: list[PassRow] = []
        self.out_of_time = False
        self.stopped = False
        self._on_pass = on_pass
        self._deadline = deadline
        self._clock = clock
        self._began = clock()

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Book the time of the enclosed code on a phase."""
        return timed(self.phases, name)

    @property
    def age(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._began

    @property
    def time_left(self) -> float | None:
        """Seconds to the deadline, None without one."""
        return None if self._deadline is None else self._deadline - self._clock()

    def check_clock(self) -> None:
        """Raise :class:`OutOfTime` once the deadline has passed or the run was stopped."""
        if self.stopped:
            raise OutOfTime
        if self._deadline is not None and self._clock() >= self._deadline:
            self.out_of_time = True
            raise OutOfTime

    @contextmanager
    def share_of_time(self, share: float | None) -> Iterator[None]:
        """Stop the enclosed code after a share of the time to the deadline; None: never."""
        deadline = self._deadline
        if share is None:
            self._deadline = None
        elif deadline is not None:
            self._deadline = self._began + share * (deadline - self._began)
        try:
            yield
        finally:
            self._deadline = deadline

    def add_row(self, row: PassRow, state: Callable[[PassRow], PassState]) -> None:
        """Add a row to the status table and show the state; it is made only if someone looks."""
        self.passes.append(row)
        if self._on_pass is not None and not self.stopped:
            self.stopped = self._on_pass(state(row)) is STOP
