"""Waves: batches of nets of one exit that see the same state of the ledger.

A wave of one net is the plain sequential router; a larger one draws many nets at once, and a net
whose tree lost a track to another net of its wave comes again in the next one (NCTU-GR calls such a
conflict a collision, OpenROAD such a batch a snapshot batch).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


def in_waves(count: int, most: int, run: Callable[[NDArray[np.int64]], NDArray[np.bool_]]) -> None:
    """Call ``run`` with wave after wave until every net is dealt with.

    Args:
        count: nets, numbered from 0.
        most: nets in a wave.
        run: takes the numbers of a wave, int64, and returns a flag for each: whether the net lost a
            track to another one and has to come again. It goes to the front of the next wave; the
            first drawable net of a wave cannot lose, so this ends.
    """
    waiting = np.arange(count)
    while len(waiting):
        wave, waiting = waiting[:most], waiting[most:]
        lost = run(wave)
        waiting = np.concatenate([wave[lost], waiting])
