"""What this process has used so far, and of which versions it is made."""

from __future__ import annotations

import platform
import re
import sys
import time
from pathlib import Path

import eda_router
from eda_router.clock import process_age


def process_values() -> dict[str, float]:
    """Seconds and megabytes that this process has used so far."""
    values = {"wall": round(process_age(), 3), "cpu": round(time.process_time(), 3)}
    peak = peak_megabytes()
    if peak is not None:
        values["peak_mb"] = round(peak, 1)
    return values


def peak_megabytes() -> float | None:
    """Most memory that this process has held at once, None where that is not known."""
    try:
        # Not getrusage on Linux: its peak is inherited from the process that started this one.
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        if found:
            return int(found[1]) / 2**10
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def versions() -> dict[str, str]:
    """Versions of what decides a result; libraries that were not loaded are left out."""
    found = {"edaroute": eda_router.__version__, "python": platform.python_version()}
    for name in ("numpy", "numba", "keras", "tensorflow", "openvino"):
        if name in sys.modules:
            found[name] = getattr(sys.modules[name], "__version__", "unknown")
    return found
