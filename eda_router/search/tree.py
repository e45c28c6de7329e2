"""Trees for many pins: growth pin by pin, and improvement by taking out key tiles.

Growth is the shortest-path heuristic of Takahashi and Matsuyama [1]: the pin that is cheapest to
reach joins the tree by its cheapest path, at most twice the cost of an optimal tree.

A tree is known by the wires at each tile: bit s of ``links[tile]`` tells of a wire over the step s
(:mod:`eda_router.search.grid`). *Key tiles* are pins and tiles where wires branch; a *key path*
joins two key tiles.

Improvement takes one key tile with all key paths that end there out of the tree and joins the
parts that remain exactly (:func:`eda_router.search.steiner.join_terminals`). This contains the
exchange of single key paths as well as moving, adding and dropping branch tiles: the
"key-vertex elimination" neighbourhood of [2], with an exact reconnection.

[1] H. Takahashi, A. Matsuyama: An approximate solution for the Steiner problem in graphs.
    Mathematica Japonica 24 (1980), 573-577.
[2] E. Uchoa, R. F. Werneck: Fast local search for the Steiner problem in graphs.
    ACM Journal of Experimental Algorithmics 17 (2012).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eda_router.kernels import inlined, kernel
from eda_router.search.box import (
    CLOSED,
    MAX_PARTS,
    UNREACHED,
    emit_step,
    load_costs,
    open_box,
    step_cost,
    step_towards,
    sweep,
)
from eda_router.search.grid import (
    Grid,
    add_wire,
    edge_over,
    edge_step,
    edge_tiles,
    neighbour,
    opposite,
    stays_inside,
    stretched,
    tile_window,
    with_margin,
)
from eda_router.search.steiner import join_terminals

PIN = 16
"""Flag of a pin's tile in ``links``, above the bits of the four steps."""


SWEPT_PINS = 64
"""Pins after which a growing tree no longer sweeps the whole box for each further one."""


WALKED_EDGES = 4096
"""Edges up to which a tree that is taken apart is walked as a whole; of a larger one the largest
part is not, which would take time with the square of its size."""


class TreeScratch(NamedTuple):
    """Scratch memory for one tree at a time; everything is zero between uses.

    Attributes:
        links: uint8 ``(tiles,)``, wires and the PIN flag at each tile.
        part: int32 ``(tiles,)``, 1 + the part a tile belongs to while a tree is taken apart.
        queue: int32, work list.
        keys: int32, key tiles still to be tried.
        removed: int32, edges taken out.
        edges: int32, the tree as a list of edges; while a large tree is taken apart, the tile that
            follows each one in the list of its part.
        at: int64 ``(MAX_PARTS,)``, the tile at which each part of a large tree is walked.
        last: int64 ``(MAX_PARTS,)``, the last tile in the list of each part.
    """

    links: Any
    part: Any
    queue: Any
    keys: Any
    removed: Any
    edges: Any
    at: Any
    last: Any


def new_tree_scratch(grid: Grid) -> TreeScratch:
    """Scratch memory for trees on a grid."""
    tiles = grid.width * grid.height
    return TreeScratch(
        links=np.zeros(tiles, np.uint8),
        part=np.zeros(tiles, np.int32),
        # The parts of a tree hold no tile twice; the tiles where they begin stand before them.
        queue=np.zeros(tiles + MAX_PARTS, np.int32),
        keys=np.zeros(tiles, np.int32),
        # A tree has fewer edges than tiles.
        removed=np.zeros(tiles, np.int32),
        edges=np.zeros(tiles, np.int32),
        at=np.zeros(MAX_PARTS, np.int64),
        last=np.zeros(MAX_PARTS, np.int64),
    )


@inlined
def _cut_wire(links, edge, grid_width):
    owner, other = edge_tiles(edge, grid_width)
    step = edge_step(edge)
    links[owner] &= ~np.uint8(1 << step)
    links[other] &= ~np.uint8(1 << opposite(step))


