"""Effort max beside the best routing of tiny designs, and beside effort high."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design, Routes
from eda_router.proof.bound import find_bound
from eda_router.proof.explanation import shortages
from eda_router.routing.flow import route
from eda_router.verification import verify
from tests.generators import random_design

MAX = RouteConfig(router="maze", effort="max")


def narrow(seed: int) -> Design:
    """A design that can just be routed."""
    return random_design(seed, width=14, height=12, nets=110, capacity=7, spread=4)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_legal_and_never_longer_than_effort_high(seed: int) -> None:
    design = narrow(seed)
    high = route(design, dataclasses.replace(MAX, effort="high"))
    most = route(design, MAX)
    check = verify(design, most.routes)
    if high.exit_status == 0:
        assert check.legal
        assert most.details["proof"]["bound"] <= check.wirelength <= high.wirelength
    assert most.config == MAX


def test_the_same_design_gives_the_same_wires() -> None:
    one, other = (route(narrow(1), MAX).routes for _ in range(2))
    assert np.array_equal(one.edges, other.edges)


def test_a_time_limit_ends_it_with_a_legal_result() -> None:
    result = route(narrow(1), dataclasses.replace(MAX, time_limit=1.0))
    assert verify(narrow(1), result.routes).legal == (result.exit_status == 0)


def test_a_design_without_enough_tracks_is_told_how_many_are_missing() -> None:
    nets = [(f"n{i}", i, [(0, 1), (3, 1)]) for i in range(5)]
    design = Design.from_pins("gap", 4, 3, 1, 1, nets)
    result = route(design, MAX)
    # Three rows of one track each lead across, five nets have to; each of three cuts lacks two.
    assert result.details["proof"]["kind"] == "overflow"
    assert result.details["missing_tracks"] == result.details["proof"]["bound"] == 6
    assert result.exit_status == 1


def test_a_straight_cut_is_one_place() -> None:
    nets = [(f"n{i}", i, [(0, i % 3), (3, i % 3)]) for i in range(9)]
    design = Design.from_pins("wall", 4, 3, 9, 9, nets)
    design.capacity[:, 1, 0] = 2
    routes = Routes.from_lists([[2 * (4 * (i % 3) + x) for x in range(3)] for i in range(9)])
    prices = np.zeros(design.capacity.shape, np.int64)
    prices[:, 1, 0] = 1
    (place,) = shortages(design, prices, 1, routes)
    assert (place.missing, place.tracks, place.wires) == (3, 6, 9)
    assert place.box == (1, 0, 2, 2)
    # An edge elsewhere in the same row is another place.
    design.capacity[0, 0, 0] = prices[0, 0, 0] = 1
    assert [one.edges.tolist() for one in shortages(design, prices, 1, routes)] == [
        [2, 10, 18],
        [0],
    ]


def test_shortages_name_the_edges_and_the_nets() -> None:
    nets = [(f"n{i}", i, [(0, 0), (3, 0)]) for i in range(3)]
    design = Design.from_pins("row", 4, 1, 0, 4, nets)
    design.capacity[0, 1, 0] = 1
    routes = route(design, dataclasses.replace(MAX, effort="low", allow_overflow=True)).routes
    bound = find_bound(design, "overflow", routes, routed=2)
    assert bound.proof.bound == 2
    certificate = bound.certificate
    (place,) = shortages(design, certificate.prices, certificate.scale, routes)
    assert (place.missing, place.tracks, place.wires) == (2, 1, 3)
    assert place.edges.tolist() == [2]
    assert place.box == (1, 0, 2, 0)
    assert place.nets.tolist() == [0, 1, 2]
