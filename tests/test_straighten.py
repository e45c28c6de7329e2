"""Other ways of the same length."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design, Routes
from eda_router.routing.flow import route
from eda_router.routing.layers import assign_layers
from eda_router.routing.straighten import straighten
from eda_router.verification import verify
from tests.layered import layered_design, random_trees, with_capacity


def demand_of(design: Design, routes: Routes) -> np.ndarray:
    return np.bincount(routes.edges, minlength=design.capacity.size)


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("legal", [False, True])
def test_lengths_stay_and_overflow_does_not_grow(seed: int, legal: bool) -> None:
    design = layered_design(seed, width=7, height=6, num_layers=5, nets=12, spanning=True)
    routes = random_trees(design, seed, legal=legal)
    before = verify(design, routes)
    moved = straighten(design, routes, np.arange(design.num_nets))
    after = verify(design, moved)
    assert np.array_equal(moved.offsets, routes.offsets)
    assert np.array_equal(after.disconnected_nets, before.disconnected_nets)
    assert after.cycles == before.cycles == 0
    assert after.stubs == before.stubs
    capacity = design.capacity.reshape(-1)
    grown = demand_of(design, moved) > demand_of(design, routes)
    assert (demand_of(design, moved)[grown] <= capacity[grown]).all()
    again = straighten(design, routes, np.arange(design.num_nets))
    assert np.array_equal(again.edges, moved.edges)


@pytest.mark.parametrize("seed", range(20))
def test_only_the_nets_named_move(seed: int) -> None:
    design = layered_design(seed, width=7, height=6, nets=10)
    routes = random_trees(design, seed, legal=False)
    moved = straighten(design, routes, np.array([2, 5]))
    for net in set(range(10)) - {2, 5}:
        assert np.array_equal(moved.net_edges(net), routes.net_edges(net))


def staircase(closed: tuple[int, ...] = ()) -> tuple[Design, Routes]:
    """One net from corner to corner of a 4 x 4 grid in steps of one; some edges are closed."""
    made = layered_design(1, width=4, height=4, num_layers=3, nets=1)
    capacity = np.ones_like(made.layers.capacity)
    for edge in closed:
        capacity[made.layers.horizontal == (edge & 1 == 0), edge >> 3, (edge >> 1) % 4] = 0
    layers = dataclasses.replace(
        made.layers,
        pin_offsets=np.array([0, 2]),
        candidate_offsets=np.arange(3),
        candidate_tiles=np.array([0, 15], np.int32),
        candidate_layers=np.zeros(2, np.int8),
    )
    ends = {"pin_offsets": np.array([0, 2]), "pins": np.array([0, 15], np.int32)}
    design = with_capacity(dataclasses.replace(made, layers=layers, **ends), capacity)
    return design, Routes.from_lists([[0, 3, 10, 13, 20, 23]])


def vias_after(closed: tuple[int, ...]) -> tuple[int, int]:
    """Vias of the staircase, and of what becomes of it."""
    design, stairs = staircase(closed)
    moved = straighten(design, stairs, np.array([0]))
    assert verify(design, moved).legal
    return assign_layers(design, stairs).num_vias, assign_layers(design, moved).num_vias


def test_a_staircase_becomes_an_l_or_if_that_is_closed_a_z() -> None:
    stairs, bent = vias_after(())
    # From pins on layer 0: one stack of height 1, one of 2, and a via for each bend.
    assert (stairs, bent) == (1 + 2 + 5, 1 + 2 + 1)
    _, twice_bent = vias_after((4, 25))
    assert twice_bent in (1 + 1 + 2, 2 + 2 + 2)
    stuck, same = vias_after((4, 25, 9, 28, 12, 17))
    assert stuck == stairs
    assert same <= stuck


def test_vias_fall_on_routed_designs() -> None:
    before = after = 0
    for seed in range(6):
        made = layered_design(seed, width=12, height=10, num_layers=5, nets=60, terminals=(2, 5))
        design = with_capacity(made, np.full_like(made.layers.capacity, 9))
        routes = route(design, RouteConfig(router="maze", effort="low")).routes
        before += assign_layers(design, routes).num_vias
        moved = straighten(design, routes, np.arange(design.num_nets))
        after += assign_layers(design, moved).num_vias
    assert after < before
