"""The threads that route nets together, batch by batch: :mod:`eda_router.routing.batches`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.atomics import leave
from eda_router.design import IntArray
from eda_router.routing.batches import KEPT, SIZE, new_batch
from eda_router.routing.ledger import EdgeCosts
from eda_router.routing.negotiation import route_pass
from eda_router.routing.pool import RoutePool
from eda_router.search.draw import Limits, Workspace, new_workspace
from eda_router.search.grid import Grid, Nets


class Pass(NamedTuple):
    """What a pass does with the nets that it is given; see
    :func:`~eda_router.routing.negotiation.route_pass`.

    Attributes:
        limits: of the searches.
        longest: int32 ``(num_nets,)``; nets longer than this are drawn anew.
        touched: uint8 ``(num_nets,)``, gets a 1 for every net whose route changes.
        aim: ``NEGOTIATE``, ``MAKE_ROOM`` or ``SHORTEN``.
    """

    limits: Limits
    longest: IntArray
    touched: NDArray[np.uint8]
    aim: int


class Counts(NamedTuple):
    """What came of a pass.

    Attributes:
        rerouted: nets that took another route.
        shortened: those of them whose route is shorter, or that had none.
        saved: edges less than before.
    """

    rerouted: int
    shortened: int
    saved: int


class Crew:
    """Threads that route nets; kernels run without Python's lock.

    Args:
        threads: how many.
        nets: the pins of all nets.
        grid: of the design.
        exact_pins: most pins of a net that is drawn exactly.
        field_entries: see :func:`~eda_router.search.draw.new_workspace`.

    Attributes:
        stop: int32 ``(1,)``; another thread makes it 1 to have passes end early.
        workspace: of the thread that runs passes.
    """

    def __init__(self, threads: int, nets: Nets, grid: Grid, exact_pins: int, field_entries: int):
        self.workspace = new_workspace(grid, exact_pins, field_entries)
        self.stop: IntArray = self.workspace.box.stop
        self._nets = nets
        self._batch = new_batch(grid)
        self._helpers = [
            _sharing_stop(new_workspace(grid, exact_pins, field_entries), self.stop)
            for _ in range(min(threads, SIZE) - 1)
        ]

    def run(
        self, task: Pass, costs: EdgeCosts, pool: RoutePool, nets: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], Counts]:
        """Run a pass over ``nets`` until it is through, the pool is full, or ``stop`` is set.

        Returns:
            the nets that are not dealt with, in their order; what came of the others.
        """
        batch = self._batch
        batch.marks[:] = 0
        batch.meeting[:] = 0

        def part(member: int, work: Workspace, costs: EdgeCosts) -> tuple[int, int, int, int]:
            limits, longest, touched, aim = task
            try:
                done: tuple[int, int, int, int] = route_pass(
                    costs, pool, work, self._nets, limits, nets, longest, touched, aim,
                    batch, member, 1 + len(self._helpers),
                )  # fmt: skip
            except BaseException:
                leave(batch.meeting)
                raise
            return done

        looked, *counts = self._together(part, costs)
        left = np.concatenate((batch.nets[: batch.marks[KEPT]], nets[looked:]))
        return left, Counts(*counts)

    def _together(self, part: Callable[..., Any], costs: EdgeCosts) -> tuple[int, int, int, int]:
        """Call ``part`` in each thread; what it returns in this one."""
        if not self._helpers:
            done: tuple[int, int, int, int] = part(0, self.workspace, costs)
            return done
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(len(self._helpers)) as threads:
            futures = [
                threads.submit(part, number, work, _copied(costs))
                for number, work in enumerate(self._helpers, 1)
            ]
            done = part(0, self.workspace, costs)
            for future in futures:
                future.result()
        return done


def _sharing_stop(work: Workspace, stop: IntArray) -> Workspace:
    return work._replace(box=work.box._replace(stop=stop))


def _copied(costs: EdgeCosts) -> EdgeCosts:
    """Costs with a demand of their own."""
    return costs._replace(demand=costs.demand.copy(), cost=costs.cost.copy())
