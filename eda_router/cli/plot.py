"""``edaroute plot``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import bench_argument, refuse_same_file
from eda_router.errors import InputError

_KINDS = ("worst", "horizontal", "vertical", "pins", "wires", "histogram")


@click.command("plot")
@bench_argument
@click.argument("route", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Picture to write: .png, .svg or .pdf.",
)
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
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Model for --drawing.  [default: the bundled one]",
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
    from eda_router.report import plots

    plots.check_suffix(output)
    refuse_same_file(bench, route, output)
    if kinds and nets:
        raise InputError(None, None, "options --kind and --net together", "one of them")
    if drawing and not nets:
        raise InputError(None, None, "option --drawing without a net", "--net NAME")
    if model is not None and not drawing:
        raise InputError(None, None, "option --model without --drawing", "--net NAME --drawing")

    from eda_router.files import check_writable
    from eda_router.formats import ispd98, route_file
    from eda_router.formats.text import shorten
    from eda_router.report.nets import find_net
    from eda_router.resources import bundled, find_design

    check_writable(output)
    design = ispd98.read(find_design(bench))
    routes = None if route is None else route_file.read(route, design).routes
    palette = plots.theme(dark)
    if nets:
        numbers = []
        for name in nets:
            number = find_net(design, name)
            if number is None:
                raise InputError(
                    bench, None, f"no net {shorten(name)}", "a net's name or id after --net"
                )
            numbers.append(number)
        if drawing:
            from eda_router.neural.engines import load_engine
            from eda_router.report.drawing import draw_net, drawings_sheet

            engine = load_engine(model or bundled("models", ""))
            drawn = [draw_net(engine, design, routes, number) for number in numbers]
            figure = drawings_sheet(design, routes, drawn, palette)
        else:
            from eda_router.report.net_plots import nets_figure

            figure = nets_figure(design, routes, numbers, palette)
    else:
        wanted = kinds or (("worst",) if routes is not None else ("pins",))
        figure = plots.design_figure(
            design, routes, [kind for kind in plots.PLOT_KINDS if kind in wanted], palette
        )
    plots.save_figure(figure, output, dpi)
    click.echo(f"written    {output}")
