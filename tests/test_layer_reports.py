"""Designs with layers in pictures, pages and comparisons: what is shown, read and refused."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from eda_router.cli import main
from eda_router.design import Design
from eda_router.errors import InputError
from eda_router.formats import ispd08, ispd08_solution, ispd98, route_file
from eda_router.formats.guide import Guide, guide_of, write_guide
from eda_router.guide_verification import verify_guide
from eda_router.layered_routes import LayeredRoutes
from eda_router.report.bounds import terminal_bounds
from eda_router.report.compare import comparison_lines, comparison_values, layered_difference
from eda_router.report.layer_figures import layer_figures, total_figures
from eda_router.report.page import format_page
from eda_router.report.results import read_run
from eda_router.report.run import Run, judge
from eda_router.report.wires import LayerWires, guide_wires
from eda_router.routing.layers import assign_layers
from tests.layered import grid_graph, layered_design, random_trees


def routed(seed: int, **sizes: int) -> LayeredRoutes:
    """A random design with random trees on its layers."""
    design = layered_design(seed, **{"width": 9, "height": 7, "nets": 12, "tracks": 3} | sizes)
    return assign_layers(design, random_trees(design, seed, legal=False))


def wires_of(layered: LayeredRoutes) -> LayerWires:
    return guide_wires(layered.design, guide_of(layered))


def random_boxes(design: Design, seed: int) -> Guide:
    """Boxes anywhere, some wide both ways and some against the direction of their layer."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.integers(design.width, size=(2, 20)), axis=0)
    y = np.sort(rng.integers(design.height, size=(2, 20)), axis=0)
    layers = design.layers
    boxes = [layers.xs[x[0]], layers.ys[y[0]], layers.xs[x[1] + 1], layers.ys[y[1] + 1]]
    nets = np.sort(rng.integers(design.num_nets, size=20)).astype(np.int32)
    levels = rng.integers(layers.num_layers, size=20).astype(np.int8)
    return Guide(nets, np.stack(boxes, axis=1), levels)


@pytest.mark.parametrize("seed", range(20))
def test_wires_of_a_guide_are_those_that_were_assigned(seed: int) -> None:
    layered = routed(seed)
    wires = wires_of(layered)
    assert np.array_equal(wires.edges, layered.routes.edges)
    assert np.array_equal(wires.layers, layered.edge_layers)
    assert np.array_equal(wires.lengths, layered.routes.lengths)
    assert wires.num_vias == layered.num_vias
    assert np.array_equal(wires.routes.edges, layered.routes.edges)
    assert np.array_equal(wires.ledger.demand.sum(axis=3), layered.demand)
    candidates = layered.layers.candidate_tiles[layered.attached]
    reached = (layered.attached >= 0) & (wires.terminal_tiles >= 0)
    assert np.all(reached == (layered.attached >= 0))
    assert np.array_equal(wires.terminal_tiles[reached], candidates[reached])


@pytest.mark.parametrize("seed", range(40))
def test_any_boxes_are_counted_as_the_evaluator_counts_them(seed: int) -> None:
    design = layered_design(seed, width=6, height=5, spanning=True, nets=4)
    guide = random_boxes(design, seed)
    wires, check = guide_wires(design, guide), verify_guide(design, guide)
    verdict = judge(design, Run("r", wires.routes, wires=wires))
    assert (verdict.wirelength, verdict.vias) == (check.wirelength, check.vias)
    assert verdict.total_overflow == check.total_overflow
    assert verdict.legal == check.legal
    horizontal = design.layers.horizontal
    along = np.where(
        horizontal[:, None, None], wires.ledger.demand[..., 0], wires.ledger.demand[..., 1]
    )
    assert np.array_equal(along, check.demand)
    # Nets that nothing is wrong with are in one piece that touches all terminals.
    for net in set(range(design.num_nets)) - set(wires.disconnected_nets.tolist()):
        levels, tiles = wires.net_cells(net)
        cells = set(zip(levels.tolist(), tiles.tolist(), strict=True))
        layers = design.layers
        ends = range(layers.pin_offsets[net], layers.pin_offsets[net + 1])
        if cells:
            assert all(
                any(
                    (layer, tile) in cells
                    for tile, layer in zip(*layers.candidates(end), strict=True)
                )
                for end in ends
            )


