"""Layers for the edges of one tree after the other, with as few vias as can be.

A tree's nodes are tiles. In a node an interval of layers covers the layers of its edges and of the
terminals attached there, and costs its height in vias. For one tree under given costs of its edges
on every layer the assignment is exact: a dynamic programme from the leaves to the root, whose state
is the layer of the edge to the parent [1, 2]. With L layers a node of k children takes O(k L^2), so
a tree takes O(L^2) an edge.

At first every tree is assigned as if layers had tracks for all. Then trees negotiate: those that
cross an edge with overflow are ripped up and assigned anew, under costs that grow where overflow
stays [3]. At last full layers are closed: an edge on one costs more than any number of vias. As
long as no two-dimensional edge is used beyond the sum over its layers, a tree that is ripped up
finds some layer with a free track for every edge, whatever the others use, so no overflow is left.

A terminal may have candidates in several tiles of its tree. It is attached after a first programme
without it, where its stack grows least, and a second programme takes that into account.

[1] C.-L. Lee, T.-C. Wang: Congestion-Constrained Layer Assignment for Via Minimization in Global
    Routing, IEEE TCAD 27(9), 2008, https://doi.org/10.1109/TCAD.2008.927733
[2] Y. Xu, Y. Zhang, C. Chu: FastRoute 4.0: Global Router with Efficient Via Minimization,
    ASP-DAC 2009, https://doi.org/10.1109/ASPDAC.2009.4796542
[3] L. McMurchie, C. Ebeling: PathFinder: A Negotiation-Based Performance-Driven Router for FPGAs,
    FPGA 1995, https://doi.org/10.1145/201310.201328
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eda_router.design import HORIZONTAL
from eda_router.kernels import kernel
from eda_router.routing.net_tree import Nodes, load_tree, new_nodes, unload_tree
from eda_router.search.grid import edge_direction, edge_owner

VIA = 1024
"""Cost of a via."""

CROWDED = 4
"""Cost of an edge for the last free track of a layer; less with more of them free."""

OVERFLOW = 1 << 32
"""Cost of an edge without a free track: more than all vias of a tree."""

BLOCKED = 4 * OVERFLOW
"""Cost of an edge on a layer without any track."""

CLOSED = -1
"""In place of a cost of overflow: full layers are closed."""

IMPOSSIBLE = 1 << 60
"""Cost of what cannot be; four of them still fit an int64."""

MAX_ATTACHMENTS = 4
"""Dynamic programmes for one tree whose terminals move between its tiles."""


class Tracks(NamedTuple):
    """Capacity and demand of the edge that each tile owns on each layer.

    Attributes:
        horizontal: bool ``(layers,)``.
        capacity: int32 ``(layers, tiles)``.
        demand: int32 ``(layers, tiles)``.
        history: int32 ``(layers, tiles)``, cost of an edge that has overflowed for long.
        first: int8 ``(nets,)``, lowest layer for the edges of each net.
        last: int8 ``(nets,)``, highest layer for them.
    """

    horizontal: Any
    capacity: Any
    demand: Any
    history: Any
    first: Any
    last: Any


class Assignment(NamedTuple):
    """What is found.

    Attributes:
        layers: int8, layer of each edge.
        attached: int32, candidate of each terminal.
        vias: int32 ``(nets,)``, vias of each net.
        bounds: int32 ``(nets,)``, vias of each net if layers had tracks for all.
    """

    layers: Any
    attached: Any
    vias: Any
    bounds: Any


class Scratch(NamedTuple):
    """Memory for one tree of ``nodes`` nodes at most.

    Attributes:
        nodes: the nodes of the tree.
        need: int8 ``(nodes, layers)``, where the interval of a node has to end at least if it
            begins at a layer, for its terminals' sake; ``layers``: it cannot begin there.
        busy: bool ``(nodes,)``, whether a terminal is attached to a node.
        edge_cost: int64 ``(nodes, layers)``, of the edge to the parent on each layer.
        cost: int64 ``(nodes, layers)``, of the subtree with the edge to the parent on a layer.
        low: int8 ``(nodes, layers)``, where the node's interval begins then.
        high: int8 ``(nodes, layers)``, where it ends.
        chosen: int8 ``(nodes,)``, layer of the edge to the parent.
        bottom: int8 ``(nodes,)``, lowest layer used in the node.
        top: int8 ``(nodes,)``, highest layer used in the node.
        node: int32 ``(terminals,)``, node at which a terminal of the tree is attached, else -1.
        movable: bool ``(terminals,)``, whether it has candidates in several tiles of the tree.
        least: int64 ``(nodes,)``, cheapest cost of each child within an interval.
        row: int64 ``(layers,)``, cost of the intervals that begin at one layer.
    """

    nodes: Nodes
    need: Any
    busy: Any
    edge_cost: Any
    cost: Any
    low: Any
    high: Any
    chosen: Any
    bottom: Any
    top: Any
    node: Any
    movable: Any
    least: Any
    row: Any


def new_scratch(tiles: int, layers: int, nodes: int, terminals: int) -> Scratch:
    """Memory for trees of ``nodes`` nodes and ``terminals`` terminals at most."""
    return Scratch(
        nodes=new_nodes(tiles, nodes),
        need=np.zeros((nodes, layers), np.int8),
        busy=np.zeros(nodes, np.bool_),
        edge_cost=np.zeros((nodes, layers), np.int64),
        cost=np.zeros((nodes, layers), np.int64),
        low=np.zeros((nodes, layers), np.int8),
        high=np.zeros((nodes, layers), np.int8),
        chosen=np.zeros(nodes, np.int8),
        bottom=np.zeros(nodes, np.int8),
        top=np.zeros(nodes, np.int8),
        node=np.zeros(terminals, np.int32),
        movable=np.zeros(terminals, np.bool_),
        least=np.zeros(nodes, np.int64),
        row=np.zeros(layers, np.int64),
    )


@kernel
def load_costs(trees, net, nodes, tracks, scratch, present):
    """Set the cost of the edge to each node's parent on each layer.

    ``present`` is what each track of overflow costs beside the history, or CLOSED.
    """
    begin = trees.offsets[net]
    first = tracks.first[net]
    last = tracks.last[net]
    for node in range(1, nodes):
        edge = trees.edges[begin + scratch.nodes.edge[node]]
        tile = edge_owner(edge)
        across = edge_direction(edge) == HORIZONTAL
        for layer in range(len(tracks.horizontal)):
            cost = IMPOSSIBLE
            if first <= layer <= last and tracks.horizontal[layer] == across:
                capacity = tracks.capacity[layer, tile]
                demand = tracks.demand[layer, tile]
                if capacity == 0:
                    cost = BLOCKED + VIA * demand
                elif present != CLOSED:
                    cost = tracks.history[layer, tile] + present * max(demand + 1 - capacity, 0)
                elif demand < capacity:
                    cost = CROWDED * (demand + 1) // capacity
                else:
                    cost = OVERFLOW + VIA * (demand - capacity)
            scratch.edge_cost[node, layer] = cost


@kernel
def _place_terminals(terminals, net, scratch):
    """Attach the terminals that have one tile of the tree; the others get node -1.

    Returns:
        whether there are others.
    """
    first = terminals.offsets[net]
    several = False
    for terminal in range(first, terminals.offsets[net + 1]):
        node = -1
        movable = False
        for i in range(
            terminals.candidate_offsets[terminal], terminals.candidate_offsets[terminal + 1]
        ):
            other = scratch.nodes.node_of[terminals.tiles[i]]
            if other >= 0:
                movable |= node >= 0 and node != other
                node = other
        scratch.movable[terminal - first] = movable
        scratch.node[terminal - first] = -1 if movable else node
        several |= movable
    return several


@kernel
def _load_needs(terminals, net, nodes, num_layers, scratch):
    """What attached terminals ask of the intervals."""
    for node in range(nodes):
        scratch.busy[node] = False
        for low in range(num_layers):
            scratch.need[node, low] = low
    first = terminals.offsets[net]
    for terminal in range(first, terminals.offsets[net + 1]):
        node = scratch.node[terminal - first]
        if node < 0:
            continue
        scratch.busy[node] = True
        for low in range(num_layers):
            nearest = num_layers
            for i in range(
                terminals.candidate_offsets[terminal], terminals.candidate_offsets[terminal + 1]
            ):
                layer = terminals.layers[i]
                if terminals.tiles[i] == scratch.nodes.tile[node] and layer >= low:
                    nearest = min(nearest, layer)
            scratch.need[node, low] = max(scratch.need[node, low], nearest)


@kernel
def _pass_through(node, child, num_layers, scratch):
    """:func:`_solve_node` for a node of one child and without terminals, in O(L).

    The cheapest layer of the child's edge for each layer of the node's own is carried upwards, then
    downwards; each step costs a via.
    """
    cost = scratch.cost
    best = IMPOSSIBLE
    source = 0
    for layer in range(num_layers):
        best += VIA
        if cost[child, layer] < best:
            best = cost[child, layer]
            source = layer
        cost[node, layer] = best
        scratch.low[node, layer] = source
        scratch.high[node, layer] = layer
    best = IMPOSSIBLE
    for layer in range(num_layers - 1, -1, -1):
        best += VIA
        if cost[child, layer] < best:
            best = cost[child, layer]
            source = layer
        if best < cost[node, layer]:
            cost[node, layer] = best
            scratch.low[node, layer] = layer
            scratch.high[node, layer] = source


@kernel
def _solve_node(node, num_layers, scratch):
    """Costs of a node's subtree for each layer that its interval has to contain."""
    begin = scratch.nodes.children[node]
    end = scratch.nodes.children[node + 1]
    for layer in range(num_layers):
        scratch.cost[node, layer] = IMPOSSIBLE
    for low in range(num_layers):
        if scratch.need[node, low] >= num_layers:
            break
        for child in range(begin, end):
            scratch.least[child] = IMPOSSIBLE
        for high in range(low, num_layers):
            total = VIA * (high - low)
            for child in range(begin, end):
                least = min(scratch.least[child], scratch.cost[child, high])
                scratch.least[child] = least
                total += least
            scratch.row[high] = total if high >= scratch.need[node, low] else IMPOSSIBLE
        best = IMPOSSIBLE
        end_of_best = num_layers
        for layer in range(num_layers - 1, low - 1, -1):
            if scratch.row[layer] <= best:
                best = scratch.row[layer]
                end_of_best = layer
            if best < scratch.cost[node, layer]:
                scratch.cost[node, layer] = best
                scratch.low[node, layer] = low
                scratch.high[node, layer] = end_of_best


