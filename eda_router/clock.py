"""Where the time of a run goes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READ_EVERY = 0.01
"""Seconds on the clock between two looks at the processor's time: a look may cost more than a short
block, 30 microseconds in a sandbox that watches system calls."""


class PhaseTime:
    """Time one phase took.

    Attributes:
        wall: seconds on the clock.
    """

    def __init__(self, wall: float = 0.0, cpu: float = 0.0):
        self.wall = wall
        self._cpu = cpu

    @property
    def cpu(self) -> float:
        """Seconds of processor time, all threads together.

        Of blocks shorter than :data:`READ_EVERY` their share of what the processor did meanwhile.
        """
        _PROCESSOR.settle(time.perf_counter())
        return self._cpu

    def add(self, began: float, ended: float) -> None:
        """A block of the phase, by the clock."""
        self.wall += ended - began
        _PROCESSOR.owe(self, ended - began)

    def book(self, cpu: float) -> None:
        """Processor time of blocks that were added."""
        self._cpu += cpu


class _Processor:
    """The processor's time, looked at now and then and shared out among the blocks since."""

    def __init__(self) -> None:
        self._owed: list[tuple[PhaseTime, float]] = []
        self._look()

    def _look(self) -> None:
        self._read_at, self._read = time.perf_counter(), time.process_time()

    def owe(self, phase: PhaseTime, seconds: float) -> None:
        """A block of a phase took some seconds on the clock."""
        self._owed.append((phase, seconds))

    def settle_if_due(self, now: float) -> None:
        """Look again if the last look is long ago."""
        if now - self._read_at > READ_EVERY:
            self.settle(now)

    def settle(self, now: float) -> None:
        """Look again, and book what is owed."""
        before_at, before = self._read_at, self._read
        self._look()
        busy = (self._read - before) / max(now - before_at, 1e-9)
        for phase, seconds in self._owed:
            phase.book(seconds * busy)
        self._owed.clear()


_PROCESSOR = _Processor()


def process_age() -> float:
    """Seconds on the clock since this process began; its processor time where that is unknown."""
    try:
        # Field 22 of proc_pid_stat(5), the 20th after the name in brackets.
        start = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - start / os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError):
        return time.process_time()


@contextmanager
def timed(phases: dict[str, PhaseTime], name: str) -> Iterator[None]:
    """Add the time of a block to the phase ``name``, whatever ends the block."""
    began = time.perf_counter()
    _PROCESSOR.settle_if_due(began)
    try:
        yield
    finally:
        ended = time.perf_counter()
        phases.setdefault(name, PhaseTime()).add(began, ended)
        _PROCESSOR.settle_if_due(ended)
