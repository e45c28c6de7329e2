"""The environment: Gymnasium's own checks, its rules on small grids, and a verified episode."""

from __future__ import annotations

import itertools
import subprocess
import sys
import warnings

import networkx as nx
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import eda_router
from eda_router import Design, NetEnv
from eda_router.neural.tensors import images
from eda_router.neural.windows import cut_states, place_windows
from eda_router.verification import verify
from tests.generators import random_design

TWO = Design.from_pins("two", 4, 4, 1, 1, [("a", 0, [(0, 0), (2, 0)]), ("b", 1, [(1, 0), (1, 2)])])


def edges(env: NetEnv, info: dict, *tiles: tuple[int, int]) -> np.ndarray:
    """The action that takes the path through these tiles of the grid."""
    action = np.zeros(env.action_space.shape, np.int8)
    x0, y0 = info["origin"]
    for (x, y), (x2, y2) in itertools.pairwise(tiles):
        action[min(y, y2) - y0, min(x, x2) - x0, int(x == x2)] = 1
    return action


@pytest.mark.parametrize(
    "design", [TWO, eda_router.read("synth-tiny"), random_design(3, width=30, height=9, nets=40)]
)
def test_gymnasium_finds_nothing_wrong(design: Design) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # There are no other render modes to try without a registered name.
        warnings.filterwarnings("ignore", message=".*Not able to test alternative render modes")
        check_env(NetEnv(design, render_mode="rgb_array"))


def test_an_episode_by_hand() -> None:
    env = NetEnv(TWO)
    _, info = env.reset(seed=4)
    while TWO.net_names[info["net"]] != "a":
        _, info = env.reset()
    window, reward, over, cut, info = env.step(edges(env, info, (0, 0), (1, 0), (2, 0)))
    assert (reward, over, cut, info["connected"]) == (-2, False, False, True)
    assert TWO.net_names[info["net"]] == "b"
    x0, y0 = info["origin"]
    # The edge to the right of (0, 0) is full now, that of (0, 1) is not.
    assert (window[-y0, -x0, 1], window[1 - y0, -x0, 1]) == (0, 1 / 8)
    path = [(1, 0), (0, 0), (0, 1), (0, 2), (1, 2)]
    window, reward, over, cut, info = env.step(edges(env, info, *path))
    assert (reward, over, cut) == (-(4 + 10), True, False)
    assert (info["net"], info["overflow"], info["wirelength"]) == (-1, 1, 6)
    assert not window.any()
    assert verify(TWO, env.routes).total_overflow == 1
    with pytest.raises(ValueError, match="over"):
        env.step(env.action_space.sample())


def test_what_does_not_join_the_pins_is_no_wire() -> None:
    env = NetEnv(TWO)
    _, info = env.reset(seed=4)
    tiles = [divmod(t, 4)[::-1] for t in TWO.net_pins(info["net"]).tolist()]
    (x, y), _ = tiles
    action = edges(env, info, (x, y), (x, y + 1)) | edges(env, info, (3, 3), (3, 2))
    _, reward, _, _, info = env.step(action)
    assert (reward, info["connected"], info["open_nets"], info["wirelength"]) == (-20, False, 1, 0)
    assert not env.ledger.demand.any()


def test_edges_beyond_the_grid_are_ignored() -> None:
    env = NetEnv(TWO)
    _, _ = env.reset(seed=1)
    _, reward, _, _, info = env.step(np.ones(env.action_space.shape, np.int8))
    assert info["wirelength"] == 2 * 4 * 3 == -reward


