"""The cheapest path between two tiles at prices of any size, on the whole grid.

A* [1] with the distance between the tiles as potential where every edge costs a unit at least;
among nodes of equal promise the one nearest to the goal comes first, so that a path through free
country is found in as many steps as it has edges.

[1] P. E. Hart, N. J. Nilsson, B. Raphael: A formal basis for the heuristic determination of minimum
    cost paths. IEEE Trans. Systems Science and Cybernetics 4 (1968), 100-107.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eda_router.kernels import inlined, kernel
from eda_router.search.grid import edge_over, neighbour, opposite, stays_inside

FAR = np.int64(1) << 60
"""Distance of a tile that no path has reached yet."""

_NEAR_BITS = 20
"""Bits of a key that hold the tiles to the goal, behind the cost."""


class PathScratch(NamedTuple):
    """Scratch memory of one search; allocate once with :func:`new_path_scratch` and reuse.

    Attributes:
        distance: int64 ``(tiles,)``, FAR between searches.
        step: int8 ``(tiles,)``, over which step a tile was reached.
        seen: int32 ``(tiles,)``, tiles reached by the search.
        key: int64, heap of promises.
        node: int32, their tiles.
        edges: int32 ``(tiles,)``, the path found.
    """

    distance: Any
    step: Any
    seen: Any
    key: Any
    node: Any
    edges: Any


def new_path_scratch(tiles: int) -> PathScratch:
    """Scratch memory for searches on a grid of ``tiles`` tiles."""
    # A tile is pushed once for each of its neighbours at most.
    return PathScratch(
        distance=np.full(tiles, FAR, np.int64),
        step=np.zeros(tiles, np.int8),
        seen=np.zeros(tiles, np.int32),
        key=np.zeros(4 * tiles + 1, np.int64),
        node=np.zeros(4 * tiles + 1, np.int32),
        edges=np.zeros(tiles, np.int32),
    )


@inlined
def push(keys, nodes, size, key, node):
    """Put a node on a binary heap of ``size`` entries."""
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if keys[parent] <= key:
            break
        keys[at] = keys[parent]
        nodes[at] = nodes[parent]
        at = parent
    keys[at] = key
    nodes[at] = node


@inlined
def sift(keys, nodes, size):
    """Fill the hole at the top of a heap with its last entry; ``size`` counts without the hole."""
    key = keys[size]
    node = nodes[size]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[at] = keys[child]
        nodes[at] = nodes[child]
        at = child
    keys[at] = key
    nodes[at] = node


@kernel
def cheapest_path(cost, grid, scratch, start, goal, unit):
    """Cheapest path from ``start`` to ``goal`` where edges cost ``cost``, each ``unit`` or more.

    Writes its edges to ``scratch.edges``.

    Returns:
        (cost, number of edges); O(tiles log(tiles)) time at most.
    """
    width = grid.width
    goal_x = goal % width
    goal_y = goal // width
    distance = scratch.distance
    distance[start] = 0
    scratch.seen[0] = start
    num_seen = 1
    size = 1
    scratch.key[0] = 0
    scratch.node[0] = start
    while size > 0:
        tile = scratch.node[0]
        key = scratch.key[0]
        size -= 1
        sift(scratch.key, scratch.node, size)
        if tile == goal:
            break
        x = tile % width
        y = tile // width
        near = abs(x - goal_x) + abs(y - goal_y)
        here = distance[tile]
        if key >> _NEAR_BITS > here + unit * near:
            continue
        for step in range(4):
            if not stays_inside(x, y, step, width, grid.height):
                continue
            other = neighbour(tile, step, width)
            reached = here + cost[edge_over(tile, step, width)]
            if reached < distance[other]:
                if distance[other] == FAR:
                    scratch.seen[num_seen] = other
                    num_seen += 1
                distance[other] = reached
                scratch.step[other] = step
                near = abs(other % width - goal_x) + abs(other // width - goal_y)
                key = ((reached + unit * near) << _NEAR_BITS) + near
                push(scratch.key, scratch.node, size, key, other)
                size += 1
    total = distance[goal]
    count = 0
    tile = goal
    while tile != start:
        back = opposite(scratch.step[tile])
        scratch.edges[count] = edge_over(tile, back, width)
        tile = neighbour(tile, back, width)
        count += 1
    for i in range(num_seen):
        distance[scratch.seen[i]] = FAR
    return total, count