@kernel
def _solve(nodes, num_layers, first, last, scratch):
    """The dynamic programme for a net of layers ``first`` to ``last``.

    Fills ``chosen``, ``bottom`` and ``top``. The root has no edge to a parent; the layer chosen
    there instead makes a net without edges reach a layer of its range.
    """
    for node in range(nodes - 1, -1, -1):
        child = scratch.nodes.children[node]
        if scratch.nodes.children[node + 1] == child + 1 and not scratch.busy[node]:
            _pass_through(node, child, num_layers, scratch)
        else:
            _solve_node(node, num_layers, scratch)
        if node > 0:
            for layer in range(num_layers):
                scratch.cost[node, layer] += scratch.edge_cost[node, layer]
    best = first
    for layer in range(first, last + 1):
        if scratch.cost[0, layer] < scratch.cost[0, best]:
            best = layer
    scratch.chosen[0] = best
    for node in range(nodes):
        layer = scratch.chosen[node]
        low = scratch.low[node, layer]
        high = scratch.high[node, layer]
        scratch.bottom[node] = low
        scratch.top[node] = high
        for child in range(scratch.nodes.children[node], scratch.nodes.children[node + 1]):
            choice = low
            for other in range(low + 1, high + 1):
                if scratch.cost[child, other] < scratch.cost[child, choice]:
                    choice = other
            scratch.chosen[child] = choice


