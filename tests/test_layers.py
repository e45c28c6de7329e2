"""Layer assignment beside brute force, and what it must never do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError
from eda_router.layered_routes import LayeredRoutes, wire_ranges
from eda_router.layers import Layers
from eda_router.routing.layers import assign_layers
from tests.layered import layered_design, random_trees, two_dimensional, with_capacity


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


def open_everywhere(design: Design, seed: int) -> Design:
    """The design with some layers closed here and there, but never all of one direction."""
    capacity = np.random.default_rng(seed).integers(0, 2, design.layers.capacity.shape)
    capacity[-2:] = 1
    return with_capacity(design, capacity.astype(np.int32))


@pytest.mark.parametrize("seed", range(150))
def test_one_net_gets_the_fewest_vias(seed: int) -> None:
    size = {"width": 3, "height": 3, "num_layers": 4 + seed % 2}
    made = layered_design(seed, **size, nets=1, terminals=(2, 4))
    design = open_everywhere(made, seed)
    routes = random_trees(design, seed, legal=True)
    layered = assign_layers(design, routes)
    assert layered.num_vias == fewest_vias(design, routes, 0, limited=True)
    assert not layered.overflow.any()
    assert routes.wirelength or len(design.pins) == 1


@pytest.mark.parametrize("seed", range(80))
def test_terminals_of_several_tiles_cost_next_to_nothing_more(seed: int) -> None:
    size = {"width": 3, "height": 2, "num_layers": 4}
    made = layered_design(seed, **size, nets=1, terminals=(2, 4), spanning=True)
    design = open_everywhere(made, seed)
    routes = random_trees(design, seed, legal=True)
    best = fewest_vias(design, routes, 0, limited=True)
    assert best <= assign_layers(design, routes).num_vias <= best + 1


@pytest.mark.parametrize("seed", range(60))
def test_what_is_legal_on_the_plane_is_legal_on_layers(seed: int) -> None:
    design = layered_design(seed, width=6, height=5, num_layers=5, nets=12)
    routes = random_trees(design, seed, legal=True)
    assert not assign_layers(design, routes).overflow.any()
    assert (routes.lengths > 0).sum() > 2


@pytest.mark.parametrize("seed", range(120))
def test_with_clocks_it_is_if_their_layers_hold_them(seed: int) -> None:
    size = {"width": 6, "height": 3, "num_layers": 6, "tracks": 3}
    design = layered_design(seed, **size, nets=20, terminals=(2, 4), clocks=True)
    layers, routes = design.layers, random_trees(design, seed, legal=True)
    layered = assign_layers(design, routes)
    is_clock = np.repeat(layers.net_is_clock, routes.lengths)
    assert (layered.edge_layers >= np.where(is_clock, 2, 1)).all()
    upper = np.where(np.arange(6)[:, None, None] >= 2, layers.capacity, 0)
    room = with_capacity(design, upper).capacity.reshape(-1)
    clocks = np.bincount(routes.edges[is_clock], minlength=len(room))
    assert layered.overflow.any() == (clocks > room).any()


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


def row_of_nets(spans: list[tuple[int, int]], tracks: list[int]) -> tuple[Design, Routes]:
    """Nets with two pins on the lowest of five layers in one row of ten tiles.

    Layers 1 and 3 are horizontal with ``tracks`` tracks.
    """
    capacity = np.zeros((5, 1, 10), np.int32)
    capacity[[1, 3], 0, :-1] = np.array(tracks)[:, None]
    tiles = np.array(spans, np.int32).reshape(-1)
    layers = Layers(
        names=("m0", "m1", "m2", "m3", "m4"),
        horizontal=np.array([False, True, False, True, False]),
        capacity=capacity,
        original=capacity,
        signal=(1, 4),
        clock=None,
        net_is_clock=np.zeros(len(spans), bool),
        pin_offsets=np.arange(0, len(tiles) + 1, 2),
        candidate_offsets=np.arange(len(tiles) + 1),
        candidate_tiles=tiles,
        candidate_layers=np.zeros(len(tiles), np.int8),
        xs=np.arange(11),
        ys=np.arange(2),
        dbu=1000,
    )
    design = Design(
        name="row",
        width=10,
        height=1,
        capacity=two_dimensional(layers),
        net_names=[f"n{net}" for net in range(len(spans))],
        net_ids=np.arange(len(spans)),
        pin_offsets=layers.pin_offsets,
        pins=tiles,
        layers=layers,
    )
    return design, Routes.from_lists([[2 * x for x in range(a, b)] for a, b in spans])


def test_one_long_net_gives_way_to_several_short_ones() -> None:
    design, routes = row_of_nets([(0, 9), (0, 3), (3, 6), (6, 9)], [1, 1])
    layered = assign_layers(design, routes)
    assert not layered.overflow.any()
    assert [net_vias(layered, net) for net in range(4)] == [6, 2, 2, 2]


@pytest.mark.parametrize("seed", range(20))
def test_nets_of_one_row_get_close_to_the_fewest_vias_there_are(seed: int) -> None:
    """Which nets take the lowest layer is a choice of intervals of which few overlap: a linear
    programme, whose matrix is totally unimodular, tells the largest choice."""
    rng = np.random.default_rng(seed)
    spans = [tuple(sorted(rng.choice(10, 2, replace=False).tolist())) for _ in range(12)]
    covers = np.array([[a <= x < b for a, b in spans] for x in range(9)], float)
    low = max(1, int(covers.sum(axis=1).max()) // 2)
    design, routes = row_of_nets(spans, [low, 12])
    most = linprog(-np.ones(12), A_ub=covers, b_ub=np.full(9, low), bounds=(0, 1)).fun
    layered = assign_layers(design, routes)
    fewest = 6 * 12 + 4 * round(most)
    assert not layered.overflow.any()
    assert fewest <= layered.num_vias <= fewest + 4


def test_overflow_spreads_over_the_layers() -> None:
    design, routes = row_of_nets([(0, 9)] * 6, [1, 1])
    over = assign_layers(design, routes).overflow
    assert over.sum() == 4 * 9
    assert over.max() == 2


def test_a_layer_without_tracks_is_the_last_to_overflow() -> None:
    design, routes = row_of_nets([(0, 9)] * 6, [0, 1])
    assert assign_layers(design, routes).demand[:, 0, 0].tolist() == [0, 0, 0, 6, 0]


def test_wires_that_are_no_tree_are_refused() -> None:
    design = layered_design(3, width=3, height=3, nets=1)
    pins = design.net_pins(0)
    assert len(pins) > 1
    with pytest.raises(EdarouteError, match="n0"):
        assign_layers(design, Routes.from_lists([[0, 1, 3, 6]]))
