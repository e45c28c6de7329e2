"""Steiner trees in small windows of any shape, with ties decided by where the wires lie.

Prices here are 64-bit: an edge's price times :data:`TIE_SCALE` plus its position, so that among
equally cheap trees exactly one kind wins, the one whose horizontal wires lie lowest, then whose
vertical wires lie furthest left. The router's kernels (:mod:`eda_router.search.steiner`) leave such
ties to the order of their steps, which is enough for routing but not for a model to learn from.

A tree is written as bits a tile: :data:`RIGHT_BIT`, :data:`UP_BIT`, :data:`TILE_BIT`.

[1] S. E. Dreyfus, R. A. Wagner: The Steiner problem in graphs. Networks 1 (1971), 195-207,
    doi 10.1002/net.3230010302.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from eda_router.design import HORIZONTAL, VERTICAL
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

RIGHT_BIT = 1
"""The tree uses the edge to the tile's right."""
UP_BIT = 2
"""The tree uses the edge above the tile."""
EDGE_BITS = (RIGHT_BIT, UP_BIT)
"""The bit of an edge by its direction."""
TILE_BIT = 4
"""The tile is in the tree."""

STEPS = 4
"""How a value of the dynamic programme came about is a step, or this plus a subset merged."""

TIE_SCALE = 1 << 24
"""Position terms of a tree sum to less than this in windows up to 1024 x 1024 tiles, random terms
in windows up to 128 x 128."""

RANDOM_TERM = 1 << 10
"""Random terms of an edge's price are less than this."""

_FAR = 1 << 60


@njit(cache=True, nogil=True)
def draw_trees(free, pins, price, exact_pins, exchange_rounds, tie_seeds, labels, ok):
    """Draw one tree a window.

    Args:
        free: uint8 ``(num_windows, height, width, 2)``, free tracks, each an index into ``price``.
        pins: bool ``(num_windows, height, width)``.
        price: int32, price of an edge by its free tracks, 0 for no passage.
        exact_pins: pins up to which trees are optimal; above they are grown pin by pin.
        exchange_rounds: most rounds of path exchange in grown trees.
        tie_seeds: uint64 ``(num_windows,)``, what ties are decided at random from; empty: by place.
        labels: uint8 ``(num_windows, height, width)``, zeros; gets the trees.
        ok: bool ``(num_windows,)``; gets whether there is a tree.
    """
    num_windows, height, width = pins.shape
    num_tiles = height * width
    costs = np.zeros((height, width, 2), np.int64)
    terminals = np.empty(num_tiles, np.int32)
    fields = np.empty((1 << max(exact_pins - 1, 1), height, width), np.int64)
    came = np.empty(fields.shape, np.int32)
    rng = np.zeros(1, np.uint64)
    by_place = len(tie_seeds) == 0
    for i in range(num_windows):
        if not by_place:
            rng[0] = tie_seeds[i]
        for r in range(height):
            for c in range(width):
                costs[r, c, HORIZONTAL] = price[free[i, r, c, HORIZONTAL]] * TIE_SCALE
                if costs[r, c, HORIZONTAL] > 0:
                    term = 2 * r if by_place else between(rng, 0, RANDOM_TERM - 1)
                    costs[r, c, HORIZONTAL] += term
                costs[r, c, VERTICAL] = price[free[i, r, c, VERTICAL]] * TIE_SCALE
                if costs[r, c, VERTICAL] > 0:
                    term = c if by_place else between(rng, 0, RANDOM_TERM - 1)
                    costs[r, c, VERTICAL] += term
        count = 0
        for r in range(height):
            for c in range(width):
                if pins[i, r, c]:
                    terminals[count] = r * width + c
                    count += 1
        if count == 0:
            continue
        if count <= max(exact_pins, 2):
            ok[i] = _optimal_tree(costs, terminals[:count], fields, came, labels[i])
        else:
            ok[i] = _grown_tree(costs, terminals[:count], fields[0], came[0], labels[i])
            if ok[i]:
                for _ in range(exchange_rounds):
                    if not _exchange_paths(costs, pins[i], fields[0], came[0], labels[i]):
                        break
        if ok[i]:
            for r in range(height):
                for c in range(width):
                    bits = labels[i, r, c]
                    if pins[i, r, c]:
                        labels[i, r, c] |= TILE_BIT
                    if bits & RIGHT_BIT:
                        labels[i, r, c] |= TILE_BIT
                        labels[i, r, c + 1] |= TILE_BIT
                    if bits & UP_BIT:
                        labels[i, r, c] |= TILE_BIT
                        labels[i, r + 1, c] |= TILE_BIT
        else:
            labels[i] = 0


