"""Steiner trees in small windows of any shape, with ties decided by where the wires lie.

Nets with few pins get optimal trees [1], others a tree grown pin by pin [2] and improved by
exchanging key paths [3].

Costs are 64-bit: an edge's price times :data:`TIE_SCALE` plus a term for ties, twice the row of a
horizontal edge and the column of a vertical one. So of equally cheap trees the one with the least
sum of terms wins, which lies low and left. The router's kernels
(:mod:`eda_router.search.steiner`) leave ties to the order of their search, which is enough for
routing but is nothing that a model could learn from the picture.

The exact solver stands here once more for the sake of the shards, which keep every byte. With
64-bit costs the router's solver finds trees of the same cost in three quarters of the time, but
where the sums of terms are equal, too (7 of 8192 random windows of 8x8 tiles), it takes another
tree.

A tree is written as bits a tile (:mod:`eda_router.dataset.labels`).

[1] S. E. Dreyfus, R. A. Wagner: The Steiner problem in graphs. Networks 1 (1971), 195-207,
    doi 10.1002/net.3230010302.
[2] H. Takahashi, A. Matsuyama: An approximate solution for the Steiner problem in graphs.
    Mathematica Japonica 24 (1980), 573-577.
[3] M. G. A. Verhoeven, M. E. M. Severens, E. H. L. Aarts: Local search for Steiner trees in graphs.
    Modern Heuristic Search Methods, Wiley 1996.
"""

from __future__ import annotations

import numpy as np

from eda_router.dataset.labels import EDGE_BITS, RIGHT_BIT, TILE_BIT, UP_BIT
from eda_router.design import HORIZONTAL, VERTICAL
from eda_router.kernels import kernel, making_arrays
from eda_router.search.grid import (
    COUNTERCLOCKWISE,
    DOWN,
    LEFT,
    RIGHT,
    UP,
    direction_of,
    neighbour,
    opposite,
    owner_of,
    stays_inside,
)
from eda_router.search.splitmix import between

STEPS = 4
"""How a value of the dynamic programme came about is a step, or this plus a subset merged."""

TIE_SCALE = 1 << 24
"""What prices are multiplied by. In windows up to 128 x 128 tiles the terms of no tree sum to this,
so they choose among equally cheap trees only."""

RANDOM_TERM = 1 << 10
"""Random terms of an edge's cost are less than this."""

_FAR = 1 << 60
"""Value of a distance field where no path has arrived yet."""


@making_arrays
def draw_trees(free, pins, price, exact_pins, exchange_rounds, tie_seeds, labels, ok):
    """Draw one tree a window.

    Args:
        free: uint8 ``(num_windows, height, width, 2)``, free tracks, each an index into ``price``.
        pins: bool ``(num_windows, height, width)``.
        price: int32, price of an edge by its free tracks, 0 for no passage.
        exact_pins: pins up to which trees are optimal [1]; above, they are grown [2].
        exchange_rounds: most rounds of path exchange [3] in grown trees.
        tie_seeds: uint64 ``(num_windows,)``, seeds of random terms for ties; empty: by place.
        labels: uint8 ``(num_windows, height, width)``, zeros; gets the trees.
        ok: bool ``(num_windows,)``; gets whether there is a tree.
    """
    num_windows, height, width = pins.shape
    costs = np.zeros((height, width, 2), np.int64)
    terminals = np.empty(height * width, np.int32)
    fields = np.empty((1 << max(exact_pins - 1, 1), height, width), np.int64)
    came = np.empty(fields.shape, np.int32)
    rng = np.zeros(1, np.uint64)
    by_place = len(tie_seeds) == 0
    for i in range(num_windows):
        if not by_place:
            rng[0] = tie_seeds[i]
        _load_costs(free[i], price, by_place, rng, costs)
        count = _list_pins(pins[i], terminals)
        if count == 0:
            continue
        if count <= max(exact_pins, 2):
            ok[i] = _optimal_tree(costs, terminals[:count], fields, came, labels[i])
        else:
            ok[i] = _grown_tree(costs, terminals[:count], fields[0], came[0], labels[i])
            rounds = exchange_rounds if ok[i] else 0
            while rounds > 0 and _exchange_paths(costs, pins[i], fields[0], came[0], labels[i]):
                rounds -= 1
        if ok[i]:
            _mark_tiles(pins[i], labels[i])
        else:
            labels[i] = 0


@kernel
def _load_costs(free, price, by_place, rng, costs):
    """Costs of a window's edges: price and term for ties; 0 where there is no passage."""
    height, width = costs.shape[:2]
    for r in range(height):
        for c in range(width):
            for direction in (HORIZONTAL, VERTICAL):
                cost = np.int64(price[free[r, c, direction]]) * TIE_SCALE
                if cost > 0:
                    place = 2 * r if direction == HORIZONTAL else c
                    cost += place if by_place else between(rng, 0, RANDOM_TERM - 1)
                costs[r, c, direction] = cost


