"""Lower bounds on the lengths of nets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import minimum_spanning_tree

from eda_router.design import Design
from eda_router.report.bounds import EXACT_PINS, lower_bounds, spanning_length
from tests.generators import spines
from tests.pictured import scattered

points = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=20, unique=True
)


@given(points)
def test_spanning_trees_are_as_long_as_scipys(pins: list[tuple[int, int]]) -> None:
    rows, columns = np.array(pins).T
    distance = abs(rows[:, None] - rows) + abs(columns[:, None] - columns)
    expected = int(minimum_spanning_tree(distance).sum())
    assert spanning_length(rows, columns) == expected


@given(points.filter(lambda pins: len(pins) > EXACT_PINS))
def test_many_pins_are_bounded_between_box_and_spanning_tree(pins: list[tuple[int, int]]) -> None:
    design = Design.from_pins("d", 21, 21, 1, 1, [("n", 0, pins)])
    (bound,) = lower_bounds(design)
    rows, columns = np.array(pins).T
    assert design.half_perimeters[0] <= bound <= spanning_length(rows, columns)
    assert 3 * bound >= 2 * spanning_length(rows, columns)


def test_a_known_tree_is_met_exactly() -> None:
    # A plus sign: the box says 4, the tree needs its centre and four arms of 2.
    plus = [(2, 0), (2, 4), (0, 2), (4, 2)]
    # Nine pins on a 3 x 3 lattice of step 2: eight steps, whatever the tree.
    lattice = [(x, y) for x in (0, 2, 4) for y in (0, 2, 4)]
    nets = [("plus", 0, plus), ("none", 1, [(1, 1)]), ("lattice", 2, lattice)]
    assert lower_bounds(Design.from_pins("d", 5, 5, 1, 1, nets)).tolist() == [8, 0, 16]


def test_no_connected_wire_is_shorter() -> None:
    design = scattered(30, 30, 400, 1)
    lengths, bounds = spines(design).lengths, lower_bounds(design)
    assert (bounds <= lengths).all()
    assert (bounds >= design.half_perimeters).all()
