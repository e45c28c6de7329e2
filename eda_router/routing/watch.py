"""A flag that kernels look at, raised at a deadline or when a signal arrives.

A compiled kernel sees neither the clock nor Ctrl-C: Python handles signals between two of its own
instructions. So a thread waits beside it, for the deadline or for the byte that Python writes when
a signal arrives (``signal.set_wakeup_fd``), and raises the flag; the kernel ends at its next net,
and Python goes on.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from eda_router.design import IntArray

_DONE = b"\0"


@contextmanager
def watched(flag: IntArray, seconds: float | None) -> Iterator[None]:
    """Raise ``flag`` after some time, or on any signal, as long as the enclosed code runs.

    Args:
        flag: int32 ``(1,)``; 0 at the beginning of the block, 1 once it is to end.
        seconds: until then; None, without end.
    """
    flag[0] = 0
    if seconds is not None and seconds <= 0:
        flag[0] = 1
    read, write = os.pipe()
    os.set_blocking(write, False)
    # Signals come to the main thread; elsewhere only the clock counts.
    in_main = threading.current_thread() is threading.main_thread()
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False) if in_main else -1
    waiting = threading.Thread(target=_wait, args=(read, flag, seconds, before), daemon=True)
    waiting.start()
    try:
        yield
    finally:
        if in_main:
            signal.set_wakeup_fd(before)
        os.write(write, _DONE)
        waiting.join()
        os.close(read)
        os.close(write)


def _wait(read: int, flag: IntArray, seconds: float | None, others: int) -> None:
    """Raise ``flag`` after ``seconds`` and at signals, which whoever listened before hears too."""
    left = None if seconds is None else max(0.0, seconds)
    while True:
        ready, _, _ = select.select([read], [], [], left)
        signum = os.read(read, 1) if ready else b""
        if signum == _DONE:
            return
        flag[0] = 1
        left = None
        if signum and others >= 0:
            with suppress(OSError):  # it is full, and will be looked at anyway
                os.write(others, signum)
