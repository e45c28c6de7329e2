"""What the cheapest tree over some nodes of a graph costs, or at least costs.

The checker's own search, which shares nothing with the router's and the prover's. Up to
:data:`EXACT_PINS` terminals it is exact: *Dijkstra meets Steiner* [1], the dynamic programme of
Dreyfus and Wagner in the order of Dijkstra's algorithm with a bound on what is still to come. For
more terminals, and where that takes too many labels, Wong's dual ascent [2] gives a lower bound.

[1] S. Hougardy, J. Silvanus, J. Vygen: Dijkstra meets Steiner: a fast exact goal-oriented Steiner
    tree algorithm. Mathematical Programming Computation 9 (2017), 135-202.
[2] R. T. Wong: A dual ascent approach for Steiner tree problems on a directed graph. Mathematical
    Programming 28 (1984), 271-287.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.kernels import inlined, kernel, making_arrays
from eda_router.proof.dual_ascent import ascend, forget, measure_ways, to_come
from eda_router.proof.heap import pop, push

INFINITE = np.int64(1) << 62

EXACT_PINS = 44
"""Most terminals of an exact search."""

PLAIN_PINS = 3
"""Up to so many terminals the box around them says enough about what is to come."""

WAYS_SHARE = 4
"""The dual ascent's ways are measured up to its bound divided by that."""

TABLE_BITS = 21
"""Labels of a search: half the entries of a table with so many bits."""


class Graph(NamedTuple):
    """An undirected graph with costs.

    Attributes:
        offsets: int64 ``(nodes + 1,)``, node v's arcs are ``offsets[v]`` to ``offsets[v + 1]``.
        heads: int32, the node that each arc leads to.
        costs: int64, of each arc, the same in both directions.
        back: int64, the arc in the other direction.
        x: int32 ``(nodes,)``, column of each node.
        y: int32 ``(nodes,)``, row; an arc joins neighbours, or the unit is 0.
        unit: int64, an arc costs that much at least.
    """

    offsets: Any
    heads: Any
    costs: Any
    back: Any
    x: Any
    y: Any
    unit: Any


class Labels(NamedTuple):
    """Scratch memory of exact searches; allocate once with :func:`new_labels` and reuse.

    A label is a node with a set of terminals that a tree joins to it.

    Attributes:
        slots: int32, a table of labels by node and set, -1 where empty.
        node: int32, of each label.
        terminals: int64, its set, a bit for each terminal but the last.
        cost: int64, of the cheapest tree found for it.
        settled: uint8, whether it was expanded at that cost.
        slot: int32, its place in the table.
        next: int32, the settled label before it at its node, or -1.
        last: int32 ``(nodes,)``, the last settled label at each node, or -1.
        key: int64, heap.
        entry: int32, labels on the heap.
        stop: uint8 ``(1,)``; once another thread sets it, searches for more than PLAIN_PINS
            terminals end with the lower bound that they have reached.
    """

    slots: Any
    node: Any
    terminals: Any
    cost: Any
    settled: Any
    slot: Any
    next: Any
    last: Any
    key: Any
    entry: Any
    stop: Any


def graph_of(
    ends: tuple[NDArray[np.int64], NDArray[np.int64]],
    costs: NDArray[np.int64],
    x: NDArray[np.int64],
    y: NDArray[np.int64],
    unit: int,
) -> Graph:
    """A graph from its edges.

    Args:
        ends: int64, the two nodes of each edge.
        costs: int64, of each edge.
        x: column of each node.
        y: row of each node.
        unit: what every edge costs at least.
    """
    tails = np.concatenate(ends)
    heads = np.concatenate(ends[::-1])
    order = np.argsort(tails, kind="stable")
    offsets = np.searchsorted(tails[order], np.arange(len(x) + 1))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    back = np.roll(place, len(costs))[order]
    return Graph(
        offsets=offsets.astype(np.int64),
        heads=heads[order].astype(np.int32),
        costs=np.concatenate((costs, costs))[order],
        back=back,
        x=x.astype(np.int32),
        y=y.astype(np.int32),
        unit=np.int64(unit),
    )


