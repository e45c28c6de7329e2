from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import networkx
import numpy as np
import pytest
from hypothesis import given

from eda_router.design import Design, Routes
from eda_router.formats import ispd98, route_file
from eda_router.verification import verify
from tests.generators import routed_designs, spines


def oracle(design: Design, routes: Routes) -> dict[str, object]:
    """The same figures, net by net with networkx graphs."""
    demand: dict[int, int] = {}
    disconnected, cycles, stubs = [], 0, 0
    for net in range(design.num_nets):
        edges = routes.net_edges(net).tolist()
        for edge in edges:
            demand[edge] = demand.get(edge, 0) + 1
        pins = set(design.net_pins(net).tolist())
        if len(pins) < 2:
            continue
        graph = networkx.Graph()
        graph.add_nodes_from(pins)
        graph.add_edges_from(
            (edge // 2, edge // 2 + (design.width if edge % 2 else 1)) for edge in edges
        )
        if not pins <= networkx.node_connected_component(graph, min(pins)):
            disconnected.append(net)
        cycles += len(networkx.cycle_basis(graph))
        stubs += sum(degree == 1 and node not in pins for node, degree in graph.degree)
    capacity = design.capacity.reshape(-1)
    over = {edge: use - capacity[edge] for edge, use in demand.items() if use > capacity[edge]}
    return {
        "wirelength": sum(demand.values()),
        "total_overflow": sum(over.values()),
        "max_overflow": max(over.values(), default=0),
        "overflowed_edges": sorted(over),
        "disconnected_nets": disconnected,
        "cycles": cycles,
        "stubs": stubs,
        "legal": not over and not disconnected,
    }


@given(routed_designs())
def test_agrees_with_the_oracle(routed: tuple[Design, Routes]) -> None:
    design, routes = routed
    check = verify(design, routes)
    for name, expected in oracle(design, routes).items():
        found = getattr(check, name)
        assert (found.tolist() if isinstance(found, np.ndarray) else found) == expected, name
    assert check.repeated == 0
    assert set(check.overflowed_nets.tolist()) == {
        net
        for net in range(design.num_nets)
        if set(routes.net_edges(net).tolist()) & set(check.overflowed_edges.tolist())
    }


def test_a_drawn_case() -> None:
    # Net a: pins at both ends of the lowest row, a loop of four edges and a stub on the way.
    #   +--+
    #   |  |
    # a-+--+-a   and one edge up from the right pin.
    design = Design.from_pins(
        "drawn",
        5,
        3,
        1,
        1,
        [("a", 0, [(0, 0), (4, 0)]), ("b", 1, [(0, 2), (1, 2)]), ("t", 2, [(0, 0)])],
    )
    wires = [[0, 2, 4, 6, 3, 5, 12, 9], [0], []]
    check = verify(design, Routes.from_lists(wires))
    assert check.nets == 3
    assert check.nets_to_route == 2
    assert check.disconnected_nets.tolist() == [1]
    assert (check.wirelength, check.cycles) == (9, 1)
    assert check.stubs == 3  # above a's right pin, and both ends of b's misplaced wire
    assert (check.total_overflow, check.max_overflow) == (1, 1)
    assert check.overflowed_edges.tolist() == [0]
    assert check.overflowed_nets.tolist() == [0, 1]
    assert not check.legal


def test_unsorted_and_repeated_edges_are_told() -> None:
    design = Design.from_pins("line", 4, 1, 1, 1, [("a", 0, [(0, 0), (3, 0)])])
    routes = Routes(np.array([0, 4]), np.array([4, 0, 2, 0], np.int32))
    check = verify(design, routes, repeated=2)
    assert (check.wirelength, check.repeated, check.legal) == (3, 3, True)


def test_an_edge_without_any_capacity_overflows() -> None:
    design = Design.from_pins("closed", 2, 1, 0, 0, [("a", 0, [(0, 0), (1, 0)])])
    assert verify(design, Routes.from_lists([[0]])).total_overflow == 1


@pytest.mark.parametrize("edges", [[[6]], [[1]], [[8]], [[-1]], [[], []]])
def test_wires_off_the_grid_are_refused(edges: list[list[int]]) -> None:
    design = Design.from_pins("line", 4, 1, 1, 1, [("a", 0, [(0, 0), (3, 0)])])
    with pytest.raises(ValueError, match=r"edge|nets"):
        verify(design, Routes.from_lists(edges))


@pytest.mark.parametrize("fault", ["none", "gap", "loop", "repeat", "stub"])
def test_agrees_with_the_independent_evaluator(
    ispd98_path, judge: Path, tmp_path: Path, fault: str
) -> None:
    path = ispd98_path("ibm01")
    design = ispd98.read(path)
    content = route_file.format_routes(design, spines(design))
    lines = content.splitlines()
    wire = next(at for at, line in enumerate(lines) if line.startswith("("))
    if fault == "gap":
        del lines[wire::50]
        lines = [line for line in lines if line]
        names = {name for name in design.net_names}
        assert sum(line.split()[0] in names for line in lines) > 1000
        lines = _whole_nets(lines, names)
    elif fault == "loop":
        lines[wire:wire] = [
            "(1,1,1)-(5,1,1)",
            "(5,1,1)-(5,4,1)",
            "(1,4,1)-(5,4,1)",
            "(1,1,1)-(1,4,1)",
        ]
    elif fault == "repeat":
        lines[wire:wire] = [lines[wire]] * 2
    elif fault == "stub":
        lines[wire:wire] = ["(60,60,3)-(63,60,3)"]
    out = tmp_path / "out.route"
    out.write_text("\n".join(lines) + "\n")
    run = subprocess.run([sys.executable, judge, path, out], capture_output=True, text=True)
    expected = json.loads(run.stdout)
    found = route_file.read(out, design)
    check = verify(design, found.routes, int(found.repeated.sum()))
    assert "error" not in expected
    assert {
        "nets": check.nets,
        "nets_to_route": check.nets_to_route,
        "nets_in_route": int(found.listed.sum()),
        "disconnected": check.disconnected,
        "wirelength": check.wirelength,
        "total_overflow": check.total_overflow,
        "max_overflow": check.max_overflow,
        "overflowed_edges": len(check.overflowed_edges),
        "repeated": check.repeated,
        "cycles": check.cycles,
        "stubs": check.stubs,
    } == {key: expected[key] for key in expected if key not in ("bench", "disconnected_examples")}
    assert run.returncode == (0 if check.legal else 1)


def _whole_nets(lines: list[str], names: set[str]) -> list[str]:
    """Put back the '!' lines that were cut away, and drop wires that lost their net's head."""
    kept: list[str] = []
    inside = False
    for line in lines:
        if line.split()[0] in names and not line.startswith("("):
            kept += ["!"] * inside
            inside = True
            kept.append(line)
        elif inside:
            kept.append(line)
            inside = line != "!"
    return kept
