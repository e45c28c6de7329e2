"""Exact Steiner trees under edge costs, for few terminals in a box.

Dreyfus and Wagner's dynamic programme [1] over subsets of terminals, with each subset's distance
field relaxed by sweeping (:func:`eda_router.search.box.sweep`) instead of Dijkstra's algorithm.
For k terminals and n nodes: O(3^k n) additions and 2^(k-1) fields of n int32.

A terminal may be a whole connected part of a tree: all of its nodes count as one contracted
vertex, so wire that is there already is free. Joining the parts of a tree that was cut, connecting
two pins and finding an optimal tree for eight pins thus are the same call.

Choice among equal trees is fixed: the subset split with the smallest subset first, then straight
on, then the steps by their numbers (:mod:`eda_router.search.grid`). Nothing depends on hash or
thread order.

[1] S. E. Dreyfus, R. A. Wagner: The Steiner problem in graphs. Networks 1 (1971), 195-207.
"""

from __future__ import annotations

import numpy as np

from eda_router.kernels import inlined, kernel
from eda_router.search.box import CLOSED, UNREACHED, emit_step, open_box, step_towards, sweep
from eda_router.search.grid import neighbour


@kernel
def join_terminals(box, w, h, k, grid_width, limit):
    """Find the cheapest tree that joins the ``k`` terminals of ``box``.

    Terminal t's nodes are ``box.terminal_nodes[terminal_offsets[t]:terminal_offsets[t + 1]]`` and
    ``box.owner`` names each node's terminal. Costs must be loaded. Writes the edges (grid edge
    ids, each once, unsorted) to ``box.out``. Where it soon sees that no tree costs less than
    ``limit``, it gives up.

    Returns:
        (cost, number of edges); a cost >= CLOSED means that there is no such tree, without edges.
    """
    n = w * h
    fields = box.fields
    nodes = box.terminal_nodes
    offsets = box.terminal_offsets
    root = k - 1
    full = (1 << root) - 1
    for subset in range(1, full + 1):
        base = subset * n
        if k == 3 and subset == full and _least_of_three(fields, n, nodes, offsets) >= limit:
            return CLOSED, 0
        if subset & (subset - 1) == 0:
            terminal = 0
            while subset >> terminal != 1:
                terminal += 1
            for i in range(n):
                fields[base + i] = UNREACHED
            for i in range(offsets[terminal], offsets[terminal + 1]):
                fields[base + nodes[i]] = 0
        else:
            _combine(fields, subset, n)
            for terminal in range(root):
                if subset >> terminal & 1:
                    _contract(fields, base, nodes, offsets[terminal], offsets[terminal + 1])
        sweep(fields, base, box.right, box.up, w, h)
        _contract(fields, base, nodes, offsets[root], offsets[root + 1])
    cost = fields[full * n + nodes[offsets[root]]]
    if cost >= CLOSED:
        return cost, 0
    return cost, _trace(box, w, h, k, grid_width)


@inlined
def _least_of_three(fields, n, nodes, offsets):
    """What joining three terminals costs at least, by the fields of the first and the second.

    Who walks round a tree passes every edge twice, so half of the shortest way round them.
    """
    first, second = fields[n + nodes[offsets[2]]], fields[2 * n + nodes[offsets[2]]]
    between = UNREACHED
    for i in range(offsets[1], offsets[2]):
        between = min(between, fields[n + nodes[i]])
    # The way from one to another may lead through the third.
    between = min(between, first + second)
    first = min(first, between + second)
    second = min(second, between + first)
    return (between + first + second + 1) // 2


@inlined
def _combine(fields, subset, n):
    """Field of ``subset`` = cheapest sum of the fields of two parts that make it up."""
    base = subset * n
    part = (subset - 1) & subset
    first = True
    while part > subset ^ part:
        a = part * n
        b = (subset ^ part) * n
        if first:
            for i in range(n):
                fields[base + i] = min(UNREACHED, fields[a + i] + fields[b + i])
            first = False
        else:
            for i in range(n):
                fields[base + i] = min(fields[base + i], fields[a + i] + fields[b + i])
        part = (part - 1) & subset


@kernel
def _contract(fields, base, nodes, start, stop):
    """Give all nodes of a terminal the value of its cheapest one."""
    if stop - start == 1:
        return
    best = fields[base + nodes[start]]
    for i in range(start + 1, stop):
        best = min(best, fields[base + nodes[i]])
    for i in range(start, stop):
        fields[base + nodes[i]] = best


@kernel
def _derive(box, subset, node, w, h, heading):
    """How the value of ``subset`` at ``node`` came about.

    Returns (kind, what): kind 1, split off the part ``what``; kind 2, over the step ``what``; kind
    0, neither. The step ``heading`` is tried first, unless it is -1.
    """
    fields = box.fields
    n = w * h
    value = fields[subset * n + node]
    if subset & (subset - 1) != 0:
        part = (subset - 1) & subset
        while part > subset ^ part:
            if fields[part * n + node] + fields[(subset ^ part) * n + node] == value:
                return 1, part
            part = (part - 1) & subset
    step = step_towards(box, subset * n, node, w, h, heading)
    return (0, 0) if step < 0 else (2, step)


@inlined
def _trace(box, w, h, k, grid_width):
    fields = box.fields
    nodes = box.terminal_nodes
    offsets = box.terminal_offsets
    stack = box.stack
    n = w * h
    count = np.int64(0)
    stack[0] = (1 << (k - 1)) - 1
    stack[1] = nodes[offsets[k - 1]]
    top = 2
    while top > 0:
        top -= 2
        subset = np.int64(stack[top])
        node = np.int64(stack[top + 1])
        heading = np.int64(-1)
        while fields[subset * n + node] != 0:
            kind, what = _derive(box, subset, node, w, h, heading)
            if kind == 0:
                # Only a contracted terminal takes its value from another of its nodes.
                value = fields[subset * n + node]
                owner = box.owner[node]
                for i in range(offsets[owner], offsets[owner + 1]):
                    other = np.int64(nodes[i])
                    if fields[subset * n + other] == value:
                        kind, what = _derive(box, subset, other, w, h, heading)
                        if kind != 0:
                            node = other
                            break
            if kind == 1:
                stack[top] = subset ^ what
                stack[top + 1] = node
                top += 2
                subset = what
                heading = np.int64(-1)
                continue
            heading = what
            count = emit_step(box, node, what, w, grid_width, box.out, count)
            node = neighbour(node, what, w)
    return count


@inlined
def join_pins(box, cost, grid, pins, margin, max_nodes):
    """Cheapest tree over the pins (tiles, distinct) in the box that ``open_box`` makes.

    Returns as :func:`join_terminals`.
    """
    k = len(pins)
    w, h = open_box(box, cost, grid, pins, margin, max_nodes, 1 << k - 1)
    for t in range(k + 1):
        box.terminal_offsets[t] = t
    return join_terminals(box, w, h, k, grid.width, np.int64(CLOSED))