def new_labels(nodes: int) -> Labels:
    """Scratch memory for searches on a graph of ``nodes`` nodes."""
    size = 1 << TABLE_BITS
    most = size // 2
    return Labels(
        slots=np.full(size, -1, np.int32),
        node=np.zeros(most, np.int32),
        terminals=np.zeros(most, np.int64),
        cost=np.zeros(most, np.int64),
        settled=np.zeros(most, np.uint8),
        slot=np.zeros(most, np.int32),
        next=np.zeros(most, np.int32),
        last=np.full(nodes, -1, np.int32),
        key=np.zeros(4 * most, np.int64),
        entry=np.zeros(4 * most, np.int32),
        stop=np.zeros(1, np.uint8),
    )


@kernel
def _to_come(graph, ascent, pins, node, joined, known):
    """Least cost of joining ``node`` to all terminals outside ``joined``.

    Half the perimeter of their box, or what the dual ascent says where that is more; ``known`` is
    (its bound for all terminals, how far its ways were measured).
    """
    k = len(pins)
    left = right = graph.x[node]
    low = high = graph.y[node]
    for i in range(k):
        if i < k - 1 and joined >> i & 1:
            continue
        left = min(left, graph.x[pins[i]])
        right = max(right, graph.x[pins[i]])
        low = min(low, graph.y[pins[i]])
        high = max(high, graph.y[pins[i]])
    half = np.int64(right - left + high - low) * graph.unit
    if k > PLAIN_PINS:
        total, limit = known
        half = max(half, to_come(ascent, node, joined, total, limit))
    return half


@inlined
def _find(labels, node, terminals):
    """The table's place for a label, which may be empty."""
    size = len(labels.slots)
    mixed = (np.uint64(node) << np.uint64(32) ^ np.uint64(terminals)) * np.uint64(
        0x9E3779B97F4A7C15
    )
    place = np.int64(mixed >> np.uint64(40)) & (size - 1)
    while labels.slots[place] >= 0:
        label = labels.slots[place]
        if labels.node[label] == node and labels.terminals[label] == terminals:
            break
        place = (place + 1) & (size - 1)
    return place