@pytest.mark.parametrize("size", [None, 8])
def test_the_window_is_what_the_ledger_says(size: int | None) -> None:
    design = random_design(5, width=30, height=12, nets=60, capacity=3)
    env = NetEnv(design, size)
    window, info = env.reset(seed=2)
    assert set(env.nets) | set(env.too_wide) == set(design.routable.tolist())
    assert (len(env.too_wide) == 0) == (size is None)
    over = False
    while not over:
        x0, y0 = info["origin"]
        box = design.net_boxes[info["net"]][None]
        assert (x0, y0) == tuple(place_windows(box, env.size, design.width, design.height)[0])
        offsets, tiles = design.pins_of(np.array([info["net"]]))
        origin = np.array([[x0, y0]], np.int32)
        seen = images(cut_states(env.ledger.free, origin, offsets, tiles, env.size))
        assert np.array_equal(window, seen[0])
        graph, pins = graph_of(window)
        assert len(pins) == design.pin_counts[info["net"]]
        for (row, column), (row2, _column2) in graph.edges:
            tile = (y0 + row) * design.width + x0 + column
            assert env.ledger.free.reshape(-1)[2 * tile + (row2 > row)] > 0
        action = np.zeros(env.action_space.shape, np.int8)
        if all(pin in graph for pin in pins) and nx.node_connected_component(
            graph, pins[0]
        ).issuperset(pins):
            for a, b in nx.approximation.steiner_tree(graph, pins).edges:
                (row, column), (row2, _) = sorted((a, b))
                action[row, column, int(row2 > row)] = 1
        window, _, over, _, info = env.step(action)
        assert info["connected"] == bool(action.any())
    check = verify(design, env.routes)
    assert check.total_overflow == info["overflow"] == 0
    assert check.wirelength == info["wirelength"]
    assert check.disconnected == info["open_nets"] + len(env.too_wide)


def graph_of(window: np.ndarray) -> tuple[nx.Graph, list[tuple[int, int]]]:
    graph = nx.Graph()
    for row, column in np.argwhere(window[..., 0] > 0).tolist():
        graph.add_edge((row, column), (row + 1, column))
    for row, column in np.argwhere(window[..., 1] > 0).tolist():
        graph.add_edge((row, column), (row, column + 1))
    return graph, [tuple(pin) for pin in np.argwhere(window[..., 2] > 0).tolist()]


def test_without_gymnasium_one_line_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['gymnasium'] = None\n"
        "import eda_router\n"
        "try: eda_router.NetEnv\n"
        "except eda_router.EdarouteError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("pip install 'edaroute[gym]'\n")
    assert done.stdout.count("\n") == 1


def test_a_window_does_not_grow_beyond_all_bounds() -> None:
    nets = [("long", 0, [(0, 0), (999, 0)]), ("short", 1, [(4, 0), (6, 1)])]
    env = NetEnv(Design.from_pins("strip", 1000, 2, 1, 1, nets))
    assert (env.size, env.too_wide.tolist(), env.nets.tolist()) == (256, [0], [1])


def test_seeds_order_equal_nets_only() -> None:
    env = NetEnv(eda_router.read("synth-tiny"))
    orders = []
    for seed in (1, 1, 2):
        env.reset(seed=seed)
        orders.append(env.nets)
        assert np.all(np.diff(env.design.half_perimeters[env.nets]) >= 0)
    assert np.array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])


def test_the_picture_shows_the_ledger() -> None:
    env = NetEnv(TWO, render_mode="rgb_array")
    env.reset(seed=1)
    empty = env.render()
    env.step(np.ones(env.action_space.shape, np.int8))
    full = env.render()
    assert empty.shape == full.shape == (32, 32, 3)
    assert empty.dtype == np.uint8
    assert empty.mean() > 200 > full.mean()
    assert NetEnv(TWO).render() is None


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: NetEnv("synth-tiny"), TypeError, "design: str, expected Design"),
        (lambda: NetEnv(TWO, render_mode="human"), ValueError, "render_mode 'human'"),
        (lambda: NetEnv(TWO, size=8.5), TypeError, "size: float, expected int"),
        (lambda: NetEnv(TWO, size=2), ValueError, "size 2 holds no net of design two"),
        (lambda: NetEnv(TWO).step([1]), ValueError, r"edges \(1,\), expected \(8, 8, 2\)"),
    ],
)
def test_wrong_arguments_are_refused(call, error, message) -> None:
    with pytest.raises(error, match=message):
        call()
