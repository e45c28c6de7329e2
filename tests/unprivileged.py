"""Running a command as one whom permissions of files stop, even where the tests run as root."""

from __future__ import annotations

import os
import shutil

import pytest


def unprivileged() -> list[str]:
    """What to put before a command; the test is skipped where root cannot lay down its rights."""
    if os.geteuid():
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root reads and writes everything, and there is no setpriv")
    rights = "-dac_override,-dac_read_search,-fowner"
    return ["setpriv", "--inh-caps=-all", f"--bounding-set={rights}"]
