"""Trees for many pins: growth pin by pin, and improvement by taking out key tiles.

A tree is known by the wires at each tile: ``links[tile]`` has bit 0 for a wire to the left
neighbour, bit 1 to the right, bit 2 down, bit 3 up. *Key tiles* are pins and tiles where wires
branch; a *key path* joins two key tiles.

Improvement takes one key tile with all key paths that end there out of the tree and joins the
parts that remain exactly (:func:`eda_router.search.steiner.join_terminals`). This contains the
exchange of single key paths as well as moving, adding and dropping branch tiles: the
"key-vertex elimination" neighbourhood of [1], with an exact reconnection.

[1] E. Uchoa, R. F. Werneck: Fast local search for the Steiner problem in graphs.
    ACM Journal of Experimental Algorithmics 17 (2012).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from eda_router.search.box import (
    CLOSED,
    MAX_PARTS,
    UNREACHED,
    emit_step,
    load_prices,
    open_box,
    sweep,
)
from eda_router.search.steiner import join_terminals

LEFT, RIGHT, DOWN, UP, PIN = 1, 2, 4, 8, 16


class TreeScratch(NamedTuple):
    """Scratch memory for one tree at a time; everything is zero between uses.

    Attributes:
        links: uint8 ``(tiles,)``, wires and the PIN flag at each tile.
        part: int32 ``(tiles,)``, 1 + the part a tile belongs to while a tree is taken apart.
        queue: int32, work list.
        keys: int32, key tiles still to be tried.
        removed: int32, edges taken out.
        edges: int32, the tree as a list of edges.
    """

    links: Any
    part: Any
    queue: Any
    keys: Any
    removed: Any
    edges: Any


def new_tree_scratch(width: int, height: int) -> TreeScratch:
    """Scratch memory for trees on a grid of ``width`` x ``height`` tiles."""
    tiles = width * height
    return TreeScratch(
        links=np.zeros(tiles, np.uint8),
        part=np.zeros(tiles, np.int32),
        # The parts of a tree hold no tile twice; the tiles where they begin stand before them.
        queue=np.zeros(tiles + MAX_PARTS, np.int32),
        keys=np.zeros(tiles, np.int32),
        # A tree has fewer edges than tiles.
        removed=np.zeros(tiles, np.int32),
        edges=np.zeros(tiles, np.int32),
    )


@njit(cache=True, nogil=True, inline="always")
def _add_wire(links, edge, grid_width):
    tile = edge >> 1
    if edge & 1:
        links[tile] |= UP
        links[tile + grid_width] |= DOWN
    else:
        links[tile] |= RIGHT
        links[tile + 1] |= LEFT


@njit(cache=True, nogil=True, inline="always")
def _cut_wire(links, edge, grid_width):
    tile = edge >> 1
    if edge & 1:
        links[tile] &= ~np.uint8(UP)
        links[tile + grid_width] &= ~np.uint8(DOWN)
    else:
        links[tile] &= ~np.uint8(RIGHT)
        links[tile + 1] &= ~np.uint8(LEFT)


@njit(cache=True, nogil=True, inline="always")
def _degree(wires):
    return (wires & 1) + (wires >> 1 & 1) + (wires >> 2 & 1) + (wires >> 3 & 1)


@njit(cache=True, nogil=True)
def grow_tree(box, scratch, price, grid_width, grid_height, pins, margin, max_nodes):
    """Tree over ``pins`` by always joining the pin that is cheapest to reach from the tree.

    Searches the box that ``open_box`` makes. Writes the tree to ``scratch.edges``.

    Returns:
        number of edges, or -1 if a pin cannot be reached.
    """
    k = len(pins)
    w, h = open_box(box, price, grid_width, grid_height, pins, margin, max_nodes, 1)
    field = box.fields
    nodes = box.terminal_nodes
    for i in range(w * h):
        field[i] = UNREACHED
    field[nodes[0]] = 0
    waiting = k - 1
    for t in range(waiting):
        nodes[t] = nodes[t + 1]
    count = 0
    while waiting > 0:
        sweep(field, 0, box.right, box.up, w, h)
        nearest = 0
        for t in range(1, waiting):
            if field[nodes[t]] < field[nodes[nearest]]:
                nearest = t
        node = nodes[nearest]
        if field[node] >= CLOSED:
            return -1
        waiting -= 1
        nodes[nearest] = nodes[waiting]
        heading = -1
        steps = 0
        while field[node] != 0:
            scratch.queue[steps] = node
            steps += 1
            value = field[node]
            x = node % w
            y = node // w
            for attempt in range(-1, 4):
                step = heading if attempt < 0 else attempt
                if step == 0 and x > 0 and field[node - 1] + box.right[node - 1] == value:
                    following = node - 1
                elif step == 1 and x < w - 1 and field[node + 1] + box.right[node] == value:
                    following = node + 1
                elif step == 2 and y > 0 and field[node - w] + box.up[node - w] == value:
                    following = node - w
                elif step == 3 and y < h - 1 and field[node + w] + box.up[node] == value:
                    following = node + w
                else:
                    continue
                heading = step
                break
            low = min(node, following)
            count = emit_step(box, low, w, heading > 1, grid_width, scratch.edges, count)
            node = following
        for i in range(steps):
            field[scratch.queue[i]] = 0
    return count


@njit(cache=True, nogil=True)
def _walk_off(scratch, grid_width, tile, count):
    """Take out the key paths at ``tile``.

    Writes their edges to ``removed`` from ``count`` on and their far ends to the front of
    ``queue``. Returns (number of removed edges, number of far ends).
    """
    links = scratch.links
    ends = 0
    for direction in range(4):
        if links[tile] >> direction & 1 == 0:
            continue
        at = tile
        heading = direction
        while True:
            if heading == 0:
                edge = 2 * (at - 1)
                at -= 1
            elif heading == 1:
                edge = 2 * at
                at += 1
            elif heading == 2:
                edge = 2 * (at - grid_width) + 1
                at -= grid_width
            else:
                edge = 2 * at + 1
                at += grid_width
            _cut_wire(links, edge, grid_width)
            scratch.removed[count] = edge
            count += 1
            wires = links[at]
            if wires & PIN or _degree(wires) != 1:
                break
            heading = 0
            while wires >> heading & 1 == 0:
                heading += 1
        scratch.queue[ends] = at
        ends += 1
    return count, ends


@njit(cache=True, nogil=True)
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
            for direction in range(4):
                if wires >> direction & 1:
                    if direction == 0:
                        other = tile - 1
                    elif direction == 1:
                        other = tile + 1
                    elif direction == 2:
                        other = tile - grid_width
                    else:
                        other = tile + grid_width
                    if part[other] == 0:
                        part[other] = t + 1
                        queue[tail] = other
                        tail += 1
    box.terminal_offsets[starts] = found
    for i in range(starts, tail):
        part[queue[i]] = 0


@njit(cache=True, nogil=True)
def improve_tree(box, scratch, price, grid_width, grid_height, pins, count, margin, rounds):
    """Improve the tree in ``scratch.edges[:count]`` in place, key tile by key tile.

    ``price`` must not contain the tree itself. The result is never dearer. ``rounds`` bounds the
    passes over all key tiles; it ends earlier when a pass changes nothing.

    Returns:
        number of edges of the improved tree.
    """
    links = scratch.links
    for pin in pins:
        links[pin] |= PIN
    for i in range(count):
        _add_wire(links, scratch.edges[i], grid_width)
    for _ in range(rounds):
        num_keys = 0
        for i in range(count):
            for end in range(2):
                tile = scratch.edges[i] >> 1
                if end == 1:
                    tile += grid_width if scratch.edges[i] & 1 else 1
                if scratch.part[tile] == 0 and (links[tile] & PIN or _degree(links[tile]) > 2):
                    scratch.part[tile] = 1
                    scratch.keys[num_keys] = tile
                    num_keys += 1
        for i in range(num_keys):
            scratch.part[scratch.keys[i]] = 0
        changed = False
        for i in range(num_keys):
            tile = scratch.keys[i]
            wires = links[tile]
            if wires & 15 == 0 or (wires & PIN == 0 and _degree(wires) < 3):
                continue
            if _rejoin_at(box, scratch, price, grid_width, grid_height, tile, margin):
                changed = True
        count = _list_edges(scratch, grid_width, pins[0])
        if not changed:
            break
    for i in range(count):
        edge = scratch.edges[i]
        links[edge >> 1] = 0
        links[(edge >> 1) + (grid_width if edge & 1 else 1)] = 0
    for pin in pins:
        links[pin] = 0
    return count


@njit(cache=True, nogil=True)
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
        for direction in range(4):
            if wires >> direction & 1 == 0:
                continue
            if direction == 0:
                other = tile - 1
                edge = 2 * other
            elif direction == 1:
                other = tile + 1
                edge = 2 * tile
            elif direction == 2:
                other = tile - grid_width
                edge = 2 * other + 1
            else:
                other = tile + grid_width
                edge = 2 * tile + 1
            if part[other] == 0:
                part[other] = 1
                queue[tail] = other
                tail += 1
                scratch.edges[count] = edge
                count += 1
    for i in range(tail):
        part[queue[i]] = 0
    return count


@njit(cache=True, nogil=True)
def _rejoin_at(box, scratch, price, grid_width, grid_height, tile, margin):
    """Take ``tile`` and its key paths out and join the parts as cheaply as possible.

    Leaves the tree as it is when that is no cheaper, or when the box has no memory for the search.
    """
    links = scratch.links
    removed = scratch.removed
    count, parts = _walk_off(scratch, grid_width, tile, 0)
    if links[tile] & PIN:
        scratch.queue[parts] = tile
        parts += 1
    x0 = tile % grid_width
    x1 = x0
    y0 = tile // grid_width
    y1 = y0
    old_cost = 0
    for i in range(count):
        edge = removed[i]
        old_cost += price[edge]
        x = (edge >> 1) % grid_width
        y = (edge >> 1) // grid_width
        x0 = min(x0, x)
        y0 = min(y0, y)
        if edge & 1:
            x1 = max(x1, x)
            y1 = max(y1, y + 1)
        else:
            x1 = max(x1, x + 1)
            y1 = max(y1, y)
    x0 = max(0, x0 - margin)
    y0 = max(0, y0 - margin)
    x1 = min(grid_width - 1, x1 + margin)
    y1 = min(grid_height - 1, y1 + margin)
    w = x1 - x0 + 1
    h = y1 - y0 + 1
    for i in range(w):
        box.xs[i] = x0 + i
    for j in range(h):
        box.ys[j] = y0 + j
    if w * h << parts - 1 > len(box.fields):
        for i in range(count):
            _add_wire(links, removed[i], grid_width)
        return False
    load_prices(box, price, grid_width, w, h)
    _collect_parts(box, scratch, grid_width, w, h, x0, y0, parts)
    cost, found = join_terminals(box, w, h, parts, grid_width)
    if cost < old_cost:
        for i in range(found):
            _add_wire(links, box.out[i], grid_width)
        return True
    for i in range(count):
        _add_wire(links, removed[i], grid_width)
    return False
