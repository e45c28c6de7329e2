"""Maps: on grids drawn by hand, against brute force, and against the evaluators edge by edge."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from eda_router.cli import main
from eda_router.design import HORIZONTAL, VERTICAL, Design, Routes
from eda_router.formats import ispd98, lefdef, route_file
from eda_router.formats.guide import Guide, read_guide
from eda_router.formats.lefdef_config import LefDefConfig
from eda_router.guide_verification import verify_guide
from eda_router.maps import write as write_module
from eda_router.maps.config import MapsConfig
from eda_router.maps.congestion import congestion_maps
from eda_router.maps.features import feature_maps
from eda_router.maps.write import make_maps
from eda_router.routing.ledger import CapacityLedger
from eda_router.verification import verify
from tests.generators import routed_designs
from tests.layered import layered_design
from tests.pictured import CASES
from tests.placed import CELLS, REAL_LEFS, def_text, write
from tests.refusals import refused

GR = "congestion/congestion_global_routing"
EARLY = "congestion/congestion_early_global_routing"
OVERFLOW = "overflow_based/congestion_{}_{}_overflow"
UTIL = "utilization_based/congestion_{}_{}_util"

FEATURES = [
    "macro_region", "RUDY/RUDY", "RUDY/RUDY_long", "RUDY/RUDY_short", "RUDY/RUDY_pin",
    "RUDY/RUDY_pin_long",
]  # fmt: skip


def congestion(stage: str) -> list[str]:
    folder = {"GR": GR, "eGR": EARLY}[stage]
    return [
        f"{folder}/{form.format(stage, direction)}"
        for form in (OVERFLOW, UTIL)
        for direction in ("horizontal", "vertical")
    ]


def maps_of(design: Design, routes: Routes, stage: str = "GR") -> dict[str, np.ndarray]:
    return congestion_maps(CapacityLedger.of(design, routes), stage)


def picture(image: np.ndarray) -> list[list[float]]:
    """Rows from the top, as one draws them."""
    return [list(row) for row in image.T[::-1]]


def test_rudy_of_nets_drawn_by_hand() -> None:
    design = Design.from_pins(
        "hand", 4, 3, 1, 1,
        [
            ("wide", 0, [(0, 0), (2, 0)]),  # 3 x 1 GCells: 1/3 + 1
            ("corner", 1, [(2, 1), (3, 2), (2, 2)]),  # 2 x 2 GCells: 1/2 + 1/2
            ("dot", 2, [(1, 2)]),  # 1 x 1: 1 + 1
        ],
    )  # fmt: skip
    maps = feature_maps(design)
    assert list(maps) == FEATURES
    third = 1 + 1 / 3
    assert picture(maps["RUDY/RUDY_long"]) == [
        [0, 0, 1, 1],
        [0, 0, 1, 1],
        [third, third, third, 0],
    ]
    assert picture(maps["RUDY/RUDY_short"]) == [[0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert picture(maps["RUDY/RUDY"]) == [[0, 2, 1, 1], [0, 0, 1, 1], [third, third, third, 0]]
    assert picture(maps["RUDY/RUDY_pin_long"]) == [
        [0, 0, 1, 1],
        [0, 0, 1, 0],
        [third, 0, third, 0],
    ]
    assert picture(maps["RUDY/RUDY_pin"])[0] == [0, 2, 1, 1]
    assert not maps["macro_region"].any()
    for image in maps.values():
        assert image.dtype == np.float64
        assert image.shape == (4, 3)


def test_congestion_of_wires_drawn_by_hand() -> None:
    # Two rows of three GCells; two tracks an edge, none between the two upper left ones.
    design = Design.from_pins("hand", 3, 2, 2, 2, [("a", 0, [(0, 0), (2, 0)]), ("b", 1, [])])
    design.capacity[1, 0, HORIZONTAL] = 0
    row = [0, 2]  # right of (0, 0), right of (1, 0)
    up = 2 * 2 + VERTICAL  # above (2, 0)
    blocked = 2 * 3  # right of (0, 1)
    wires = [[*row, up], [*row, up], [*row, up], [row[0], blocked]]
    maps = maps_of(design, Routes.from_lists(wires))
    assert list(maps) == [
        f"{GR}/{form.format('GR', direction)}"
        for direction in ("horizontal", "vertical")
        for form in (OVERFLOW, UTIL)
    ]
    assert picture(maps[f"{GR}/{OVERFLOW.format('GR', 'horizontal')}"]) == [
        [1, 0, 0],  # one wire over no track
        [1, 0.5, 0],  # 4 and 3 wires over 2 tracks
    ]
    assert picture(maps[f"{GR}/{UTIL.format('GR', 'horizontal')}"]) == [[1, 0, 0], [1, 1, 0]]
    assert picture(maps[f"{GR}/{OVERFLOW.format('GR', 'vertical')}"]) == [[0, 0, 0], [0, 0, 0.5]]
    assert picture(maps[f"{GR}/{UTIL.format('GR', 'vertical')}"]) == [[0, 0, 0], [0, 0, 1]]


def expected_rudy(design: Design, points: list[list[tuple[int, int]]]) -> dict[str, np.ndarray]:
    """RUDY tile by tile and net by net, of the tiles that each net's terminals touch."""
    maps = {name: np.zeros((design.width, design.height)) for name in FEATURES[1:]}
    for net in points:
        if not net:
            continue
        columns, rows = {x for x, _ in net}, {y for _, y in net}
        wide, tall = max(columns) - min(columns) + 1, max(rows) - min(rows) + 1
        weight = 1 / wide + 1 / tall
        long = wide * tall > 1
        for x in range(min(columns), max(columns) + 1):
            for y in range(min(rows), max(rows) + 1):
                maps["RUDY/RUDY"][x, y] += weight
                maps["RUDY/RUDY_long" if long else "RUDY/RUDY_short"][x, y] += weight
        for x, y in net:
            maps["RUDY/RUDY_pin"][x, y] += weight
            maps["RUDY/RUDY_pin_long"][x, y] += weight * long
    return maps


