"""The teacher: the tree a net should get in a window, and what it costs.

Price
    :data:`eda_router.neural.prices.PRICE`: 1000 for a tile edge with room, more as tracks run
    out, no passage at zero.

Label
    The tree as :mod:`eda_router.dataset.labels` writes it, uint8 ``(size, size)``.

Trees are optimal up to :data:`EXACT_PINS` pins; above, they are grown pin by pin and improved by
exchanging paths (:mod:`eda_router.dataset.window_steiner`).

Choice among equals
    Of equally cheap trees the label is the one that lies lowest and leftmost: the rows of its
    horizontal edges, counted twice, and the columns of its vertical edges have the least sum.
    Between two pins in free space this is the L with the lower horizontal wire. Pins have no order,
    so permuting them changes nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.dataset.labels import (
    RIGHT_BIT,
    TILE_BIT,
    UP_BIT,
    LabelArray,
    tree_edges,
    tree_mask,
)
from eda_router.dataset.window_steiner import draw_trees
from eda_router.design import HORIZONTAL, VERTICAL
from eda_router.neural.prices import PRICE, tree_prices
from eda_router.neural.tensors import MAX_FREE, StateArray, free_tracks, pin_tiles

__all__ = [
    "EXACT_PINS",
    "EXCHANGE_ROUNDS",
    "RIGHT_BIT",
    "TILE_BIT",
    "UP_BIT",
    "LabelArray",
    "edge_costs",
    "label",
    "label_costs",
    "route_box",
    "tree_edges",
    "tree_mask",
]

EXACT_PINS = 8
"""Nets with up to this many pins get optimal trees."""

EXCHANGE_ROUNDS = 3
"""Most rounds of path exchange in the trees of nets with more pins."""

BY_PLACE: NDArray[np.uint64] = np.empty(0, np.uint64)
"""No seeds: ties are decided by place."""


def label(
    states: StateArray,
    exact_pins: int = EXACT_PINS,
    exchange_rounds: int = EXCHANGE_ROUNDS,
    tie_seeds: NDArray[np.uint64] = BY_PLACE,
) -> tuple[LabelArray, NDArray[np.bool_]]:
    """The teacher's tree for each state.

    Args:
        states: uint8 ``(num_windows, size, size)`` of :mod:`eda_router.neural.tensors`.
        exact_pins: pins up to which trees are optimal.
        exchange_rounds: most rounds of path exchange in the other trees.
        tie_seeds: uint64 ``(num_windows,)``, seeds of choices among equals; empty: by place.

    Returns:
        Labels, uint8 of the same shape, and bool ``(num_windows,)``: False where the pins cannot be
        joined (its label is 0 then).
    """
    labels = np.zeros_like(states)
    ok = np.zeros(len(states), np.bool_)
    free, pins = free_tracks(states), pin_tiles(states)
    draw_trees(free, pins, PRICE, exact_pins, exchange_rounds, tie_seeds, labels, ok)
    return labels, ok


def route_box(
    free: NDArray[np.integer],
    pins: NDArray[np.bool_],
    exact_pins: int = EXACT_PINS,
    exchange_rounds: int = EXCHANGE_ROUNDS,
) -> NDArray[np.int32] | None:
    """The teacher's tree in a box of any shape.

    Args:
        free: integers ``(height, width, 2)``, free tracks, negative where overflowed.
        pins: bool ``(height, width)``.
        exact_pins: pins up to which the tree is optimal.
        exchange_rounds: most rounds of path exchange in another tree.

    Returns:
        Edge ids of a grid of the box's shape, sorted; None where the pins cannot be joined.
    """
    height, width = pins.shape
    inside = np.clip(free, 0, MAX_FREE).astype(np.uint8)
    inside[:, -1, HORIZONTAL] = 0
    inside[-1, :, VERTICAL] = 0
    labels = np.zeros((1, height, width), np.uint8)
    ok = np.zeros(1, np.bool_)
    # A view of a larger array would be another type to compile for.
    pins = np.ascontiguousarray(pins)
    draw_trees(inside[None], pins[None], PRICE, exact_pins, exchange_rounds, BY_PLACE, labels, ok)
    return np.flatnonzero(tree_edges(labels)).astype(np.int32) if ok[0] else None


def label_costs(states: StateArray, labels: LabelArray) -> NDArray[np.int64]:
    """Price of each label's tree, int64 ``(num_windows,)``, 1000 a tile edge with room."""
    prices = PRICE[free_tracks(states)] * tree_edges(labels)
    costs: NDArray[np.int64] = prices.sum(axis=(1, 2, 3), dtype=np.int64)
    return costs


def edge_costs(
    states: StateArray, offsets: NDArray[np.int64], edges: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Price of trees given as CSR lists of window edges, int64 ``(num_windows,)``."""
    return tree_prices(free_tracks(states), offsets, edges)
