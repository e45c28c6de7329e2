"""Guides: written, read, and evaluated beside a box by box evaluation with networkx."""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from eda_router.design import Design
from eda_router.formats.guide import Guide, guide_of, read_guide, write_guide
from eda_router.guide_verification import verify_guide
from eda_router.routing.layers import assign_layers
from tests.damage import Damage, damages
from tests.layered import layered_design, random_trees

SEEDS = range(40)


def two_nets() -> Design:
    """4 x 3 tiles of 10 x 10 from (5, 7), horizontal and vertical layers in turn."""
    return layered_design(3, nets=2)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("legal", [False, True])
def test_guides_of_layered_routes_are_connected(seed: int, legal: bool) -> None:
    design = layered_design(seed, width=5, height=4, num_layers=5, nets=8, spanning=True)
    layered = assign_layers(design, random_trees(design, seed, legal=legal))
    check = verify_guide(design, guide_of(layered))
    unrouted = (layered.routes.lengths == 0) & (design.pin_counts > 1)
    assert np.array_equal(check.missing_nets, np.flatnonzero(unrouted))
    assert not len(check.disconnected_nets)
    assert not len(check.sideways_nets)
    assert not len(check.uncovered_terminals)
    assert check.connected == (not unrouted.any())
    assert check.wrong_way == check.misaligned == check.outside == 0
    assert np.array_equal(check.demand, layered.demand)
    assert np.array_equal(check.overflow, layered.overflow)
    assert check.wirelength == layered.routes.wirelength
    assert check.vias == layered.num_vias


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_written_is_read(seed: int, tmp_path: Path) -> None:
    design = layered_design(seed, nets=6, spanning=True)
    layered = assign_layers(design, random_trees(design, seed, legal=False))
    write_guide(layered, tmp_path / "g.guide")
    found, wanted = read_guide(tmp_path / "g.guide", design), guide_of(layered)
    for part in ("nets", "boxes", "layers"):
        assert np.array_equal(getattr(found, part), getattr(wanted, part))


def random_guide(design: Design, seed: int) -> Guide:
    rng = np.random.default_rng(seed)
    layers, count = design.layers, 14
    x, y = rng.integers(design.width, size=(2, count)), rng.integers(design.height, size=(2, count))
    level = rng.integers(layers.num_layers, size=count)
    # Mostly straight ones, some wide both ways.
    flat = rng.random(count) < 0.8
    x[1] = np.where(flat & ~layers.horizontal[level], x[0], x[1])
    y[1] = np.where(flat & layers.horizontal[level], y[0], y[1])
    x.sort(axis=0)
    y.sort(axis=0)
    boxes = [layers.xs[x[0]], layers.ys[y[0]], layers.xs[x[1] + 1], layers.ys[y[1] + 1]]
    nets = np.sort(rng.integers(design.num_nets, size=count))
    return Guide(nets.astype(np.int32), np.stack(boxes, axis=1), level.astype(np.int8))


def hang_together(one: np.ndarray, other: np.ndarray, direction: str) -> bool:
    """Boxes x1, y1, x2, y2, layer; along ``direction``, or along both if it is 'both'."""
    dx = min(one[2], other[2]) - max(one[0], other[0])
    dy = min(one[3], other[3]) - max(one[1], other[1])
    if one[4] != other[4]:
        return abs(one[4] - other[4]) == 1 and dx > 0 and dy > 0
    along_x, along_y = dx >= 0 and dy > 0, dx > 0 and dy >= 0
    return {"x": along_x, "y": along_y, "both": along_x or along_y}[direction]


def in_one_piece(design: Design, boxes: np.ndarray, *, lax: bool) -> bool:
    graph = nx.Graph()
    graph.add_nodes_from(range(len(boxes)))
    for i, one in enumerate(boxes):
        for j, other in enumerate(boxes[:i]):
            way = "both" if lax else "x" if design.layers.horizontal[one[4]] else "y"
            if hang_together(one, other, way):
                graph.add_edge(i, j)
    return nx.is_connected(graph)


