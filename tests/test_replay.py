"""Replays: a legal routing run whose every state can be looked at."""

import networkx as nx
import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.dataset.replay import Replay, bench_waves
from eda_router.dataset.teacher import tree_edges
from eda_router.design import Routes
from eda_router.errors import CapacityError
from eda_router.neural.tensors import pin_tiles
from eda_router.neural.windows import cut_states, grid_edges
from eda_router.routing.ledger import CapacityLedger
from eda_router.routing.maze import route_maze
from eda_router.synthesis.designs import SynthConfig, synthesize
from tests.window_cases import edge_graph

CONFIG = SynthConfig(width=24, height=20, nets=700, seed=11, locality=1.5)


@pytest.fixture(scope="module")
def design():
    return synthesize(CONFIG)


@pytest.fixture(scope="module")
def replayed(design):
    """A first pass with windows of 8 and 16, so that some nets are wider than any."""
    replay = Replay(design, sizes=(8, 16), wave=16, expected_demand=0.4)
    waves = []
    replay.route(replay.smallest_first(), waves.append)
    return replay, waves


def test_trees_are_legal_and_join_their_nets(design, replayed):
    replay, _ = replayed
    routes = Routes.from_lists(replay.trees.get(net, ()) for net in range(design.num_nets))
    assert np.array_equal(CapacityLedger.of(design, routes).demand, replay.ledger.demand)
    assert replay.ledger.total_overflow == 0
    wide = design.routable[replay.exits[design.routable] < 0]
    assert len(wide)
    assert any(int(net) in replay.trees for net in wide)
    for net, edges in replay.trees.items():
        tree = edge_graph(edges, design.width)
        assert nx.is_tree(tree)
        assert set(design.net_pins(net).tolist()) <= set(tree)
    assert len(replay.trees) > 0.95 * len(design.routable)


def test_waves_tell_what_was_seen_and_drawn(design, replayed):
    replay, waves = replayed
    nets = np.concatenate([wave.nets[wave.committed | ~wave.ok] for wave in waves])
    narrow = design.routable[replay.exits[design.routable] >= 0]
    assert np.array_equal(np.sort(nets), narrow)
    for wave in waves:
        assert len(wave.nets) <= 16
        for i, net in enumerate(wave.nets.tolist()):
            rows, columns = np.nonzero(pin_tiles(wave.states[i]))
            tiles = (wave.origins[i, 1] + rows) * design.width + wave.origins[i, 0] + columns
            assert tiles.tolist() == design.net_pins(net).tolist()
            if wave.committed[i]:
                edges = np.flatnonzero(tree_edges(wave.labels[i])).astype(np.int32)
                offsets = np.array([0, len(edges)])
                edges = grid_edges(edges, offsets, wave.origins[i : i + 1], wave.size, design.width)
                assert edges.tolist() == replay.trees[net].tolist()


def test_expected_demand_is_gone_when_all_nets_are_through(design, replayed):
    replay, waves = replayed
    assert np.abs(replay._expected.per_edge).max() < 1e-3
    blind = Replay(design, sizes=(8, 16), wave=16, expected_demand=0)
    unaware = []
    blind.route(blind.smallest_first(), unaware.append)
    first = unaware[0]
    # Before any net is routed, windows that expect the others show fewer free tracks.
    assert waves[0].nets.tolist() == first.nets.tolist()
    assert (waves[0].states // 2 < first.states // 2).any()
    assert not (waves[0].states // 2 > first.states // 2).any()


def test_release_and_route_again(design):
    replay = Replay(design, sizes=(8, 16, 32))
    order = replay.smallest_first()
    replay.route(order, lambda wave: None)
    assert replay.ledger.demand.any()
    replay.release(order)
    assert not replay.ledger.demand.any()
    assert not replay.trees


def test_states_of_a_full_ledger(design):
    routes = route_maze(design, RouteConfig()).routes
    free = CapacityLedger.of(design, routes).free
    waves = bench_waves(design, routes, sizes=(8, 16, 32), wave=32)
    nets = np.concatenate([wave.nets for wave in waves])
    assert np.array_equal(np.sort(nets), design.routable)
    for wave in waves:
        assert not wave.committed.any()
        for i, net in enumerate(wave.nets.tolist()):
            alone = free.copy()
            alone.reshape(-1)[routes.net_edges(net)] += 1
            pins = design.net_pins(net)
            offsets = np.array([0, len(pins)])
            state = cut_states(alone, wave.origins[i : i + 1], offsets, pins, wave.size)
            assert np.array_equal(state[0], wave.states[i])
    # A net always fits where it lay, unless its wire leaves the window.
    assert np.mean(np.concatenate([wave.ok for wave in waves])) > 0.99


def test_overflowing_routes_are_refused(design):
    wire = np.array([0], np.int32)
    crowded = Routes.from_lists(wire for _ in range(design.num_nets))
    with pytest.raises(CapacityError):
        bench_waves(design, crowded)


def test_the_same_replay_twice(design):
    one, two = (bench_waves(design, sizes=(8, 16)) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        assert np.array_equal(a.states, b.states)
        assert np.array_equal(a.labels, b.labels)


def test_a_benchmark_is_seen_as_routing_shows_it(design):
    def seen(**settings):
        return [wave.states for wave in bench_waves(design, sizes=(8, 16), **settings)]

    shown = RouteConfig().expected_demand
    for a, b in zip(seen(), seen(expected_demand=shown), strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(seen()[0], seen(expected_demand=0)[0])
