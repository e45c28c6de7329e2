"""Fewer vias for the same length: other ways of the wires on the plane.

A tree is cut at its pins and branch tiles into paths. A path that is as short as can be may take
another way of that length, an L or a Z of free tracks that does not touch the rest of the tree.
Wirelength stays, overflow does not grow.

Vias are foreseen as if all wires ran on the lowest layer of their direction: a bend costs the vias
between those two layers, and a tile at an end of the path the height of the stack that joins the
pins and the directions of the wires there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, Routes
from eda_router.kernels import kernel
from eda_router.routing.net_tree import (
    forget_links,
    load_tree,
    new_nodes,
    terminals_of,
    trees_of,
    unload_tree,
)
from eda_router.search.grid import edge_between, edge_direction

NO_PIN = 127
"""In place of the lowest layer of a pin."""


def straighten(design: Design, routes: Routes, nets: NDArray[np.int64]) -> Routes:
    """Take bends out of the wires of ``nets``.

    Args:
        design: a design with layers; the capacities of the plane are kept.
        routes: of all nets; wires that are no tree through their first pin are left as they are.
        nets: in the order in which they take free tracks.

    Returns:
        Routes of the same lengths.
    """
    moved = Routes(routes.offsets, routes.edges.copy())
    pinned = nets[(routes.lengths[nets] > 1) & (design.pin_counts[nets] > 0)]
    layers = design.layers
    assert layers is not None
    first, last = layers.signal
    lowest = np.array(
        [
            first + int(np.argmax(layers.horizontal[first : last + 1] == across))
            for across in (True, False)
        ]
    )
    trees = trees_of(design, moved)
    trees.roots[pinned] = design.pins[design.pin_offsets[pinned]]
    longest = int(routes.lengths.max(initial=0)) + 1
    nodes = new_nodes(design.num_tiles, longest)
    memory = _Memory(
        key=np.zeros(longest, np.bool_),
        bottom=np.zeros(longest, np.int8),
        top=np.zeros(longest, np.int8),
        best=np.zeros(longest, np.int32),
        tried=np.zeros(longest, np.int32),
    )
    demand = np.bincount(routes.edges, minlength=2 * design.num_tiles).astype(np.int32)
    _straighten(
        pinned, trees, design.pin_offsets, design.pins, terminals_of(layers),
        design.capacity.reshape(-1), demand, lowest, nodes, memory,
    )  # fmt: skip
    keys = np.repeat(np.arange(design.num_nets) * (2 * design.num_tiles), routes.lengths)
    keys += moved.edges
    keys.sort()
    return Routes(routes.offsets, (keys % (2 * design.num_tiles)).astype(np.int32))


class _Memory(NamedTuple):
    """Memory for one tree.

    Attributes:
        key: bool ``(nodes,)``: whether a node is the root, a pin, a branch or an end.
        bottom: int8 ``(nodes,)``, lowest layer of a pin at a node, or NO_PIN.
        top: int8 ``(nodes,)``, highest layer of a pin at a node, or -1.
        best: int32 ``(nodes,)``, tiles of the best way of a path.
        tried: int32 ``(nodes,)``, tiles of a way that is tried.
    """

    key: Any
    bottom: Any
    top: Any
    best: Any
    tried: Any


@kernel
def _straighten(nets, trees, pin_offsets, pins, terminals, capacity, demand, lowest, nodes, memory):
    """Move the paths of ``nets``.

    Args:
        nets: nets to look at.
        trees: their edges are changed.
        pin_offsets: int64, into the pins.
        pins: int32, tiles.
        terminals: of all nets.
        capacity: int32, tracks of each edge.
        demand: int32, nets on each edge, kept up to date.
        lowest: int64 ``(2,)``, lowest layer of horizontal and of vertical wires.
        nodes: memory.
        memory: memory.
    """
    for net in nets:
        count = load_tree(trees, net, nodes)
        if count == 0:
            continue
        for node in range(count):
            children = nodes.children[node + 1] - nodes.children[node]
            memory.key[node] = node == 0 or children != 1
            memory.bottom[node] = NO_PIN
            memory.top[node] = -1
        for i in range(pin_offsets[net], pin_offsets[net + 1]):
            if nodes.node_of[pins[i]] >= 0:
                memory.key[nodes.node_of[pins[i]]] = True
        for terminal in range(terminals.offsets[net], terminals.offsets[net + 1]):
            _place_pin(terminals, terminal, nodes, memory)
        for node in range(1, count):
            if memory.key[node]:
                _move_path(net, node, trees, capacity, demand, lowest, nodes, memory)
        unload_tree(trees, net, count, nodes)


@kernel
def _place_pin(terminals, terminal, nodes, memory):
    """Pin a terminal to the first of its candidates that stays where it is."""
    for i in range(
        terminals.candidate_offsets[terminal], terminals.candidate_offsets[terminal + 1]
    ):
        node = nodes.node_of[terminals.tiles[i]]
        if node >= 0 and memory.key[node]:
            memory.bottom[node] = min(memory.bottom[node], terminals.layers[i])
            memory.top[node] = max(memory.top[node], terminals.layers[i])
            return


@kernel
def _move_path(net, node, trees, capacity, demand, lowest, nodes, memory):
    """Move the path from a node up to the next key node, if that saves vias."""
    width = trees.width
    first = trees.offsets[net]
    top = nodes.parent[node]
    length = 1
    while not memory.key[top]:
        top = nodes.parent[top]
        length += 1
    a = nodes.tile[node]
    b = nodes.tile[top]
    dx = b % width - a % width
    dy = b // width - a // width
    if length < 2 or abs(dx) + abs(dy) != length or dx == 0 or dy == 0:
        return
    best = memory.best
    step = node
    for i in range(length + 1):
        best[i] = nodes.tile[step]
        step = nodes.parent[step]
    least = _vias(best, length, trees, net, node, top, lowest, nodes, memory)

    # Take the path out, so that its own tracks and tiles count as free.
    step = node
    for _ in range(length):
        edge = trees.edges[first + nodes.edge[step]]
        demand[edge] -= 1
        forget_links(nodes, edge, width)
        if step != node:
            nodes.node_of[nodes.tile[step]] = -1
        step = nodes.parent[step]

    tried = memory.tried
    # First along x as far as ``turn``, along y, on along x; then the same with x and y changed.
    for kind in range(2):
        along = abs(dx) if kind == 0 else abs(dy)
        across = abs(dy) if kind == 0 else abs(dx)
        unit = (1 if dx > 0 else -1) if kind == 0 else (width if dy > 0 else -width)
        other = (width if dy > 0 else -width) if kind == 0 else (1 if dx > 0 else -1)
        for at in range(along + 1):
            # The Ls before the Zs; both kinds have the same Ls, from different sides.
            turn = along if at == 0 else at - 1
            if (turn == 0 and kind == 1) or (turn == along and kind == 1):
                continue
            tile = a
            tried[0] = a
            for i in range(1, length + 1):
                tile += unit if i <= turn or i > turn + across else other
                tried[i] = tile
            vias = _vias(tried, length, trees, net, node, top, lowest, nodes, memory)
            if vias < least and _is_free(tried, length, capacity, demand, width, nodes):
                least = vias
                for place in range(length + 1):
                    best[place] = tried[place]

    step = node
    for i in range(length):
        edge = edge_between(best[i], best[i + 1], width)
        trees.edges[first + nodes.edge[step]] = edge
        demand[edge] += 1
        nodes.tile[step] = best[i]
        nodes.node_of[best[i]] = step
        step = nodes.parent[step]


@kernel
def _is_free(way, length, capacity, demand, width, nodes):
    """Whether every edge of a way has a track and no tile between its ends is taken."""
    for i in range(length):
        edge = edge_between(way[i], way[i + 1], width)
        if demand[edge] >= capacity[edge]:
            return False
        if i > 0 and nodes.node_of[way[i]] >= 0:
            return False
    return True


@kernel
def _vias(way, length, trees, net, node, top, lowest, nodes, memory):
    """Vias foreseen for a way between two nodes, those in the end tiles included."""
    width = trees.width
    bends = 0
    for i in range(1, length):
        bends += way[i] - way[i - 1] != way[i + 1] - way[i]
    begin = edge_direction(edge_between(way[0], way[1], width))
    end = edge_direction(edge_between(way[length - 1], way[length], width))
    return (
        bends * abs(lowest[0] - lowest[1])
        + _stack(begin, trees, net, node, node, lowest, nodes, memory)
        + _stack(end, trees, net, top, node, lowest, nodes, memory)
    )


@kernel
def _stack(direction, trees, net, node, path, lowest, nodes, memory):
    """Height of the stack in a node if the path up from ``path`` arrives in ``direction``."""
    first = trees.offsets[net]
    bottom = min(memory.bottom[node], lowest[direction])
    top = max(memory.top[node], lowest[direction])
    if node > 0 and node != path:
        layer = lowest[edge_direction(trees.edges[first + nodes.edge[node]])]
        bottom = min(bottom, layer)
        top = max(top, layer)
    for child in range(nodes.children[node], nodes.children[node + 1]):
        # The child on the path is the one above ``path``, whose edge is about to move.
        below = path
        while below > child:
            below = nodes.parent[below]
        if below != child:
            layer = lowest[edge_direction(trees.edges[first + nodes.edge[child]])]
            bottom = min(bottom, layer)
            top = max(top, layer)
    return top - bottom
