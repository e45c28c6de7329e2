"""Where the time of a run goes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class PhaseTime:
    """Time one phase took.

    Attributes:
        wall: seconds on the clock.
        cpu: seconds of processor time, all threads together.
    """

    wall: float = 0.0
    cpu: float = 0.0


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
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        booked = phases.setdefault(name, PhaseTime())
        booked.wall += time.perf_counter() - wall
        booked.cpu += time.process_time() - cpu
