"""A lower bound on the cost of a tree by Wong's dual ascent [1].

Every tree that joins a terminal to the root crosses each cut between the two, so cuts may be given
weights as long as no arc's cuts outweigh its cost: the sum of the weights is a lower bound. The
ascent raises the weight of the smallest cut at hand, that around all nodes from which a terminal is
reached over arcs without cost left, until every terminal is reached from the root.

[1] R. T. Wong: A dual ascent approach for Steiner tree problems on a directed graph. Mathematical
    Programming 28 (1984), 271-287.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.kernels import kernel
from eda_router.proof.heap import pop, push

MOST_SETS = 64
"""Sets of terminals within cuts that are told apart."""

MOST_BITS = 62
"""Terminals that a set can hold; exact searches, which ask for sets, have fewer."""

NEVER = np.int64(1) << 60


class Ascent(NamedTuple):
    """Scratch memory and result of one ascent; allocate once with :func:`new_ascent` and reuse.

    Attributes:
        left: int64 ``(arcs,)``, cost of each arc that no cut has taken.
        touched: int64 ``(arcs,)``, the arcs whose cost was taken from.
        mark: int64 ``(nodes,)``, the number of the last search that reached a node.
        queue: int32 ``(nodes,)``, nodes reached.
        size: int64 ``(nodes,)``, nodes within the cut of each terminal; -1, reached from the root.
        terminal: int32 ``(nodes,)``, number of the terminal at each node, or -1.
        place: int32 ``(nodes,)``, number of a node within a cut, or -1.
        inside: int32 ``(nodes,)``, the nodes that have such numbers.
        weights: int64, of a node's cuts by their sets of terminals, MOST_SETS for each number.
        sets: int64 ``(MOST_SETS,)``, the terminals of cuts, a bit each.
        totals: int64 ``(MOST_SETS,)``, weight of all cuts with such terminals.
        counts: int64 ``(5,)``: arcs touched, nodes inside, sets, nodes of ``far``, searches.
        far: int64 ``(nodes,)``, least cost left of a way from the root, or NEVER.
        key: int64, heap of the search for these ways.
        entry: int32, its nodes.
        stop: uint8 ``(1,)``; once another thread sets it, an ascent ends with the bound that it has
            reached.
    """

    left: Any
    touched: Any
    mark: Any
    queue: Any
    size: Any
    terminal: Any
    place: Any
    inside: Any
    weights: Any
    sets: Any
    totals: Any
    counts: Any
    far: Any
    key: Any
    entry: Any
    stop: Any


ROOM = 1 << 14
"""Nodes within cuts that are numbered at most; what lies beyond counts as outside, which is true
for a lower bound."""


def new_ascent(graph: Any, stop: NDArray[np.uint8] | None = None) -> Ascent:
    """Scratch memory for ascents on a graph; ``stop`` as in :class:`Ascent`, by default its own."""
    nodes, arcs = len(graph.x), len(graph.heads)
    return Ascent(
        left=graph.costs.copy(),
        touched=np.zeros(arcs, np.int64),
        mark=np.zeros(nodes, np.int64),
        queue=np.zeros(nodes, np.int32),
        size=np.zeros(nodes, np.int64),
        terminal=np.full(nodes, -1, np.int32),
        place=np.full(nodes, -1, np.int32),
        inside=np.zeros(nodes, np.int32),
        weights=np.zeros(min(nodes, ROOM) * MOST_SETS, np.int64),
        sets=np.zeros(MOST_SETS, np.int64),
        totals=np.zeros(MOST_SETS, np.int64),
        counts=np.zeros(5, np.int64),
        far=np.full(nodes, NEVER, np.int64),
        key=np.zeros(arcs + 1, np.int64),
        entry=np.zeros(arcs + 1, np.int32),
        stop=np.zeros(1, np.uint8) if stop is None else stop,
    )


@kernel
def ascend(graph, ascent, pins):
    """Lower bound on the cost of a tree over ``pins``, of which the last is the root.

    :func:`forget` must follow before the next one.
    """
    size = ascent.size
    for t in range(len(pins)):
        size[t] = 1
        ascent.terminal[pins[t]] = t
    size[len(pins) - 1] = -1
    total = np.int64(0)
    while not ascent.stop[0]:
        least = -1
        for t in range(len(pins)):
            if size[t] > 0 and (least < 0 or size[t] < size[least]):
                least = t
        if least < 0:
            break
        second = NEVER
        for t in range(len(pins)):
            if size[t] > 0 and t != least:
                second = min(second, size[t])
        total += _raise_cuts(graph, ascent, pins, least, second)
    return total


@kernel
def _raise_cuts(graph, ascent, pins, least, second):
    """Raise the cuts around a terminal until one holds more than ``second`` nodes, or the root."""
    queue = ascent.queue
    ascent.counts[4] += 1
    search = ascent.counts[4]
    queue[0] = pins[least]
    ascent.mark[pins[least]] = search
    head = 0
    tail = 1
    total = np.int64(0)
    met = np.int64(0)
    reached = False
    while True:
        # All nodes from which the terminal is reached at no further cost.
        while head < tail:
            node = queue[head]
            head += 1
            terminal = ascent.terminal[node]
            reached |= terminal == len(pins) - 1
            if 0 <= terminal < MOST_BITS:
                met |= np.int64(1) << terminal
            for arc in range(graph.offsets[node], graph.offsets[node + 1]):
                other = graph.heads[arc]
                if ascent.left[graph.back[arc]] == 0 and ascent.mark[other] != search:
                    ascent.mark[other] = search
                    queue[tail] = other
                    tail += 1
        if reached:
            ascent.size[least] = -1
            return total
        ascent.size[least] = tail
        if tail > second:
            return total
        step = NEVER
        for i in range(tail):
            for arc in range(graph.offsets[queue[i]], graph.offsets[queue[i] + 1]):
                if ascent.mark[graph.heads[arc]] != search:
                    step = min(step, ascent.left[graph.back[arc]])
        if step == NEVER:
            # The root lies in another part of the graph.
            ascent.size[least] = -1
            return NEVER
        total += step
        _note(ascent, tail, met, step)
        grown = tail
        for i in range(tail):
            for arc in range(graph.offsets[queue[i]], graph.offsets[queue[i] + 1]):
                if ascent.mark[graph.heads[arc]] == search:
                    continue
                back = graph.back[arc]
                if ascent.left[back] == graph.costs[back]:
                    ascent.touched[ascent.counts[0]] = back
                    ascent.counts[0] += 1
                ascent.left[back] -= step
        for i in range(tail):
            for arc in range(graph.offsets[queue[i]], graph.offsets[queue[i] + 1]):
                other = graph.heads[arc]
                if ascent.left[graph.back[arc]] == 0 and ascent.mark[other] != search:
                    ascent.mark[other] = search
                    queue[grown] = other
                    grown += 1
        tail = grown


@kernel
def _note(ascent, tail, met, step):
    """Note the weight of the cut around the first nodes of the queue, by the terminals within."""
    slot = 0
    while slot < ascent.counts[2] and ascent.sets[slot] != met:
        slot += 1
    if slot == MOST_SETS:
        # As if the cut held no terminal: no bound counts on it then.
        slot = MOST_SETS - 1
        ascent.sets[slot] = 0
    elif slot == ascent.counts[2]:
        ascent.sets[slot] = met
        ascent.totals[slot] = 0
        ascent.counts[2] += 1
    ascent.totals[slot] += step
    for i in range(tail):
        node = ascent.queue[i]
        if ascent.place[node] < 0:
            if (ascent.counts[1] + 1) * MOST_SETS > len(ascent.weights):
                continue
            place = ascent.counts[1]
            ascent.place[node] = place
            ascent.inside[place] = node
            ascent.weights[place * MOST_SETS : (place + 1) * MOST_SETS] = 0
            ascent.counts[1] += 1
        ascent.weights[ascent.place[node] * MOST_SETS + slot] += step


@kernel
def forget(graph, ascent, pins):
    """Make the memory ready for the next ascent."""
    for i in range(ascent.counts[0]):
        ascent.left[ascent.touched[i]] = graph.costs[ascent.touched[i]]
    for i in range(ascent.counts[1]):
        ascent.place[ascent.inside[i]] = -1
    for pin in pins:
        ascent.terminal[pin] = -1
    for i in range(ascent.counts[3]):
        ascent.far[ascent.queue[i]] = NEVER
    ascent.counts[:4] = 0


@kernel
def measure_ways(graph, ascent, root, limit):
    """Fill ``ascent.far`` by Dijkstra's algorithm as far as ``limit``, once cuts are raised."""
    far = ascent.far
    far[root] = 0
    ascent.queue[0] = root
    seen = 1
    size = 1
    ascent.key[0] = 0
    ascent.entry[0] = root
    while size > 0:
        key = ascent.key[0]
        node = ascent.entry[0]
        size -= 1
        pop(ascent.key, ascent.entry, size)
        if key > far[node] or key >= limit:
            continue
        for arc in range(graph.offsets[node], graph.offsets[node + 1]):
            other = graph.heads[arc]
            reached = key + ascent.left[arc]
            if reached < far[other]:
                if far[other] == NEVER:
                    ascent.queue[seen] = other
                    seen += 1
                far[other] = reached
                push(ascent.key, ascent.entry, size, reached, other)
                size += 1
    ascent.counts[3] = seen


@kernel
def to_come(ascent, node, joined, total, limit):
    """Least cost of joining ``node`` and all terminals outside ``joined`` to the root.

    What is still to come crosses every cut around a terminal outside, and every cut around the
    node, and takes a way from the root to the node over what cuts have left.
    """
    bound = total + min(ascent.far[node], limit)
    for slot in range(ascent.counts[2]):
        if ascent.sets[slot] & ~joined == 0:
            bound -= ascent.totals[slot]
            if ascent.place[node] >= 0:
                bound += ascent.weights[ascent.place[node] * MOST_SETS + slot]
    return bound
