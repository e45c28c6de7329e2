"""Pictures: every kind on every sort of data, formats, errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from eda_router.cli import cli, main
from eda_router.design import Design, Routes
from eda_router.formats import ispd98, route_file
from eda_router.proof.certificate import write_certificate
from tests.pictured import CASES, one_net, relaxed
from tests.unroutable import NARROW, certificate_of, narrow_row, write_files

pytest.importorskip("matplotlib", reason="pictures need the extra 'viz'")

from eda_router.report import plots
from eda_router.report.net_plots import nets_figure
from eda_router.report.proof import read_explanation
from eda_router.report.shortage_plots import cut_segments

Case = Callable[[], tuple[Design, Routes]]
_MAGIC = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A design with one net, and its routes, as files."""
    design, routes = one_net()
    ispd98.write(design, tmp_path / "one.modified")
    route_file.write(design, routes, tmp_path / "one.route")
    return tmp_path / "one.modified", tmp_path / "one.route"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize("kind", plots.PLOT_KINDS)
def test_every_kind_draws_every_sort_of_data(
    case: Case, kind: plots.PlotKind, tmp_path: Path
) -> None:
    design, routes = case()
    path = tmp_path / "map.png"
    plots.save_figure(plots.design_figure(design, routes, [kind]), path, dpi=50)
    assert path.read_bytes().startswith(_MAGIC[".png"])
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.png"]


@pytest.mark.parametrize("case", CASES[1:], ids=lambda case: case.__name__)
def test_nets_are_drawn_alone_and_as_a_sheet(case: Case, tmp_path: Path) -> None:
    design, routes = case()
    nets = list(range(min(design.num_nets, 2)))
    for some in (nets[:1], nets):
        for wires in (routes, None):
            figure = nets_figure(design, wires, some)
            plots.save_figure(figure, tmp_path / "net.png", dpi=40)
            titles = [axes.get_title(loc="left") for axes in figure.axes]
            assert titles[: len(some)] == [design.net_names[net] for net in some]


def test_the_map_shows_what_the_ledger_says() -> None:
    design, routes = one_net()
    figure = plots.design_figure(design, routes, ["horizontal"])
    (image,) = figure.axes[0].images
    drawn = image.get_array()
    assert drawn is not None
    assert drawn.shape == (5, 8, 3)
    used = drawn[1, 1:5]
    assert (used == used[0]).all()
    assert (used[0] != drawn[0, 0]).any()
    # A horizontal edge lies between two tile centres.
    assert image.get_extent() == [0, 8, -0.5, 4.5]
    assert "no overflow" in figure.axes[0].get_title(loc="right")


def test_overflow_is_ringed_where_it_is() -> None:
    design = Design.from_pins(
        "d", 4, 4, 1, 1, [("a", 0, [(0, 0), (1, 0)]), ("b", 1, [(0, 0), (1, 0)])]
    )
    routes = Routes.from_lists([[0], [0]])
    axes = plots.design_figure(design, routes, ["horizontal"]).axes[0]
    rings = axes.collections[-1]
    assert rings.get_offsets().tolist() == [[0.5, 0.0]]
    assert "overflow 1 on 1" in axes.get_title(loc="right")


NAMES = ["$\\alpha_{x$y", "$$", "$abc$1234$auto$n55", "\\genblk1[0]", "网络_时钟", "a_b^c%#&"]


@pytest.mark.parametrize("suffix", _MAGIC)
@pytest.mark.filterwarnings("error")
def test_names_are_drawn_as_they_stand(suffix: str, tmp_path: Path) -> None:
    nets = [(name, net, [(net, 0), (net, 2)]) for net, name in enumerate(NAMES)]
    design = Design.from_pins("$d$ 设计 $x", 9, 3, 1, 1, nets)
    for number, name in enumerate(NAMES):
        figure = nets_figure(design, None, [number])
        plots.save_figure(figure, tmp_path / f"net{suffix}", dpi=40)
        title = figure.axes[0]._left_title
        assert title.get_text() == name
        assert not title.get_parse_math()
    figure = plots.design_figure(design, None, ["pins"])
    plots.save_figure(figure, tmp_path / f"map{suffix}", dpi=40)
    assert figure.get_suptitle().startswith("$d$ 设计 $x · 9×3 tiles")
    plots.rasterise(nets_figure(design, None, [4]), 40)


@pytest.mark.parametrize("suffix", _MAGIC)
def test_the_suffix_chooses_the_format_and_runs_repeat(suffix: str, tmp_path: Path) -> None:
    design, routes = relaxed()
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix.upper()}"
    for path in (first, second):
        plots.save_figure(plots.design_figure(design, routes, ["worst", "histogram"]), path)
    assert first.read_bytes().startswith(_MAGIC[suffix])
    assert first.read_bytes() == second.read_bytes()