@kernel
def _reach(terminals, net, scratch, attached):
    """Attach the terminals of one tile at a layer within the interval that was found there."""
    first = terminals.offsets[net]
    for terminal in range(first, terminals.offsets[net + 1]):
        node = scratch.node[terminal - first]
        attached[terminal] = -1
        if node < 0 or scratch.movable[terminal - first]:
            continue
        for i in range(
            terminals.candidate_offsets[terminal], terminals.candidate_offsets[terminal + 1]
        ):
            if (
                terminals.tiles[i] == scratch.nodes.tile[node]
                and scratch.bottom[node] <= terminals.layers[i] <= scratch.top[node]
            ):
                attached[terminal] = i
                break


@kernel
def _stretch(scratch, node, layer):
    scratch.bottom[node] = min(scratch.bottom[node], layer)
    scratch.top[node] = max(scratch.top[node], layer)


@kernel
def _shrink(terminals, net, nodes, scratch, attached):
    """Make the intervals those of the edges and of the attached terminals."""
    for node in range(nodes):
        layer = scratch.chosen[node if node > 0 or nodes == 1 else 1]
        scratch.bottom[node] = layer
        scratch.top[node] = layer
    for node in range(nodes):
        for child in range(scratch.nodes.children[node], scratch.nodes.children[node + 1]):
            _stretch(scratch, node, scratch.chosen[child])
    for terminal in range(terminals.offsets[net], terminals.offsets[net + 1]):
        i = attached[terminal]
        if i >= 0:
            _stretch(scratch, scratch.nodes.node_of[terminals.tiles[i]], terminals.layers[i])