@kernel
def _list_pins(pins, terminals):
    """Write the tiles with a pin, in rising order, to ``terminals``; return their number."""
    height, width = pins.shape
    count = 0
    for r in range(height):
        for c in range(width):
            if pins[r, c]:
                terminals[count] = r * width + c
                count += 1
    return count


@kernel
def _mark_tiles(pins, label_bits):
    """Set the tile bits of a tree whose edge bits are set."""
    height, width = label_bits.shape
    for r in range(height):
        for c in range(width):
            bits = label_bits[r, c]
            if pins[r, c]:
                label_bits[r, c] |= TILE_BIT
            if bits & RIGHT_BIT:
                label_bits[r, c] |= TILE_BIT
                label_bits[r, c + 1] |= TILE_BIT
            if bits & UP_BIT:
                label_bits[r, c] |= TILE_BIT
                label_bits[r + 1, c] |= TILE_BIT


@kernel
def _sweep(costs, field, came):
    """Turn upper bounds of distances into distances; ``came`` gets the step back along each.

    Sweeps rows upward and downward, each row in both directions, until nothing changes, as
    :func:`eda_router.search.box.sweep`: exact for any costs, and two sweeps suffice for paths that
    do not turn back.
    """
    height, width = field.shape
    changed = True
    while changed:
        changed = False
        for upward in range(2):
            for row in range(height):
                r = row if upward == 0 else height - 1 - row
                if upward == 0 and r > 0:
                    for c in range(width):
                        step = costs[r - 1, c, VERTICAL]
                        if step > 0 and field[r - 1, c] + step < field[r, c]:
                            field[r, c] = field[r - 1, c] + step
                            came[r, c] = DOWN
                            changed = True
                if upward == 1 and r + 1 < height:
                    for c in range(width):
                        step = costs[r, c, VERTICAL]
                        if step > 0 and field[r + 1, c] + step < field[r, c]:
                            field[r, c] = field[r + 1, c] + step
                            came[r, c] = UP
                            changed = True
                for c in range(1, width):
                    step = costs[r, c - 1, HORIZONTAL]
                    if step > 0 and field[r, c - 1] + step < field[r, c]:
                        field[r, c] = field[r, c - 1] + step
                        came[r, c] = LEFT
                        changed = True
                for c in range(width - 2, -1, -1):
                    step = costs[r, c, HORIZONTAL]
                    if step > 0 and field[r, c + 1] + step < field[r, c]:
                        field[r, c] = field[r, c + 1] + step
                        came[r, c] = RIGHT
                        changed = True


