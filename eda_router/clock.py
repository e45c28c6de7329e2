"""Where the time of a run goes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eda_router.result import PhaseTime


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
    """Book the time of a block as the phase ``name``."""
    from eda_router.result import PhaseTime

    wall, cpu = time.perf_counter(), time.process_time()
    yield
    phases[name] = PhaseTime(time.perf_counter() - wall, time.process_time() - cpu)
