"""Synthetic placed designs that look like the ISPD98 circuits to a global router.

What is modelled, with parameters fitted to statistics of the real circuits (no data of theirs is
in here): the number of pins of a net, the spans of its bounding box given that number (log-normal,
the two directions correlated for nets with many pins), nets within one tile, pins that repeat a
tile, a density of pins with hot spots at several scales, and capacities as tight as theirs: wires
take 0.53 to 0.65 of all tracks.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from eda_router.config import Settings, setting
from eda_router.design import Design, IntArray, uniform_capacity
from eda_router.formats import ispd98
from eda_router.splitmix import between, normal, uniform

PIN_COUNTS = np.array([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 24, 61], np.int64)
"""Nets have a number of pins in one of the ranges [PIN_COUNTS[i], PIN_COUNTS[i + 1])."""

PIN_SHARES = np.array(
    [0.530, 0.147, 0.100, 0.060, 0.031, 0.025, 0.020, 0.016, 0.015, 0.012, 0.022, 0.017, 0.005]
)
"""Share of the nets in each range of pins."""

SPANS = np.array(
    [
        # pins from, x median, x sigma, y median, y sigma, correlation
        [2, 1.05, 1.20, 0.55, 1.20, 0.00],
        [3, 2.60, 1.15, 1.75, 1.10, 0.10],
        [4, 4.60, 0.95, 3.00, 0.95, 0.25],
        [6, 7.60, 0.90, 4.80, 0.85, 0.35],
        [10, 11.0, 0.80, 7.20, 0.75, 0.40],
        [20, 18.0, 0.70, 13.0, 0.60, 0.40],
    ]
)
"""Log-normal spans of a net's bounding box, in tile edges, by its number of pins."""

STEINER_FACTOR = 1.15
"""Wirelength of good trees over the half perimeters of their boxes, as on the real circuits."""

DETOUR_FACTOR = 1.02
"""Wirelength of a legal routing over that of the trees, as on the real circuits."""


@dataclass(frozen=True, kw_only=True)
class SynthConfig(Settings):
    """What a synthetic design is like."""

    width: int = setting(80, "Tiles in x.", unit="tiles", low=2, high=4096)
    height: int = setting(64, "Tiles in y.", unit="tiles", low=2, high=4096)
    nets: int = setting(18429, "Nets, those within one tile included.", low=1, high=10**7)
    seed: int = setting(1, "Seed of every random choice.", low=0, high=2**31 - 1)
    trivial: float = setting(0.23, "Share of nets within one tile.", low=0, high=1)
    repeated: float = setting(0.12, "Share of other nets that repeat a tile.", low=0, high=1)
    locality: float = setting(
        1.0, "Factor on the spans of nets: above 1, longer nets.", low=0.05, high=20
    )
    hot_spots: float = setting(
        1.3, "Strength of the hot spots in the density of pins; 0: none.", low=0, high=5
    )
    horizontal_use: float = setting(
        0.66, "Share of horizontal tracks that wires will take.", low=0.01, high=1
    )
    vertical_use: float = setting(
        0.60, "Share of vertical tracks that wires will take.", low=0.01, high=1
    )


def synthesize(config: SynthConfig, name: str | None = None) -> Design:
    """A design made of ``config`` alone, repeated pins merged."""
    return _merged(_placed(config, name))


def write(config: SynthConfig, path: str | Path) -> Design:
    """Write a design in the ISPD98 format, with its repeated pins; gzipped for ``.gz``.

    Returns:
        The design as :func:`eda_router.formats.ispd98.read` reads it back.

    Raises:
        EdarouteError: the file cannot be written.
    """
    placed = _placed(config, None)
    ispd98.write(placed, path)
    return _merged(placed)


def _placed(config: SynthConfig, name: str | None) -> Design:
    """The design with repeated pins still in its lists of pins."""
    rng = np.array([config.seed], np.uint64)
    weights = _density(rng, config.width, config.height, config.hot_spots)
    offsets, pins = _place_nets(
        rng,
        config.nets,
        np.cumsum(weights.reshape(-1)),
        weights,
        PIN_COUNTS,
        np.cumsum(PIN_SHARES) / PIN_SHARES.sum(),
        SPANS,
        config.locality,
        config.trivial,
        config.repeated,
    )
    horizontal, vertical = _capacities(config, offsets, pins)
    return Design(
        name=name or f"synth{config.width}x{config.height}s{config.seed}",
        width=config.width,
        height=config.height,
        capacity=uniform_capacity(config.width, config.height, vertical, horizontal),
        net_names=[f"s{net}" for net in range(config.nets)],
        net_ids=np.arange(config.nets, dtype=np.int64),
        pin_offsets=offsets,
        pins=pins,
    )


def _merged(placed: Design) -> Design:
    net = np.repeat(np.arange(placed.num_nets), np.diff(placed.pin_offsets))
    keys = np.unique(net * placed.num_tiles + placed.pins)
    offsets = np.zeros(placed.num_nets + 1, np.int64)
    np.cumsum(np.bincount(keys // placed.num_tiles, minlength=placed.num_nets), out=offsets[1:])
    return dataclasses.replace(
        placed, pin_offsets=offsets, pins=(keys % placed.num_tiles).astype(np.int32)
    )


def _capacities(config: SynthConfig, offsets: NDArray[np.int64], pins: IntArray) -> tuple[int, int]:
    """Tracks a direction such that expected wires take the share of them that is asked for."""
    x, y = pins % config.width, pins // config.width
    capacities = []
    for position, edges, use in (
        (x, (config.width - 1) * config.height, config.horizontal_use),
        (y, config.width * (config.height - 1), config.vertical_use),
    ):
        spans = np.maximum.reduceat(position, offsets[:-1]) - np.minimum.reduceat(
            position, offsets[:-1]
        )
        wires = float(spans.sum()) * STEINER_FACTOR * DETOUR_FACTOR
        capacities.append(max(1, math.ceil(wires / (edges * use))))
    return capacities[0], capacities[1]


@njit(cache=True, nogil=True)
def _density(rng, width, height, strength):  # type: ignore[no-untyped-def]
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


@njit(cache=True, nogil=True)
def _span(rng, median, sigma, shared, own, locality, room):  # type: ignore[no-untyped-def]
    """A box's span in tile edges."""
    drawn = median * locality * np.exp(sigma * (shared + own * normal(rng)))
    return min(room, np.int64(min(drawn, 1e6)))


@njit(cache=True, nogil=True)
def _place_nets(  # type: ignore[no-untyped-def]
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


@njit(cache=True, nogil=True)
def _place_pins(rng, weights, x0, y0, dx, dy, count, pins, total):  # type: ignore[no-untyped-def]
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
        taken = False
        for other in range(begin, total):
            taken |= pins[other] == best
        if not taken:
            pins[total] = best
            total += 1
        elif j == 1 or (j == 2 and count >= 4):
            # The spanning tile is taken: any other one will do.
            x, y = x0 + between(rng, 0, dx), y0 + between(rng, 0, dy)
            other_tile = y * width + x
            taken = False
            for other in range(begin, total):
                taken |= pins[other] == other_tile
            if not taken:
                pins[total] = other_tile
                total += 1
    return total