@kernel
def _walk_back(came, tile, label_bits):
    """Mark the edge over which ``tile`` was reached; return the tile before it."""
    width = came.shape[1]
    step = came[tile // width, tile % width]
    owner = owner_of(tile, step, width)
    label_bits[owner // width, owner % width] |= EDGE_BITS[direction_of(step)]
    return neighbour(tile, step, width)


@making_arrays
def _optimal_tree(costs, terminals, fields, came, label_bits):
    """Dreyfus and Wagner [1]: 2^k sweeps and O(3^k num_tiles) merges for k + 1 terminals.

    Returns whether there is a tree; its edges are marked in ``label_bits``.
    """
    height, width = label_bits.shape
    k = len(terminals) - 1
    if k == 0:
        return True
    for subset in range(1, 1 << k):
        field, back = fields[subset], came[subset]
        field[:] = _FAR
        back[:] = -1
        if subset & (subset - 1) == 0:
            bit = 0
            while subset >> bit != 1:
                bit += 1
            field[terminals[bit] // width, terminals[bit] % width] = 0
        else:
            lowest = subset & -subset
            part = (subset - 1) & subset
            while part > 0:
                if part & lowest:
                    one, two = fields[part], fields[subset ^ part]
                    for r in range(height):
                        for c in range(width):
                            both = one[r, c] + two[r, c]
                            if both < field[r, c]:
                                field[r, c] = both
                                back[r, c] = STEPS + part
                part = (part - 1) & subset
        _sweep(costs, field, back)
    full = (1 << k) - 1
    root = terminals[k]
    if fields[full, root // width, root % width] >= _FAR:
        return False
    subsets = np.empty(2 * k + 2, np.int32)
    tiles = np.empty(2 * k + 2, np.int32)
    subsets[0], tiles[0] = full, root
    depth = 1
    while depth > 0:
        depth -= 1
        subset, tile = subsets[depth], tiles[depth]
        while 0 <= came[subset, tile // width, tile % width] < STEPS:
            tile = _walk_back(came[subset], tile, label_bits)
        merged = came[subset, tile // width, tile % width]
        if merged >= STEPS:
            subsets[depth], tiles[depth] = merged - STEPS, tile
            subsets[depth + 1], tiles[depth + 1] = subset ^ (merged - STEPS), tile
            depth += 2
    return True


@making_arrays
def _grown_tree(costs, terminals, field, came, label_bits):
    """Takahashi and Matsuyama [2]: join pin after pin to the tree, the cheapest to reach first.

    Returns whether there is a tree; its edges are marked in ``label_bits``.
    """
    width = label_bits.shape[1]
    joined = np.zeros(len(terminals), np.bool_)
    field[:] = _FAR
    came[:] = -1
    field[terminals[0] // width, terminals[0] % width] = 0
    joined[0] = True
    for _ in range(len(terminals) - 1):
        _sweep(costs, field, came)
        best = -1
        best_cost = _FAR
        for j in range(len(terminals)):
            cost = field[terminals[j] // width, terminals[j] % width]
            if not joined[j] and cost < best_cost:
                best, best_cost = j, cost
        if best < 0:
            return False
        joined[best] = True
        tile = terminals[best]
        while field[tile // width, tile % width] > 0:
            before = _walk_back(came, tile, label_bits)
            field[tile // width, tile % width] = 0
            tile = before
    return True


@kernel
def _step(label_bits, tile, step):
    """The neighbour of ``tile`` over a tree edge, or -1 where the tree does not take the step."""
    height, width = label_bits.shape
    if not stays_inside(tile % width, tile // width, step, width, height):
        return -1
    owner = owner_of(tile, step, width)
    if label_bits[owner // width, owner % width] & EDGE_BITS[direction_of(step)]:
        return neighbour(tile, step, width)
    return -1


@kernel
def _toggle(label_bits, tile, step):
    """Put in or take out the tree edge over a step from ``tile``."""
    width = label_bits.shape[1]
    owner = owner_of(tile, step, width)
    label_bits[owner // width, owner % width] ^= EDGE_BITS[direction_of(step)]


@kernel
def _is_key(label_bits, pins, tile):
    """Whether a tile of the tree is a pin or has more than two tree edges."""
    width = label_bits.shape[1]
    degree = 0
    for step in range(4):
        degree += _step(label_bits, tile, step) >= 0
    return pins[tile // width, tile % width] or degree > 2


@kernel
def _step_cost(costs, tile, step):
    """Cost of the edge to the right, up, left or down of ``tile``."""
    width = costs.shape[1]
    owner = owner_of(tile, step, width)
    return costs[owner // width, owner % width, direction_of(step)]


@making_arrays
def _exchange_paths(costs, pins, field, came, label_bits):
    """Take out each path between two key tiles and join the two parts by the cheapest path [3].

    Returns whether a path was exchanged for a cheaper one.
    """
    num_tiles = label_bits.size
    path_tiles = np.empty(num_tiles, np.int32)
    path_steps = np.empty(num_tiles, np.int32)
    part = np.empty(num_tiles, np.int8)
    stack = np.empty(num_tiles, np.int32)
    improved = False
    for start in range(num_tiles):
        for first in (RIGHT, UP):
            if _step(label_bits, start, first) < 0 or not _is_key(label_bits, pins, start):
                continue
            end, length = _follow_path(label_bits, pins, start, first, path_tiles, path_steps)
            removed = np.int64(0)
            for j in range(length):
                removed += _step_cost(costs, path_tiles[j], path_steps[j])
                _toggle(label_bits, path_tiles[j], path_steps[j])
            part[:] = 0
            _mark_part(label_bits, start, 1, part, stack)
            _mark_part(label_bits, end, 2, part, stack)
            if _rejoin(costs, part, removed, field, came, label_bits):
                improved = True
            else:
                for j in range(length):
                    _toggle(label_bits, path_tiles[j], path_steps[j])
    return improved


@kernel
def _follow_path(label_bits, pins, start, first, path_tiles, path_steps):
    """Follow the tree from ``start`` over the step ``first`` to the next key tile.

    Writes each tile left and the step taken from it; returns the key tile and their number.
    """
    tile, step, length = start, first, 0
    while True:
        path_tiles[length], path_steps[length] = tile, step
        length += 1
        tile = _step(label_bits, tile, step)
        if _is_key(label_bits, pins, tile):
            return tile, length
        came_from = opposite(step)
        for onward in COUNTERCLOCKWISE:
            if onward != came_from and _step(label_bits, tile, onward) >= 0:
                step = onward
                break


@kernel
def _mark_part(label_bits, start, mark, part, stack):
    """Write ``mark`` to ``part`` for all tiles that tree edges join with ``start``."""
    stack[0] = start
    part[start] = mark
    depth = 1
    while depth > 0:
        depth -= 1
        tile = stack[depth]
        for step in COUNTERCLOCKWISE:
            neighbour = _step(label_bits, tile, step)
            if neighbour >= 0 and part[neighbour] == 0:
                part[neighbour] = mark
                stack[depth] = neighbour
                depth += 1


@kernel
def _rejoin(costs, part, limit, field, came, label_bits):
    """Join parts 1 and 2 by the cheapest path; return False if none costs less than ``limit``."""
    width = label_bits.shape[1]
    for t in range(len(part)):
        field[t // width, t % width] = 0 if part[t] == 1 else _FAR
    came[:] = -1
    _sweep(costs, field, came)
    best = -1
    best_cost = limit
    for t in range(len(part)):
        if part[t] == 2 and field[t // width, t % width] < best_cost:
            best, best_cost = t, field[t // width, t % width]
    if best < 0:
        return False
    while part[best] != 1:
        best = _walk_back(came, best, label_bits)
    return True
