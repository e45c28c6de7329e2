"""One net's tree at a time, its tiles numbered from a root: what kernels on layers work on."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eda_router.design import Design, Routes
from eda_router.kernels import kernel
from eda_router.layers import Layers
from eda_router.search.grid import (
    DOWN,
    LEFT,
    RIGHT,
    UP,
    edge_step,
    edge_tiles,
    neighbour,
    opposite,
)

_ORDER = (RIGHT, LEFT, UP, DOWN)
"""Order of the steps in which nodes are numbered."""


class Trees(NamedTuple):
    """The two-dimensional routes.

    Attributes:
        width: tiles of the grid in x.
        offsets: int64 ``(nets + 1,)``, into the edges.
        edges: int32 edge ids of the grid.
        roots: int32 ``(nets,)``, a tile of each tree; of a net without edges a pin.
    """

    width: Any
    offsets: Any
    edges: Any
    roots: Any


class Terminals(NamedTuple):
    """Terminals and their candidates, as in :class:`eda_router.layers.Layers`."""

    offsets: Any
    candidate_offsets: Any
    tiles: Any
    layers: Any


class Nodes(NamedTuple):
    """Memory for the nodes of one tree, numbered breadth-first from the root.

    Attributes:
        links: int32 ``(4 * tiles,)``, index of the edge over each step from a tile, else
            -1.
        node_of: int32 ``(tiles,)``, node of a tile, else -1.
        tile: int32 ``(nodes,)``.
        parent: int32 ``(nodes,)``, -1 at the root.
        edge: int32 ``(nodes,)``, edge to the parent, as an index into the tree's edges.
        children: int32 ``(nodes + 1,)``, the first child of each node; those of one node stand
            together, and the next node's follow.
    """

    links: Any
    node_of: Any
    tile: Any
    parent: Any
    edge: Any
    children: Any


def trees_of(design: Design, routes: Routes) -> Trees:
    """The routes as kernels take them; any tile of a tree will do as its root."""
    roots = np.zeros(design.num_nets, np.int32)
    pinned = np.flatnonzero(design.pin_counts)
    roots[pinned] = design.pins[design.pin_offsets[pinned]]
    wired = np.flatnonzero(routes.lengths)
    roots[wired] = routes.edges[routes.offsets[wired]] // 2
    return Trees(design.width, routes.offsets, routes.edges, roots)


def terminals_of(layers: Layers) -> Terminals:
    """The terminals as kernels take them."""
    return Terminals(
        layers.pin_offsets,
        layers.candidate_offsets,
        layers.candidate_tiles,
        layers.candidate_layers,
    )


def new_nodes(tiles: int, nodes: int) -> Nodes:
    """Memory for trees of ``nodes`` nodes at most on a grid of ``tiles`` tiles."""
    return Nodes(
        links=np.full(4 * tiles, -1, np.int32),
        node_of=np.full(tiles, -1, np.int32),
        tile=np.zeros(nodes, np.int32),
        parent=np.zeros(nodes, np.int32),
        edge=np.zeros(nodes, np.int32),
        children=np.zeros(nodes + 1, np.int32),
    )


@kernel
def load_tree(trees, net, nodes):
    """Number the tiles of a net's tree; :func:`unload_tree` undoes it.

    Returns:
        number of nodes, or 0: the edges are no tree that contains the root.
    """
    first = trees.offsets[net]
    num_edges = trees.offsets[net + 1] - first
    width = trees.width
    for i in range(num_edges):
        edge = trees.edges[first + i]
        owner, other = edge_tiles(edge, width)
        step = edge_step(edge)
        nodes.links[4 * owner + step] = i
        nodes.links[4 * other + opposite(step)] = i
    nodes.tile[0] = trees.roots[net]
    nodes.parent[0] = -1
    nodes.edge[0] = -1
    nodes.node_of[trees.roots[net]] = 0
    count = 1
    node = 0
    is_tree = True
    while node < count:
        nodes.children[node] = count
        tile = nodes.tile[node]
        for step in _ORDER:
            edge = nodes.links[4 * tile + step]
            if edge < 0 or edge == nodes.edge[node]:
                continue
            far = neighbour(tile, step, width)
            if nodes.node_of[far] >= 0:
                is_tree = False
                continue
            nodes.node_of[far] = count
            nodes.tile[count] = far
            nodes.parent[count] = node
            nodes.edge[count] = edge
            count += 1
        node += 1
    nodes.children[count] = count
    if not is_tree or count != num_edges + 1:
        unload_tree(trees, net, count, nodes)
        return 0
    return count


@kernel
def unload_tree(trees, net, count, nodes):
    """Forget the tree of a net with ``count`` nodes."""
    for node in range(count):
        nodes.node_of[nodes.tile[node]] = -1
    for i in range(trees.offsets[net], trees.offsets[net + 1]):
        forget_links(nodes, trees.edges[i], trees.width)


@kernel
def forget_links(nodes, edge, width):
    """Forget all edges at both tiles of one."""
    for tile in edge_tiles(edge, width):
        for step in range(4):
            nodes.links[4 * tile + step] = -1
