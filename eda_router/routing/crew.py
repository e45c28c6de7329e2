"""Passes over nets, as one thread runs them; :mod:`eda_router.routing.threads` has several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray
from eda_router.routing.pool import RoutePool
from eda_router.search.draw import Limits, Workspace, new_workspace
from eda_router.search.grid import Grid

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Pass:
    """What a pass over nets does.

    Attributes:
        kernel: called with a pool, a workspace, limits and nets; returns how many of the nets it
            dealt with, then what it counts.
        limits: of the searches.
        longest: int32 ``(num_nets,)``; only nets without route, and those longer than this,
            are drawn.
        counts: how many things are counted.
        alone: whether one thread has to do all of it.
    """

    kernel: Callable[[RoutePool, Workspace, Limits, NDArray[np.int64]], Sequence[int]]
    limits: Limits
    longest: IntArray
    counts: int
    alone: bool = False


class Crew:
    """Who routes nets: one thread.

    Args:
        grid: of the design.
        exact_pins: most pins of a net that is drawn exactly.
        field_entries: see :func:`~eda_router.search.draw.new_workspace`.

    Attributes:
        stop: int32 ``(1,)``; another thread makes it 1 to have passes end early.
        workspaces: one a thread.
    """

    def __init__(self, grid: Grid, exact_pins: int, field_entries: int):
        self.workspaces = [new_workspace(grid, exact_pins, field_entries)]
        self.stop: IntArray = self.workspaces[0].box.stop

    def run(
        self, task: Pass, pool: RoutePool, nets: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Counts]:
        """Run a pass over ``nets`` until it is through, the pool is full, or ``stop`` is set.

        Returns:
            the nets that are not dealt with, in their order; the sums of what is counted.
        """
        done, *counts = task.kernel(pool, self.workspaces[0], task.limits, nets)
        return nets[done:], np.array(counts, np.int64)
