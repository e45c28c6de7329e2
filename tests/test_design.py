"""Designs and routes refuse what kernels could not bear."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design, Routes
from eda_router.errors import InputError


@pytest.fixture
def design() -> Design:
    nets = [("a", 0, [(0, 0), (3, 2)]), ("b", 1, [(1, 1)]), ("c", 2, [(2, 0), (0, 1), (2, 0)])]
    return Design.from_pins("d", 4, 3, 2, 1, nets)


def test_a_design_is_one_line(design: Design) -> None:
    assert repr(design) == "Design('d', 4 x 3 tiles, 3 nets)"
    assert repr(Routes.from_lists([[0, 2], [], [4]])) == "Routes(3 nets, wirelength 3)"


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"width": 5}, ValueError, r"capacity \(3, 4, 2\), expected \(3, 5, 2\)"),
        ({"width": 0, "capacity": np.zeros((3, 0, 2), np.int32)}, ValueError, "grid of 0 x 3"),
        ({"width": 1 << 15, "height": 1 << 15}, ValueError, "expected 1 to 16777216 tiles"),
        ({"pins": np.array([0, 11, 5, 2, 4])}, TypeError, "pins: int64 .*expected .* int32"),
        ({"pins": [0, 11, 5, 2, 4]}, TypeError, "pins: list, expected an array of int32"),
        ({"pins": np.array([0, 12, 5, 2, 4], np.int32)}, ValueError, "tiles 0 to 12"),
        ({"pins": np.array([-1, 11, 5, 2, 4], np.int32)}, ValueError, "tiles -1 to 11"),
        ({"pins": np.array([0, 11, 5, 4, 2], np.int32)}, ValueError, "net 'c' not sorted"),
        ({"pins": np.array([0, 11, 5, 2, 2], np.int32)}, ValueError, "net 'c' not sorted"),
        ({"pin_offsets": np.array([0, 2, 3, 4])}, ValueError, "not rising from 0 to 5"),
        ({"pin_offsets": np.array([0, 3, 2, 5])}, ValueError, "not rising from 0 to 5"),
        ({"pin_offsets": np.array([0, 2, 5])}, ValueError, "3 pin_offsets, expected 4"),
        ({"net_ids": np.arange(2)}, ValueError, "2 net_ids, expected 3"),
        ({"capacity": np.full((3, 4, 2), 1, np.int32)}, ValueError, "across the border"),
        ({"capacity": np.zeros((3, 4, 2))}, TypeError, "capacity: float64"),
    ],
)
def test_a_wrong_array_says_what_was_expected(design, changes, error, message) -> None:
    with pytest.raises(error, match=message):
        dataclasses.replace(design, **changes)


def test_negative_capacities_are_refused(design: Design) -> None:
    capacity = design.capacity.copy()
    capacity[0, 0, 0] = -1
    with pytest.raises(ValueError, match="below 0"):
        dataclasses.replace(design, capacity=capacity)


@pytest.mark.parametrize("pin", [(4, 0), (0, 3), (-1, 0), (0, -1)])
def test_a_pin_off_the_grid_is_refused(pin: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"net 'a': pin .* off the grid, expected x from 0 to 3"):
        Design.from_pins("d", 4, 3, 1, 1, [("a", 0, [(0, 0), pin])])


def test_a_pin_between_tiles_is_refused() -> None:
    with pytest.raises(TypeError):
        Design.from_pins("d", 4, 3, 1, 1, [("a", 0, [(0.5, 0)])])


def test_routes_whose_offsets_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="not rising from 0 to 2"):
        Routes(np.array([0, 1]), np.array([0, 2], np.int32))
    with pytest.raises(TypeError, match="edges: int64"):
        Routes(np.array([0, 2]), np.array([0, 2]))


def test_a_mistyped_setting_suggests_the_right_one() -> None:
    with pytest.raises(TypeError, match=r"no setting 'efort' \(did you mean effort\?\)"):
        RouteConfig(efort="high")
    with pytest.raises(InputError, match="expected one of low, medium, high"):
        RouteConfig(effort="hihg")