@kernel
def _move(terminals, net, scratch, attached):
    """Attach each terminal of several tiles where the interval grows least, the first if equal."""
    first = terminals.offsets[net]
    for terminal in range(first, terminals.offsets[net + 1]):
        if not scratch.movable[terminal - first]:
            continue
        least = IMPOSSIBLE
        best = -1
        for i in range(
            terminals.candidate_offsets[terminal], terminals.candidate_offsets[terminal + 1]
        ):
            node = scratch.nodes.node_of[terminals.tiles[i]]
            if node >= 0:
                layer = terminals.layers[i]
                growth = max(scratch.bottom[node] - layer, layer - scratch.top[node], 0)
                if growth < least:
                    least = growth
                    best = i
        node = scratch.nodes.node_of[terminals.tiles[best]]
        scratch.node[terminal - first] = node
        attached[terminal] = best
        _stretch(scratch, node, terminals.layers[best])


@kernel
def _cost(nodes, scratch):
    """(vias, cost) of the layers and intervals at hand."""
    vias = 0
    cost = 0
    for node in range(nodes):
        vias += scratch.top[node] - scratch.bottom[node]
        if node > 0:
            cost += scratch.edge_cost[node, scratch.chosen[node]]
    return vias, cost + VIA * vias


@kernel
def solve_tree(terminals, tracks, net, nodes, scratch, attached):
    """Choose layers and attach terminals of a loaded tree whose edges have costs.

    Returns:
        (vias, cost)
    """
    num_layers = len(tracks.horizontal)
    several = _place_terminals(terminals, net, scratch)
    before = IMPOSSIBLE
    for _ in range(MAX_ATTACHMENTS):
        _load_needs(terminals, net, nodes, num_layers, scratch)
        _solve(nodes, num_layers, tracks.first[net], tracks.last[net], scratch)
        _reach(terminals, net, scratch, attached)
        _shrink(terminals, net, nodes, scratch, attached)
        _move(terminals, net, scratch, attached)
        vias, cost = _cost(nodes, scratch)
        if not several or cost >= before:
            break
        before = cost
    return vias, cost


