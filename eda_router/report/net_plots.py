"""Pictures of single nets over the use of the edges around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray, Routes
from eda_router.report.congestion import utilisation
from eda_router.report.nets import wire_segments
from eda_router.report.palette import LIGHT, Palette, congestion_colours
from eda_router.report.plots import draw_scale, dress, entitle, new_figure
from eda_router.routing.ledger import CapacityLedger

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def net_window(
    pins: IntArray, edges: IntArray, width: int, height: int, margin: int = 3
) -> tuple[int, int, int, int]:
    """The part of the grid that shows a net: ``(x0, y0, x1, y1)``, tiles, both ends included."""
    tiles = np.concatenate([pins, edges // 2])
    if len(tiles) == 0:
        return 0, 0, width - 1, height - 1
    # An edge's other tile is one further right or up; the margin covers it.
    x, y = tiles % width, tiles // width
    return (
        max(int(x.min()) - margin, 0),
        max(int(y.min()) - margin, 0),
        min(int(x.max()) + margin, width - 1),
        min(int(y.max()) + margin, height - 1),
    )


def draw_edges_background(
    axes: Axes,
    ledger: CapacityLedger,
    window: tuple[int, int, int, int],
    palette: Palette,
    opacity: float = 1.0,
) -> None:
    """Draw every edge of a window as a bar between its tiles, coloured by its use.

    Args:
        axes: to draw into, in tile coordinates.
        ledger: capacities and demand.
        window: ``(x0, y0, x1, y1)``, tiles, both ends included.
        palette: the colours.
        opacity: of the bars.
    """
    from matplotlib.collections import LineCollection

    x0, y0, x1, y1 = window
    for direction, dx, dy in ((HORIZONTAL, 1, 0), (VERTICAL, 0, 1)):
        part = (slice(y0, y1 + 1 - dy), slice(x0, x1 + 1 - dx), direction)
        values = congestion_colours(
            utilisation(ledger.capacity[part], ledger.demand[part]), palette
        )
        y, x = np.mgrid[y0 : y1 + 1 - dy, x0 : x1 + 1 - dx]
        start = np.stack([x + 0.18 * dx, y + 0.18 * dy], axis=-1)
        end = np.stack([x + 0.82 * dx, y + 0.82 * dy], axis=-1)
        lines = np.stack([start, end], axis=-2).reshape(-1, 2, 2)
        # Wide bars in small windows, thin ones in large ones.
        thick = min(7.0, 130 / max(x1 - x0 + 1, y1 - y0 + 1))
        axes.add_collection(
            LineCollection(
                list(lines), colors=values.reshape(-1, 3), linewidths=thick, alpha=opacity
            )
        )
    axes.set_xlim(x0 - 0.6, x1 + 0.6)
    axes.set_ylim(y0 - 0.6, y1 + 0.6)
    axes.set_aspect("equal")


def draw_wire(axes: Axes, edges: IntArray, width: int, palette: Palette) -> None:
    """Draw a net's wire over what is already there."""
    from matplotlib.collections import LineCollection

    lines = list(wire_segments(edges, width))
    for thick, colour in ((5.0, palette.paper), (2.6, palette.wire)):
        axes.add_collection(
            LineCollection(lines, colors=colour, linewidths=thick, capstyle="round", zorder=4)
        )


def draw_pins(axes: Axes, pins: IntArray, width: int, palette: Palette) -> None:
    """Draw a net's pins as squares over what is already there, smaller in a wide view."""
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    size = float(np.clip(700 / max(high - low, top - bottom), 9, 38))
    axes.scatter(
        pins % width,
        pins // width,
        s=size,
        marker="s",
        color=palette.pin,
        edgecolors=palette.paper,
        linewidths=1.0,
        zorder=5,
    )


def nets_figure(
    design: Design, routes: Routes | None, nets: Sequence[int], palette: Palette = LIGHT
) -> Figure:
    """A sheet of nets, each with its pins and its wire over the use of the edges around it.

    Args:
        design: the grid and its nets.
        routes: its wires; None: there are none.
        nets: numbers of the nets.
        palette: the colours.

    Returns:
        A matplotlib figure.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> result = eda_router.route(design, eda_router.RouteConfig(router="maze"))
        >>> figure = eda_router.nets_figure(design, result.routes, [2, 3])
        >>> eda_router.save_figure(figure, "nets.png")
    """
    ledger = CapacityLedger.of(design, routes)
    columns = 2 if len(nets) in (2, 4) else min(len(nets), 3)
    rows = -(-len(nets) // columns)
    side = 6.2 if len(nets) == 1 else 4.0
    figure = new_figure(columns * side, rows * (side + 0.3) + 0.6, palette)
    grid = figure.add_gridspec(rows + 1, columns, height_ratios=[side] * rows + [0.4])
    for place, net in enumerate(nets):
        axes = figure.add_subplot(grid[place // columns, place % columns])
        dress(axes, palette)
        pins = design.net_pins(net)
        edges = np.empty(0, np.int32) if routes is None else routes.net_edges(net)
        draw_edges_background(
            axes, ledger, net_window(pins, edges, design.width, design.height), palette
        )
        draw_wire(axes, edges, design.width, palette)
        draw_pins(axes, pins, design.width, palette)
        state = (
            f"wire {len(edges)}"
            if len(edges)
            else ("all pins in one tile" if len(pins) < 2 else "no wire")
        )
        entitle(
            axes,
            design.net_names[net],
            f"{len(pins)} pins · {state} · half perimeter {design.half_perimeters[net]}",
            palette,
        )
    draw_scale(figure.add_subplot(grid[-1, :]), palette)
    return figure
