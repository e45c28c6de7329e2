"""Placed designs through the command line, from the first command to the last."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eda_router.cli import main
from eda_router.formats import ispd08, lefdef
from eda_router.formats.guide import read_guide
from eda_router.synthesis import chip
from eda_router.synthesis.designs import SynthConfig
from eda_router.synthesis.technology import DBU, TILE
from tests.placed import REAL_LEFS, real_designs
from tests.refusals import refused

EDAROUTE = [sys.executable, "-m", "eda_router.cli"]
MAZE = ["--router", "maze"]
LAYER_NAMES = ["lane1", "lane2", "lane3", "lane4", "lane5", "lane6"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small chip: its DEF and its LEF."""
    path = tmp_path_factory.mktemp("chip") / "small.def"
    chip.write(SynthConfig(width=9, height=8, nets=150, seed=6), path)
    return path, chip.lef_path(path)


def run(*args: object) -> int:
    return main([str(arg) for arg in args])


def process(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*EDAROUTE, *map(str, args)], capture_output=True, text=True)


def test_one_design_through_every_command(tmp_path: Path) -> None:
    design, tech = tmp_path / "d.def.gz", tmp_path / "d.lef.gz"
    done = process("synth", design, "--width", 9, "--height", 8, "--nets", 150, "--seed", 6)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"written    {design}, {tech}\n")
    source = [design, "--lef", tech]

    told = process("info", *source)
    assert told.returncode == 0, told.stderr
    assert "grid            9 x 8 tiles" in told.stdout
    assert "die             (0, 0) to (27, 24) um" in told.stdout
    assert "clocks          1 nets" in told.stdout
    assert "lane1  horizontal  pins alone" in told.stdout

    guide, summary = tmp_path / "d.guide", tmp_path / "s.json"
    routed = process("route", *source, "-o", guide, "--json", summary)
    assert routed.returncode == 0, routed.stderr
    assert "Max H / Max V / Total overflow" in routed.stdout
    assert f"written    {guide}" in routed.stdout

    checked = process("verify", *source, guide)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.endswith("legal\n")
    table = [line for line in routed.stdout.splitlines() if line.startswith(("lane", "Total"))]
    assert table == [
        line for line in checked.stdout.splitlines() if line.startswith(("lane", "Total"))
    ]

    problem, solution = tmp_path / "d.gr", tmp_path / "d.route"
    assert process("convert", *source, "-o", problem).stdout == f"written    {problem}\n"
    assert process("route", problem, "-o", solution, *MAZE).returncode == 0
    checked = process("verify", problem, solution)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.endswith("legal\n")