@inlined
def _degree(wires):
    return (wires & 1) + (wires >> 1 & 1) + (wires >> 2 & 1) + (wires >> 3 & 1)


@kernel
def grow_tree(box, scratch, cost, grid, pins, margin, max_nodes):
    """Tree over ``pins`` by always joining the pin that is cheapest to reach from the tree [1].

    Searches the box that ``open_box`` makes. Writes the tree to ``scratch.edges``.

    Returns:
        number of edges, or -1 if a pin cannot be reached or ``box.stop`` is set.
    """
    k = len(pins)
    w, h = open_box(box, cost, grid, pins, margin, max_nodes, np.int64(1))
    field = box.fields
    nodes = box.terminal_nodes
    for i in range(w * h):
        field[i] = UNREACHED
    field[nodes[0]] = 0
    waiting = k - 1
    steps = np.int64(0)
    for t in range(waiting):
        nodes[t] = nodes[t + 1]
    count = np.int64(0)
    joined = 0
    while waiting > 0:
        if box.stop[0]:
            return -1
        if joined < SWEPT_PINS:
            sweep(field, np.int64(0), box.right, box.up, w, h)
        else:
            _spread(box, scratch, w, h, steps)
        joined += 1
        nearest = 0
        for t in range(1, waiting):
            if field[nodes[t]] < field[nodes[nearest]]:
                nearest = t
        node = np.int64(nodes[nearest])
        if field[node] >= CLOSED:
            return -1
        waiting -= 1
        nodes[nearest] = nodes[waiting]
        heading = -1
        steps = np.int64(0)
        while field[node] != 0:
            scratch.queue[steps] = node
            steps += 1
            heading = step_towards(box, 0, node, w, h, heading)
            count = emit_step(box, node, heading, w, grid.width, scratch.edges, count)
            node = neighbour(node, heading, w)
        for i in range(steps):
            field[scratch.queue[i]] = 0
    return count


@inlined
def _spread(box, scratch, w, h, count):
    """Bring the distance field up to date after nodes ``queue[:count]`` became part of the tree.

    The same values as :func:`~eda_router.search.box.sweep` gives, in time proportional to the nodes
    that come nearer: label correcting with a first-in first-out queue.
    """
    field, ring, waits = box.fields, scratch.keys, scratch.part
    head, size = 0, count
    for i in range(count):
        ring[i] = scratch.queue[i]
        waits[ring[i]] = 1
    while size > 0:
        node = ring[head]
        head = head + 1 if head + 1 < len(ring) else 0
        size -= 1
        waits[node] = 0
        x = node % w
        y = node // w
        for step in range(4):
            if not stays_inside(x, y, step, w, h):
                continue
            other = neighbour(node, step, w)
            nearer = field[node] + step_cost(box, node, step, w)
            if nearer < field[other]:
                field[other] = nearer
                if waits[other] == 0:
                    waits[other] = 1
                    tail = head + size
                    ring[tail if tail < len(ring) else tail - len(ring)] = other
                    size += 1


@inlined
def _walk_off(scratch, grid_width, tile, count):
    """Take out the key paths at ``tile``.

    Writes their edges to ``removed`` from ``count`` on and their far ends to the front of
    ``queue``. Returns (number of removed edges, number of far ends).
    """
    links = scratch.links
    ends = 0
    for first in range(4):
        if links[tile] >> first & 1 == 0:
            continue
        at = tile
        step = first
        while True:
            edge = edge_over(at, step, grid_width)
            at = neighbour(at, step, grid_width)
            _cut_wire(links, edge, grid_width)
            scratch.removed[count] = edge
            count += 1
            wires = links[at]
            if wires & PIN or _degree(wires) != 1:
                break
            step = 0
            while wires >> step & 1 == 0:
                step += 1
        scratch.queue[ends] = at
        ends += 1
    return count, ends


