"""``edaroute plot``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eda_router.cli.options import (
    DesignSource,
    PathType,
    design_arguments,
    output_option,
    path_option,
)
from eda_router.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from eda_router.design import Design, Routes
    from eda_router.report.palette import Palette
    from eda_router.report.plots import PlotKind
    from eda_router.report.proof import Explanation
    from eda_router.report.run import Run
    from eda_router.report.wires import LayerWires

_KINDS = ("worst", "horizontal", "vertical", "pins", "wires", "histogram")


@click.command("plot")
@design_arguments
@click.argument("route", required=False, type=PathType())
@output_option("Picture to write: .png, .svg or .pdf.", required=True)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(_KINDS),
    help="What to draw, of all layers together; several make a sheet."
    "  [default: worst, or pins without a ROUTE]",
)
@click.option(
    "--layer",
    "layers",
    multiple=True,
    metavar="NAME",
    help="With a guide or a solution: draw this layer only; several make a sheet."
    "  [default: all layers with wire]",
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
@path_option(
    "--certificate",
    "certificate",
    help="With ROUTE: a certificate of overflow that edaroute bound wrote; marks the edges that it "
    "prices, and how many tracks are missing there.",
)
@click.option("--dark", is_flag=True, help="Light on dark.")
@click.option(
    "--dpi",
    type=click.IntRange(20, 1200),
    default=150,
    show_default=True,
    help="Dots an inch of a PNG.",
)
def command(
    source: DesignSource,
    route: Path | None,
    output: Path,
    kinds: tuple[PlotKind, ...],
    layers: tuple[str, ...],
    nets: tuple[str, ...],
    drawing: bool,
    model: Path | None,
    certificate: Path | None,
    dark: bool,
    dpi: int,
) -> None:
    """Draw the congestion of the design BENCH as routed in ROUTE, its density, or single nets.

    ROUTE is a route file or, for a design with layers, a guide or a solution of the contest,
    which have a map for each layer.

    \b
    Example:
      edaroute plot ibm02.modified ibm02.route -o congestion.png --kind horizontal --kind vertical
      edaroute plot chip.modified chip.route -o missing.png --certificate chip.npz
      edaroute plot ibm02.modified ibm02.route -o net.svg --net net18361 --drawing
      edaroute plot gcd.def --lef tech.lef gcd.guide -o layers.png --layer metal2 --layer metal3
    """
    from eda_router.report import plots
    from eda_router.report.results import read_run

    plots.check_suffix(output)
    if kinds and nets:
        raise InputError(None, None, "options --kind and --net together", "one of them")
    if drawing and not nets:
        raise InputError(None, None, "option --drawing without a net", "--net NAME")
    if drawing and layers:
        raise InputError(None, None, "options --drawing and --layer together", "one of them")
    if model is not None and not drawing:
        raise InputError(None, None, "option --model without --drawing", "--net NAME --drawing")

    if certificate is not None:
        _check_certificate_options(route, kinds, nets)

    design = source.read(output, inputs=[route, certificate])
    run = None if route is None else read_run(route, source.bench, design, route.name)
    if layers and (run is None or run.wires is None):
        raise InputError(route, None, "option --layer without layers in ROUTE", "a guide")
    palette = plots.theme(dark)
    if nets:
        numbers = _numbers(source.bench, design, nets)
        if drawing:
            figure = _drawings(model, design, None if run is None else run.routes, numbers, palette)
        else:
            figure = _nets(design, run, numbers, layers, palette)
    else:
        chosen = [kind for kind in plots.PLOT_KINDS if kind in kinds]
        explanation = None
        if certificate is not None and run is not None:
            from eda_router.report.proof import read_explanation

            explanation = read_explanation(certificate, design, run.routes)
        figure = _maps(design, run, chosen, layers, palette, explanation)
    plots.save_figure(figure, output, dpi)
    click.echo(f"written    {output}")


def _check_certificate_options(
    route: Path | None, kinds: Sequence[PlotKind], nets: Sequence[str]
) -> None:
    """Refuse --certificate where nothing that is asked for could show it."""
    from eda_router.report.plots import CONGESTION

    if route is None:
        raise InputError(None, None, "option --certificate without a route file", "BENCH ROUTE")
    if nets:
        raise InputError(None, None, "options --certificate and --net together", "one of them")
    if kinds and not set(kinds) & set(CONGESTION):
        raise InputError(
            None,
            None,
            "option --certificate without a map of congestion",
            f"--kind {', '.join(CONGESTION)}",
        )


def _maps(
    design: Design,
    run: Run | None,
    kinds: Sequence[PlotKind],
    layers: Sequence[str],
    palette: Palette,
    explanation: Explanation | None,
) -> Figure:
    """A sheet of maps: of the layers asked for, or of all where nothing is asked for."""
    from eda_router.report.layer_plots import layers_figure
    from eda_router.report.plots import design_figure

    if run is None:
        return design_figure(design, None, kinds or ["pins"], palette)
    if run.wires is None:
        return design_figure(design, run.routes, kinds or ["worst"], palette, explanation)
    if not kinds and not layers:
        return layers_figure(run.wires, run.wires.used_layers, ["worst"], palette)
    return layers_figure(run.wires, _layers(run.wires, layers), kinds, palette)


def _nets(
    design: Design, run: Run | None, nets: Sequence[int], layers: Sequence[str], palette: Palette
) -> Figure:
    """A sheet of nets, on layers where the run has them."""
    from eda_router.report.layer_plots import layer_nets_figure
    from eda_router.report.net_plots import nets_figure

    if run is None or run.wires is None:
        return nets_figure(design, None if run is None else run.routes, nets, palette)
    chosen = _layers(run.wires, layers) if layers else range(run.wires.stack.num_layers)
    return layer_nets_figure(run.wires, nets, chosen, palette)


def _layers(wires: LayerWires, names: Sequence[str]) -> list[int]:
    """The numbers of the layers with these names, bottom up."""
    from eda_router.formats.text import shorten

    known = wires.stack.names
    for name in names:
        if name not in known:
            raise InputError(
                None, None, f"option --layer: {shorten(name)} is no layer", ", ".join(known)
            )
    return [layer for layer, name in enumerate(known) if name in names]


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

    engine = load_engine(model)
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