@pytest.mark.parametrize("seed", range(20))
def test_no_tree_is_shorter_than_the_bound(seed: int) -> None:
    design = layered_design(seed, width=5, height=4, nets=4, spanning=True)
    layers = design.layers
    bounds = terminal_bounds(layers, design.width)
    graph = grid_graph(design.width, design.height)
    rng = np.random.default_rng(seed)
    for net in range(design.num_nets):
        for _ in range(8):
            tiles = [
                int(rng.choice(layers.candidates(terminal)[0]))
                for terminal in range(layers.pin_offsets[net], layers.pin_offsets[net + 1])
            ]
            tree = nx.algorithms.approximation.steiner_tree(graph, tiles)
            assert tree.number_of_edges() >= bounds[net]
        if len(tiles) == 1:
            assert bounds[net] == 0


def test_the_table_of_layers_adds_up() -> None:
    layered = routed(3)
    rows = layer_figures(wires_of(layered))
    assert [row.name for row in rows] == ["m0", "m1", "m2", "m3"]
    for layer, row in enumerate(rows):
        assert row.resource == layered.layers.capacity[layer].sum()
        assert row.demand == layered.demand[layer].sum()
        assert row.overflow == layered.overflow[layer].sum()
        assert row.max_overflow == layered.overflow[layer].max()
        assert (row.direction == "horizontal") == layered.layers.horizontal[layer]
    total = total_figures(rows)
    assert (total.demand, total.vias) == (layered.routes.wirelength, layered.num_vias)
    assert rows[0].texts[4] == "–"


# Two routes of one net on a grid of 4 x 2 tiles: straight on m1, or a step up on m2 and back.
def by_hand() -> tuple[Design, LayerWires, LayerWires]:
    design = layered_design(0, width=4, height=2, num_layers=3, nets=1)
    layers = dataclasses.replace(
        design.layers,
        horizontal=np.array([False, True, False]),
        capacity=np.array([[[0] * 4] * 2, [[1, 1, 1, 0]] * 2, [[1] * 4, [0] * 4]], np.int32),
        pin_offsets=np.array([0, 2]),
        candidate_offsets=np.array([0, 1, 2]),
        candidate_tiles=np.array([0, 3], np.int32),
        candidate_layers=np.array([1, 1], np.int8),
    )
    capacity = np.stack([layers.capacity[1], layers.capacity[2]], axis=-1)
    design = dataclasses.replace(
        design,
        capacity=capacity,
        pin_offsets=np.array([0, 2]),
        pins=np.array([0, 3], np.int32),
        layers=layers,
    )

    def wires(*boxes: tuple[int, int, int, int, int]) -> LayerWires:
        x0, y0, x1, y1, level = np.array(boxes).T
        corners = [layers.xs[x0], layers.ys[y0], layers.xs[x1 + 1], layers.ys[y1 + 1]]
        nets = np.zeros(len(boxes), np.int32)
        return guide_wires(design, Guide(nets, np.stack(corners, axis=1), level.astype(np.int8)))

    straight = wires((0, 0, 3, 0, 1))
    detour = wires(
        (0, 0, 1, 0, 1), (1, 0, 1, 1, 2), (1, 1, 3, 1, 1), (3, 0, 3, 1, 2), (3, 0, 3, 0, 1)
    )
    return design, straight, detour


def test_a_detour_on_layers_is_told() -> None:
    design, straight, detour = by_hand()
    assert (straight.num_vias, detour.num_vias) == (0, 4)
    found = layered_difference(straight, detour)
    assert found.change.tolist() == [2]
    assert found.vias.tolist() == [4]
    assert found.apart.tolist() == [2 + 4]
    runs = [Run("a", straight.routes, wires=straight), Run("b", detour.routes, wires=detour)]
    values = comparison_values(design, runs)
    assert [run["layers"] for run in values["runs"]] == [
        {"m0": 0, "m1": 3, "m2": 0},
        {"m0": 0, "m1": 3, "m2": 2},
    ]
    assert values["runs"][1]["most_more_vias"] == [{"name": "n0", "base_vias": 0, "vias": 4}]
    text = "\n".join(comparison_lines(values))
    assert "more vias              1 nets by 4: n0 0→4" in text
    assert "fewer vias             0 nets by 0" in text
    assert re.search(r"^demand +m1 +m2$", text, re.MULTILINE)
    back = comparison_values(design, runs[::-1])["runs"][1]
    assert (back["nets_with_fewer_vias"], back["fewer_vias"], back["more_vias"]) == (1, 4, 0)
    with pytest.raises(ValueError, match="one on the plane"):
        comparison_values(design, [runs[0], Run("c", detour.routes)])


