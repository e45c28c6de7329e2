"""Runs compared: what differs, as numbers, as text and by the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_router.cli import main
from eda_router.design import Design, Routes
from eda_router.formats import ispd98, route_file
from eda_router.report.compare import comparison_lines, comparison_values, difference
from eda_router.report.page import format_page
from eda_router.report.run import Run
from tests.generators import grid_edges, routed_designs
from tests.pictured import CASES

# Two nets on a 4 x 2 grid: the first takes the lower row or goes round above, the second stays.
_DESIGN = Design.from_pins(
    "d", 4, 2, 1, 1, [("a", 0, [(0, 0), (3, 0)]), ("b", 1, [(1, 1), (2, 1)])]
)
_STRAIGHT = Routes.from_lists([[0, 2, 4], [10]])
_ROUND = Routes.from_lists([[1, 8, 10, 12, 7], [10]])


def test_a_detour_is_found_where_it_is() -> None:
    found = difference(_DESIGN, _STRAIGHT, _ROUND)
    assert found.apart.tolist() == [8, 0]
    assert found.change.tolist() == [2, 0]
    assert found.longer.tolist() == [0]
    assert found.shorter.tolist() == []
    assert found.differing == 1
    assert found.demand[0, :3, 0].tolist() == [-1, -1, -1]
    assert found.demand[1, :3, 0].tolist() == [1, 1, 1]
    back = difference(_DESIGN, _ROUND, _STRAIGHT)
    assert back.shorter.tolist() == [0]
    assert (back.demand == -found.demand).all()


@given(routed_designs(), st.data())
def test_differences_are_those_of_sets(case: tuple[Design, Routes], data: st.DataObject) -> None:
    design, base = case
    edges = grid_edges(design)
    one = st.lists(st.sampled_from(edges), max_size=20) if edges else st.just([])
    other = Routes.from_lists([data.draw(one) for _ in range(design.num_nets)])
    found = difference(design, base, other)
    for net in range(design.num_nets):
        mine, theirs = set(base.net_edges(net).tolist()), set(other.net_edges(net).tolist())
        assert found.apart[net] == len(mine ^ theirs)
        assert found.change[net] == len(theirs) - len(mine)
    assert found.demand.sum() == other.wirelength - base.wirelength


def test_text_and_values_tell_the_same() -> None:
    runs = [Run("base", _STRAIGHT), Run("other", _ROUND), Run("same", _STRAIGHT)]
    values = comparison_values(_DESIGN, runs)
    other, same = values["runs"][1:]
    assert (other["wirelength"], other["longer_nets"], other["longer_by"]) == (6, 1, 2)
    assert other["most_longer"] == [{"name": "a", "base_length": 3, "length": 5}]
    assert other["total_overflow"] == 1
    assert same["differing_nets"] == same["differing_edges"] == 0
    text = "\n".join(comparison_lines(values))
    assert "longer                 1 nets by 2: a 3→5" in text
    assert "+50.00%" in text
    assert "(0,0)-(1,0) -1" in text


def test_runs_without_wire_are_compared() -> None:
    nothing = Routes.from_lists([[], []])
    values = comparison_values(_DESIGN, [Run("a", nothing), Run("b", _STRAIGHT)])
    assert "–" in comparison_lines(values)[1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_every_sort_of_data_is_compared(case: Callable[[], tuple[Design, Routes]]) -> None:
    design, routes = case()
    bare = Routes.from_lists([[] for _ in range(design.num_nets)])
    runs = [Run("bare", bare), Run("wired", routes)]
    values = comparison_values(design, runs)
    assert values["runs"][1]["longer_by"] == routes.wirelength
    assert values["runs"][1]["shorter_nets"] == 0
    assert len(comparison_lines(values)) == 9
    assert 'value="difference"' in format_page(design, runs)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    ispd98.write(_DESIGN, "d.modified")
    route_file.write(_DESIGN, _STRAIGHT, "a.route")
    route_file.write(_DESIGN, _ROUND, "b.route")
    Path("sub").mkdir()
    route_file.write(_DESIGN, _ROUND, "sub/a.route")
    return tmp_path


def test_command_writes_text_json_and_page(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["compare", "d.modified", "a.route", "b.route", "sub/a.route"]
    assert main([*arguments, "-o", "page.html", "--json", "values.json"]) == 0
    text = capsys.readouterr().out
    assert "b.route against a.route" in text or "b.route against" in text
    assert "sub/a.route" in text
    values = json.loads(Path("values.json").read_text())
    assert [run["label"] for run in values["runs"]] == ["a.route", "b.route", "sub/a.route"]
    assert "Difference" in Path("page.html").read_text()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["a.route"], "error: one route file, expected two or more to compare"),
        (["a.route", "missing"], "missing: cannot be read"),
        (["a.route", "b.route", "-o", "b.route"], "b.route: is b.route too"),
        (["a.route", "b.route", "-o", "no/page.html"], "no/page.html: cannot be written"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    options: list[str], expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = np.array([path.stat().st_mtime_ns for path in sorted(folder.iterdir())])
    assert main(["compare", "d.modified", *options]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    after = np.array([path.stat().st_mtime_ns for path in sorted(folder.iterdir())])
    assert (before == after).all()