def check_same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    for name, image in expected.items():
        assert np.allclose(found[name], image, rtol=0, atol=1e-12), name


@settings(max_examples=60)
@given(routed_designs())
def test_maps_of_any_design_are_those_of_brute_force(case: tuple[Design, Routes]) -> None:
    design, routes = case
    points = [
        [(t % design.width, t // design.width) for t in design.net_pins(net).tolist()]
        for net in range(design.num_nets)
    ]
    check_same(feature_maps(design), expected_rudy(design, points))
    demand = {
        (d, x, y): 0 for d in (0, 1) for x in range(design.width) for y in range(design.height)
    }
    for net in range(design.num_nets):
        for edge in routes.net_edges(net).tolist():
            tile, direction = divmod(edge, 2)
            demand[direction, tile % design.width, tile // design.width] += 1
    maps = maps_of(design, routes)
    for (direction, x, y), used in demand.items():
        name = ("horizontal", "vertical")[direction]
        tracks = int(design.capacity[y, x, direction])
        over = maps[f"{GR}/{OVERFLOW.format('GR', name)}"][x, y]
        util = maps[f"{GR}/{UTIL.format('GR', name)}"][x, y]
        assert over == max(used - tracks, 0) / max(tracks, 1)
        assert util == (min(used / tracks, 1) if tracks else float(used > 0))


@pytest.mark.parametrize("seed", range(20))
def test_terminals_on_layers_count_where_they_touch(seed: int) -> None:
    design = layered_design(seed, spanning=True, nets=6)
    layers = design.layers
    assert layers is not None
    points: list[list[tuple[int, int]]] = []
    for net in range(design.num_nets):
        terminals = range(layers.pin_offsets[net], layers.pin_offsets[net + 1])
        touched = [sorted(set(layers.candidates(t)[0].tolist())) for t in terminals]
        flat = [tile for tiles in touched for tile in tiles] if len(touched) > 1 else []
        points.append([(tile % design.width, tile // design.width) for tile in flat])
    check_same(feature_maps(design), expected_rudy(design, points))


MACRO = """\
MACRO ram
  CLASS BLOCK ;
  ORIGIN 0 0 ;
  SIZE 1.6 BY 1 ;
END ram
END LIBRARY
"""


def test_cells_and_macros_of_a_placed_design(tmp_path: Path) -> None:
    # GCells of 1500 units, 3 x 2; a cell is 400 x 300, turned by 90 degrees 300 x 400.
    components = """\
- one cell + PLACED ( 0 0 ) N ;
- border cell + PLACED ( 1100 0 ) N ;
- across cell + PLACED ( 1200 1200 ) N ;
- turned cell + PLACED ( 1300 1100 ) W ;
- low cell + PLACED ( 1100 1200 ) E ;
- big ram + FIXED ( 3000 400 ) W ;
"""
    text = def_text(components=components)
    cells = CELLS.replace("END LIBRARY\n", MACRO)
    path, lefs = write(tmp_path, text, cells)
    design = lefdef.read(path, lefs)
    assert (design.width, design.height) == (3, 2)
    assert design.layers is not None
    placed = design.layers.cells
    assert placed is not None
    assert placed.boxes[3].tolist() == [1300, 1100, 1600, 1500]
    assert placed.boxes[5].tolist() == [3000, 400, 4000, 2000]
    assert placed.blocks.tolist() == [False] * 5 + [True]
    maps = feature_maps(design)
    # border ends at 1500, where the second column begins; only low reaches into the upper row.
    assert picture(maps["cell_density"]) == [[1, 0, 1], [5, 2, 1]]
    assert picture(maps["macro_region"]) == [[0, 0, 1], [0, 0, 1]]


def test_cells_beyond_the_die_count_where_they_are_inside(tmp_path: Path) -> None:
    components = "".join(
        f"- c{i} ram + PLACED ( {x} {y} ) N ;\n"
        for i, (x, y) in enumerate([(-1000, -500), (4000, 2500), (-1600, 0), (4500, 0), (0, 3000)])
    )
    cells = CELLS.replace("END LIBRARY\n", MACRO)
    path, lefs = write(tmp_path, def_text(components=components), cells)
    maps = feature_maps(lefdef.read(path, lefs))
    assert picture(maps["cell_density"]) == [[0, 0, 1], [1, 0, 0]]


def check_against_evaluator(
    maps: dict[str, np.ndarray], stage: str, design: Design, guide: Guide
) -> int:
    """Compare maps with what the evaluator of guides counts on every edge; give its overflow."""
    layers = design.layers
    assert layers is not None
    check = verify_guide(design, guide)
    crossed = 0
    for name, mine in (("horizontal", layers.horizontal), ("vertical", ~layers.horizontal)):
        tracks = layers.capacity[mine].sum(axis=0)
        overflow, demand = check.overflow[mine].sum(axis=0), check.demand[mine].sum(axis=0)
        folder = {"GR": GR, "eGR": EARLY}[stage]
        over = maps[f"{folder}/{OVERFLOW.format(stage, name)}"].T * np.maximum(tracks, 1)
        util = maps[f"{folder}/{UTIL.format(stage, name)}"].T
        assert np.allclose(over, np.rint(over), rtol=0, atol=1e-9)
        # Where a box crosses its layer's direction, the evaluator only gives the sum.
        wrong = np.rint(over).astype(int) - overflow
        assert wrong.min() >= 0
        crossed += int(wrong.sum())
        demand += wrong
        used = np.where(tracks > 0, np.minimum(demand / np.maximum(tracks, 1), 1), demand > 0)
        assert np.allclose(util, used, rtol=0, atol=1e-12)
    assert crossed == check.wrong_way
    return check.total_overflow


@pytest.mark.parametrize("case", ["gcd", "congestion1", "congestion2"])
def test_maps_of_a_real_guide_are_what_its_evaluator_counts(
    case: str, lefdef_path: Callable[[str], Path]
) -> None:
    cut = {
        "gcd": (),
        "congestion1": ("metal2=0.9", "metal3=0.9", "metal4-metal10=1"),
        "congestion2": ("metal2-metal6=0.9", "metal7-metal10=1"),
    }[case]
    lef = [lefdef_path(name) for name in REAL_LEFS["nangate45"]]
    path = lefdef_path("gcd-nangate45/gcd.def")
    design = lefdef.read(path, lef, LefDefConfig(layer_adjustment=cut))
    routes = lefdef_path(f"gcd-nangate45/{case}.guideok")
    maps, verdicts = make_maps(design, path, MapsConfig(), routes)
    total = check_against_evaluator(maps, "GR", design, read_guide(routes, design))
    assert (
        total
        == verdicts["GR"].total_overflow
        == {"gcd": 0, "congestion1": 1046, "congestion2": 124}[case]
    )
    assert maps["cell_density"].sum() >= 676


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_overflow_of_any_picture_is_what_verify_counts(
    case: Callable[[], tuple[Design, Routes]],
) -> None:
    design, routes = case()
    maps = maps_of(design, routes)
    check = verify(design, routes)
    total, edges = 0.0, 0
    for name, direction in (("horizontal", HORIZONTAL), ("vertical", VERTICAL)):
        over = maps[f"{GR}/{OVERFLOW.format('GR', name)}"].T
        total += float((over * np.maximum(design.capacity[..., direction], 1)).sum())
        edges += int(np.count_nonzero(over))
        guilty = check.overflowed_edges[check.overflowed_edges % 2 == direction] // 2
        assert np.flatnonzero(over).tolist() == guilty.tolist()
    assert math.isclose(total, check.total_overflow)
    assert edges == len(check.overflowed_edges)


def test_a_design_is_routed_twice_for_its_labels(tmp_path: Path) -> None:
    from eda_router import read

    design = read("synth-tiny")
    maps, found = make_maps(design, tmp_path, MapsConfig(effort="low"))
    assert list(maps)[:6] == FEATURES
    assert {*maps} == {*FEATURES, *congestion("GR"), *congestion("eGR")}
    assert found["GR"].total_overflow == 0
    assert found["eGR"].total_overflow > 0
    assert found["GR"].disconnected == found["eGR"].disconnected == 0
    assert list(make_maps(design, tmp_path, MapsConfig(labels=False))[0]) == FEATURES


def run(*args: object) -> int:
    return main([str(arg) for arg in args])


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_command_writes_what_circuitnet_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    designs = ["synth-tiny", "synth-chip", "other=synth-tiny"]
    for jobs in (1, 2):
        assert run("maps", *designs, "-o", tmp_path / str(jobs), "--jobs", jobs) == 0
        told = capsys.readouterr().out.splitlines()
        named = [line.split(":")[0] for line in sorted(told)]
        assert named == ["other", "synth-chip", "synth-tiny"]
        assert "synth-tiny: 14 maps, 16 x 16, overflow GR 0, overflow eGR " in "\n".join(told)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    for place in [*FEATURES, *congestion("GR"), *congestion("eGR")]:
        names = sorted(path.name for path in (tmp_path / "1" / place).iterdir() if path.is_file())
        assert names == ["other.npy", "synth-chip.npy", "synth-tiny.npy"]
    assert [p.name for p in (tmp_path / "1" / "cell_density").iterdir()] == ["synth-chip.npy"]
    note = json.loads((tmp_path / "1" / "provenance" / "synth-chip.json").read_text())
    files = [file["name"] for file in note["design"]["files"]]
    assert files == ["synth-chip.def.gz", "synth-chip.lef.gz"]
    assert (note["shape"], len(note["xs"]), note["route"]) == ([24, 24], 25, None)
    assert len(note["sha256"]) == 15


def training_pair(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Features and label of CircuitNet's congestion task, as its training set is made of maps."""
    from scipy import ndimage

    def resized(place: str) -> np.ndarray:
        image = np.load(folder / place / name)
        return ndimage.zoom(image, (256 / image.shape[0], 256 / image.shape[1]), order=3)

    def scaled(image: np.ndarray) -> np.ndarray:
        return image if image.max() == 0 else (image - image.min()) / (image.max() - image.min())

    features = [scaled(resized(place)) for place in ("macro_region", "RUDY/RUDY", "RUDY/RUDY_pin")]
    return np.stack(features, axis=-1), sum(resized(place) for place in congestion("eGR")[:2])


def test_maps_become_a_training_set(tmp_path: Path) -> None:
    assert run("maps", "synth-chip", "-o", tmp_path, "-q") == 0
    features, label = training_pair(tmp_path, "synth-chip.npy")
    assert features.shape == (256, 256, 3)
    assert (features.min(), features.max()) == (0, 1)
    assert label.max() > 0


def test_maps_of_given_routes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design = Design.from_pins("one", 3, 2, 1, 1, [("a", 0, [(0, 0), (1, 0)])])
    ispd98.write(design, tmp_path / "one.modified")
    route_file.write(design, Routes.from_lists([[0]]), tmp_path / "one.route")
    asked = ["maps", tmp_path / "one.modified", "-o", tmp_path / "out"]
    assert run(*asked, "--route", tmp_path / "one.route") == 0
    assert capsys.readouterr().out == "one: 10 maps, 3 x 2, overflow GR 0\n"
    util = np.load(tmp_path / "out" / GR / UTIL.format("GR", "horizontal") / "one.npy")
    assert util.tolist() == [[1, 0], [0, 0], [0, 0]]
    assert not (tmp_path / "out" / EARLY).exists()
    assert run(*asked, "--no-labels") == 0
    assert capsys.readouterr().out == "one: 6 maps, 3 x 2\n"


def test_maps_that_are_whole_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["maps", "synth-chip", "synth-tiny", "-o", tmp_path, "-q", "--no-labels"]
    assert run(*asked) == 0
    before = contents(tmp_path)
    (tmp_path / "macro_region" / "synth-tiny.npy").write_bytes(b"rubbish")
    made = []
    features = write_module.feature_maps
    monkeypatch.setattr(
        write_module, "feature_maps", lambda design: made.append(design.name) or features(design)
    )
    assert run(*asked) == 0
    assert made == ["synth-tiny"]
    assert contents(tmp_path) == before
    assert run(*asked, "--seed", 2) == 0
    assert made == ["synth-tiny", "synth-chip", "synth-tiny"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_design_that_fails_does_not_stop_the_others(
    jobs: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.modified").write_text("grid 2 2\nvertical capacity x\n")
    designs = [tmp_path / "bad.modified", "synth-tiny"]
    asked = ["maps", *designs, "-o", tmp_path / "out", "--no-labels", "--jobs", jobs]
    assert run(*asked) == 2
    said = capsys.readouterr()
    assert said.out == "synth-tiny: 6 maps, 16 x 16\n"
    assert said.err.startswith(f"{tmp_path / 'bad.modified'}:2: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["d.modified", "--route", "d.route", "--route", "d.route"], "2 routes, 1 designs"),
        (["d.modified", "x=d.modified", "--route", "d.route"], "1 routes, 2 designs"),
        (["d.modified", "d.modified"], "a second design named d"),
        (["d.modified", "--route", "no.route"], "no.route: cannot be read"),
        (["d.modified", "-o", "d.route/x"], "d.route/x: cannot be written"),
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
    design = Design.from_pins("one", 3, 2, 1, 1, [("a", 0, [(0, 0), (1, 0)])])
    ispd98.write(design, "d.modified")
    route_file.write(design, Routes.from_lists([[0]]), "d.route")
    asked: list[Any] = ["maps", *args] + ([] if "-o" in args else ["-o", "out"])
    assert said in refused(asked, tmp_path, capsys)
