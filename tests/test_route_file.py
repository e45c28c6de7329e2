from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_router.design import Design, Routes
from eda_router.errors import InputError
from eda_router.formats import route_file, text
from tests.generators import designs, routed_designs, spines

DESIGN = Design.from_pins(
    "design",
    5,
    4,
    1,
    1,
    [("a", 3, [(0, 0), (3, 2)]), ("flat", 4, [(1, 1)]), ("b", 9, [(0, 0), (0, 1)])],
)
ROUTE = "a 3\n(0,0,1)-(3,0,1)\n(3,0,1)-(3,2,1)\n!\nb 9\n(0,0,1)-(0,1,1)\n!\n"


def parse(content: str, design: Design = DESIGN) -> route_file.RouteFile:
    return route_file.parse(content.encode(), "out.route", design)


def parse_slowly(content: str, design: Design) -> route_file.RouteFile:
    parser = route_file._SlowParser("out.route", content, design)
    return route_file._collect(design, *parser.parse())


def same_routes(one: Routes, other: Routes) -> bool:
    return np.array_equal(one.offsets, other.offsets) and np.array_equal(one.edges, other.edges)


def test_what_is_written() -> None:
    routes = Routes.from_lists([[0, 2, 4, 7, 17], [], [1]])
    assert route_file.format_routes(DESIGN, routes) == ROUTE
    content = parse(ROUTE)
    assert same_routes(content.routes, routes)
    assert content.listed.tolist() == [True, False, True]
    assert content.repeated.tolist() == [0, 0, 0]


def test_crossing_wires_are_merged_straight() -> None:
    # A plus: both arms stay whole, no segment ends at the crossing.
    plus = Routes.from_lists([[2 * 6, 2 * 7, 2 * 2 + 1, 2 * 7 + 1], [], []])
    assert route_file.format_routes(DESIGN, plus) == (
        "a 3\n(1,1,1)-(3,1,1)\n(2,0,1)-(2,2,1)\n!\nb 9\n!\n"
    )


def test_layers_vias_blanks_and_direction_do_not_matter() -> None:
    loose = (
        "a   3\r\n (3,0,2)-(0,0,2)\r\n(3, 0, 2)-(3, 0, 1)\r\n\r\n(3,2,1)-(3,0,1)\r\n!\r\n"
        "b 9\n(0,1,1)-(0,0,1)\n!"
    )
    content = parse(loose)
    assert same_routes(content.routes, parse(ROUTE).routes)
    assert content.repeated.sum() == 0


def test_repeated_edges_are_counted() -> None:
    content = parse("a 3\n(0,0,1)-(3,0,1)\n(1,0,1)-(4,0,1)\n(1,0,1)-(1,0,1)\n!\n")
    assert content.routes.net_edges(0).tolist() == [0, 2, 4, 6]
    assert content.repeated.tolist() == [2, 0, 0]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("c 3\n!\n", 1, "'c 3' names no net of design design"),
        ("a 4\n!\n", 1, "'a 4' where net 'a' begins, expected its id 3"),
        ("a\n!\n", 1, "expected its id 3"),
        ("a 3 1\n!\n", 1, "expected its id 3"),
        ("a 3\n!\nb 9\n!\na 3\n!\n", 5, "net 'a' stands in line 1 already"),
        ("(0,0,1)-(1,0,1)\n", 1, "names no net"),
        ("!\n", 1, "names no net"),
        ("a 3\n(0,0,1)-(1,1,1)\n!\n", 2, "is diagonal"),
        ("a 3\n(0,0,1)-(5,0,1)\n!\n", 2, "is off the grid, expected x from 0 to 4"),
        ("a 3\n(0,0,1)-(0,4,1)\n!\n", 2, "is off the grid"),
        ("a 3\n(0,0)-(0,1)\n!\n", 2, "'(0,0)-(0,1)' within net 'a', expected a segment"),
        ("a 3\n(0,0,1)-(-1,0,1)\n!\n", 2, "expected a segment"),
        ("a 3\n(0,0,1)-(0,99999999999999999999,1)\n!\n", 2, "expected a segment"),
        ("a 3\nb 9\n!\n", 2, "'b 9' within net 'a'"),
        ("a 3\n(0,0,1)-(1,0,1)\n", 2, "the file ends within net 'a' of line 1, expected '!'"),
        ("a 3\n!\n\0", 3, "byte 0x00 is no text"),
    ],
)
def test_faults_are_told_with_their_line(content: str, line: int, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(content)
    assert caught.value.line == line
    assert problem in str(caught.value)


@given(routed_designs())
def test_round_trip(routed: tuple[Design, Routes]) -> None:
    design, routes = routed
    written = route_file.format_routes(design, routes)
    listed = (design.pin_counts > 1) | (routes.lengths > 0)
    for found in (parse(written, design), parse_slowly(written, design)):
        assert same_routes(found.routes, routes)
        assert found.listed.tolist() == listed.tolist()
        assert not found.repeated.any()
    if written.isascii() and written:
        assert route_file._parse_fast(written.encode(), design) is not None


@given(st.data())
def test_a_damaged_file_is_read_or_explained(data: st.DataObject) -> None:
    design = data.draw(designs())
    content = bytearray(route_file.format_routes(design, spines(design)).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 6)))
        scrap = st.sampled_from([b" ", b"\n", b"\r", b"-", b"0", b"9", b",", b"(", b")", b"!"])
        content[start:end] = data.draw(scrap | st.binary(max_size=4))
    damaged = bytes(content)
    try:
        slow = parse_slowly(text.decode("out.route", damaged), design)
    except InputError as error:
        assert error.line is not None
        assert "\n" not in str(error)
        assert route_file._parse_fast(damaged, design) is None
    else:
        found = route_file.parse(damaged, "out.route", design)
        assert same_routes(found.routes, slow.routes)
        assert found.listed.tolist() == slow.listed.tolist()
        assert found.repeated.tolist() == slow.repeated.tolist()


def test_independent_evaluator_reads_what_is_written(tmp_path: Path, judge: Path) -> None:
    from eda_router.formats import ispd98

    bench, out = tmp_path / "design", tmp_path / "out.route"
    ispd98.write(DESIGN, bench)
    route_file.write(DESIGN, spines(DESIGN), out)
    run = subprocess.run(["python3", judge, bench, out], capture_output=True, text=True)
    assert '"disconnected": 0' in run.stdout, run.stdout
