"""The table of nets: every column against what the design, the route and the summary say."""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from eda_router import read
from eda_router.cli import main
from eda_router.design import Design, Routes
from eda_router.formats import ispd98, route_file
from eda_router.formats.guide import read_guide
from eda_router.formats.lefdef import read as read_placed
from eda_router.report.net_table import net_table
from eda_router.report.run import STAGE_NAMES, Run
from tests.placed import REAL_LEFS
from tests.refusals import refused

COLUMNS = [
    "net", "name", "id", "pins", "half_perimeter", "bound", "length", "vias", "layers", "detour",
    "exit", "source",
]  # fmt: skip


def run(*args: object) -> int:
    return main([str(arg) for arg in args])


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_drawn_by_hand(tmp_path: Path) -> None:
    nets = [
        ("bent,odd", 7, [(0, 0), (2, 1)]),
        ('say"cross"', 3, [(1, 0), (0, 1), (2, 1), (1, 2)]),
        ("dot", 9, [(2, 2), (2, 2)]),
        ("open", 1, [(0, 0), (0, 2)]),
    ]
    design = Design.from_pins("hand", 3, 3, 2, 2, nets)
    right, up = (lambda x, y: 2 * (3 * y + x)), (lambda x, y: 2 * (3 * y + x) + 1)
    routes = Routes.from_lists(
        [
            [up(0, 0), up(0, 1), right(0, 2), right(1, 2), up(2, 1)],
            [up(1, 0), up(1, 1), right(0, 1), right(1, 1)],
            [],
            [],
        ]
    )
    ispd98.write(design, tmp_path / "hand.modified")
    route_file.write(design, routes, tmp_path / "hand.route")
    for routed, name in ((False, "bare.csv"), (True, "routed.csv.gz")):
        args = [tmp_path / "hand.route"] if routed else []
        assert run("nets", tmp_path / "hand.modified", *args, "-o", tmp_path / name) == 0
    assert (tmp_path / "bare.csv").read_text() == (
        ",".join(COLUMNS) + "\n"
        '0,"bent,odd",7,2,3,3,,,,,,\n'
        '1,"say""cross""",3,4,4,4,,,,,,\n'
        "2,dot,9,1,0,0,,,,,,\n"
        "3,open,1,2,2,2,,,,,,\n"
    )
    table = gzip.decompress((tmp_path / "routed.csv.gz").read_bytes()).decode()
    assert [row["length"] for row in csv.DictReader(io.StringIO(table))] == ["5", "4", "0", "0"]
    assert [row["detour"] for row in csv.DictReader(io.StringIO(table))] == ["2", "0", "0", ""]


def test_stages_and_exits_are_those_of_the_summary(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("d.route", "d.json", "d.csv")]
    assert run("route", "synth-tiny", "-q", "-o", paths[0], "--json", paths[1]) == 0
    assert run("nets", "synth-tiny", paths[0], "--summary", paths[1], "-o", paths[2]) == 0
    rows, summary = rows_of(paths[2]), json.loads(paths[1].read_text())
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["source"]] = counts.get(row["source"], 0) + 1
    assert counts == summary["stages"]
    for stage, length in summary["stage_wirelength"].items():
        assert sum(int(row["length"]) for row in rows if row["source"] == stage) == length
    exits = {row["exit"] for row in rows}
    assert {"8", "16"} & exits
    assert {row["exit"] for row in rows if row["source"] == "trivial"} == {""}
    design = read("synth-tiny")
    assert [row["name"] for row in rows] == list(design.net_names)
    assert sum(int(row["detour"] or 0) for row in rows) == sum(
        int(row["length"]) - int(row["bound"]) for row in rows
    )
    assert all(int(row["bound"]) >= int(row["half_perimeter"]) for row in rows)


