"""Windows from ledgers of synthetic designs, taken at every phase of a routing run.

Each design has few spare tracks and is routed by the teacher (:mod:`eda_router.dataset.replay`): a
first pass from an empty ledger, then rounds in which random nets are ripped up and routed again
among all others. Only a part of the common easy nets is kept, so that nets with many pins and nets
among full edges are most of the samples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.config import RouteConfig
from eda_router.dataset.replay import SIZES, Replay, Wave
from eda_router.dataset.teacher import EXACT_PINS, LabelArray, label_costs, tree_mask
from eda_router.neural.tensors import StateArray, free_tracks, pin_tiles
from eda_router.search.grid import TILE_EDGE
from eda_router.synthesis.designs import SynthConfig, synthesize

LOW_FREE = 6
"""An edge with fewer free tracks than this is short of tracks."""

DESIGNS_A_SHARD = 4
"""At most this part of a shard comes from one design."""

RIP_UP_ROUNDS = 3
"""Rounds of rip-up and reroute after the first pass."""

RIP_UP_SHARE = 0.4
"""Chance that a round rips up a net."""

MOST_EXPECTED_DEMAND = 0.8
"""Random shares of the expected demand are up to this."""

KEEP = np.array(
    [
        # 2 pins, 3 pins, 4 and more
        [0.06, 0.15, 0.30],  # room everywhere
        [0.30, 0.60, 1.00],  # edges short of tracks in the window
        [0.60, 1.00, 1.00],  # and the tree uses some of them
    ]
)
"""Chance that a window is kept, by congestion and number of pins."""

SMALL_BOX = 3
"""Nets with boxes of at most so many tiles a side are kept less often."""

SMALL_BOX_KEEP = 0.5
"""Factor on their chance."""


def ledger_samples(
    rng: np.random.Generator,
    count: int,
    size: int,
    exact_pins: int = EXACT_PINS,
    expected_demand: float = RouteConfig.expected_demand,
) -> tuple[StateArray, LabelArray]:
    """Windows with the teacher's trees.

    Args:
        rng: everything random comes from it.
        count: of the windows.
        size: of the windows, one of :data:`eda_router.dataset.replay.SIZES` or a larger power
            of two.
        exact_pins: pins up to which trees are optimal.
        expected_demand: share of the expected demand of nets still to come that half of the designs
            show as used; a quarter shows none, a quarter a random share.

    Returns:
        States and labels, uint8 ``(count, size, size)`` each.
    """
    states: list[StateArray] = []
    labels: list[LabelArray] = []
    missing = count
    while missing > 0:
        quota = min(missing, -(-count // DESIGNS_A_SHARD))
        new_states, new_labels = _design_samples(rng, quota, size, exact_pins, expected_demand)
        states.append(new_states)
        labels.append(new_labels)
        missing -= len(new_states)
    order = rng.permutation(count)
    return np.concatenate(states)[order], np.concatenate(labels)[order]


def _design_samples(
    rng: np.random.Generator, quota: int, size: int, exact_pins: int, expected_demand: float
) -> tuple[StateArray, LabelArray]:
    """Up to ``quota`` windows of one design, evenly from all phases of its routing."""
    design = synthesize(_random_design(rng, size))
    margin = int(rng.integers(0, 2))
    replay = Replay(
        design,
        sizes=sorted({*SIZES, size}),
        margin=margin,
        best=[size],
        exact_pins=exact_pins,
        expected_demand=_shown_share(rng, expected_demand),
        offsets=rng,
    )
    states, labels = [], []

    def keep(wave: Wave) -> None:
        if wave.size == size:
            kept = _choose(rng, wave)
            states.append(wave.states[kept])
            labels.append(wave.labels[kept])

    order = replay.smallest_first()
    if rng.random() < 0.5:
        order = rng.permutation(order)
    for phase in range(1 + RIP_UP_ROUNDS):
        if phase > 0:
            order = order[rng.random(len(order)) < RIP_UP_SHARE]
            replay.release(order)
        replay.route(order, keep)
        order = rng.permutation(design.routable)
    all_states, all_labels = np.concatenate(states), np.concatenate(labels)
    chosen = rng.permutation(len(all_states))[:quota]
    return all_states[chosen], all_labels[chosen]


def _shown_share(rng: np.random.Generator, usual: float) -> float:
    """How much of the expected demand a design shows: half of them ``usual``, a quarter none."""
    if rng.random() < 0.5:
        return usual
    return float(rng.choice([0.0, rng.uniform(0.0, MOST_EXPECTED_DEMAND)]))


def _random_design(rng: np.random.Generator, size: int) -> SynthConfig:
    """A design in which many nets need windows of this size."""
    stretch = {8: 0.6, 16: 1.0, 32: 1.5}.get(size, 2.5 * size / 64)
    low, high = max(size, 40), max(2 * size - size // 2, 88)
    width, height = int(rng.integers(low, high)), int(rng.integers(low, high))
    locality = stretch * rng.uniform(0.8, 1.3)
    uses = rng.uniform(0.6, 0.95, 2)
    return SynthConfig(
        width=width,
        height=height,
        nets=int(width * height * rng.uniform(2.0, 4.3) / max(1.0, locality)),
        seed=int(rng.integers(0, 2**31)),
        trivial=0.0,
        locality=locality,
        hot_spots=rng.uniform(0.5, 1.8),
        horizontal_use=uses[0],
        vertical_use=uses[1],
        crowding=None,
    )


def _choose(rng: np.random.Generator, wave: Wave) -> NDArray[np.bool_]:
    """Which windows of a wave to keep."""
    pins = pin_tiles(wave.states)
    length = tree_mask(wave.labels).sum(axis=(1, 2)) - 1
    low = free_tracks(wave.states) < LOW_FREE
    short = low[:, :-1, :-1].mean(axis=(1, 2, 3)) > 0.03
    pressed = label_costs(wave.states, wave.labels) > 1.05 * TILE_EDGE * length
    chance = KEEP[short.astype(int) + (short & pressed), np.clip(pins.sum((1, 2)) - 2, 0, 2)]
    columns, rows = np.any(pins, axis=1), np.any(pins, axis=2)
    side = np.maximum(_extent(columns), _extent(rows))
    chance = np.where(side <= SMALL_BOX, chance * SMALL_BOX_KEEP, chance)
    drawn = rng.random(len(chance)) < chance
    kept: NDArray[np.bool_] = wave.ok & drawn
    return kept


def _extent(present: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Tiles from the first to the last True of each row."""
    first = np.argmax(present, axis=1)
    last = present.shape[1] - np.argmax(present[:, ::-1], axis=1)
    extent: NDArray[np.int64] = last - first
    return extent