@njit(cache=True, nogil=True)
def _relax(costs, field, came):
    """Lower ``field`` until no edge shortens it; ``came`` gets the step back each value came from.

    Sweeps rows upward and downward, each row in both directions, until nothing changes: exact for
    any prices, and two sweeps suffice for paths that do not turn back.
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


@njit(cache=True, nogil=True)
def _walk_back(came, tile, label_bits):
    """Mark the edge over which ``tile`` was reached; return the tile before it."""
    width = came.shape[1]
    step = came[tile // width, tile % width]
    owner = owner_of(tile, step, width)
    label_bits[owner // width, owner % width] |= EDGE_BITS[direction_of(step)]
    return neighbour(tile, step, width)


@njit(cache=True, nogil=True)
def _optimal_tree(costs, terminals, fields, came, label_bits):
    """Dreyfus and Wagner [1]: O(3^k tiles) merges and 2^k sweeps for k + 1 terminals."""
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
        _relax(costs, field, back)
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


@njit(cache=True, nogil=True)
def _grown_tree(costs, terminals, field, came, label_bits):
    """Join pins one by one, the cheapest to reach first, each by its cheapest path to the tree."""
    width = label_bits.shape[1]
    joined = np.zeros(len(terminals), np.bool_)
    field[:] = _FAR
    came[:] = -1
    field[terminals[0] // width, terminals[0] % width] = 0
    joined[0] = True
    for _ in range(len(terminals) - 1):
        _relax(costs, field, came)
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


@njit(cache=True, nogil=True)
def _step(label_bits, tile, step):
    """The neighbour of ``tile`` over a tree edge, or -1 where the tree does not take the step."""
    height, width = label_bits.shape
    if not stays_inside(tile % width, tile // width, step, width, height):
        return -1
    owner = owner_of(tile, step, width)
    if label_bits[owner // width, owner % width] & EDGE_BITS[direction_of(step)]:
        return neighbour(tile, step, width)
    return -1


@njit(cache=True, nogil=True)
def _toggle(label_bits, tile, step):
    """Put in or take out the tree edge over a step from ``tile``."""
    width = label_bits.shape[1]
    owner = owner_of(tile, step, width)
    label_bits[owner // width, owner % width] ^= EDGE_BITS[direction_of(step)]


@njit(cache=True, nogil=True)
def _is_key(label_bits, pins, tile):
    """Whether a tile of the tree is a pin or a branch."""
    width = label_bits.shape[1]
    degree = 0
    for step in range(4):
        degree += _step(label_bits, tile, step) >= 0
    return pins[tile // width, tile % width] or degree > 2


@njit(cache=True, nogil=True)
def _step_cost(costs, tile, step):
    """Price of the edge over a step from ``tile``."""
    width = costs.shape[1]
    owner = owner_of(tile, step, width)
    return costs[owner // width, owner % width, direction_of(step)]


@njit(cache=True, nogil=True)
def _exchange_paths(costs, pins, field, came, label_bits):
    """Take out each path between two key tiles and rejoin its ends' parts by the cheapest path.

    Returns whether a path was exchanged for a cheaper one.
    """
    height, width = label_bits.shape
    num_tiles = height * width
    path_tiles = np.empty(num_tiles, np.int32)
    path_steps = np.empty(num_tiles, np.int32)
    part = np.empty(num_tiles, np.int8)
    stack = np.empty(num_tiles, np.int32)
    improved = False
    for start in range(num_tiles):
        for first in (RIGHT, UP):
            if _step(label_bits, start, first) < 0 or not _is_key(label_bits, pins, start):
                continue
            tile, step, length = start, first, 0
            removed = np.int64(0)
            while True:
                path_tiles[length], path_steps[length] = tile, step
                removed += _step_cost(costs, tile, step)
                length += 1
                tile = _step(label_bits, tile, step)
                if _is_key(label_bits, pins, tile):
                    break
                came_from = opposite(step)
                for onward in COUNTERCLOCKWISE:
                    if onward != came_from and _step(label_bits, tile, onward) >= 0:
                        step = onward
                        break
            for j in range(length):
                _toggle(label_bits, path_tiles[j], path_steps[j])
            part[:] = 0
            for side in range(1, 3):
                stack[0] = start if side == 1 else tile
                part[stack[0]] = side
                depth = 1
                while depth > 0:
                    depth -= 1
                    at = stack[depth]
                    for onward in COUNTERCLOCKWISE:
                        other = _step(label_bits, at, onward)
                        if other >= 0 and part[other] == 0:
                            part[other] = side
                            stack[depth] = other
                            depth += 1
            for t in range(num_tiles):
                field[t // width, t % width] = 0 if part[t] == 1 else _FAR
            came[:] = -1
            _relax(costs, field, came)
            best = -1
            best_cost = removed
            for t in range(num_tiles):
                if part[t] == 2 and field[t // width, t % width] < best_cost:
                    best, best_cost = t, field[t // width, t % width]
            if best < 0:
                for j in range(length):
                    _toggle(label_bits, path_tiles[j], path_steps[j])
            else:
                improved = True
                while part[best] != 1:
                    best = _walk_back(came, best, label_bits)
    return improved