def test_bounds_are_below_any_tree() -> None:
    design = read("synth-tiny")
    values = {column.name: list(column.values) for column in net_table(design)}
    for net in design.routable[::7].tolist():
        tiles = design.net_pins(net).tolist()
        points = [(tile % design.width, tile // design.width) for tile in tiles]
        graph = nx.Graph()
        for i, (x, y) in enumerate(points):
            for j, (u, v) in enumerate(points[:i]):
                graph.add_edge(i, j, weight=abs(x - u) + abs(y - v))
        spanning = nx.minimum_spanning_tree(graph).size("weight")
        assert 2 / 3 * spanning <= values["bound"][net] <= spanning


def test_vias_and_layers_are_those_of_the_guide(lefdef_path: Callable[[str], Path]) -> None:
    from eda_router.report.wires import guide_wires

    path = lefdef_path("gcd-nangate45/gcd.def")
    design = read_placed(path, [lefdef_path(name) for name in REAL_LEFS["nangate45"]])
    guide = read_guide(lefdef_path("gcd-nangate45/gcd.guideok"), design)
    wires = guide_wires(design, guide)
    columns = {
        c.name: list(c.values) for c in net_table(design, Run("r", wires.routes, wires=wires))
    }
    assert sum(columns["vias"]) == wires.num_vias
    assert sum(columns["length"]) == wires.wirelength
    assert design.layers is not None
    for net in range(design.num_nets):
        mine = guide.layers[guide.nets == net]
        names = (
            [design.layers.names[layer] for layer in (mine.min(), mine.max())] if len(mine) else []
        )
        expected = "-".join(dict.fromkeys(names)) or None
        assert columns["layers"][net] == expected
        assert columns["detour"][net] is None or columns["detour"][net] >= 0


def test_parquet_holds_the_same_table(tmp_path: Path) -> None:
    import pyarrow.parquet

    assert run("route", "synth-chip", "-q", "-o", tmp_path / "c.guide", "--router", "maze") == 0
    for name in ("c.csv", "c.parquet"):
        assert run("nets", "synth-chip", tmp_path / "c.guide", "-o", tmp_path / name) == 0
    table = pyarrow.parquet.read_table(tmp_path / "c.parquet")
    assert table.column_names == COLUMNS
    assert {str(field.type) for field in table.schema} == {"int64", "string"}
    told = table.to_pylist()
    rows = rows_of(tmp_path / "c.csv")
    assert len(told) == len(rows) == 1501
    for row, values in zip(rows, told, strict=True):
        assert row == {name: "" if value is None else str(value) for name, value in values.items()}
    assert table["source"].null_count == 1501
    again = tmp_path / "again.parquet"
    assert run("nets", "synth-chip", tmp_path / "c.guide", "-o", again) == 0
    assert again.read_bytes() == (tmp_path / "c.parquet").read_bytes()


def test_standard_output_is_the_table_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "eda_router.cli", "nets", "synth-tiny", "-o", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == COLUMNS
    assert len(rows) == 501


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["-o", "x.txt"], "no table ends with '.txt', expected .csv, .csv.gz, .parquet"),
        (["-o", "x.csv", "--summary", "d.modified"], "a summary without the wires"),
        (["no.route", "-o", "x.csv"], "no.route: cannot be read"),
        (["-o", "no/x.csv"], "no folder"),
        (["-o", "d.modified"], "no table ends with"),
    ],
)
def test_what_cannot_be_done_is_refused(
    args: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    ispd98.write(Design.from_pins("d", 2, 1, 1, 1, []), "d.modified")
    assert said in refused(["nets", "d.modified", *args], tmp_path, capsys)


def test_parquet_without_pyarrow_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    line = refused(["nets", "synth-tiny", "-o", tmp_path / "x.parquet"], tmp_path, capsys)
    assert "Parquet needs pyarrow, which is not installed: pip install 'edaroute[parquet]'" in line


def test_a_design_without_nets_has_a_head_alone(tmp_path: Path) -> None:
    empty: dict[str, list[Any]] = {
        column.name: list(column.values)
        for column in net_table(Design.from_pins("d", 2, 1, 1, 1, []))
    }
    assert list(empty) == COLUMNS
    assert not any(empty.values())
    assert np.array_equal(empty["pins"], [])


def test_the_page_explains_every_column_and_source() -> None:
    page = (Path(__file__).parent.parent / "docs" / "nets.md").read_text()
    columns = net_table(Design.from_pins("d", 2, 1, 1, 1, []))
    rows = [f"| `{c.name}` | {c.kind.__name__} | {c.meaning} |" for c in columns]
    assert "\n".join(rows) in page
    for stage in STAGE_NAMES:
        assert f"`{stage}`" in page