def test_the_page_has_a_table_of_layers_and_a_choice() -> None:
    layered = routed(5)
    wires = wires_of(layered)
    page = format_page(layered.design, [Run("r", wires.routes, wires=wires)])
    for layer in range(1, 4):
        arrow = "↔" if layered.layers.horizontal[layer] else "↕"
        assert f'<option value="{layer}">m{layer} {arrow}</option>' in page
    assert '<option value="0">' not in page
    assert "<td>m2</td>" in page
    assert f"<b>{layered.num_vias}</b>" in page
    plane = format_page(layered.design, [Run("r", layered.routes)])
    assert 'id="layer"' not in plane.split("<script>", 1)[0]
    assert 'class="layer-tables"' not in plane


# By files and in processes ----------------------------------------------------------------------

GR = """grid 4 3 3
vertical capacity 0 0 8
horizontal capacity 0 8 0
minimum width 1 1 1
minimum spacing 1 1 1
via spacing 1 1 1
0 0 10 10

num net 2
a 0 2 1
5 5 1
35 25 1
b 1 2 1
15 15 1
16 16 1
0
"""
SOLUTION = """a 0
(5,5,1)-(5,5,2)
(5,5,2)-(35,5,2)
(35,5,2)-(35,5,3)
(35,5,3)-(35,25,3)
(35,25,1)-(35,25,3)
!
"""


