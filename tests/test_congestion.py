"""Maps, figures and colours of congestion, and figures of nets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from eda_router.design import HORIZONTAL, VERTICAL, Design, Routes
from eda_router.report.congestion import (
    congestion_map,
    direction_figures,
    pin_density,
    utilisation,
    utilisation_histogram,
    wire_density,
)
from eda_router.report.nets import find_net, overflowed_edges, wire_segments
from eda_router.report.palette import DARK, LIGHT, Palette, congestion_colours, rgb
from eda_router.routing.ledger import CapacityLedger
from tests.generators import routed_designs
from tests.pictured import crowded, one_net


def test_utilisation_tells_no_capacity_from_demand_without_capacity() -> None:
    used = utilisation(np.array([4, 4, 0, 0], np.int32), np.array([1, 4, 0, 2], np.int32))
    np.testing.assert_array_equal(used, [0.25, 1.0, np.nan, np.inf])


def test_maps_of_a_hand_drawn_net() -> None:
    design, routes = one_net()
    ledger = CapacityLedger.of(design, routes)
    horizontal = np.zeros((5, 8))
    horizontal[1, 1:5] = 0.5
    vertical = np.zeros((4, 9))
    vertical[1:3, 5] = 0.5
    np.testing.assert_array_equal(congestion_map(ledger, "horizontal"), horizontal)
    np.testing.assert_array_equal(congestion_map(ledger, "vertical"), vertical)
    worst = congestion_map(ledger, "worst")
    assert worst.shape == (5, 9)
    np.testing.assert_array_equal(
        np.argwhere(worst > 0), [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (2, 5)]
    )
    corner = CapacityLedger.of(design, Routes.from_lists([[2 * (4 * 9 + 7)]]))
    assert congestion_map(corner, "worst")[4, 8] == 0.5
    np.testing.assert_array_equal(np.argwhere(pin_density(design)), [(1, 1), (1, 5), (3, 5)])
    wires = wire_density(CapacityLedger.of(design, routes).demand)
    assert wires.sum() == routes.wirelength == 6
    assert (wires[1, 1], wires[1, 3], wires[1, 5], wires[2, 5], wires[3, 5]) == (0.5, 1, 1, 1, 0.5)


@given(routed_designs())
def test_figures_agree_with_the_ledger_and_each_other(case: tuple[Design, Routes]) -> None:
    design, routes = case
    ledger = CapacityLedger.of(design, routes)
    figures = [direction_figures(ledger, direction) for direction in (HORIZONTAL, VERTICAL)]
    assert sum(part.demand for part in figures) == routes.wirelength
    assert sum(part.overflow for part in figures) == ledger.total_overflow
    assert max(part.max_overflow for part in figures) == ledger.max_overflow
    histogram = utilisation_histogram(ledger)
    for direction, part in enumerate(figures):
        assert histogram.full[direction] == part.full
        assert histogram.over[direction] == part.overflowed
        counted = histogram.below[direction].sum() + part.full + part.overflowed
        assert counted == part.edges
    over = overflowed_edges(design, routes)
    demand, overflow = ledger.demand.reshape(-1), ledger.overflow.reshape(-1)
    assert over.sum() == demand[overflow > 0].sum()


def test_a_bin_begins_at_its_bound() -> None:
    capacity = np.zeros((1, 3, 2), np.int32)
    capacity[0, :2, HORIZONTAL] = 10
    demand = np.zeros_like(capacity)
    demand[0, :2, HORIZONTAL] = 7, 6
    below = utilisation_histogram(CapacityLedger(capacity, demand)).below[HORIZONTAL]
    assert (below[7], below[6], below.sum()) == (1, 1, 2)


def test_half_perimeter_counts_each_net_alone() -> None:
    nets = [("a", 0, [(1, 1), (5, 3)]), ("b", 2, [(4, 4)])]
    design = Design.from_pins("d", 9, 5, 1, 1, [*nets, ("c", 3, [(8, 0), (0, 0), (2, 4)])])
    np.testing.assert_array_equal(design.half_perimeters, [6, 0, 12])


def test_nets_are_found_by_name_before_id() -> None:
    design = Design.from_pins("d", 3, 3, 1, 1, [("5", 1, [(0, 0)]), ("x", 5, [(0, 0)])])
    assert [find_net(design, name) for name in ("5", "x", "1", "y", "9")] == [0, 1, 0, None, None]


def test_segments_lie_on_the_edges() -> None:
    segments = wire_segments(np.array([2 * 10, 2 * 10 + 1], np.int32), 9)
    np.testing.assert_array_equal(segments, [[[1, 1], [2, 1]], [[1, 1], [1, 2]]])


# Machado, Oliveira and Fernandes 2009, full severity, on linear red, green and blue.
_DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ],
    "deuteranopia": [
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ],
    "tritanopia": [
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ],
}


def _lab(colours: np.ndarray, deficiency: str) -> np.ndarray:
    """CIELAB of sRGB colours as someone with the deficiency sees them."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.array(_DEFICIENCIES[deficiency]).T, 0, 1)
    to_xyz = np.array(
        [(0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)]
    )
    ratio = linear @ to_xyz.T / to_xyz.sum(axis=1)
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("deficiency", _DEFICIENCIES)
def test_full_and_over_leap_to_every_eye(palette: Palette, deficiency: str) -> None:
    below = _lab(congestion_colours(np.linspace(0, 0.999, 100), palette), deficiency)
    full = _lab(rgb(palette.full), deficiency)
    over = _lab(congestion_colours(np.linspace(1.001, 2, 50), palette), deficiency)

    def gap(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.linalg.norm(one[:, None] - other[None], axis=-1).min())

    # 2.3 is just noticeable; 20 is told apart at a glance in single tiles.
    assert gap(below, full[None]) > 40
    assert gap(full[None], over) > 30
    assert gap(below, over) > 20


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_more_use_never_looks_like_less(palette: Palette) -> None:
    lightness = _lab(congestion_colours(np.linspace(0, 0.999, 200), palette), "none")[:, 0]
    steps = np.diff(lightness) * (-1 if palette is LIGHT else 1)
    assert np.all(steps > 0)


def test_overflow_is_counted_by_net() -> None:
    design, routes = crowded()
    ledger = CapacityLedger.of(design, routes)
    over = overflowed_edges(design, routes)
    net = int(np.argmax(over))
    edges = routes.net_edges(net)
    assert over[net] == sum(ledger.overflow.reshape(-1)[edge] > 0 for edge in edges) > 0
