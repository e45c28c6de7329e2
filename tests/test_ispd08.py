"""The contest's format, its solutions and its measures."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from eda_router.errors import EdarouteError, InputError
from eda_router.formats import ispd08, ispd08_solution, ispd98
from eda_router.ispd08_verification import verify_solution
from eda_router.routing.layers import assign_layers
from tests.damage import Damage, damages
from tests.generators import same_design
from tests.layered import layered_design, random_trees

GOOD = """grid 4 3 3
vertical capacity 0 20 0
horizontal capacity 40 0 9
minimum width 10 10 3
minimum spacing 10 5 1
via spacing 5 5 5
-20 100 10 50

num net 3
a 7 3 10
-15 101 1
15 249 2
15 248 1
b 9 2 3
-11 100 3
19 100 1
c 1 1 1
0 160 1

2
1 0 1 2 0 1 20
3 2 2 3 1 2 0
"""


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "hand.gr"
    path.write_text(GOOD)
    return path


def replaced(path: Path, old: str, new: str) -> Path:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    return path


def test_a_problem_by_hand(good: Path) -> None:
    design = ispd08.read(replaced(good, "a 7 3 10", "a 7 3 3"))
    layers = design.layers
    assert (design.name, design.width, design.height) == ("hand", 4, 3)
    assert layers.horizontal.tolist() == [True, False, True]
    assert layers.capacity[0].tolist() == [[2, 1, 2, 0]] + 2 * [[2, 2, 2, 0]]
    assert layers.capacity[1].tolist() == [[1, 1, 1, 1], [1, 1, 1, 0], [0, 0, 0, 0]]
    assert layers.capacity[2].tolist() == 3 * [[2, 2, 2, 0]]
    assert design.capacity[0, 1].tolist() == [3, 1]
    assert layers.signal == (0, 2)
    assert layers.xs.tolist() == [-20, -10, 0, 10, 20]
    assert layers.ys.tolist() == [100, 150, 200, 250]
    assert design.net_names == ["a", "b", "c"]
    assert design.net_ids.tolist() == [7, 9, 1]
    assert [design.net_pins(net).tolist() for net in range(3)] == [[0, 11], [0, 3], [6]]
    assert layers.pin_offsets.tolist() == [0, 3, 5, 6]
    assert layers.candidate_tiles.tolist() == [0, 11, 11, 0, 3, 6]
    assert layers.candidate_layers.tolist() == [0, 1, 0, 2, 0, 0]


def test_the_format_is_told_from_that_of_1998() -> None:
    assert ispd08.sniff(GOOD.encode())
    assert ispd08.sniff(b"\r\n grid  4\t3 3 \r\nvertical")
    assert not ispd08.sniff(b"grid 4 3\nvertical capacity 2\n")
    assert not ispd08.sniff(b"VERSION 5.8 ;\n")


def test_a_file_may_end_without_adjustments(good: Path) -> None:
    text = GOOD[: GOOD.index("\n2\n")].replace("a 7 3 10", "a 7 3 3").replace("\n", "\r\n")
    good.write_bytes(gzip.compress(text.encode()))
    assert ispd08.read(good).layers.capacity[0].max() == 2


@damages(
    r"""
    grid 4 3 3               | grid 4 3               |  1 | 'grid' and 3 numbers
    grid 4 3 3               | grid 0 3 3             |  1 | grid of 0 x 3
    grid 4 3 3               | grid 4 3 0             |  1 | 0 layers
    vertical capacity 0 20 0 | vertical capacity 0 20 |  2 | 'vertical capacity'
    40 0 9                   | 40 0 -9                |  3 | numbers from 0
    40 0 9                   | 40 9.5 9               |  3 | '9.5'
    40 0 9                   | 40 30 9                |  3 | layer 2 has capacity in both directions
    -20 100 10 50            | -20 100 10             |  7 | 4 numbers
    -20 100 10 50            | -20 100 0 50           |  7 | tiles of 0 x 50
    num net 3                | num nets 3             |  9 | 'num net'
    num net 3                | num net 4              | 20 | net 4 of 4 begins
    a 7 3 3                  | a 7 3                  | 10 | net 1 of 3 begins
    a 7 3 3                  | a 7 3 11               | 10 | wider than the wires
    a 7 3 3                  | a 7 2 3                | 13 | net 2 of 3 begins
    b 9 2                    | a 9 2                  | 14 | is taken since line 10
    b 9 2                    | b 9 0                  | 14 | 0 pins
    15 249 2 | 15 250 2 | 12 | pin 2 of 3 of net 'a' at (15, 250) is off the grid
    15 249 2                 | -21 249 2              | 12 | is off the grid
    15 249 2                 | 15 249 4               | 12 | on layer 4
    15 249 2                 | 15 249                 | 12 | 3 numbers
    \n2\n1 0                 | \n3\n1 0               | 22 | the file ends here
    \n2\n1 0                 | \n1\n1 0               | 22 | after the last line
    1 0 1 2 0 1 20           | 1 0 1 3 0 1 20         | 21 | two neighbouring tiles
    1 0 1 2 0 1 20           | 1 0 1 2 0 2 20         | 21 | two neighbouring tiles
    1 0 1 2 0 1 20           | 3 0 1 4 0 1 20         | 21 | off the grid
    1 0 1 2 0 1 20           | 1 0 1 2 0 1 -1         | 21 | -1
    """,
)
def test_damaged_problems_name_their_line(good: Path, damage: Damage) -> None:
    def read(text: str) -> object:
        good.write_text(text)
        return ispd08.read(good)

    damage.check(GOOD.replace("a 7 3 10", "a 7 3 3"), read)


def test_wires_need_room(good: Path) -> None:
    replaced(good, "width 10", "width 0")
    with pytest.raises(InputError, match="of length 0") as error:
        ispd08.read(replaced(good, "spacing 10 5 1", "spacing 0 5 1"))
    assert error.value.line == 5


@pytest.mark.parametrize("seed", range(30))
def test_what_is_written_is_read(seed: int, tmp_path: Path) -> None:
    design = layered_design(seed, width=5, height=4, nets=6)
    path = tmp_path / ("layered.gr.gz" if seed % 2 else "layered.gr")
    ispd08.write(design, path)
    again = ispd08.read(path)
    assert same_design(again, design)
    for part in ("capacity", "horizontal", "pin_offsets", "candidate_offsets"):
        assert np.array_equal(getattr(again.layers, part), getattr(design.layers, part)), part
    for part in ("candidate_tiles", "candidate_layers"):
        assert np.array_equal(getattr(again.layers, part), getattr(design.layers, part)), part
    assert again.layers.signal == design.layers.signal
    assert np.array_equal(again.layers.xs[:-1], design.layers.xs[:-1])
    once_more = tmp_path / "once.gr"
    ispd08.write(dataclasses.replace(again, name="once"), once_more)
    twice = ispd08.read(once_more)
    assert same_design(twice, dataclasses.replace(again, name="once"))
    assert np.array_equal(twice.layers.xs, again.layers.xs)
    assert np.array_equal(twice.layers.ys, again.layers.ys)


@pytest.mark.parametrize("seed", range(10))
def test_of_several_candidates_one_on_a_pin_is_written(seed: int, tmp_path: Path) -> None:
    design = layered_design(seed, nets=6, spanning=True)
    ispd08.write(design, tmp_path / "layered.gr")
    again = ispd08.read(tmp_path / "layered.gr")
    assert again.layers.num_terminals == design.layers.num_terminals
    assert all(
        set(again.net_pins(net)) <= set(design.net_pins(net)) for net in range(design.num_nets)
    )


def test_a_design_without_layers_is_refused(tmp_path: Path) -> None:
    flat = dataclasses.replace(layered_design(1), layers=None)
    with pytest.raises(EdarouteError, match="has no layers"):
        ispd08.write(flat, tmp_path / "flat.gr")
    with pytest.raises(EdarouteError):
        ispd98.format_design(layered_design(1))


SOLUTION = """a 7
(-15,125,1)-(15,125,1)
(15,125,1)-(15,125,2)
(15,225,2)-(15,125,2)
(15,225,1)-(15,225,2)
!
b 9
(-20,100,1)-(-11,149,1)
(-15,125,3)-(-15,125,1)
(-15,125,1)-(15,125,1)
!
"""


def solved(good: Path, text: str) -> ispd08_solution.Solution:
    path = good.with_name("hand.sol")
    path.write_text(text)
    return ispd08_solution.read(path, ispd08.read_problem(good))


def test_a_solution_by_hand(good: Path) -> None:
    problem = ispd08.read_problem(good)
    check = verify_solution(problem, solved(good, SOLUTION))
    # Both nets take 10 + 10 of the three lowest edges, that have 40, 20, 40; net a takes 10 + 5 of
    # two edges up the right side, that have 20 and 0.
    assert (check.total_overflow, check.max_overflow) == (20 + 15, 20)
    assert (check.wires, check.vias) == (5 + 3, 2 + 2)
    assert check.wirelength == 12
    assert check.nets_to_route == 2
    assert not len(check.disconnected_nets)
    assert not check.legal


def test_a_wide_net_takes_its_own_width(good: Path) -> None:
    problem = ispd08.read_problem(good)
    wide = dataclasses.replace(problem, net_widths=np.array([50, 3, 1]))
    check = verify_solution(wide, solved(good, SOLUTION))
    assert check.max_overflow == 50 + 10 + 10 + 10 - 20


def test_edges_named_twice_count_once(good: Path) -> None:
    twice = SOLUTION.replace("(-15,125,1)-(15,125,1)\n", 2 * "(5,125,1)-(15,125,1)\n", 1)
    twice = twice.replace("!", "(15,125,1)-(-15,125,1)\n!", 1)
    one, other = (
        verify_solution(ispd08.read_problem(good), solved(good, text)) for text in (SOLUTION, twice)
    )
    assert one.wirelength == other.wirelength
    assert one.total_overflow == other.total_overflow


def test_nets_of_more_than_1000_pins_need_no_wire(good: Path) -> None:
    many = "".join(f"{x} 125 1\n" for x in [-15, 15] * 501)
    replaced(good, "b 9 2 3\n-11 100 3\n19 100 1\n", f"b 9 1002 3\n{many}")
    check = verify_solution(ispd08.read_problem(good), solved(good, ""))
    assert check.nets_to_route == 1
    assert check.disconnected_nets.tolist() == [0]


@damages(
    r"""
    a 7                       | z 7                    |  1 | 'z 7' names no net
    a 7                       | a 8                    |  1 | its id 7
    b 9                       | a 7                    |  7 | stands in line 1 already
    (15,225,1)-               | (15,225,1)             |  5 | a segment
    (15,225,1)-               | (15,225,4)-            |  5 | off the grid
    (15,225,1)-               | (20,225,1)-            |  5 | off the grid
    (15,225,1)-               | (5,225,1)-             |  5 | diagonal
    (-15,125,1)-(15,125,1)\n! | (-15,125,1)-(15,125,1) | 10 | ends within net 'b'
    """,
)
def test_damaged_solutions_name_their_line(good: Path, damage: Damage) -> None:
    damage.check(SOLUTION, lambda text: solved(good, text))


@pytest.mark.parametrize("seed", range(40))
def test_layered_routes_are_evaluated_as_they_are(seed: int, tmp_path: Path) -> None:
    made = layered_design(seed, width=5, height=4, num_layers=5, nets=8)
    ispd08.write(made, tmp_path / "made.gr")
    design, problem = ispd08.read(tmp_path / "made.gr"), ispd08.read_problem(tmp_path / "made.gr")
    layered = assign_layers(design, random_trees(design, seed, legal=seed % 2 == 0))
    ispd08_solution.write(layered, tmp_path / "made.sol")
    check = verify_solution(problem, ispd08_solution.read(tmp_path / "made.sol", problem))
    assert check.wires == layered.routes.wirelength
    spread = (design.pin_counts > 1)[layered.stacks.nets]
    heights = (layered.stacks.highs - layered.stacks.lows)[spread]
    assert check.vias == heights.sum()
    assert check.total_overflow == 2 * layered.overflow.sum()
    unrouted = np.flatnonzero((design.pin_counts > 1) & (layered.routes.lengths == 0))
    assert check.disconnected_nets.tolist() == unrouted.tolist()


@pytest.mark.parametrize("seed", range(60))
def test_connection_agrees_with_networkx(seed: int, tmp_path: Path) -> None:
    made = layered_design(seed, width=5, height=4, num_layers=4, nets=4)
    ispd08.write(made, tmp_path / "made.gr")
    problem = ispd08.read_problem(tmp_path / "made.gr")
    layered = assign_layers(made, random_trees(made, seed, legal=False))
    ispd08_solution.write(layered, tmp_path / "made.sol")
    whole = ispd08_solution.read(tmp_path / "made.sol", problem)
    kept = np.random.default_rng(seed).random(len(whole.nets)) < 0.9
    solution = dataclasses.replace(whole, nets=whole.nets[kept], ends=whole.ends[kept])
    apart = []
    for net in range(problem.num_nets):
        graph = nx.Graph()
        pins = slice(problem.pin_offsets[net], problem.pin_offsets[net + 1])
        places = [
            (int(tile) % 5, int(tile) // 5, int(layer))
            for tile, layer in zip(problem.pin_tiles[pins], problem.pin_layers[pins], strict=True)
        ]
        graph.add_nodes_from(places)
        for one, other in solution.ends[solution.nets == net]:
            axis = int(np.argmax(one != other))
            line = [
                tuple(int(at if i == axis else one[i]) for i in range(3))
                for at in range(one[axis], other[axis] + 1)
            ]
            nx.add_path(graph, line)
        joined = nx.node_connected_component(graph, places[0])
        spread = len({place[:2] for place in places}) > 1
        if spread and not set(places) <= joined:
            apart.append(net)
    assert verify_solution(problem, solution).disconnected_nets.tolist() == apart


def test_many_nets_on_a_large_grid(tmp_path: Path) -> None:
    """Where a number for a net's tile on a layer takes more than 32 bits."""
    side, layers, nets = 200, 10, 6000
    ones, zeros = " 1 1" * (layers // 2), " 0 2" * (layers // 2)
    lines = [
        f"grid {side} {side} {layers}\nvertical capacity{zeros}\nhorizontal capacity{zeros[2:]} 0",
        f"minimum width{ones}\nminimum spacing{ones}\nvia spacing{ones}\n0 0 1 1\nnum net {nets}",
    ]
    solution = []
    for net in range(nets):
        x, y = net % 190, net // 190
        lines.append(f"n{net} {net} 2 1\n{x} {y} 1\n{x + 1} {y} 1")
        solution.append(f"n{net} {net}\n({x},{y},1)-({x + 1},{y},1)\n!")
    (tmp_path / "large.gr").write_text("\n".join(lines) + "\n0\n")
    (tmp_path / "large.sol").write_text("\n".join(solution))
    problem = ispd08.read_problem(tmp_path / "large.gr")
    check = verify_solution(problem, ispd08_solution.read(tmp_path / "large.sol", problem))
    assert check.legal
    assert check.nets_to_route == check.wires == nets
    assert check.vias == 0