@kernel
def _book(trees, net, tracks, layers, amount):
    for i in range(trees.offsets[net], trees.offsets[net + 1]):
        tracks.demand[layers[i], edge_owner(trees.edges[i])] += amount


@kernel
def _store(trees, net, nodes, scratch, layers):
    first = trees.offsets[net]
    for node in range(1, nodes):
        layers[first + scratch.nodes.edge[node]] = scratch.chosen[node]


@kernel
def first_pass(nets, trees, terminals, tracks, scratch, found):
    """Assign layers to ``nets`` as if every layer had tracks for all, where it has any.

    Returns:
        -1, or the first net whose edges are no tree or miss a terminal.
    """
    for net in nets:
        nodes = load_tree(trees, net, scratch.nodes)
        if nodes == 0:
            return net
        load_costs(trees, net, nodes, tracks, scratch, 0)
        vias, _ = solve_tree(terminals, tracks, net, nodes, scratch, found.attached)
        for terminal in range(terminals.offsets[net], terminals.offsets[net + 1]):
            if found.attached[terminal] < 0:
                return net
        found.vias[net] = vias
        found.bounds[net] = vias
        _store(trees, net, nodes, scratch, found.layers)
        _book(trees, net, tracks, found.layers, 1)
        unload_tree(trees, net, nodes, scratch.nodes)
    return -1


@kernel
def reassign_pass(nets, trees, terminals, tracks, scratch, found, attached, present, overflowed):
    """Rip up and assign anew, one after the other, nets that may get cheaper.

    Args:
        nets: in order.
        trees: of all nets.
        terminals: of all nets.
        tracks: with the demand of all nets.
        scratch: memory.
        found: the assignment, changed.
        attached: memory like ``found.attached``.
        present: cost of each track of overflow, or CLOSED; see :func:`load_costs`.
        overflowed: whether only nets are looked at that cross an edge with overflow; otherwise
            those with more vias than their bounds.

    Returns:
        number of nets that got cheaper.
    """
    improved = 0
    for net in nets:
        if overflowed:
            if not _overflows(trees, net, tracks, found):
                continue
        elif found.vias[net] <= found.bounds[net]:
            continue
        nodes = load_tree(trees, net, scratch.nodes)
        _book(trees, net, tracks, found.layers, -1)
        load_costs(trees, net, nodes, tracks, scratch, present)
        before = VIA * found.vias[net]
        for node in range(1, nodes):
            layer = found.layers[trees.offsets[net] + scratch.nodes.edge[node]]
            before += scratch.edge_cost[node, layer]
        vias, cost = solve_tree(terminals, tracks, net, nodes, scratch, attached)
        if cost < before:
            improved += 1
            found.vias[net] = vias
            _store(trees, net, nodes, scratch, found.layers)
            for terminal in range(terminals.offsets[net], terminals.offsets[net + 1]):
                found.attached[terminal] = attached[terminal]
        _book(trees, net, tracks, found.layers, 1)
        unload_tree(trees, net, nodes, scratch.nodes)
    return improved


@kernel
def raise_history(tracks, amount):
    """Add ``amount`` to the history of an edge for each track of its overflow, four at most.

    Returns:
        number of edges with overflow.
    """
    edges = 0
    for layer in range(len(tracks.horizontal)):
        for tile in range(tracks.capacity.shape[1]):
            over = tracks.demand[layer, tile] - tracks.capacity[layer, tile]
            if over > 0:
                tracks.history[layer, tile] += amount * min(over, 4)
                edges += 1
    return edges


@kernel
def _overflows(trees, net, tracks, found):
    """Whether a net crosses an edge with more demand than tracks."""
    for i in range(trees.offsets[net], trees.offsets[net + 1]):
        tile = edge_owner(trees.edges[i])
        layer = found.layers[i]
        if tracks.demand[layer, tile] > tracks.capacity[layer, tile]:
            return True
    return False
