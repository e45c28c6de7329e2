"""Designs with routes that the tests of pictures and pages share."""

from __future__ import annotations

import numpy as np

from eda_router.design import Design, Routes
from tests.generators import spines


def nothing() -> tuple[Design, Routes]:
    """A grid without nets."""
    return _routed(Design.from_pins("nothing", 9, 5, 2, 2, []))


def single_tile() -> tuple[Design, Routes]:
    """A grid of one tile, which has no edge at all."""
    return _routed(Design.from_pins("tile", 1, 1, 2, 2, [("only", 0, [(0, 0)])]))


def one_net() -> tuple[Design, Routes]:
    """One net of three pins, wire (1,1)-(5,1) and (5,1)-(5,3)."""
    design = Design.from_pins("one", 9, 5, 2, 2, [("solo", 7, [(1, 1), (5, 1), (5, 3)])])
    right = [2 * (9 + x) for x in range(1, 5)]
    up = [2 * (9 * y + 5) + 1 for y in (1, 2)]
    return design, Routes.from_lists([right + up])


def relaxed() -> tuple[Design, Routes]:
    """Three hundred nets and tracks to spare."""
    return _routed(scattered(24, 16, 300, 60))


def crowded() -> tuple[Design, Routes]:
    """Three hundred nets and one track an edge, so that most of the middle overflows."""
    return _routed(scattered(24, 16, 300, 1))


def blocked() -> tuple[Design, Routes]:
    """No capacity at all, and wires nevertheless."""
    return _routed(scattered(12, 12, 20, 0))


CASES = [nothing, single_tile, one_net, relaxed, crowded, blocked]


def scattered(
    width: int, height: int, num_nets: int, capacity: int, name: str = "scattered"
) -> Design:
    """Nets of 1 to 6 pins close to each other, at random places; always the same ones."""
    rng = np.random.default_rng(5)
    nets = []
    for net in range(num_nets):
        centre = rng.integers(0, (width, height))
        pins = centre + rng.integers(-4, 5, (rng.integers(1, 7), 2))
        pins = np.clip(pins, 0, (width - 1, height - 1))
        nets.append((f"net{net}", 2 * net, [(int(x), int(y)) for x, y in pins]))
    return Design.from_pins(name, width, height, capacity, capacity, nets)


def _routed(design: Design) -> tuple[Design, Routes]:
    return design, spines(design)
