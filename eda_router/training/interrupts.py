"""Ctrl-C and SIGTERM, held back until a training stands between two steps."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """While it is entered, the first signal is noted, and obeyed where the training says so.

    A second one is obeyed at once: the checkpoint of before is whole, only more work is lost.
    Signals that are ignored stay so, and outside the main thread, which alone gets signals, nothing
    changes.
    """

    def __init__(self) -> None:
        self.asked: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        """Begin to hold signals back."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def obey(self) -> None:
        """Do what the noted signal would have done; it usually raises."""
        asked, self.asked = self.asked, None
        if asked is None:
            return
        handler = self._before[asked]
        if callable(handler):
            handler(asked, None)
        else:
            signal.signal(asked, handler)
            signal.raise_signal(asked)

    def _note(self, number: int, frame: FrameType | None) -> None:
        first = self.asked is None
        self.asked = number
        if not first:
            self.obey()
