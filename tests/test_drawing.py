"""Pictures of how a model draws nets, with a model whose drawings are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from eda_router.cli import cli, main
from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError
from eda_router.formats import ispd98, route_file
from eda_router.neural.engines import Plans
from eda_router.report.drawing import draw_net
from tests.pictured import crowded, one_net

pytest.importorskip("matplotlib", reason="pictures need the extra 'viz'")

from eda_router.report.drawing import drawings_sheet
from eda_router.report.plots import save_figure

FloatArray = NDArray[np.float32]


LONG = Design.from_pins("long", 1, 5000, 1, 1, [("end2end", 0, [(0, 0), (0, 4999)])])


class Pencil:
    """Draws every tile and edge with one probability; samples with another."""

    exits = (8, 16)
    further = ()
    latent = 2
    planned: frozenset[int] = frozenset()
    name = "pencil"

    def __init__(self, drawn: float, sampled: float = 0.0):
        self.thresholds = {8: 0.5, 16: 0.4}
        self.drawn, self.sampled = drawn, sampled

    def draw(self, images: FloatArray, plans: Plans | None = None) -> FloatArray:
        assert images.ndim == 4
        assert images.shape[3] == 3
        return np.full(images.shape, self.drawn, np.float32)

    def sample(
        self, images: FloatArray, count: int, seed: int, plans: Plans | None = None
    ) -> FloatArray:
        shape = (len(images), count, *images.shape[1:])
        samples = np.zeros(shape, np.float32)
        samples[:, 1] = self.sampled
        return samples


def test_a_drawing_that_joins_its_pins_gives_a_tree_on_the_grid() -> None:
    design, routes = one_net()
    drawing = draw_net(Pencil(0.9), design, routes, 0)
    assert (drawing.exit, drawing.scale, drawing.threshold) == (8, 1, 0.5)
    assert drawing.mending is None
    assert drawing.drawn_tiles == 64
    assert drawing.threshold == 0.5
    assert drawing.tree is not None
    # From (1,1) to (5,1) and (5,3) no tree has fewer than 6 edges.
    assert len(drawing.tree) == 6
    x0, y0, x1, y1 = drawing.window
    assert (x1 - x0, y1 - y0) == (7, 7)
    assert x0 <= 1 <= 5 <= x1
    assert y0 <= 1 <= 3 <= y1


def test_the_net_itself_is_not_in_its_own_way() -> None:
    design = Design.from_pins("d", 3, 1, 0, 1, [("a", 0, [(0, 0), (2, 0)])])
    routes = Routes.from_lists([[0, 2]])
    drawing = draw_net(Pencil(0.9), design, routes, 0)
    assert drawing.tree is not None
    assert drawing.tree.tolist() == [0, 2]


class HesitantPencil(Pencil):
    """Presses harder when it is shown more than the three pins of :func:`one_net`."""

    def draw(self, images: FloatArray, plans: Plans | None = None) -> FloatArray:
        shown = (images[..., 2] > 0).sum(axis=(1, 2))
        pressure = np.where(shown > 3, 9, 1)[:, None, None, None].astype("f")
        return super().draw(images, plans) * pressure


def test_what_is_not_joined_is_drawn_again_by_waypoints() -> None:
    design, routes = one_net()
    drawing = draw_net(HesitantPencil(0.1), design, routes, 0)
    assert drawing.tree is None
    assert drawing.mending is not None
    assert drawing.mending.how.startswith("drawing 2, by ")
    assert len(drawing.mending.tree) == 6
    assert drawing.mending.tiles.max() > 0.8
    assert drawing.mending.how == f"drawing 2, by {len(drawing.mending.waypoints)} waypoints"
    x, y = drawing.mending.waypoints.T
    assert not (drawing.seen[y, x, 2] > 0).any()


def test_what_is_not_joined_is_mended_by_a_sample_then_by_the_threshold() -> None:
    design, routes = one_net()
    sampled = draw_net(Pencil(0.1, 0.8), design, routes, 0)
    assert sampled.tree is None
    assert sampled.mending is not None
    assert sampled.mending.how == "sample 2 of 8; 1 join the pins"
    assert len(sampled.mending.tree) == 6
    joined = draw_net(Pencil(0.1), design, routes, 0)
    assert joined.mending is not None
    # The surest of the decoder's levels at which tiles of 0.1 count.
    assert joined.mending.how == "joined at threshold 0.0839"
    lost = draw_net(Pencil(0.0), design, routes, 0, samples=0)
    assert lost.tree is None
    assert lost.mending is None


def test_nets_wider_than_the_largest_exit_are_drawn_coarsely() -> None:
    design = Design.from_pins("d", 60, 18, 1, 1, [("a", 0, [(0, 2), (59, 2)])])
    drawing = draw_net(Pencil(0.9), design, None, 0)
    assert (drawing.exit, drawing.scale) == (16, 4)
    assert drawing.tiles.shape == (16, 16)
    assert drawing.tree is not None
    assert drawing.tree.tolist() == [2 * (2 * 60 + x) for x in range(59)]


@pytest.mark.parametrize("strength", [(0.9, 0.0), (0.1, 0.9), (0.1, 0.0), (0.0, 0.0)])
@pytest.mark.parametrize("dark", [False, True])
def test_sheets_of_every_outcome(strength: tuple[float, float], dark: bool, tmp_path: Path) -> None:
    from eda_router.report.plots import theme

    design, routes = crowded()
    nets = [int(net) for net in design.routable[:2]]
    for wires in (routes, None):
        drawings = [draw_net(Pencil(*strength), design, wires, net) for net in nets]
        figure = drawings_sheet(design, wires, drawings, theme(dark))
        failed = any(drawing.tree is None for drawing in drawings)
        assert len(figure.axes) == 2 * (5 if failed else 4) + 1
        save_figure(figure, tmp_path / "sheet.png", dpi=30)


def test_a_wire_as_drawn_is_called_so() -> None:
    design = Design.from_pins("d", 9, 9, 1, 1, [("a", 0, [(1, 1), (4, 1)])])
    routes = Routes.from_lists([[2 * (9 + x) for x in (1, 2, 3)]])
    drawings = [draw_net(Pencil(0.9), design, routes, 0)]
    labels = [axes.get_xlabel() for axes in drawings_sheet(design, routes, drawings).axes]
    assert "3 edges, as drawn" in labels


def test_command_takes_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design, routes = one_net()
    bench, route, out = (tmp_path / name for name in ("d.modified", "r", "out.png"))
    ispd98.write(design, bench)
    route_file.write(design, routes, route)

    def load(folder: Any) -> Pencil:
        assert str(folder) == "some/model"
        return Pencil(0.9)

    monkeypatch.setattr("eda_router.neural.engines.load_engine", load)
    options = ["--net", "solo", "--drawing", "--model", "some/model", "--dpi", "30"]
    result = CliRunner().invoke(cli, ["plot", str(bench), str(route), "-o", str(out), *options])
    assert result.exit_code == 0, result.output
    assert out.read_bytes().startswith(b"\x89PNG")


def test_a_net_whose_window_would_dwarf_the_grid_is_refused() -> None:
    with pytest.raises(EdarouteError, match="'end2end' is too long to be drawn on a grid of 1 x"):
        draw_net(Pencil(0.9), LONG, None, 0)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--drawing"], "option --drawing without a net, expected --net NAME"),
        (["--net", "solo", "--model", "m"], "option --model without --drawing"),
        (
            ["--net", "solo", "--drawing", "--model", "missing"],
            "missing/exits.json: cannot be read",
        ),
    ],
)
def test_bad_options_are_one_line_and_status_2(
    options: list[str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    ispd98.write(one_net()[0], "d.modified")
    assert main(["plot", "d.modified", "-o", "out.png", *options]) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert not Path("out.png").exists()
