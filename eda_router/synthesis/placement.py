"""Kernels that place a synthetic design's pins, for :mod:`eda_router.synthesis.designs`."""

from __future__ import annotations

import numpy as np

from eda_router.kernels import kernel, making_arrays
from eda_router.search.splitmix import between, normal, uniform


@making_arrays
def density(rng, width, height, strength):
    """Expected pins of each tile up to a factor: noise at scales of 1, 4 and 16 tiles."""
    log_density = np.zeros((height, width), np.float64)
    for scale, sigma in ((1, 0.16), (4, 0.26), (16, 0.30)):
        rows, columns = height // scale + 2, width // scale + 2
        lattice = np.empty((rows, columns), np.float64)
        for r in range(rows):
            for c in range(columns):
                lattice[r, c] = normal(rng) * sigma
        for r in range(height):
            for c in range(width):
                fy, fx = (r % scale) / scale, (c % scale) / scale
                low = lattice[r // scale, c // scale] * (1 - fx)
                low += lattice[r // scale, c // scale + 1] * fx
                high = lattice[r // scale + 1, c // scale] * (1 - fx)
                high += lattice[r // scale + 1, c // scale + 1] * fx
                log_density[r, c] += low * (1 - fy) + high * fy
    return np.exp(strength * log_density)


@kernel
def _span(rng, median, sigma, shared, own, locality, room):
    """A box's span in tile edges."""
    drawn = median * locality * np.exp(sigma * (shared + own * normal(rng)))
    return min(room, np.int64(min(drawn, 1e6)))


@making_arrays
def place_nets(
    rng,
    num_nets,
    cumulated,
    weights,
    pin_counts,
    cumulated_shares,
    spans,
    locality,
    trivial,
    repeated,
):
    """Pins of all nets, CSR, repeated tiles included."""
    height, width = weights.shape
    offsets = np.zeros(num_nets + 1, np.int64)
    pins = np.empty(8 * num_nets + 256, np.int32)
    total = 0
    for net in range(num_nets):
        if total + 128 > len(pins):
            more = np.empty(2 * len(pins), np.int32)
            more[:total] = pins[:total]
            pins = more
        centre = np.searchsorted(cumulated, uniform(rng) * cumulated[-1])
        centre = min(centre, width * height - 1)
        if uniform(rng) < trivial:
            for _ in range(between(rng, 2, 3)):
                pins[total] = centre
                total += 1
            offsets[net + 1] = total
            continue
        share = np.searchsorted(cumulated_shares, uniform(rng))
        share = min(share, len(pin_counts) - 2)
        # Large numbers of pins thin out within their range.
        low, high = pin_counts[share], pin_counts[share + 1]
        count = low + np.int64((high - low) * uniform(rng) ** 2)
        row = len(spans) - 1
        while spans[row, 0] > count:
            row -= 1
        dx = dy = 0
        correlation = spans[row, 5]
        while dx + dy == 0:
            common = normal(rng)
            lean = np.sqrt(correlation)
            own = np.sqrt(1 - correlation)
            dx = _span(rng, spans[row, 1], spans[row, 2], lean * common, own, locality, width - 1)
            dy = _span(rng, spans[row, 3], spans[row, 4], lean * common, own, locality, height - 1)
        while (dx + 1) * (dy + 1) < count and (dx < width - 1 or dy < height - 1):
            if dx < width - 1 and (dx <= dy or dy == height - 1):
                dx += 1
            else:
                dy += 1
        count = min(count, (dx + 1) * (dy + 1))
        x0 = max(0, min(width - 1 - dx, centre % width - dx // 2))
        y0 = max(0, min(height - 1 - dy, centre // width - dy // 2))
        begin = total
        total = _place_pins(rng, weights, x0, y0, dx, dy, count, pins, total)
        if uniform(rng) < repeated:
            for _ in range(between(rng, 1, 2)):
                pins[total] = pins[between(rng, begin, total - 1)]
                total += 1
        offsets[net + 1] = total
    return offsets, pins[:total].copy()


@kernel
def _place_pins(rng, weights, x0, y0, dx, dy, count, pins, total):
    """Put ``count`` distinct pins into a box so that they span it, rather on dense tiles."""
    width = weights.shape[1]
    begin = total
    flip = uniform(rng) < 0.5
    while total - begin < count:
        j = total - begin
        best = -1
        best_weight = -1.0
        for _ in range(2):
            x, y = x0 + between(rng, 0, dx), y0 + between(rng, 0, dy)
            if weights[y, x] > best_weight:
                best, best_weight = y * width + x, weights[y, x]
        if j == 0:
            best = (y0 + (dy if flip else 0)) * width + x0
        elif j == 1 and count < 4:
            best = (y0 + (0 if flip else dy)) * width + x0 + dx
        elif j == 1:
            best = best // width * width + x0 + dx
        elif j == 2 and count >= 4:
            best = (y0 + (0 if flip else dy)) * width + best % width
        if best not in pins[begin:total]:
            pins[total] = best
            total += 1
        elif j == 1 or (j == 2 and count >= 4):
            # The spanning tile is taken: any other one will do.
            x, y = x0 + between(rng, 0, dx), y0 + between(rng, 0, dy)
            other_tile = y * width + x
            if other_tile not in pins[begin:total]:
                pins[total] = other_tile
                total += 1
    return total
