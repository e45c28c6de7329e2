"""``edaroute plot``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eda_router.cli.options import (
    bench_argument,
    output_option,
    path_option,
    read_design,
)
from eda_router.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from eda_router.design import Design, Routes
    from eda_router.report.palette import Palette

_KINDS = ("worst", "horizontal", "vertical", "pins", "wires", "histogram")


@click.command("plot")
@bench_argument
@click.argument("route", required=False, type=click.Path(path_type=Path))
@output_option("Picture to write: .png, .svg or .pdf.", required=True)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(_KINDS),
    help="What to draw; several make a sheet.  [default: worst, or pins without a ROUTE]",
)
@click.option(
    "--net",
    "nets",
    multiple=True,
    metavar="NAME",
    help="Draw this net, by name or id, and the edges around it; several make a sheet.",
)
@click.option(
    "--drawing",
    is_flag=True,
    help="With --net: what the model sees and draws, the tree taken from it, the final wire.",
)
@path_option("--model", metavar="FOLDER", help="Model for --drawing.  [default: the bundled one]")
@click.option("--dark", is_flag=True, help="Light on dark.")
@click.option(
    "--dpi",
    type=click.IntRange(20, 1200),
    default=150,
    show_default=True,
    help="Dots an inch of a PNG.",
)
def command(
    bench: Path,
    route: Path | None,
    output: Path,
    kinds: tuple[str, ...],
    nets: tuple[str, ...],
    drawing: bool,
    model: Path | None,
    dark: bool,
    dpi: int,
) -> None:
    """Draw the congestion of the design BENCH as routed in ROUTE, its density, or single nets.

    \b
    Example:
      edaroute plot ibm02.modified ibm02.route -o congestion.png --kind horizontal --kind vertical
      edaroute plot ibm02.modified ibm02.route -o net.svg --net net18361 --drawing
    """
    from eda_router.formats import route_file
    from eda_router.report import plots
    from eda_router.report.net_plots import nets_figure

    plots.check_suffix(output)
    if kinds and nets:
        raise InputError(None, None, "options --kind and --net together", "one of them")
    if drawing and not nets:
        raise InputError(None, None, "option --drawing without a net", "--net NAME")
    if model is not None and not drawing:
        raise InputError(None, None, "option --model without --drawing", "--net NAME --drawing")

    design = read_design(bench, output, inputs=[route])
    routes = None if route is None else route_file.read(route, design).routes
    palette = plots.theme(dark)
    if nets:
        numbers = _numbers(bench, design, nets)
        draw = partial(_drawings, model) if drawing else nets_figure
        figure = draw(design, routes, numbers, palette)
    else:
        wanted = kinds or (("worst",) if routes is not None else ("pins",))
        chosen = [kind for kind in plots.PLOT_KINDS if kind in wanted]
        figure = plots.design_figure(design, routes, chosen, palette)
    plots.save_figure(figure, output, dpi)
    click.echo(f"written    {output}")


def _drawings(
    model: Path | None,
    design: Design,
    routes: Routes | None,
    nets: Sequence[int],
    palette: Palette,
) -> Figure:
    """A sheet of nets as a model draws them."""
    from eda_router.neural.engines import load_engine
    from eda_router.report.drawing import draw_net, drawings_sheet
    from eda_router.resources import bundled

    engine = load_engine(model or bundled("models", ""))
    drawn = [draw_net(engine, design, routes, net) for net in nets]
    return drawings_sheet(design, routes, drawn, palette)


def _numbers(bench: Path, design: Design, names: Sequence[str]) -> list[int]:
    """The numbers of the nets with these names or ids."""
    from eda_router.formats.text import shorten
    from eda_router.report.nets import find_net

    numbers = []
    for name in names:
        number = find_net(design, name)
        if number is None:
            raise InputError(
                bench, None, f"no net {shorten(name)}", "a net's name or id after --net"
            )
        numbers.append(number)
    return numbers
