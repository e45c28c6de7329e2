"""Random windows: pins in a random box, edges with random free tracks, obstacles.

The free tracks of each direction are a base capacity less a smooth field of demand, less wires that
run along rows or columns; in 12 % of the cases every edge is random by itself instead, in 18 % all
edges have the same tracks. Obstacles come on top.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.kernels import kernel, making_arrays
from eda_router.neural.tensors import MAX_FREE, StateArray
from eda_router.search.splitmix import between, uniform


def random_states(seeds: NDArray[np.uint64], size: int, max_pins: int) -> StateArray:
    """One random window for each seed; the same seed gives the same window.

    Args:
        seeds: uint64 ``(num_windows,)``.
        size: of the windows, 4 or more.
        max_pins: most pins of a net, 2 or more.

    Returns:
        uint8 ``(num_windows, size, size)`` states (:mod:`eda_router.neural.tensors`). Not every
        window can be routed.
    """
    states = np.zeros((len(seeds), size, size), np.uint8)
    _fill_random(seeds, max_pins, states)
    return states


@making_arrays
def _fill_random(seeds, max_pins, states):
    size = states.shape[1]
    rng = np.zeros(1, np.uint64)
    horizontal = np.zeros((size, size), np.float64)
    vertical = np.zeros((size, size), np.float64)
    xs = np.zeros(max_pins, np.int64)
    ys = np.zeros(max_pins, np.int64)
    for i in range(len(seeds)):
        rng[0] = seeds[i]
        _draw_capacity(rng, horizontal, False)
        _draw_capacity(rng, vertical, True)
        _draw_obstacles(rng, horizontal, vertical)
        for r in range(size):
            for c in range(size):
                v = 0 if r + 1 == size else max(0, min(MAX_FREE, int(vertical[r, c])))
                h = 0 if c + 1 == size else max(0, min(MAX_FREE, int(horizontal[r, c])))
                states[i, r, c] = 2 * (v * (MAX_FREE + 1) + h)
        count = _draw_pins(rng, size, max_pins, xs, ys)
        for j in range(count):
            states[i, ys[j], xs[j]] |= 1


@making_arrays
def _draw_capacity(rng, free, upward):
    """Free tracks of one direction's edges, not yet clipped."""
    size = free.shape[0]
    mode = uniform(rng)
    if mode < 0.12:
        top = between(rng, 2, MAX_FREE)
        for r in range(size):
            for c in range(size):
                free[r, c] = between(rng, 0, top)
        return
    if mode < 0.3:
        free[:] = between(rng, 3, 3 * MAX_FREE)
        return
    base = between(rng, 2, 14)
    amplitude = base * (0.3 + 1.1 * uniform(rng))
    cells = max(1, size // between(rng, 4, max(4, size)))
    lattice = np.empty((cells + 2, cells + 2), np.float64)
    for r in range(cells + 2):
        for c in range(cells + 2):
            lattice[r, c] = uniform(rng)
    step = size / cells
    for r in range(size):
        for c in range(size):
            y, x = r / step, c / step
            j, i = int(y), int(x)
            fy, fx = y - j, x - i
            low = lattice[j, i] * (1 - fx) + lattice[j, i + 1] * fx
            high = lattice[j + 1, i] * (1 - fx) + lattice[j + 1, i + 1] * fx
            free[r, c] = base - amplitude * (low * (1 - fy) + high * fy) + uniform(rng)
    wires = between(rng, 0, 3)
    if wires > 0:
        mean_run = between(rng, 1, 10)
        for line in range(size):
            left = 0
            used = 0
            for along in range(size):
                if left == 0:
                    left = between(rng, 1, 2 * mean_run)
                    used = between(rng, 0, wires)
                left -= 1
                if upward:
                    free[along, line] -= used
                else:
                    free[line, along] -= used


@kernel
def _draw_obstacles(rng, horizontal, vertical):
    """Lower the free tracks inside random rectangles, mostly to nothing."""
    size = horizontal.shape[0]
    count = between(rng, 0, 5) - 2
    for _ in range(count):
        h = between(rng, 1, max(1, size // 2))
        w = between(rng, 1, max(1, size // 2))
        r0 = between(rng, 0, size - h)
        c0 = between(rng, 0, size - w)
        taken = MAX_FREE * 4 if uniform(rng) < 0.6 else between(rng, 1, MAX_FREE)
        direction = between(rng, 0, 3)
        for r in range(r0, r0 + h):
            for c in range(c0, c0 + w):
                if direction != 1:
                    horizontal[r, c] -= taken
                if direction != 2:
                    vertical[r, c] -= taken


@kernel
def _draw_pins(rng, size, max_pins, xs, ys):
    """Distinct pins that span a random box at a random place; returns their number."""
    chance = uniform(rng)
    if chance < 0.33:
        count = 2
    elif chance < 0.53:
        count = 3
    elif chance < 0.77:
        count = between(rng, 4, 5)
    elif chance < 0.92:
        count = between(rng, 6, 8)
    else:
        count = between(rng, 9, max(9, max_pins))
    count = min(count, max_pins, size * size // 4)
    if uniform(rng) < 0.8 and size > 8:
        long_side = between(rng, size // 2 - 1, size)
    else:
        long_side = between(rng, 2, size)
    short_side = between(rng, 1, long_side)
    while long_side * short_side < 2 * count and short_side < long_side:
        short_side += 1
    while long_side * short_side < 2 * count and long_side < size:
        long_side += 1
    w, h = long_side, short_side
    if uniform(rng) < 0.5:
        w, h = short_side, long_side
    left, low = between(rng, 0, size - w), between(rng, 0, size - h)
    right, high = left + w - 1, low + h - 1
    if uniform(rng) < 0.5:
        low, high = high, low
    # The first pins span the box: two in opposite corners, or one on each side as far as there are
    # pins for that.
    xs[0], xs[1] = left, right
    ys[0] = ys[1] = low
    if count == 2 or uniform(rng) < 0.3:
        ys[1] = high
        spanning = 2
    else:
        spanning = min(count, 4)
        xs[2], ys[2] = between(rng, left, right), high
        ys[1] = between(rng, min(low, high), max(low, high))
        if spanning == 4:
            xs[3], ys[3] = between(rng, left, right), low
            ys[0] = between(rng, min(low, high), max(low, high))
    for j in range(1, count):
        while j >= spanning or _repeats(xs, ys, j):
            xs[j] = between(rng, left, right)
            ys[j] = between(rng, min(low, high), max(low, high))
            if not _repeats(xs, ys, j):
                break
    return count


@kernel
def _repeats(xs, ys, j):
    """Whether pin ``j`` lies on an earlier one."""
    repeated = False
    for other in range(j):
        repeated |= xs[j] == xs[other] and ys[j] == ys[other]
    return repeated