@pytest.mark.parametrize("seed", range(150))
def test_evaluation_agrees_with_trying_all_pairs_of_boxes(seed: int) -> None:
    design = layered_design(seed, nets=3, spanning=True)
    layers, guide = design.layers, random_guide(design, seed)
    check = verify_guide(design, guide)
    boxes = np.column_stack([guide.boxes, guide.layers])
    parts = [boxes[guide.nets == net] for net in range(design.num_nets)]
    guided = [net for net in range(design.num_nets) if len(parts[net])]
    lax = [net for net in guided if not in_one_piece(design, parts[net], lax=True)]
    strict = [net for net in guided if not in_one_piece(design, parts[net], lax=False)]
    assert check.disconnected_nets.tolist() == lax
    assert check.sideways_nets.tolist() == sorted(set(strict) - set(lax))

    edges, cells, uncovered = set(), set(), []
    for net in guided:
        for x1, y1, x2, y2, layer in parts[net].tolist():
            left, right = ((x - 5) // 10 for x in (x1, x2 - 4))
            low, high = ((y - 7) // 10 for y in (y1, y2 - 5))
            edges |= {(net, layer, True, x, low) for x in range(left, right)}
            edges |= {(net, layer, False, left, y) for y in range(low, high)}
            for x in range(left, right + 1):
                cells |= {(net, layer, x, y) for y in range(low, high + 1)}
        for terminal in range(layers.pin_offsets[net], layers.pin_offsets[net + 1]):
            if not any(
                (net, layer, tile % design.width, tile // design.width) in cells
                for tile, layer in zip(*layers.candidates(terminal), strict=True)
            ):
                uncovered.append(terminal)
    assert check.uncovered_terminals.tolist() == uncovered
    assert check.wrong_way == sum(layers.horizontal[e[1]] != e[2] for e in edges)
    assert check.wirelength == len(edges)
    assert check.vias == sum((net, layer + 1, x, y) in cells for net, layer, x, y in cells)
    demand = np.zeros_like(check.demand)
    for _, layer, across, x, y in edges:
        demand[layer, y, x] += layers.horizontal[layer] == across
    assert np.array_equal(check.demand, demand)
    assert check.total_overflow == check.wrong_way + np.maximum(demand - layers.capacity, 0).sum()
    assert not check.misaligned
    assert not check.outside


def test_wires_off_the_grid_lines_are_told() -> None:
    design = two_nets()
    boxes = np.array([[5, 7, 15, 17], [6, 7, 15, 17], [0, 7, 15, 17]])
    check = verify_guide(design, Guide(np.zeros(3, int), boxes, np.ones(3, int)))
    assert (check.misaligned, check.outside) == (2, 1)


GOOD = "n0\n(\n5 7 15 17 m0\n5 7 25 17 m1\n)\nn1\n(\n)\n"


def test_a_guide_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "hand.guide"
    path.write_text(GOOD.replace("\n", "\r\n\n"))
    guide = read_guide(path, two_nets())
    assert guide.nets.tolist() == [0, 0]
    assert guide.boxes.tolist() == [[5, 7, 15, 17], [5, 7, 25, 17]]
    assert guide.layers.tolist() == [0, 1]


@damages(
    r"""
    n0\n       | n7\n       | 1 | 'n7' names no net
    n1\n       | n0\n       | 6 | stands in line 1 already
    n0\n(      | n0\nn1     | 2 | after the name of a net
    n1\n(\n)\n | n1\n(\n    | 7 | ends within net 'n1' of line 6
    5 7 25 17  | 5 7 25     | 4 | a box
    5 7 25 17  | 5 7 2.5 17 | 4 | '2.5' in a box
    5 7 25 17  | 5 7 5 17   | 4 | empty box
    17 m1      | 17 metal1  | 4 | 'metal1' is no routing layer
    """,
    ("5 7 25 17", f"5 7 {9**40} 17", 4, "in a box"),
)
def test_damaged_guides_name_their_line(tmp_path: Path, damage: Damage) -> None:
    path = tmp_path / "bad.guide"

    def read(text: str) -> Guide:
        path.write_text(text)
        return read_guide(path, two_nets())

    damage.check(GOOD, read)
