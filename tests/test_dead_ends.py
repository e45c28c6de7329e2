"""Wire to terminals that the rest of the tree reaches too."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError
from eda_router.routing.dead_ends import cut_dead_ends
from eda_router.verification import verify
from tests.layered import grid_graph, layered_design, random_trees


def tree_of(design: Design, routes: Routes, net: int) -> nx.Graph:
    """The net's tree with its tiles."""
    own = set(routes.net_edges(net).tolist())
    grid = grid_graph(design.width, design.height)
    tree = nx.Graph()
    tree.add_edges_from(
        (one, other, data) for one, other, data in grid.edges(data=True) if data["edge"] in own
    )
    tree.add_nodes_from(design.net_pins(net).tolist())
    return tree


def ends_that_could_go(design: Design, routes: Routes, net: int) -> list[int]:
    layers, tree = design.layers, tree_of(design, routes, net)
    terminals = [
        set(layers.candidates(terminal)[0].tolist()) & set(tree)
        for terminal in range(layers.pin_offsets[net], layers.pin_offsets[net + 1])
    ]
    assert all(terminals)
    return [t for t in tree if tree.degree(t) == 1 and {t} not in terminals]


@pytest.mark.parametrize("seed", range(60))
def test_what_is_left_reaches_everything_and_has_no_end_too_many(seed: int) -> None:
    design = layered_design(seed, width=5, height=4, nets=8, spanning=True)
    routes = random_trees(design, seed, legal=False)
    moved, left = cut_dead_ends(design, routes)
    check = verify(moved, left)
    assert not check.disconnected
    assert not check.cycles
    assert moved.layers is design.layers
    for net in range(design.num_nets):
        assert set(left.net_edges(net)) <= set(routes.net_edges(net))
        assert not ends_that_could_go(moved, left, net)
        tiles = set(tree_of(moved, left, net))
        assert set(moved.net_pins(net).tolist()) <= tiles


def test_some_wire_is_cut() -> None:
    before = after = 0
    for seed in range(20):
        design = layered_design(seed, width=5, height=4, nets=8, spanning=True)
        routes = random_trees(design, seed, legal=False)
        before += routes.wirelength
        after += cut_dead_ends(design, routes)[1].wirelength
    assert 0 < after < 0.98 * before


def test_pins_of_one_tile_each_are_left_alone() -> None:
    design = layered_design(5, width=5, height=4, nets=8)
    routes = random_trees(design, 5, legal=False)
    moved, left = cut_dead_ends(design, routes)
    assert np.array_equal(left.edges, routes.edges)
    assert np.array_equal(left.offsets, routes.offsets)
    assert np.array_equal(moved.pins, design.pins)
    assert np.array_equal(moved.pin_offsets, design.pin_offsets)


def test_wires_that_are_no_tree_are_refused() -> None:
    design = layered_design(3, width=3, height=3, nets=1)
    with pytest.raises(EdarouteError, match="n0"):
        cut_dead_ends(design, Routes.from_lists([[0, 1, 3, 6]]))
