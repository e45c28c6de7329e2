"""Cut wire that leads only to terminals which the rest of their net's tree reaches too.

A terminal that spans GCells is routed to one of them; the finished tree may pass another.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, Routes
from eda_router.errors import EdarouteError
from eda_router.kernels import kernel
from eda_router.layers import Layers
from eda_router.routing.net_tree import (
    load_tree,
    new_nodes,
    terminals_of,
    trees_of,
    unload_tree,
)


def cut_dead_ends(design: Design, routes: Routes) -> tuple[Design, Routes]:
    """Remove edges from the ends of trees as long as each terminal keeps a candidate in its tree.

    Args:
        design: a design with layers.
        routes: a tree, or nothing, for each net.

    Returns:
        The design with its pins where the trees reach their terminals now, and what is left of
        the routes.

    Raises:
        EdarouteError: the wires of a net are no tree.
    """
    layers = design.layers
    assert layers is not None
    nodes = new_nodes(design.num_tiles, int(routes.lengths.max(initial=0)) + 1)
    largest = int(np.diff(layers.pin_offsets).max(initial=0))
    trees = trees_of(design, routes)
    needed = np.ones(len(routes.edges), np.bool_)
    bad = _cut(
        np.flatnonzero(routes.lengths),
        trees,
        terminals_of(layers),
        nodes,
        np.zeros(len(nodes.tile), np.int32),
        np.zeros(len(nodes.tile), np.int32),
        np.zeros(largest, np.int32),
        needed,
    )
    if bad >= 0:
        raise EdarouteError(f"net {design.net_names[bad]} has wires that are no tree")
    kept = np.concatenate([[0], np.cumsum(needed)])
    edges: IntArray = routes.edges[needed]
    left = Routes(kept[routes.offsets], edges)
    cut = left.lengths < routes.lengths
    return _with_pins_on(design, layers, left, cut, trees.roots), left


def _with_pins_on(
    design: Design, layers: Layers, routes: Routes, cut: NDArray[np.bool_], roots: IntArray
) -> Design:
    """The design with the pins of the nets that were cut on their trees, which contain ``roots``.

    Args:
        design: as it was.
        layers: of the design.
        routes: what is left.
        cut: bool ``(num_nets,)``.
        roots: int32 ``(num_nets,)``.
    """
    tiles = design.num_tiles
    nets = np.flatnonzero(cut)
    wire = np.flatnonzero(np.repeat(cut, routes.lengths))
    net = np.searchsorted(routes.offsets, wire, "right") - 1
    tile, vertical = np.divmod(routes.edges[wire].astype(np.int64), 2)
    far = tile + np.where(vertical, design.width, 1)
    on_trees = np.concatenate([net * tiles + tile, net * tiles + far, nets * tiles + roots[nets]])

    terminal = np.flatnonzero(np.repeat(cut, np.diff(layers.pin_offsets)))
    terminal_net = np.searchsorted(layers.pin_offsets, terminal, "right") - 1
    counts = np.diff(layers.candidate_offsets)[terminal]
    owner = np.repeat(np.arange(len(terminal)), counts)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    candidate = layers.candidate_offsets[terminal][owner] + within
    places = terminal_net[owner] * tiles + layers.candidate_tiles[candidate]
    reached = np.flatnonzero(np.isin(places, on_trees))
    first = reached[np.diff(owner[reached], prepend=-1) != 0]

    pin_net = np.repeat(np.arange(design.num_nets), design.pin_counts)
    still = ~cut[pin_net]
    keys = np.concatenate([(pin_net * tiles + design.pins)[still], np.unique(places[first])])
    # Two sorted runs, which this kind of sort merges fast.
    keys.sort(kind="stable")
    return dataclasses.replace(
        design,
        pin_offsets=np.searchsorted(keys, np.arange(design.num_nets + 1) * tiles).astype(np.int64),
        pins=(keys % tiles).astype(np.int32),
    )


@kernel
def _cut(nets, trees, terminals, nodes, degree, held, reached, needed):
    """Clear ``needed`` of the edges that can go.

    Args:
        nets: nets with wires.
        trees: their trees; the roots are moved to tiles that are left.
        terminals: terminals of all nets.
        nodes: memory.
        degree: int32, memory for the edges left at each node; -1 when the node is gone.
        held: int32, memory for the terminals that each node alone reaches.
        reached: int32, memory for the nodes left that reach each terminal.
        needed: bool, one an edge of ``trees``.

    Returns:
        -1, or the first net that is no tree.
    """
    for net in nets:
        count = load_tree(trees, net, nodes)
        if count == 0:
            return net
        for node in range(count):
            degree[node] = nodes.children[node + 1] - nodes.children[node] + (node > 0)
            held[node] = 0
        for terminal in range(terminals.offsets[net], terminals.offsets[net + 1]):
            _hold(terminals, terminal, terminals.offsets[net], nodes, degree, held, reached)
        first = trees.offsets[net]
        # Children stand after their parents, so branches are cut from their ends.
        for node in range(count - 1, 0, -1):
            if degree[node] == 1 and held[node] == 0:
                needed[first + nodes.edge[node]] = False
                degree[nodes.parent[node]] -= 1
                _leave(terminals, net, node, nodes, degree, held, reached)
        root = 0
        while degree[root] == 1 and held[root] == 0:
            child = nodes.children[root]
            while degree[child] < 0:
                child += 1
            needed[first + nodes.edge[child]] = False
            degree[child] -= 1
            _leave(terminals, net, root, nodes, degree, held, reached)
            root = child
        trees.roots[net] = nodes.tile[root]
        unload_tree(trees, net, count, nodes)
    return -1


@kernel
def _hold(terminals, terminal, first, nodes, degree, held, reached):
    """Count the nodes left that reach a terminal; the last one holds it."""
    reached[terminal - first] = 0
    only = -1
    for i in range(
        terminals.candidate_offsets[terminal], terminals.candidate_offsets[terminal + 1]
    ):
        node = nodes.node_of[terminals.tiles[i]]
        if node >= 0 and degree[node] >= 0 and node != only:
            only = node
            reached[terminal - first] += 1
    if reached[terminal - first] == 1:
        held[only] += 1


@kernel
def _leave(terminals, net, gone, nodes, degree, held, reached):
    """Take a node away and let others hold its terminals."""
    degree[gone] = -1
    first = terminals.offsets[net]
    for terminal in range(first, terminals.offsets[net + 1]):
        for i in range(
            terminals.candidate_offsets[terminal], terminals.candidate_offsets[terminal + 1]
        ):
            if nodes.node_of[terminals.tiles[i]] == gone:
                _hold(terminals, terminal, first, nodes, degree, held, reached)
                break
