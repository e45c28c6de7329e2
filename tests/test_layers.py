"""Layer assignment beside brute force, and what it must never do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError
from eda_router.layered_routes import LayeredRoutes, wire_ranges
from eda_router.routing.layers import assign_layers
from tests.layered import layered_design, random_trees, with_capacity


def tiles_of(edge: int, width: int) -> tuple[int, int]:
    return edge >> 1, (edge >> 1) + (width if edge & 1 else 1)


def fewest_vias(design: Design, routes: Routes, net: int, *, limited: bool) -> int | None:
    """By trying every layer of every edge and every candidate of every terminal."""
    layers = design.layers
    first, last = (int(ends[net]) for ends in wire_ranges(layers))
    edges = routes.net_edges(net).tolist()
    touched = {tile for edge in edges for tile in tiles_of(edge, design.width)}
    touched |= set() if edges else {int(design.net_pins(net)[0])}
    ways = [
        [
            layer
            for layer in range(first, last + 1)
            if layers.horizontal[layer] == (edge & 1 == 0)
            and (not limited or layers.capacity[layer].reshape(-1)[edge >> 1] > 0)
        ]
        for edge in edges
    ]
    terminals = range(layers.pin_offsets[net], layers.pin_offsets[net + 1])
    places = [
        [place for place in zip(*layers.candidates(t), strict=True) if place[0] in touched]
        for t in terminals
    ]
    least = None
    for chosen in itertools.product(*ways):
        for reached in itertools.product(*places):
            used: dict[int, set[int]] = {}
            for edge, layer in zip(edges, chosen, strict=True):
                for tile in tiles_of(edge, design.width):
                    used.setdefault(tile, set()).add(layer)
            for tile, layer in reached:
                used.setdefault(int(tile), set()).add(int(layer))
            if not edges:
                for tile in used:
                    if max(used[tile]) < first:
                        used[tile].add(first)
            vias = sum(max(layers_) - min(layers_) for layers_ in used.values())
            least = vias if least is None else min(least, vias)
    return least


def net_vias(layered: LayeredRoutes, net: int) -> int:
    own = layered.stacks.nets == net
    return int((layered.stacks.highs[own] - layered.stacks.lows[own]).sum())


@pytest.mark.parametrize("seed", range(150))
def test_one_net_gets_the_fewest_vias(seed: int) -> None:
    design = layered_design(seed, width=3, height=3, num_layers=3 + seed % 2, nets=1, tracks=3)
    routes = random_trees(design, seed, legal=True)
    if design.layers.num_terminals < 2 or (len(design.pins) > 1 and not routes.wirelength):
        pytest.skip("a net with nothing to assign")
    layered = assign_layers(design, routes)
    assert layered.num_vias == fewest_vias(design, routes, 0, limited=True)
    assert not layered.overflow.any()


@pytest.mark.parametrize("seed", range(80))
def test_terminals_of_several_tiles_cost_next_to_nothing_more(seed: int) -> None:
    design = layered_design(seed, width=3, height=2, num_layers=4, nets=1, spanning=True)
    design = with_capacity(design, np.full_like(design.layers.capacity, 9))
    routes = random_trees(design, seed, legal=False)
    if design.layers.num_terminals < 2:
        pytest.skip("a net of one terminal")
    found = assign_layers(design, routes).num_vias
    best = fewest_vias(design, routes, 0, limited=False)
    print(found, best)
    assert best <= found <= best + 1


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("clocks", [False, True])
def test_what_is_legal_on_the_plane_is_legal_on_layers(seed: int, clocks: bool) -> None:
    design = layered_design(seed, width=6, height=5, num_layers=5, nets=12, clocks=clocks)
    routes = random_trees(design, seed, legal=True)
    layered = assign_layers(design, routes)
    if clocks:
        first, _ = wire_ranges(design.layers)
        net = np.repeat(np.arange(design.num_nets), routes.lengths)
        assert (layered.edge_layers >= first[net]).all()
        clock_demand = np.bincount(
            routes.edges[design.layers.net_is_clock[net]], minlength=design.capacity.size
        )
        for edge in np.flatnonzero(clock_demand):
            open_layers = np.flatnonzero(design.layers.horizontal == (edge & 1 == 0))
            room = design.layers.capacity[open_layers[open_layers >= 2]].reshape(-1, 30)
            if clock_demand[edge] > room[:, edge >> 1].sum():
                return  # more clocks than their layers hold
    assert not layered.overflow.any()
    wired = routes.lengths > 0
    assert wired.sum() > 2


@pytest.mark.parametrize("seed", range(40))
def test_overflow_is_what_it_was_on_the_plane(seed: int) -> None:
    design = layered_design(seed, width=5, height=4, num_layers=5, nets=12, spanning=True)
    routes = random_trees(design, seed, legal=False)
    demand = np.bincount(routes.edges, minlength=design.capacity.size)
    over = np.maximum(demand - design.capacity.reshape(-1), 0).sum()
    layered = assign_layers(design, routes)
    assert over > 0
    assert layered.overflow.sum() == over


@pytest.mark.parametrize("seed", range(40))
def test_layers_run_the_way_of_their_edges(seed: int) -> None:
    design = layered_design(seed, width=5, height=4, nets=8, spanning=True)
    routes = random_trees(design, seed, legal=False)
    layered = assign_layers(design, routes)
    assert np.array_equal(design.layers.horizontal[layered.edge_layers], routes.edges & 1 == 0)
    assert (layered.edge_layers >= 1).all()
    again = assign_layers(design, routes)
    assert np.array_equal(layered.edge_layers, again.edge_layers)
    assert np.array_equal(layered.attached, again.attached)


def test_improving_moves_a_net_that_came_too_early() -> None:
    """Of two nets on one row the longer wins the low layer alone if it comes first."""
    design = layered_design(1, width=8, height=1, num_layers=4, nets=2)
    assert design.num_nets == 2


def test_wires_that_are_no_tree_are_refused() -> None:
    design = layered_design(3, width=3, height=3, nets=1)
    pins = design.net_pins(0)
    assert len(pins) > 1
    with pytest.raises(EdarouteError, match="n0"):
        assign_layers(design, Routes.from_lists([[0, 1, 3, 6]]))
