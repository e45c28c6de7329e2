"""Batches: nets that are drawn under the same costs, and then take their trees one after the other.

A pass over nets goes batch by batch. Each net of a batch is drawn as if it alone were taken out, so
several threads draw them at once, each with its own copy of demand and costs; then the nets get
their trees in the order given, where these are still of use. What comes out depends on the size of
a batch alone, not on who drew what: the wires are the same, to the byte, for any number of threads.

Nets that are drawn together do not see each other. In batches this small that changes the length of
wires by no more than another seed does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eda_router.atomics import LINE, add, new_meeting
from eda_router.kernels import inlined
from eda_router.search.grid import Grid

SIZE = 8
"""Nets of a batch, and most threads that find work; with more nets wires soon get longer."""


class Batch(NamedTuple):
    """The nets of a batch, what was drawn for them, and what changes in the end.

    Attributes:
        nets: int64 ``(SIZE,)``, net numbers.
        turns: int64 ``(SIZE,)``, places in the batch in the order in which they are drawn.
        counts: int64 ``(SIZE,)``, edges drawn for each, or below 0 where there is no way.
        edges: int32 ``(SIZE, tiles)``, these edges; a tree has fewer than there are tiles.
        changes: int32, the edges that the last batch gave up, as ``~edge``, or took.
        marks: int64 ``(4,)``, how many nets, how many of them wait for the next batch, how many
            changes, and whether the pool of routes is full.
        taken: int64, the nets that threads have begun to draw; one number, in a cache line.
        meeting: where the threads meet, see :func:`~eda_router.atomics.meet`.
    """

    nets: Any
    turns: Any
    counts: Any
    edges: Any
    changes: Any
    marks: Any
    taken: Any
    meeting: Any


NETS, KEPT, CHANGES, FULL = range(4)
"""What stands where in :attr:`Batch.marks`."""


def new_batch(grid: Grid) -> Batch:
    """Memory for batches on a grid. What no tree comes to use is never touched."""
    tiles = grid.width * grid.height
    return Batch(
        nets=np.zeros(SIZE, np.int64),
        turns=np.zeros(SIZE, np.int64),
        counts=np.zeros(SIZE, np.int64),
        edges=np.empty((SIZE, tiles), np.int32),
        changes=np.empty(2 * SIZE * tiles, np.int32),
        marks=np.zeros(4, np.int64),
        taken=np.zeros(LINE, np.int64),
        meeting=new_meeting(),
    )


@inlined
def next_task(batch):
    """The place in the batch of a net that nobody draws yet, or -1."""
    turn = add(batch.taken, 0, 1)
    return batch.turns[turn] if turn < batch.marks[NETS] else -1


@inlined
def take_turns(batch, nets):
    """Have the nets with most pins drawn first, so that threads end together."""
    batch.taken[0] = 0
    for place in range(batch.marks[NETS]):
        pins = _pins(nets, batch.nets[place])
        turn = place
        while turn > 0 and _pins(nets, batch.nets[batch.turns[turn - 1]]) < pins:
            batch.turns[turn] = batch.turns[turn - 1]
            turn -= 1
        batch.turns[turn] = place


@inlined
def _pins(nets, net):
    return nets.offsets[net + 1] - nets.offsets[net]
