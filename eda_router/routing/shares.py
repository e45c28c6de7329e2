"""Shares: nets that several threads may route at once, as if they came one after the other.

Two nets whose footprints, the windows of all that drawing them reads or changes, do not touch may
be drawn in either order, or at once. So a pass over nets in a given order goes in waves: of the
next nets each goes to the thread that has all earlier ones near it, or waits for a later wave where
several threads have some, or where one near it waits. A thread draws its nets in the given order.
So the result is that of one thread, to the byte, however many there are, and whatever share falls
to each.

A net that is near no other goes to the thread of its strip of the grid; strips have about the same
work each, so that few nets lie between two threads.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eda_router.kernels import inlined, kernel
from eda_router.routing.negotiation import footprint
from eda_router.search.grid import Grid

LOOKAHEAD = 1 << 14
"""Most nets that a wave looks at."""

MOST_TASKS = 1 << 12
"""Most nets that a wave may plan."""

WORK = 4000
"""Work in a wave for each thread, about microseconds: many times what starting it takes."""

CHOICE = 3
"""Times that work is planned, since some of it has to wait."""

BLOCK = 1
"""Footprints are compared in blocks of ``1 << BLOCK`` tiles a side."""

LATER = 255
"""Label of blocks, and share of nets, that wait for a later wave."""


class Plan(NamedTuple):
    """Memory for planning a wave, and what was planned.

    Attributes:
        tasks: int64 ``(MOST_TASKS,)``, positions of the planned nets in the order given.
        blocks: int32 ``(MOST_TASKS, 4)``, their footprints: left, low, right, high.
        works: int64 ``(MOST_TASKS,)``, about how much work each is.
        shares: uint8 ``(MOST_TASKS,)``, the thread of each, or LATER.
        labels: uint8, a block each in rows and columns: 1 + the thread that has the planned nets
            near it, 0 for none, or LATER.
        lines: int64, the work in each line of blocks across the strips, then the line's thread.
        loads: int64 ``(threads,)``, the work of each thread.
    """

    tasks: Any
    blocks: Any
    works: Any
    shares: Any
    labels: Any
    lines: Any
    loads: Any


def new_plan(grid: Grid, threads: int) -> Plan:
    """Memory for plans on a grid."""
    width, height = (1 + (side >> BLOCK) for side in grid)
    return Plan(
        tasks=np.zeros(MOST_TASKS, np.int64),
        blocks=np.zeros((MOST_TASKS, 4), np.int32),
        works=np.zeros(MOST_TASKS, np.int64),
        shares=np.zeros(MOST_TASKS, np.uint8),
        labels=np.zeros((height, width), np.uint8),
        lines=np.zeros(max(width, height), np.int64),
        loads=np.zeros(threads, np.int64),
    )


@kernel
def plan_wave(plan, pool, nets, grid, limits, order, longest):
    """Plan a wave of a pass over the nets of ``order``; the first of them that matters is in it.

    Args:
        plan: memory; gets the tasks and their shares.
        pool: all routes.
        nets: their pins.
        grid: its size.
        limits: of the searches.
        order: int64, nets that are not dealt with, in their order.
        longest: int32 ``(num_nets,)``; nets without route, and those with more edges than this,
            are drawn.

    Returns:
        (number of nets looked at, number of tasks among them); those looked at that are no tasks
        need nothing.
    """
    looked = 0
    total = 0
    tasks = 0
    enough = CHOICE * len(plan.loads) * WORK
    while looked < len(order) and tasks < len(plan.tasks) and total < enough:
        net = order[looked]
        if not 0 < pool.length[net] <= longest[net]:
            window = footprint(pool, nets, grid, limits, net)
            plan.tasks[tasks] = looked
            for side in range(4):
                plan.blocks[tasks, side] = window[side] >> BLOCK
            plan.works[tasks] = _work(window, nets.offsets[net + 1] - nets.offsets[net], limits)
            total += plan.works[tasks]
            tasks += 1
        looked += 1
    _divide(plan, tasks, total)
    plan.labels[:] = 0
    plan.loads[:] = 0
    for task in range(tasks):
        plan.shares[task] = _share(plan, task)
    return looked, tasks


@inlined
def _work(window, pins, limits):
    """About the time that drawing a net takes, microseconds; fitted to passes over real nets."""
    left, low, right, high = window
    nodes = min((right - left + 1) * (high - low + 1), limits.max_nodes)
    return 5 * pins + (nodes * pins >> 6)


@inlined
def _line(plan, task):
    """The line of a task's middle across the strips, which divide the longer side."""
    across = 1 if plan.labels.shape[0] > plan.labels.shape[1] else 0
    return (plan.blocks[task, across] + plan.blocks[task, across + 2]) // 2


@kernel
def _divide(plan, tasks, total):
    """Divide the grid into strips of about the same work."""
    lines, threads = plan.lines, len(plan.loads)
    lines[:] = 0
    for task in range(tasks):
        lines[_line(plan, task)] += plan.works[task]
    passed = 0
    for line in range(len(lines)):
        middle = passed + lines[line] // 2
        passed += lines[line]
        lines[line] = min(threads - 1, middle * threads // max(total, 1))


@kernel
def _share(plan, task):
    """The thread that a task goes to, or LATER; labels its blocks."""
    labels, loads = plan.labels, plan.loads
    left, low, right, high = plan.blocks[task]
    label = 0
    for y in range(low, high + 1):
        for x in range(left, right + 1):
            other = labels[y, x]
            if other != 0 and other != label:
                label = LATER if label else other
    thread = label - 1
    if label == 0:
        thread = plan.lines[_line(plan, task)]
        if loads[thread] >= WORK:
            thread = int(np.argmin(loads))
    if label == LATER or loads[thread] >= WORK:
        labels[low : high + 1, left : right + 1] = LATER
        return LATER
    loads[thread] += plan.works[task]
    labels[low : high + 1, left : right + 1] = thread + 1
    return thread
