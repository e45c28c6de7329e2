"""Random designs and routes for property tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from eda_router.design import HORIZONTAL, VERTICAL, Design, Routes

_LETTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S"))
names = st.text(_LETTERS, min_size=1, max_size=6).filter(lambda n: n != "!" and n[0] != "(")


@st.composite
def designs(draw: st.DrawFn, max_side: int = 7, max_nets: int = 8) -> Design:
    width, height = draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    tile = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1))
    nets = draw(
        st.lists(
            st.tuples(names, st.integers(0, 10**12), st.lists(tile, min_size=1, max_size=6)),
            max_size=max_nets,
            unique_by=lambda net: net[0],
        )
    )
    capacity = st.integers(0, 4)
    return Design.from_pins("design", width, height, draw(capacity), draw(capacity), nets)


def grid_edges(design: Design) -> list[int]:
    """The ids of the edges that do not leave the grid."""
    inside = np.zeros_like(design.capacity)
    inside[:, :-1, HORIZONTAL] = 1
    inside[:-1, :, VERTICAL] = 1
    return np.flatnonzero(inside).tolist()


@st.composite
def routed_designs(draw: st.DrawFn) -> tuple[Design, Routes]:
    """A design and any wires, connected or not."""
    design = draw(designs())
    edges = grid_edges(design)
    one = st.lists(st.sampled_from(edges), max_size=20) if edges else st.just([])
    return design, Routes.from_lists([draw(one) for _ in range(design.num_nets)])


def random_design(
    seed: int,
    *,
    width: int = 16,
    height: int = 12,
    nets: int = 150,
    capacity: int = 6,
    spread: int = 5,
) -> Design:
    """Nets of 1 to 9 pins, mostly near each other."""
    rng = np.random.default_rng(seed)

    def pins() -> list[tuple[int, int]]:
        x, y = rng.integers(width), rng.integers(height)
        count = 1 + min(8, rng.geometric(0.4))
        return [
            (
                int(np.clip(x + rng.integers(-spread, spread + 1), 0, width - 1)),
                int(np.clip(y + rng.integers(-spread, spread + 1), 0, height - 1)),
            )
            for _ in range(count)
        ]

    drawn = [(f"n{i}", i, pins()) for i in range(nets)]
    return Design.from_pins(f"random{seed}", width, height, capacity, capacity, drawn)


def spines(design: Design) -> Routes:
    """Connected wires without any care: each net's pins joined to its first by an L."""
    nets = []
    for net in range(design.num_nets):
        edges: set[int] = set()
        first, *others = design.net_pins(net).tolist()
        y0, x0 = divmod(first, design.width)
        for other in others:
            y, x = divmod(other, design.width)
            edges |= {2 * (y * design.width + at) for at in range(min(x, x0), max(x, x0))}
            edges |= {2 * (at * design.width + x0) + 1 for at in range(min(y, y0), max(y, y0))}
        nets.append(edges)
    return Routes.from_lists(nets)


def same_design(one: Design, other: Design) -> bool:
    return (
        (one.name, one.width, one.height) == (other.name, other.width, other.height)
        and list(one.net_names) == list(other.net_names)
        and all(
            np.array_equal(getattr(one, part), getattr(other, part))
            for part in ("capacity", "net_ids", "pin_offsets", "pins")
        )
    )
