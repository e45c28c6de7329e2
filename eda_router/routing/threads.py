"""Passes over nets that several threads share, wave by wave.

The wires are the same, to the byte, for any number of threads; why, says
:mod:`eda_router.routing.shares`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from eda_router.routing.crew import Counts, Crew, Pass
from eda_router.routing.pool import RoutePool, parts_of
from eda_router.routing.shares import LATER, LOOKAHEAD, new_plan, plan_wave
from eda_router.search.draw import Limits, new_workspace
from eda_router.search.grid import Grid, Nets


class Threads(Crew):
    """Threads that route nets together; kernels run without Python's lock.

    Args:
        threads: how many, two or more.
        nets: the pins of all nets.
        grid: of the design.
        exact_pins: most pins of a net that is drawn exactly.
        field_entries: see :func:`~eda_router.search.draw.new_workspace`.
    """

    def __init__(self, threads: int, nets: Nets, grid: Grid, exact_pins: int, field_entries: int):
        super().__init__(grid, exact_pins, field_entries)
        for _ in range(threads - 1):
            work = new_workspace(grid, exact_pins, field_entries)
            self.workspaces.append(work._replace(box=work.box._replace(stop=self.stop)))
        self._nets = nets
        self._grid = grid
        self._plan = new_plan(grid, threads)

    def run(
        self, task: Pass, pool: RoutePool, nets: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Counts]:
        """See :meth:`Crew.run`."""
        if task.alone or task.limits.margin >= max(self._grid):
            return super().run(task, pool, nets)
        with ThreadPoolExecutor(len(self.workspaces) - 1) as others:
            return self._in_waves(task, pool, nets, others)

    def _in_waves(
        self,
        task: Pass,
        pool: RoutePool,
        nets: NDArray[np.int64],
        others: ThreadPoolExecutor,
    ) -> tuple[NDArray[np.int64], Counts]:
        pools = parts_of(pool)
        limits = task.limits._replace(reach=2 * task.limits.margin)
        sums: Counts = np.zeros(task.counts, np.int64)
        # Nets that wait stand before those that no wave has looked at.
        waiting = nets[:0]
        full = False
        while len(waiting) + len(nets) and not full and not self.stop[0]:
            ahead = np.concatenate((waiting, nets[:LOOKAHEAD]))
            looked, tasks = plan_wave(
                self._plan, pool, self._nets, self._grid, limits, ahead, task.longest
            )
            places, shares = self._plan.tasks[:tasks], self._plan.shares[:tasks]
            lists = [places[shares == thread] for thread in range(len(pools))]
            found = self._drawn(task, pools, limits, [ahead[places] for places in lists], others)
            left = [places[shares == LATER], np.arange(looked, len(waiting))]
            for work, places, (done, *counts) in zip(self.workspaces, lists, found, strict=True):
                sums += np.array(counts, np.int64)
                if done < len(places):
                    left.append(places[done:])
                    if work.box.outgrown[0]:
                        limits = limits._replace(reach=2 * limits.reach)
                    else:
                        full = True
            nets = nets[max(0, looked - len(waiting)) :]
            waiting = ahead[np.sort(np.concatenate(left))]
        return np.concatenate((waiting, nets)), sums

    def _drawn(
        self,
        task: Pass,
        pools: list[RoutePool],
        limits: Limits,
        shares: list[NDArray[np.int64]],
        others: ThreadPoolExecutor,
    ) -> list[Sequence[int]]:
        """What the kernel returns for each thread's share; this thread does the first."""
        calls = [
            (pool, work, limits, share)
            for pool, work, share in zip(pools, self.workspaces, shares, strict=True)
        ]
        nothing = 0, *[0] * task.counts
        running = [others.submit(task.kernel, *call) for call in calls[1:] if len(call[-1])]
        first = task.kernel(*calls[0])
        results = iter([future.result() for future in running])
        return [first, *(next(results) if len(call[-1]) else nothing for call in calls[1:])]
