"""Synthetic placed designs that look like the ISPD98 circuits to a global router.

What is modelled, with parameters fitted to statistics of the real circuits (no data of theirs is
in here): the number of pins of a net, the spans of its bounding box given that number (log-normal,
the two directions correlated for nets with many pins), nets within one tile, pins that repeat a
tile, a density of pins with hot spots at several scales, and capacities as tight as theirs: wires
take 0.53 to 0.65 of all tracks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.config import Settings, setting
from eda_router.design import Design, IntArray, net_boxes, uniform_capacity
from eda_router.errors import expect_type
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


CROWD = 8
"""Side of the windows in which crowding is measured, tiles."""

ESCAPE = 0.9
"""Most nets that begin in a tile, as a share of the tracks on its edges and of ``crowding``. Hot
spots in corners, whose tiles have two edges, come to more on one small grid in five."""


@dataclass(frozen=True, kw_only=True)
class SynthConfig(Settings):
    """What a synthetic design is like.

    Raises:
        TypeError: there is no setting of that name.
        InputError: a value is of another type or out of range.

    Example:
        >>> import eda_router
        >>> eda_router.SynthConfig(width=32, height=32, nets=3000).seed
        1
    """

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
    crowding: float | None = setting(
        1.0,
        "Most wires to expect in any 8x8 tiles, as a share of their tracks, and at most 0.9 times "
        "this share of a tile's tracks for the nets that begin in it; tracks are added everywhere "
        "until that holds. Above about 1.1 designs are hard, null sets no limit: the "
        "larger the grid, the worse its worst place.",
        low=0.1,
        high=10,
    )


def synthesize(config: SynthConfig, name: str | None = None) -> Design:
    """A design made of ``config`` alone, repeated pins merged.

    Args:
        config: sides, nets and all else.
        name: of the design; None: one that tells its seed.

    Returns:
        A design on the plane.

    Raises:
        TypeError: ``config`` is of another type.

    Example:
        >>> import eda_router
        >>> eda_router.synthesize(eda_router.SynthConfig(width=16, height=8, nets=200), "small")
        Design('small', 16 x 8 tiles, 200 nets)
    """
    expect_type("config", config, SynthConfig)
    return _design(config, *place_pins(config), name)


def write(config: SynthConfig, path: str | Path) -> Design:
    """Write a design in the ISPD98 format, with its repeated pins; gzipped for ``.gz``.

    Returns:
        The design as :func:`eda_router.formats.ispd98.read` reads it back.

    Raises:
        TypeError: ``config`` is of another type.
        EdarouteError: the file cannot be written.
    """
    expect_type("config", config, SynthConfig)
    placed = place_pins(config)
    design = _design(config, *placed)
    ispd98.write(design, path, placed)
    return design


def place_pins(config: SynthConfig) -> tuple[NDArray[np.int64], IntArray]:
    """Where the pins of a synthetic design lie.

    Returns:
        int64 ``(nets + 1,)`` offsets into the second: int32 tiles, repeated ones included.
    """
    # The command line needs the settings alone and should not wait for Numba.
    from eda_router.synthesis.placement import density, place_nets

    rng = np.array([config.seed], np.uint64)
    weights = density(
        rng,
        config.width,
        config.height,
        config.hot_spots,
    )
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
    return offsets, pins


def _design(
    config: SynthConfig, offsets: NDArray[np.int64], pins: IntArray, name: str | None = None
) -> Design:
    """The design of these pins, repeated ones merged."""
    horizontal, vertical = _capacities(config, offsets, pins)
    tiles = config.width * config.height
    net = np.repeat(np.arange(config.nets), np.diff(offsets))
    keys = np.unique(net * tiles + pins)
    merged = np.zeros(config.nets + 1, np.int64)
    np.cumsum(np.bincount(keys // tiles, minlength=config.nets), out=merged[1:])
    return Design(
        name=name or f"synth{config.width}x{config.height}s{config.seed}",
        width=config.width,
        height=config.height,
        capacity=uniform_capacity(config.width, config.height, vertical, horizontal),
        net_names=[f"s{net}" for net in range(config.nets)],
        net_ids=np.arange(config.nets, dtype=np.int64),
        pin_offsets=merged,
        pins=(keys % tiles).astype(np.int32),
    )


def _capacities(config: SynthConfig, offsets: NDArray[np.int64], pins: IntArray) -> tuple[int, int]:
    """Tracks a direction such that expected wires take the share of them that is asked for."""
    boxes = net_boxes(offsets, pins, config.width)
    spans = (boxes[:, 2:] - boxes[:, :2]).sum(axis=0)
    edges = (config.width - 1) * config.height, config.width * (config.height - 1)
    uses = config.horizontal_use, config.vertical_use
    capacities = [
        max(1, math.ceil(float(span) * STEINER_FACTOR * DETOUR_FACTOR / (count * use)))
        for span, count, use in zip(spans, edges, uses, strict=True)
    ]
    if config.crowding is not None:
        # Only drawing expected demand takes Numba.
        from eda_router.neural.rudy import ExpectedDemand

        nets = np.arange(config.nets)
        demand = ExpectedDemand(boxes, nets, config.width, config.height).per_edge
        for direction in range(2):
            worst = float(_window_means(demand[..., direction]).max())
            needed = math.ceil(worst / config.crowding)
            capacities[direction] = max(capacities[direction], needed)
        lacking = _crowded_tile(config, boxes, offsets, pins, capacities) / config.crowding
        if lacking > ESCAPE:
            capacities = [math.ceil(tracks * lacking / ESCAPE) for tracks in capacities]
    return capacities[0], capacities[1]


def _crowded_tile(
    config: SynthConfig,
    boxes: IntArray,
    offsets: NDArray[np.int64],
    pins: IntArray,
    capacities: list[int],
) -> float:
    """Largest number of nets that leave a tile, over the tracks on its edges."""
    tiles = config.width * config.height
    leaves: NDArray[np.bool_] = np.any(boxes[:, 2:] > boxes[:, :2], axis=1)
    net = np.repeat(np.arange(config.nets), np.diff(offsets))
    pairs = np.unique(net[leaves[net]] * tiles + pins[leaves[net]])
    nets = np.bincount(pairs % tiles, minlength=tiles).reshape(config.height, config.width)
    columns, rows = (
        np.minimum(1, np.arange(side)) + np.minimum(1, np.arange(side)[::-1])
        for side in (config.width, config.height)
    )
    tracks = capacities[0] * columns[None, :] + capacities[1] * rows[:, None]
    return float((nets / tracks).max())


def _window_means(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean of every window of 8x8 tiles, or of as many as there are."""
    rows, columns = (min(CROWD, side) for side in values.shape)
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    np.cumsum(np.cumsum(values, axis=0, dtype=np.float64), axis=1, out=sums[1:, 1:])
    windows: NDArray[np.float64] = (
        sums[rows:, columns:]
        - sums[:-rows, columns:]
        - sums[rows:, :-columns]
        + sums[:-rows, :-columns]
    ) / (rows * columns)
    return windows