@pytest.mark.parametrize("router", ["maze", "neural"])
def test_the_summary_and_the_evaluation_agree(
    made: tuple[Path, Path], tmp_path: Path, router: str
) -> None:
    design, tech = made
    guide, found, checked = (tmp_path / name for name in ("g.guide", "s.json", "c.json"))
    source = [design, "--lef", tech]
    assert run("route", *source, "-o", guide, "--json", found, "-q", "--router", router) == 0
    assert run("verify", *source, guide, "--json", checked, "-q") == 0
    summary, check = json.loads(found.read_text()), json.loads(checked.read_text())
    assert summary["layers"] == check["layers"]
    assert [row["name"] for row in summary["layers"]] == LAYER_NAMES
    for figure in ("wirelength", "wirelength_um", "vias", "total_overflow", "legal"):
        assert summary["result"][figure] == check[figure]
    assert sum(row["demand"] for row in summary["layers"]) == summary["result"]["wirelength"]
    assert summary["result"]["legal"] is True
    assert summary["config"]["router"] == router

    # All GCells of this chip are equal, so that a box of n of them is n - 1 edges.
    boxes = read_guide(guide, lefdef.read(design, tech)).boxes
    longest = np.max(boxes[:, 2:] - boxes[:, :2], axis=1)
    assert np.sum(longest - TILE) == DBU * summary["result"]["wirelength_um"]
    assert np.sum(longest // TILE - 1) == summary["result"]["wirelength"]


def test_the_default_name_and_packed_guides(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design, tech = made
    monkeypatch.chdir(tmp_path)
    assert run("route", design, "--lef", tech, *MAZE, "-q") == 0
    assert run("route", design, "--lef", tech, *MAZE, "-q", "-o", "g.gz") == 0
    assert gzip.decompress(Path("g.gz").read_bytes()) == Path("small.guide").read_bytes()
    assert run("verify", design, "--lef", tech, "g.gz", "-q") == 0
    # The content tells what it is, not the name.
    Path("nameless").write_bytes(design.read_bytes())
    assert run("route", "nameless", "--lef", tech, *MAZE, "-q", "-o", "n.guide") == 0
    assert Path("n.guide").read_bytes() == Path("small.guide").read_bytes()


def test_the_bundled_chip_is_known_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("route", "synth-chip", *MAZE, "-q") == 0
    assert run("verify", "synth-chip", "synth-chip.guide", "-q") == 0


def test_options_of_the_grid_on_the_command_line_and_in_yaml(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    source = [made[0], "--lef", made[1]]
    path, found = tmp_path / "c.yaml", tmp_path / "i.json"

    def layers(*options: object) -> dict[str, dict[str, object]]:
        assert run("info", *source, *options, "--json", found) == 0
        return {row["name"]: row for row in json.loads(found.read_text())["layers"]}

    plain = layers()
    path.write_text(
        "effort: low\nsignal_layers: lane2-lane5\nlayer_adjustment: [lane2=0.5, lane3=0.25]\n"
    )
    cut = layers("--config", path)
    assert not cut["lane6"]["signals"]
    assert cut["lane6"]["resource"] == 0
    assert cut["lane2"]["original"] == plain["lane2"]["original"]
    assert cut["lane2"]["resource"] <= plain["lane2"]["resource"] / 2
    own = layers("--config", path, "--layer-adjustment", "lane4=1", "--adjustment", 0.1)
    assert own["lane4"]["resource"] == 0
    assert cut["lane2"]["resource"] < own["lane2"]["resource"] < plain["lane2"]["resource"]
    region = layers("--region-adjustment", "0,0,12,12,lane3,0.5")
    assert cut["lane3"]["resource"] < region["lane3"]["resource"] < plain["lane3"]["resource"]
    assert layers("--tile", 6000)["lane3"]["resource"] < plain["lane3"]["resource"]

    guide = tmp_path / "g.guide"
    assert run("route", *source, "--config", path, *MAZE, "-q", "-o", guide) == 0
    assert run("verify", *source, "--config", path, guide, "-q") == 0
    assert "lane6" not in guide.read_text()


def test_overflow_is_named_with_its_layer(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = [made[0], "--lef", made[1], "--adjustment", 0.9, "--signal-layers", "lane2-lane4"]
    guide, found = tmp_path / "g.guide", tmp_path / "s.json"
    options = [*MAZE, "--allow-overflow", "--json", found]
    assert run("route", *source, *options, "-o", guide) == 1
    shown = capsys.readouterr().out
    summary = json.loads(found.read_text())
    assert summary["result"]["total_overflow"] > 0
    worst = max(summary["overflow"], key=lambda place: place["demand"] - place["capacity"])
    assert worst["layer"] in ("lane2", "lane3", "lane4")
    assert len(worst["nets"]) == worst["demand"]
    (x1, y1), (x2, y2) = worst["edge"]
    assert f"overflow: edge ({x1},{y1})-({x2},{y2}) of {worst['layer']}, " in shown
    assert (
        sum(place["demand"] - place["capacity"] for place in summary["overflow"])
        == (summary["result"]["total_overflow"])
    )
    assert run("verify", *source, guide) == 1
    assert capsys.readouterr().out.endswith("illegal\n")

    # Without leave to overflow nets stay unrouted.
    assert run("route", *source, *MAZE, "--json", found, "-o", guide) == 1
    summary = json.loads(found.read_text())
    assert summary["result"]["total_overflow"] == 0
    assert summary["result"]["unrouted"] == len(summary["unrouted"]) > 0
    assert "unrouted: net n" in capsys.readouterr().out
    assert run("verify", *source, guide) == 1
    assert "missing: net n" in capsys.readouterr().out


def test_what_is_wrong_with_a_guide_is_named(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = [made[0], "--lef", made[1]]
    guide = tmp_path / "g.guide"
    assert run("route", *source, *MAZE, "-q", "-o", guide) == 0
    records = guide.read_text().split(")\n")
    name, _, *boxes = max(records, key=len).splitlines()
    place = next(n for n, record in enumerate(records) if record.startswith(f"{name}\n"))
    lowest = next(box for box in boxes if box.endswith("lane1"))
    records[place] = records[place].replace(f"{lowest}\n", "")
    guide.write_text(")\n".join(records[1:]))
    assert run("verify", *source, guide) == 1
    shown = capsys.readouterr().out
    assert f"missing: net {records[0].splitlines()[0]}, pins from " in shown
    assert f"terminal outside the boxes: net {name}, " in shown


def test_conversion_keeps_grid_tracks_and_nets(made: tuple[Path, Path], tmp_path: Path) -> None:
    source = [made[0], "--lef", made[1]]
    design = lefdef.read(*made)
    assert run("convert", *source, "-o", tmp_path / "small.gr.gz", "-q") == 0
    again = ispd08.read(tmp_path / "small.gr.gz")
    assert again.layers is not None
    assert design.layers is not None
    assert np.array_equal(again.layers.capacity, design.layers.capacity)
    assert np.array_equal(again.pins, design.pins)
    assert again.net_names == design.net_names
    assert run("convert", tmp_path / "small.gr.gz", "-o", tmp_path / "again.gr", "-q") == 0
    assert (tmp_path / "again.gr").read_bytes() == gzip.decompress(
        (tmp_path / "small.gr.gz").read_bytes()
    )


def test_conversion_without_layers_writes_ispd98(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("convert", "synth-tiny") == 0
    assert capsys.readouterr().out == "written    synth-tiny.modified\n"
    assert Path("synth-tiny.modified").read_text().startswith("grid 16 16\n")


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["d.def"], "d.def: DEF without LEF, expected the LEF files of its technology too"),
        (["d.def", "--lef", "no.lef"], "no.lef: cannot be read: No such file or directory"),
        (["d.def", "--lef", "d.def"], "d.def:"),
        (["d.def", "--lef", "d.lef", "-o", "d.lef"], "d.lef: is d.lef too, expected different"),
        (["d.gr", "--lef", "d.lef"], "d.gr: a design in the ISPD 2008 format takes no LEF files"),
        (["synth-tiny", "--tile", "9"], "{data}/synth-tiny.modified.gz: a design in the ISPD98"),
        (
            ["d.def", "--lef", "d.lef", "--signal-layers", "lane2-roof"],
            "error: option signal_layers: 'lane2-roof', expected a layer or a range of lane1,",
        ),
        (
            ["d.def", "--lef", "d.lef", "--layer-adjustment", "lane2=2"],
            "error: option layer_adjustment: 'lane2=2', expected a share from -1 to 1 at its end",
        ),
        (
            ["d.def", "--lef", "d.lef", "--region-adjustment", "0,0,1,1,lane2"],
            "error: option region_adjustment: '0,0,1,1,lane2', expected x0,y0,x1,y1,layer,share",
        ),
        (["d.def", "--lef", "d.lef", "--gcell-grid"], "d.def: no GCELLGRID, expected GCELLGRID X"),
        (["d.def", "--lef", "d.lef", "--config", "c"], "c:1: unknown option 'layers'"),
        (["cut.def", "--lef", "d.lef"], "cut.def:"),
    ],
)
def test_bad_input_is_one_line(
    args: list[str],
    problem: str,
    made: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("d.def").write_bytes(made[0].read_bytes())
    Path("d.lef").write_bytes(made[1].read_bytes())
    Path("cut.def").write_bytes(made[0].read_bytes()[:-2000])
    Path("c").write_text("layers: 1\n")
    ispd08.write(lefdef.read(*made), "d.gr")
    data = Path(__file__).parent.parent / "data"
    error = refused(["route", *args, *MAZE], tmp_path, capsys)
    assert error.startswith(problem.format(data=data)), error


def test_a_guide_of_another_design_is_refused_with_its_line(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = tmp_path / "g.guide"
    guide.write_text("n0\n(\n0 0 3000 3000 lane1\n)\nother\n(\n)\n")
    assert run("verify", made[0], "--lef", made[1], guide) == 2
    assert capsys.readouterr().err.startswith(f"{guide}:5: 'other' names no net of design small")


SETTINGS = {
    "obstruction": ["--signal-layers", "met1-met5", "--clock-layers", "met3-met5",
                    "--adjustment", "0.5", "--layer-adjustment", "met1=0.8",
                    "--layer-adjustment", "met2=0.7"],
    "region_adjustment": ["--region-adjustment", "1.4,2,20,15.5,metal2,0.9"],
    "macro_obs_not_aligned": ["--signal-layers", "met1-met5",
                              "--layer-adjustment", "met1-met5=0.7"],
    "pin_edge": [],
    "colocated_pins": ["--signal-layers", "metal2-metal10"],
    "tracks1": [],
    "tracks2": [],
    "tracks3": ["--signal-layers", "met1-met4"],
    "unplaced_inst": [],
    "inst_pin_out_of_die": ["--signal-layers", "li1-met5"],
}  # fmt: skip
OWN_LEFS = {
    "region_adjustment": REAL_LEFS["nangate45"],
    "macro_obs_not_aligned": ["traps/macro_obs_not_aligned.lef.gz"],
    "pin_edge": ["traps/pin_edge.lef"],
    "colocated_pins": [*REAL_LEFS["nangate45"], "traps/colocated_pins.lef"],
}
REFUSED = {
    "tracks2": ": no TRACKS Y for the horizontal layer met1, expected TRACKS Y",
    "unplaced_inst": ":161: component '_614_' is not placed, expected + PLACED",
    "inst_pin_out_of_die": ":20: pin 'A2' of component '_546_' sticks out of the die",
}


def lefs_of(name: str) -> list[object]:
    folder = real_designs()
    lefs = OWN_LEFS.get(name, REAL_LEFS["sky130hs"])
    return [word for lef in lefs for word in ("--lef", folder / lef)]


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in REFUSED])
def test_odd_designs_are_routed_legally(
    lefdef_path, judge_guide: Path, tmp_path: Path, name: str
) -> None:
    design, guide = lefdef_path(f"traps/{name}.def"), tmp_path / "g.guide"
    source = [design, *lefs_of(name), *SETTINGS[name]]
    assert run("route", *source, *MAZE, "-q", "-o", guide) == 0
    assert run("verify", *source, guide, "--json", tmp_path / "c.json", "-q") == 0
    command = [sys.executable, judge_guide, "--strict", "--def", design, *lefs_of(name), guide]
    judged = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout
    found, check = json.loads(judged.stdout), json.loads((tmp_path / "c.json").read_text())
    # The evaluator leaves out layers without tracks.
    demand = {row["name"]: row["demand"] for row in check["layers"]}
    assert demand == {**dict.fromkeys(demand, 0), **found["demand"]}
    assert found["vias"] == check["vias"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_routed_is_one_line(
    lefdef_path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    design, guide = lefdef_path(f"traps/{name}.def"), tmp_path / "g.guide"
    assert run("route", design, *lefs_of(name), *SETTINGS[name], *MAZE, "-o", guide) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"{design}{REFUSED[name]}")
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    assert not guide.exists()
