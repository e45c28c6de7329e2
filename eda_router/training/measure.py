"""How good drawings are: connected, ink and price of the trees taken from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from eda_router.dataset.samples import Samples
from eda_router.dataset.teacher import LabelArray, edge_costs, label_costs, tree_mask
from eda_router.neural.architecture import Architecture
from eda_router.neural.decode import decode
from eda_router.neural.tensors import StateArray, free_tracks, images, pin_tiles

THRESHOLDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.09, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
"""Thresholds that calibration chooses from."""

Probabilities = NDArray[np.float32]
Draw = Callable[[NDArray[np.float32]], Probabilities]


@dataclasses.dataclass(frozen=True)
class Quality:
    """Figures of one set of drawings at one threshold.

    Attributes:
        threshold: tiles at least this probable are drawn.
        connected: share of windows whose pins the drawing joins.
        ink: tiles drawn at the threshold over tiles of the tree taken, mean over the connected
            windows.
        taken_ink: the same of the tiles at the level that each tree was taken from, the surest
            one that joins the pins (:mod:`eda_router.neural.decode`).
        cost: price of the trees over the teacher's on the connected windows, sum over sum.
    """

    threshold: float
    connected: float
    ink: float
    taken_ink: float
    cost: float


def draw_all(draw: Draw, states: StateArray, batch: int = 64) -> Probabilities:
    """Draw all states in batches of a fixed size, the last one padded.

    Args:
        draw: float32 images ``(batch, size, size, 3)`` to maps of the same shape.
        states: uint8 ``(num_windows, size, size)``.
        batch: windows in a batch.
    """
    drawn = np.empty((*states.shape, 3), np.float32)
    for start in range(0, len(states), batch):
        part = states[start : start + batch]
        padded = np.zeros((batch, *states.shape[1:]), np.uint8)
        padded[: len(part)] = part
        drawn[start : start + len(part)] = draw(images(padded))[: len(part)]
    return drawn


def quality(
    states: StateArray, labels: LabelArray, maps: Probabilities, threshold: float
) -> Quality:
    """Measure maps ``(num_windows, size, size, 3)`` at a threshold."""
    trees = decode(free_tracks(states), pin_tiles(states), maps, threshold)
    ok = trees.ok
    if not ok.any():
        return Quality(threshold, 0.0, float("nan"), float("nan"), float("nan"))
    costs = edge_costs(states, trees.offsets, trees.edges)
    return Quality(
        threshold,
        float(ok.mean()),
        float(trees.ink[ok].mean()),
        float(trees.taken_ink[ok].mean()),
        float(costs[ok].sum() / label_costs(states[ok], labels[ok]).sum()),
    )


def sweep(
    states: StateArray,
    labels: LabelArray,
    maps: Probabilities,
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[Quality]:
    """Measure maps at several thresholds."""
    return [quality(states, labels, maps, t) for t in thresholds]


def choose_threshold(swept: Sequence[Quality], most: float) -> Quality:
    """The threshold that connects most with at most so much ink; else the one with the least ink.

    Args:
        swept: quality at each threshold.
        most: ink allowed.
    """
    within = [q for q in swept if q.ink <= most]
    if within:
        return max(within, key=lambda q: (q.connected, q.threshold))
    return min(swept, key=lambda q: (q.ink, q.threshold))


def latent_use(model: Architecture, samples: Samples) -> dict[str, float]:
    """How much the latent carries, on states with routes; empty without a latent."""
    routes = tree_mask(samples.labels)[..., None].astype(np.float32)
    return model.latent_use(images(samples.states), routes)
