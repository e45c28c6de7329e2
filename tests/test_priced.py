"""Negotiation at prices between what is proven and effort high."""

from __future__ import annotations

import time

import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design, Routes
from eda_router.proof.checker import prove
from eda_router.proof.generation import Generation
from eda_router.proof.pricing import SCALE
from eda_router.routing.flow import route
from eda_router.routing.ledger import CapacityLedger
from eda_router.routing.priced import PricedRouter
from eda_router.verification import verify
from tests.generators import random_design

MAX = RouteConfig(router="maze", effort="max")


def narrow(seed: int) -> Design:
    """A design that can just be routed."""
    return random_design(seed, width=24, height=20, nets=330, capacity=7, spread=5)


def generated(design: Design) -> Generation:
    generation = Generation(design, "wirelength")
    generation.run(30)
    return generation


def searched(design: Design, generation: Generation, threads: int = 1) -> Routes | None:
    router = PricedRouter(design, RouteConfig(router="maze", effort="max", threads=threads))
    return router.search(generation.rounded(), generation.prices / SCALE)


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_it_takes_the_overflow_away_and_ends_between_the_bound_and_effort_high(seed: int) -> None:
    design = narrow(seed)
    high = route(design, RouteConfig(router="maze", effort="high"))
    assert high.exit_status == 0
    generation = generated(design)
    assert CapacityLedger.of(design, generation.rounded()).total_overflow > 0
    found = searched(design, generation)
    assert found is not None
    check = verify(design, found)
    assert check.legal
    bound = prove(
        design, "wirelength", generation.prices.reshape(design.capacity.shape), SCALE
    ).bound
    assert bound <= check.wirelength <= high.wirelength


def test_the_same_wires_whatever_the_number_of_threads() -> None:
    design = narrow(1)
    generation = generated(design)
    one, three = searched(design, generation), searched(design, generation, threads=3)
    assert one is not None
    assert three is not None
    assert np.array_equal(one.edges, three.edges)


def test_a_deadline_in_the_past_finds_nothing() -> None:
    design = narrow(1)
    router = PricedRouter(design, MAX, deadline=time.monotonic())
    assert router.search(generated(design).rounded(), np.zeros(2 * design.num_tiles)) is None


def test_a_design_without_enough_tracks_finds_nothing() -> None:
    nets = [(f"n{i}", i, [(0, 1), (3, 1)]) for i in range(5)]
    design = Design.from_pins("gap", 4, 3, 1, 1, nets)
    assert searched(design, generated(design)) is None


@pytest.mark.parametrize("seed", range(4))
def test_what_is_rounded_routes_every_net_by_a_tree_of_the_fractional_routing(seed: int) -> None:
    design = narrow(seed)
    generation = generated(design)
    rounded = generation.rounded()
    assert np.array_equal(np.flatnonzero(rounded.lengths), design.routable)
    assert generation.solution is not None
    places, groups = generation.columns.places(), generation.groups
    taken = np.zeros(len(generation.columns), np.int64)
    for net in design.routable.tolist():
        taken[places[int(groups.group_of[net]), rounded.net_edges(net).tobytes()]] += 1
    used = np.pad(generation.solution.amounts, (0, len(taken) - len(generation.solution.amounts)))
    assert np.all(np.abs(taken - used) < 1 + 1e-3)


def test_effort_max_tells_of_each_stretch() -> None:
    names = [row.name for row in route(narrow(1), MAX).passes]
    assert "priced 1" in names