@inlined
def _collect_parts(box, scratch, grid_width, w, h, x0, y0, starts):
    """Make each part that begins at ``queue[:starts]`` a terminal of the box."""
    links = scratch.links
    part = scratch.part
    queue = scratch.queue
    nodes = box.terminal_nodes
    found = 0
    tail = starts
    for t in range(starts):
        box.terminal_offsets[t] = found
        first = tail
        queue[tail] = queue[t]
        part[queue[t]] = t + 1
        tail += 1
        head = first
        while head < tail:
            tile = queue[head]
            head += 1
            x = tile % grid_width - x0
            y = tile // grid_width - y0
            if 0 <= x < w and 0 <= y < h:
                nodes[found] = y * w + x
                box.owner[y * w + x] = t
                found += 1
            wires = links[tile]
            for step in range(4):
                if wires >> step & 1:
                    other = neighbour(tile, step, grid_width)
                    if part[other] == 0:
                        part[other] = t + 1
                        queue[tail] = other
                        tail += 1
    box.terminal_offsets[starts] = found
    for i in range(starts, tail):
        part[queue[i]] = 0


@inlined
def _collect_parts_in_step(box, scratch, grid_width, w, h, x0, y0, starts):
    """As :func:`_collect_parts`, in time proportional to all parts but the largest, and the box.

    The parts are walked a tile each in turn until all but one have come to their end; what is left
    of the tree in the box is the last one's. Its nodes stand in another order, which may decide
    between trees of equal cost.
    """
    part = scratch.part
    queue = scratch.queue
    following = scratch.edges
    at, last = scratch.at, scratch.last
    for t in range(starts):
        at[t] = last[t] = queue[t]
        part[queue[t]] = t + 1
        following[queue[t]] = -1
    walking = starts
    while walking > 1:
        for t in range(starts):
            if at[t] < 0 or walking == 1:
                continue
            tile = at[t]
            wires = scratch.links[tile]
            for step in range(4):
                if wires >> step & 1:
                    other = neighbour(tile, step, grid_width)
                    if part[other] == 0:
                        part[other] = t + 1
                        following[other] = -1
                        following[last[t]] = other
                        last[t] = other
            at[t] = following[tile]
            if at[t] < 0:
                walking -= 1
    found = 0
    for t in range(starts):
        box.terminal_offsets[t] = found
        if at[t] < 0:
            tile = np.int64(queue[t])
            while tile >= 0:
                x, y = tile % grid_width - x0, tile // grid_width - y0
                if 0 <= x < w and 0 <= y < h:
                    box.terminal_nodes[found] = y * w + x
                    box.owner[y * w + x] = t
                    found += 1
                tile = following[tile]
            continue
        for y in range(h):
            for x in range(w):
                tile = (y0 + y) * grid_width + x0 + x
                unseen = part[tile] == 0 and scratch.links[tile] != 0
                if unseen or part[tile] == t + 1:
                    box.terminal_nodes[found] = y * w + x
                    box.owner[y * w + x] = t
                    found += 1
    box.terminal_offsets[starts] = found
    for t in range(starts):
        tile = np.int64(queue[t])
        while tile >= 0:
            part[tile] = 0
            tile = following[tile]