@kernel
def least_tree(graph, labels, ascent, pins):
    """Cost of the cheapest tree over ``pins``, at least two nodes.

    Returns:
        (cost, True), or (lower bound, False) for too many terminals, or where memory ran out.
    """
    known = (np.int64(0), np.int64(0))
    if len(pins) > PLAIN_PINS:
        total = ascend(graph, ascent, pins)
        known = (total, total // WAYS_SHARE + 1)
        if len(pins) <= EXACT_PINS:
            measure_ways(graph, ascent, pins[-1], known[1])
    if len(pins) <= EXACT_PINS:
        answer, exact = _search(graph, labels, ascent, pins, known)
    else:
        answer, exact = known[0], False
    if len(pins) > PLAIN_PINS:
        answer = max(answer, known[0])
        forget(graph, ascent, pins)
    return answer, exact


@kernel
def _search(graph, labels, ascent, pins, known):
    """The exact search; see :func:`least_tree`."""
    k = len(pins)
    root = pins[k - 1]
    full = (np.int64(1) << (k - 1)) - 1
    count = 0
    size = 0
    for i in range(k - 1):
        labels.node[count] = pins[i]
        labels.terminals[count] = np.int64(1) << i
        labels.cost[count] = 0
        labels.settled[count] = 0
        place = _find(labels, pins[i], np.int64(1) << i)
        labels.slots[place] = count
        labels.slot[count] = place
        key = _to_come(graph, ascent, pins, pins[i], np.int64(1) << i, known)
        push(labels.key, labels.entry, size, key, count)
        size += 1
        count += 1
    answer = INFINITE
    exact = True
    while size > 0:
        label = labels.entry[0]
        key = labels.key[0]
        if labels.node[label] == root and labels.terminals[label] == full:
            answer = key
            break
        full_memory = size + 8 > len(labels.key) // 2 or count + 8 > len(labels.node) // 2
        if full_memory or (labels.stop[0] and k > PLAIN_PINS):
            answer = key
            exact = False
            break
        size -= 1
        pop(labels.key, labels.entry, size)
        if labels.settled[label]:
            continue
        labels.settled[label] = 1
        node = labels.node[label]
        joined = labels.terminals[label]
        cost = labels.cost[label]
        for arc in range(graph.offsets[node], graph.offsets[node + 1]):
            count, size = _offer(
                graph,
                labels,
                ascent,
                pins,
                known,
                (count, size),
                (graph.heads[arc], joined),
                cost + graph.costs[arc],
            )
        other = labels.last[node]
        listed = False
        while other >= 0:
            listed |= other == label
            if labels.settled[other] and labels.terminals[other] & joined == 0:
                if size + 8 > len(labels.key) or count + 8 > len(labels.node):
                    exact = False
                    break
                count, size = _offer(
                    graph,
                    labels,
                    ascent,
                    pins,
                    known,
                    (count, size),
                    (node, joined | labels.terminals[other]),
                    cost + labels.cost[other],
                )
            other = labels.next[other]
        if not exact:
            answer = key
            break
        if not listed:
            labels.next[label] = labels.last[node]
            labels.last[node] = label
    for label in range(count):
        labels.slots[labels.slot[label]] = -1
        labels.last[labels.node[label]] = -1
    return answer, exact


@kernel
def _offer(graph, labels, ascent, pins, known, counts, label, cost):
    """Note a tree for a label where it is the cheapest so far; returns the new counts.

    A bound that jumps may settle a label too early; it is opened again then.
    """
    count, size = counts
    node, joined = label
    place = _find(labels, node, joined)
    label = labels.slots[place]
    if label < 0:
        label = count
        count += 1
        labels.slots[place] = label
        labels.slot[label] = place
        labels.node[label] = node
        labels.terminals[label] = joined
    elif labels.cost[label] <= cost:
        return count, size
    labels.cost[label] = cost
    labels.settled[label] = 0
    key = cost + _to_come(graph, ascent, pins, node, joined, known)
    push(labels.key, labels.entry, size, key, label)
    return count, size + 1


@making_arrays
def free_parts(heads, tails, nodes):
    """The part of each node where ``heads`` and ``tails`` join nodes: int64, parts from 0 on.

    Union by hand-over of roots, with path halving.
    """
    parent = np.arange(nodes)
    for i in range(len(heads)):
        a = heads[i]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        b = tails[i]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        parent[max(a, b)] = min(a, b)
    count = 0
    part = np.zeros(nodes, np.int64)
    for node in range(nodes):
        # A root is the least of its part, and comes first.
        a = node
        while parent[a] != a:
            a = parent[a]
        if a == node:
            part[node] = count
            count += 1
        else:
            part[node] = part[a]
    return part


@kernel
def least_trees(graph, memory, nets, first, last, costs, exact):
    """Write the least cost of the trees of nets ``first`` to ``last`` to ``costs``.

    Args:
        graph: see :class:`Graph`.
        memory: labels and ascent, scratch memory.
        nets: int64 offsets and int32 nodes, distinct within a net.
        first: the first net.
        last: the net after the last one.
        costs: int64 ``(nets,)``, gets the cost, or a lower bound of it.
        exact: uint8 ``(nets,)``, gets 1 where it is the cost.
    """
    labels, ascent = memory
    offsets, pins = nets
    for net in range(first, last):
        terminals = pins[offsets[net] : offsets[net + 1]]
        if len(terminals) < 2:
            costs[net] = 0
            exact[net] = 1
            continue
        cost, done = least_tree(graph, labels, ascent, terminals)
        costs[net] = cost
        exact[net] = done
