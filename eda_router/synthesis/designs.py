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
from numpy.typing import NDArray

from eda_router.config import Settings, setting
from eda_router.design import Design, IntArray, uniform_capacity
from eda_router.formats import ispd98

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
    # The command line needs the settings alone and should not wait for Numba.
    from eda_router.synthesis.placement import density, place_nets

    rng = np.array([config.seed], np.uint64)
    weights = density(rng, config.width, config.height, config.hot_spots)
    offsets, pins = place_nets(
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