@kernel
def improve_tree(box, scratch, cost, grid, pins, count, margin, rounds, least):
    """Improve the tree in ``scratch.edges[:count]`` in place, key tile by key tile.

    ``cost`` must not contain the tree itself; no edge costs less than ``least``. The result never
    costs more. ``rounds`` bounds the passes over all key tiles; it ends earlier when a pass changes
    nothing or ``box.stop`` is set.

    Returns:
        number of edges of the improved tree.
    """
    links = scratch.links
    for pin in pins:
        links[pin] |= PIN
    for i in range(count):
        add_wire(links, scratch.edges[i], grid.width)
    for _ in range(rounds):
        num_keys = 0
        for i in range(count):
            for tile in edge_tiles(scratch.edges[i], grid.width):
                if scratch.part[tile] == 0 and (links[tile] & PIN or _degree(links[tile]) > 2):
                    scratch.part[tile] = 1
                    scratch.keys[num_keys] = tile
                    num_keys += 1
        for i in range(num_keys):
            scratch.part[scratch.keys[i]] = 0
        changed = False
        large = count > WALKED_EDGES
        for i in range(num_keys):
            tile = scratch.keys[i]
            wires = links[tile]
            if wires & 15 == 0 or (wires & PIN == 0 and _degree(wires) < 3):
                continue
            if box.stop[0]:
                break
            if _rejoin_at(box, scratch, cost, grid, tile, margin, least, large):
                changed = True
        count = _list_edges(scratch, grid.width, pins[0])
        if not changed:
            break
    for i in range(count):
        for tile in edge_tiles(scratch.edges[i], grid.width):
            links[tile] = 0
    for pin in pins:
        links[pin] = 0
    return count


@inlined
def _list_edges(scratch, grid_width, start):
    links = scratch.links
    queue = scratch.queue
    part = scratch.part
    queue[0] = start
    part[start] = 1
    head = 0
    tail = 1
    count = 0
    while head < tail:
        tile = queue[head]
        head += 1
        wires = links[tile]
        for step in range(4):
            if wires >> step & 1 == 0:
                continue
            other = neighbour(tile, step, grid_width)
            if part[other] == 0:
                part[other] = 1
                queue[tail] = other
                tail += 1
                scratch.edges[count] = edge_over(tile, step, grid_width)
                count += 1
    for i in range(tail):
        part[queue[i]] = 0
    return count


@inlined
def _rejoin_at(box, scratch, cost, grid, tile, margin, least, large):
    """Take ``tile`` and its key paths out and join the parts as cheaply as possible.

    Leaves the tree as it is when that is no cheaper, or when the box has no memory for the search.
    ``large`` tells of a tree of more than WALKED_EDGES edges. No edge costs less than ``least``.
    """
    links = scratch.links
    removed = scratch.removed
    count, parts = _walk_off(scratch, grid.width, tile, 0)
    if links[tile] & PIN:
        scratch.queue[parts] = tile
        parts += 1
    window = tile_window(tile, grid.width)
    old_cost = 0
    for i in range(count):
        edge = removed[i]
        old_cost += cost[edge]
        for end in edge_tiles(edge, grid.width):
            window = stretched(window, end, grid.width)
    x0, y0, x1, y1 = with_margin(window, margin, grid)
    # Only trees that cost less are of use, so of no more edges than this.
    most = (old_cost - 1) // least
    if most == 0 or (x1 - x0 + 1) * (y1 - y0 + 1) << parts - 1 > len(box.fields):
        for i in range(count):
            add_wire(links, removed[i], grid.width)
        return False
    if parts == 2 and links[tile] & PIN:
        # One path from the pin to the rest.
        x, y = tile % grid.width, tile // grid.width
        x0, y0 = max(x0, x - most), max(y0, y - most)
        x1, y1 = min(x1, x + most), min(y1, y + most)
    w = x1 - x0 + 1
    h = y1 - y0 + 1
    for i in range(w):
        box.xs[i] = x0 + i
    for j in range(h):
        box.ys[j] = y0 + j
    load_costs(box, cost, grid.width, w, h)
    if large:
        _collect_parts_in_step(box, scratch, grid.width, w, h, x0, y0, parts)
    else:
        _collect_parts(box, scratch, grid.width, w, h, x0, y0, parts)
    new_cost, found = join_terminals(box, w, h, parts, grid.width, old_cost)
    if new_cost < old_cost:
        for i in range(found):
            add_wire(links, box.out[i], grid.width)
        return True
    for i in range(count):
        add_wire(links, removed[i], grid.width)
    return False