@pytest.fixture
def contest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A design of the contest, with a solution, a guide and a route file."""
    monkeypatch.chdir(tmp_path)
    Path("c.gr").write_text(GR)
    Path("c.sol").write_text(SOLUTION)
    design = ispd08.read("c.gr")
    trees = random_trees(design, 1, legal=True)
    layered = assign_layers(design, trees)
    write_guide(layered, "c.guide")
    ispd08_solution.write(layered, "other.sol")
    route_file.write(design, trees, "c.route")
    return tmp_path


def test_each_form_is_told_by_its_content(contest: Path) -> None:
    design = ispd08.read("c.gr")
    solution, guide, plane = (
        read_run(Path(name), Path("c.gr"), design, name) for name in ("c.sol", "c.guide", "c.route")
    )
    assert solution.wires is not None
    assert (solution.wirelength, solution.wires.num_vias) == (5, 4)
    assert judge(design, solution).legal
    assert guide.wires is not None
    assert np.array_equal(guide.wires.edges, plane.routes.edges)
    other = read_run(Path("other.sol"), Path("c.gr"), design, "o").wires
    assert other is not None
    assert np.array_equal(other.edges, guide.wires.edges)
    assert np.array_equal(other.layers, guide.wires.layers)
    assert plane.wires is None


@pytest.mark.parametrize("name", ["c.sol", "c.guide", "c.route"])
def test_commands_show_each_form(
    name: str, contest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra 'viz'")
    for options in ([], ["--net", "a", "--dark"], ["--kind", "histogram", "--kind", "worst"]):
        assert main(["plot", "c.gr", name, "-o", "map.png", "--dpi", "50", *options]) == 0
        assert Path("map.png").read_bytes().startswith(b"\x89PNG")
    assert main(["report", "c.gr", name, "-o", "page.html"]) == 0
    assert ('class="layer-tables"' in Path("page.html").read_text()) == (name != "c.route")
    assert main(["compare", "c.gr", name, name, "--json", "c.json", "-o", "page.html"]) == 0
    values = json.loads(Path("c.json").read_text())
    assert values["runs"][1]["differing_nets"] == 0
    assert ("vias" in values["runs"][0]) == (name != "c.route")
    capsys.readouterr()


def test_a_summary_adds_times_to_the_page_of_a_guide(contest: Path) -> None:
    design = ispd08.read("c.gr")
    length = read_run(Path("c.guide"), Path("c.gr"), design, "g").wirelength
    summary = {
        "design": {"nets": 2},
        "result": {"wirelength": length},
        "stages": {"maze": 1, "trivial": 1},
        "phases": {"layers": {"wall": 0.5, "cpu": 0.4}},
        "process": {"wall": 2.5, "cpu": 3.5, "peak_mb": 321.0},
        "passes": [],
    }
    Path("s.json").write_text(json.dumps(summary))
    arguments = ["report", "c.gr", "c.guide", "--summary", "s.json", "-o", "page.html"]
    assert main(arguments) == 0
    assert "321 MB" in Path("page.html").read_text()
    summary["result"]["wirelength"] += 1
    Path("s.json").write_text(json.dumps(summary))
    assert main(arguments) == 2


def test_layers_are_chosen_by_name(contest: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra 'viz'")
    from eda_router.report.layer_plots import cell_boxes, layer_nets_figure, layers_figure

    design = ispd08.read("c.gr")
    wires = read_run(Path("c.sol"), Path("c.gr"), design, "s").wires
    assert wires is not None
    figure = layers_figure(wires, wires.used_layers, ["worst"])
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    names = design.layers.names
    assert titles == [f"{names[1]} · horizontal", f"{names[2]} · vertical", "All layers · worst"]
    (image,) = figure.axes[0].images
    drawn = image.get_array()
    assert (drawn[0] == drawn[0, 0]).all()
    assert (drawn[1:] != drawn[0, 0]).any(axis=-1).all()
    net = layer_nets_figure(wires, [0], [0, 1, 2])
    assert net.axes[0].get_title(loc="right").startswith("2 terminals · wire 5 · 4 vias")
    dots = [c for c in net.axes[0].collections if hasattr(c, "get_offsets") and c.get_zorder() == 6]
    assert dots[0].get_offsets().tolist() == [[0, 0], [3, 0], [3, 2]]
    boxes = cell_boxes(np.array([0, 1, 2, 5, 6]), np.array([0, 5]), 4, horizontal=True)
    assert boxes == [(0, 0, 1, 0), (2, 0, 2, 0), (1, 1, 2, 1)]
    assert cell_boxes(np.array([1, 5, 9]), np.array([1, 5]), 4, horizontal=False) == [(1, 0, 1, 2)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["plot", "c.gr", "bad.guide", "-o", "map.png"], "bad.guide:3: "),
        (["report", "c.gr", "bad.guide", "-o", "map.html"], "bad.guide:3: "),
        (["compare", "c.gr", "c.guide", "bad.guide"], "bad.guide:3: "),
        (["report", "c.gr", "junk.guide", "-o", "map.html"], "junk.guide:1: "),
        (["report", "c.gr", "bad.sol", "-o", "map.html"], "bad.sol:2: "),
        (["report", "c.gr", "missing", "-o", "map.html"], "missing: cannot be read"),
        (["compare", "c.gr", "c.guide", "c.route"], "c.route: wires without layers, unlike c.g"),
        (["compare", "c.gr", "c.route", "c.guide"], "c.guide: wires with layers, unlike c.route"),
        (["report", "flat.modified", "c.guide", "-o", "map.html"], "c.guide: a guide, which needs"),
        (["plot", "c.gr", "c.guide", "--layer", "m9", "-o", "map.png"], "--layer: 'm9' is no lay"),
        (["plot", "c.gr", "c.route", "--layer", "m9", "-o", "map.png"], "--layer without layers"),
        (["plot", "c.gr", "--layer", "m9", "-o", "map.png"], "--layer without layers"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_status_2(
    arguments: list[str], expected: str, contest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra 'viz'")
    name = ispd08.read("c.gr").layers.names[1]
    Path("bad.guide").write_text(f"a\n(\n0 0 10 {name}\n)\n")
    Path("junk.guide").write_text("nonsense\n")
    Path("bad.sol").write_text(SOLUTION.replace("(5,5,1)-", "(5,5,1) to "))
    flat = Design.from_pins("flat", 4, 3, 1, 1, [("a", 0, [(0, 0), (3, 2)])])
    ispd98.write(flat, "flat.modified")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert not list(contest.glob("map*"))


def test_a_solution_of_a_design_that_is_no_problem_is_refused(contest: Path) -> None:
    design = layered_design(1)
    ispd98.write(Design.from_pins("flat", 2, 2, 1, 1, []), "flat.modified")
    with pytest.raises(InputError, match="no problem of"):
        read_run(Path("c.sol"), Path("flat.modified"), design, "s")