def test_command_draws(files: tuple[Path, Path], tmp_path: Path) -> None:
    bench, route = map(str, files)
    out = str(tmp_path / "out.svg")
    for options in (
        [route],
        [],
        [route, "--kind", "horizontal", "--kind", "pins", "--dark"],
        [route, "--net", "solo"],
        ["--net", "7", "--net", "solo"],
    ):
        result = CliRunner().invoke(cli, ["plot", bench, *options, "-o", out])
        assert result.exit_code == 0, result.output
        assert Path(out).read_bytes().startswith(_MAGIC[".svg"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-o", "map.jpeg"], "map.jpeg: no picture format ends in '.jpeg', expected a name"),
        (["-o", "map"], "map: no suffix, expected a name that ends in .png, .svg or .pdf"),
        (["-o", "map.png", "--kind", "worst"], "a picture of worst needs a route file"),
        (
            ["-o", "map.png", "--net", "nonet"],
            "one.modified: no net 'nonet', expected a net's name",
        ),
        (["-o", "map.png", "--net", "a", "--kind", "pins"], "--kind and --net together"),
        (["-o", "no/folder/map.png"], "no/folder/map.png: cannot be written"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    options: list[str],
    expected: str,
    files: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plot", str(files[0]), *options]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert not list(tmp_path.glob("map*"))


def test_lines_of_a_cut_separate_the_tiles_of_its_edges() -> None:
    # On a grid 4 wide: (1,0)-(2,0) and (2,1)-(2,2).
    segments = cut_segments(np.array([2, 13], np.int32), 4)
    assert segments.tolist() == [[[1.5, -0.5], [1.5, 0.5]], [[1.5, 1.5], [2.5, 1.5]]]
    assert cut_segments(np.array([2, 13], np.int32), 4, "vertical").tolist() == [
        [[1.5, 1.5], [2.5, 1.5]]
    ]


def test_missing_tracks_are_marked_where_they_are(tmp_path: Path) -> None:
    design, routes = narrow_row()
    _, _, certificate = write_files(tmp_path)
    explanation = read_explanation(Path(certificate), design, routes)
    assert explanation.missing == 2
    assert [place.edges.tolist() for place in explanation.places] == [[NARROW]]
    figure = plots.design_figure(
        design, routes, ["horizontal", "vertical", "pins"], explanation=explanation
    )
    horizontal, vertical, pins, _ = figure.axes[:4]
    (_, lines) = horizontal.collections[-2:]
    assert [path.vertices.tolist() for path in lines.get_paths()] == [[[1.5, -0.5], [1.5, 0.5]]]
    assert [text.get_text() for text in horizontal.texts] == ["2 missing"]
    assert not vertical.texts
    assert not pins.texts
    assert "2 tracks proven missing" in figure.get_suptitle()


def test_command_marks_missing_tracks(tmp_path: Path) -> None:
    bench, route, certificate = write_files(tmp_path)
    out = tmp_path / "out.svg"
    arguments = ["plot", bench, route, "-o", str(out), "--certificate", certificate]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert out.read_bytes().startswith(_MAGIC[".svg"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["row.modified", "--certificate", "row.npz"], "--certificate without a route file"),
        (["row.modified", "row.route", "--certificate", "row.npz", "--net", "n0"], "and --net"),
        (
            ["row.modified", "row.route", "--certificate", "row.npz", "--kind", "pins"],
            "without a map of congestion, expected --kind horizontal, vertical, worst",
        ),
        (["row.modified", "row.route", "--certificate", "row.route"], "no certificate"),
        (
            ["row.modified", "row.route", "--certificate", "wire.npz"],
            "wire.npz: a certificate of wirelength, expected one of overflow",
        ),
        (["other.modified", "row.route", "--certificate", "row.npz"], "row.npz: "),
    ],
)
def test_certificates_that_cannot_be_shown_are_refused(
    options: list[str],
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path)
    design, _ = narrow_row()
    write_certificate(certificate_of(design, "wirelength"), "wire.npz")
    wider = replace(design, capacity=2 * design.capacity)
    ispd98.write(wider, "other.modified")
    assert main(["plot", *options, "-o", "out.svg"]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert not Path("out.svg").exists()


def test_matplotlib_stays_out_until_something_is_drawn() -> None:
    code = (
        "import sys, eda_router.report.plots, eda_router.report.page, eda_router.report.compare;"
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_matplotlib_one_line_says_what_to_install(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from eda_router.cli import main\n"
        f"sys.exit(main(['plot', {str(files[0])!r}, '-o', {str(tmp_path / 'out.png')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'edaroute[viz]'" in done.stderr
