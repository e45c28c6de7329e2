"""Pictures of designs with layers: a map of each layer, and single nets with their vias."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design
from eda_router.layers import Layers
from eda_router.report.congestion import MapKind
from eda_router.report.layer_figures import extent_text, unit_of
from eda_router.report.net_plots import draw_edges_background, net_window
from eda_router.report.palette import LIGHT, Palette
from eda_router.report.plots import (
    TITLES,
    PlotKind,
    draw_kind,
    draw_scale,
    dress,
    entitle,
    new_figure,
)
from eda_router.report.wires import LayerWires
from eda_router.routing.ledger import CapacityLedger

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHEET_INCHES = 13.5  # of the width of a sheet of maps
_LONGEST_SIDE, _LEAST_SIDE = 7.5, 3.6  # of a map, inches
_SHAPE = 1.5  # width over height that a sheet comes close to
_FADED = 0.35  # opacity of the ground under a net
_INSET, _NESTED = 0.1, 0.24  # of the boxes of the lowest layer in their tiles, and what others add


@dataclass(frozen=True)
class _Panel:
    """A picture of a sheet."""

    title: str
    kind: PlotKind
    ledger: CapacityLedger

    @property
    def on_grid(self) -> bool:
        """Whether its axes are those of the grid."""
        return self.kind != "histogram"


def layers_figure(
    wires: LayerWires,
    layers: Sequence[int],
    kinds: Sequence[PlotKind],
    palette: Palette = LIGHT,
) -> Figure:
    """A sheet with the map of each of ``layers`` and, after them, maps of all layers together.

    Args:
        wires: of the design's nets.
        layers: numbers of the layers to draw.
        kinds: of the maps of all layers together.
        palette: the colours.

    Returns:
        A matplotlib figure.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-chip")
        >>> done = eda_router.route_layered(design, eda_router.RouteConfig(router="maze"))
        >>> eda_router.write_guide(done.layered, "chip.guide")
        >>> run = eda_router.read_run("chip.guide", "synth-chip", design, "mine")
        >>> figure = eda_router.layers_figure(run.wires, [1, 2], ["worst"])
        >>> eda_router.save_figure(figure, "layers.png")
    """
    design, stack = wires.design, wires.stack
    flat = wires.flat_ledger

    def of_layer(layer: int) -> _Panel:
        kind: MapKind = "horizontal" if stack.horizontal[layer] else "vertical"
        ledger = wires.layer_ledger(layer)
        across = int(ledger.demand[..., VERTICAL if stack.horizontal[layer] else HORIZONTAL].sum())
        title = f"{stack.names[layer]} · {kind}" + (f" (across: {across:,})" if across else "")
        return _Panel(title, kind, ledger)

    def of_all(kind: PlotKind) -> _Panel:
        title = TITLES[kind] if kind == "pins" else f"All layers · {kind}"
        return _Panel(title, kind, wires.ledger if kind == "histogram" else flat)

    panels = [of_layer(layer) for layer in layers] + [of_all(kind) for kind in kinds]
    figure = _sheet(panels, design, stack, palette)
    figure.suptitle(
        f"{design.name} · {design.width}×{design.height} tiles, {extent_text(stack)} · "
        f"{wires.nets_to_route:,} nets to route · wirelength {wires.wirelength:,} · "
        f"{wires.num_vias:,} vias",
        fontsize=10,
        color=palette.ink,
        x=0.01,
        ha="left",
        parse_math=False,
    )
    return figure


def _sheet(panels: Sequence[_Panel], design: Design, stack: Layers, palette: Palette) -> Figure:
    """Panels in rows, with tiles on the outer left and lower axes, microns on the others."""
    aspect = design.width / design.height
    columns = _columns(len(panels), aspect)
    rows = -(-len(panels) // columns)
    width = min(max(_SHEET_INCHES / columns, _LEAST_SIDE), _LONGEST_SIDE * min(aspect, 1))
    height = max(width / aspect, 1.4)
    width, height = max(width, 3.4), min(height, _LONGEST_SIDE)
    figure = new_figure(columns * width + 0.9, rows * (height + 0.45) + 1.1, palette)
    heights = [height + 0.45] * rows + [0.5]
    grid = figure.add_gridspec(rows + 1, columns, height_ratios=heights)
    for place, panel in enumerate(panels):
        row, column = divmod(place, columns)
        axes = figure.add_subplot(grid[row, column])
        dress(axes, palette)
        draw_kind(figure, axes, design, panel.ledger, panel.kind, palette, panel.title, brief=True)
        if panel.on_grid:

            def grid_at(other: int) -> bool:
                return other < len(panels) and panels[other].on_grid

            left = column == 0 or not grid_at(place - 1)
            right = column == columns - 1 or not grid_at(place + 1)
            _measure(axes, stack, palette, (left, not grid_at(place + columns), row == 0, right))
    draw_scale(figure.add_subplot(grid[-1, :]), palette)
    return figure


def _columns(count: int, aspect: float) -> int:
    """How many panels side by side come closest to the shape of a sheet, few places empty."""

    def badness(columns: int) -> float:
        rows = -(-count // columns)
        shape = columns * aspect / rows
        return abs(math.log(shape / _SHAPE)) + 0.25 * (rows * columns - count)

    return min(range(1, min(count, 5) + 1), key=badness)


def _measure(
    axes: Axes, stack: Layers, palette: Palette, sides: tuple[bool, bool, bool, bool]
) -> None:
    """Number tiles on the left and below, and microns above and on the right, where asked to."""
    left, below, above, right = sides
    axes.tick_params(labelleft=left, labelbottom=below)
    for wanted, set_label in ((below, axes.set_xlabel), (left, axes.set_ylabel)):
        if wanted:
            set_label("tiles", color=palette.ink, fontsize=8, labelpad=1)
    seconds = []
    if above:
        seconds.append(axes.secondary_xaxis("top", functions=_to_units(stack.xs / stack.dbu)))
    if right:
        seconds.append(axes.secondary_yaxis("right", functions=_to_units(stack.ys / stack.dbu)))
    for second in seconds:
        second.tick_params(colors=palette.ink, labelsize=7, length=2.5, pad=1)
        second.spines[:].set_visible(False)
    if seconds:
        # In the corner, where it holds for both.
        axes.annotate(
            unit_of(stack),
            (1, 1),
            xycoords="axes fraction",
            xytext=(12, 5),
            textcoords="offset points",
            fontsize=7,
            color=palette.ink,
        )


def _to_units(
    borders: NDArray[np.float64],
) -> tuple[Callable[..., NDArray[np.float64]], Callable[..., NDArray[np.float64]]]:
    """Position of a tile coordinate and back, for borders of tiles; straight on beyond them."""
    count = len(borders) - 1
    step = (borders[-1] - borders[0]) / count
    beyond = 1000 * count
    tiles = np.concatenate([[-0.5 - beyond], np.arange(count + 1) - 0.5, [count - 0.5 + beyond]])
    places = np.concatenate([[borders[0] - beyond * step], borders, [borders[-1] + beyond * step]])
    return (
        lambda tile: np.interp(tile, tiles, places),
        lambda place: np.interp(place, places, tiles),
    )


def layer_nets_figure(
    wires: LayerWires, nets: Sequence[int], layers: Sequence[int], palette: Palette = LIGHT
) -> Figure:
    """A sheet of nets, each with its boxes, vias and terminals over the use of the edges around.

    Args:
        wires: of the design's nets.
        nets: their numbers.
        layers: the layers whose boxes are drawn, and whose edges lie under them.
        palette: the colours.

    Returns:
        A matplotlib figure.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-chip")
        >>> done = eda_router.route_layered(design, eda_router.RouteConfig(router="maze"))
        >>> eda_router.write_guide(done.layered, "chip.guide")
        >>> run = eda_router.read_run("chip.guide", "synth-chip", design, "mine")
        >>> figure = eda_router.layer_nets_figure(run.wires, [2, 3], [0, 1, 2])
        >>> eda_router.save_figure(figure, "nets.png")
    """
    columns = 2 if len(nets) in (2, 4) else min(len(nets), 3)
    rows = -(-len(nets) // columns)
    side = 7.0 if len(nets) == 1 else 4.6
    figure = new_figure(columns * side, rows * (side + 0.3) + 1.0, palette)
    grid = figure.add_gridspec(rows + 2, columns, height_ratios=[side] * rows + [0.3, 0.4])
    parts = [wires.ledger.capacity, wires.ledger.demand]
    ledger = CapacityLedger(*(part[list(layers)].sum(axis=0, dtype=np.int32) for part in parts))
    for place, net in enumerate(nets):
        axes = figure.add_subplot(grid[place // columns, place % columns])
        dress(axes, palette)
        _draw_net(axes, wires, net, layers, ledger, palette)
        _measure(axes, wires.stack, palette, (True, True, True, True))
    _draw_legend(figure.add_subplot(grid[-2, :]), wires, nets, layers, palette)
    draw_scale(figure.add_subplot(grid[-1, :]), palette)
    return figure


def _draw_net(
    axes: Axes,
    wires: LayerWires,
    net: int,
    layers: Sequence[int],
    ledger: CapacityLedger,
    palette: Palette,
) -> None:
    design, width = wires.design, wires.design.width
    cell_layers, tiles = wires.net_cells(net)
    part = slice(wires.offsets[net], wires.offsets[net + 1])
    edges, edge_layers = wires.edges[part], wires.layers[part]
    window = net_window(
        np.concatenate([design.net_pins(net), tiles]).astype(np.int32),
        np.empty(0, np.int32),
        width,
        design.height,
        margin=2,
    )
    draw_edges_background(axes, ledger, window, palette, _FADED)
    used = [layer for layer in layers if np.any(cell_layers == layer)]
    for rank, layer in enumerate(used):
        inset = _INSET + _NESTED * rank / max(len(used) - 1, 1)
        horizontal = bool(wires.stack.horizontal[layer])
        along = edges[(edge_layers == layer) & (edges % 2 == (not horizontal))] // 2
        boxes = cell_boxes(tiles[cell_layers == layer], along, width, horizontal)
        _draw_boxes(axes, boxes, inset, palette.layer(layer), palette)
    size = float(np.clip(900 / max(window[2] - window[0] + 1, window[3] - window[1] + 1), 14, 90))
    vias = wires.via_tiles[wires.via_offsets[net] : wires.via_offsets[net + 1]]
    _draw_dots(axes, np.unique(vias), width, size, palette)
    _draw_terminals(axes, wires, net, size, palette)
    count = int(wires.stack.pin_offsets[net + 1] - wires.stack.pin_offsets[net])
    entitle(
        axes,
        design.net_names[net],
        f"{count} terminals · wire {wires.lengths[net]:,} · {len(vias):,} vias · "
        f"{wires.layers_text(net)}",
        palette,
    )


def cell_boxes(
    tiles: NDArray[np.integer], crossed: NDArray[np.integer], width: int, horizontal: bool
) -> list[tuple[int, ...]]:
    """Join tiles that wire in a layer's direction joins.

    Args:
        tiles: of a net on one layer, distinct.
        crossed: tiles from which the net's wire goes on to the right or upwards on that layer.
        width: of the grid.
        horizontal: the layer's direction.

    Returns:
        boxes ``(x0, y0, x1, y1)``, tiles, both ends included.
    """
    y, x = np.divmod(tiles, width)
    order = np.lexsort((x, y) if horizontal else (y, x))
    tiles = tiles[order]
    joined = np.diff(tiles) == (1 if horizontal else width)
    joined &= np.isin(tiles[:-1], crossed)
    breaks = np.flatnonzero(~joined)
    starts, ends = np.append(0, breaks + 1), np.append(breaks, len(tiles) - 1)
    return [
        (first % width, first // width, last % width, last // width)
        for first, last in zip(tiles[starts].tolist(), tiles[ends].tolist(), strict=True)
    ]


def _draw_boxes(
    axes: Axes, boxes: Sequence[tuple[int, ...]], inset: float, colour: str, palette: Palette
) -> None:
    from matplotlib.patches import FancyBboxPatch

    side = 1 - 2 * inset
    for x0, y0, x1, y1 in boxes:
        for face, edge, opacity, thick in (
            (palette.paper, palette.paper, 0.9, 1.6),
            (colour, colour, 0.55, 0.9),
        ):
            axes.add_patch(
                FancyBboxPatch(
                    (x0 - side / 2, y0 - side / 2),
                    x1 - x0 + side,
                    y1 - y0 + side,
                    boxstyle="round,pad=0,rounding_size=0.12",
                    facecolor=(face, opacity),
                    edgecolor=edge,
                    linewidth=thick,
                    zorder=4,
                )
            )


def _draw_dots(
    axes: Axes, tiles: NDArray[np.integer], width: int, size: float, palette: Palette
) -> None:
    axes.scatter(
        tiles % width,
        tiles // width,
        s=0.45 * size,
        color=palette.ink,
        edgecolors=palette.paper,
        linewidths=0.7,
        zorder=6,
    )


def _draw_terminals(axes: Axes, wires: LayerWires, net: int, size: float, palette: Palette) -> None:
    """Squares around the tiles where terminals are reached, crosses where one is not."""
    layers, width = wires.stack, wires.design.width
    terminals = slice(layers.pin_offsets[net], layers.pin_offsets[net + 1])
    reached = wires.terminal_tiles[terminals]
    first = layers.candidate_tiles[layers.candidate_offsets[:-1][terminals]]
    square = {"marker": "s", "s": 1.5 * size, "facecolors": "none", "zorder": 5}
    for colour, thick in ((palette.paper, 3.4), (palette.pin, 1.4)):
        _mark(axes, reached[reached >= 0], width, edgecolors=colour, linewidths=thick, **square)
    cross = {"marker": "x", "s": 1.5 * size, "zorder": 7}
    for colour, thick in ((palette.paper, 4.5), (palette.over, 2.2)):
        _mark(axes, first[reached < 0], width, color=colour, linewidths=thick, **cross)


def _mark(axes: Axes, tiles: NDArray[np.integer], width: int, **style: Any) -> None:
    """A mark on each of ``tiles``."""
    tiles = np.unique(tiles)
    axes.scatter(tiles % width, tiles // width, **style)


def _draw_legend(
    axes: Axes, wires: LayerWires, nets: Sequence[int], layers: Sequence[int], palette: Palette
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    drawn = np.unique(np.concatenate([wires.net_cells(net)[0] for net in nets]))
    entries: list[Patch | Line2D] = [
        Patch(
            facecolor=(palette.layer(layer), 0.55),
            edgecolor=palette.layer(layer),
            label=wires.stack.names[layer],
        )
        for layer in layers
        if layer in drawn
    ]

    def mark(shape: str, label: str, face: str, edge: str) -> Line2D:
        return Line2D(
            [],
            [],
            linestyle="none",
            marker=shape,
            markersize=7,
            markerfacecolor=face,
            markeredgecolor=edge,
            label=label,
        )

    entries.append(mark("o", "vias", palette.ink, palette.paper))
    entries.append(mark("s", "terminal", "none", palette.pin))
    ends = [wires.stack.pin_offsets[[net, net + 1]] for net in nets]
    if any(np.any(wires.terminal_tiles[first:last] < 0) for first, last in ends):
        entries.append(mark("x", "terminal not reached", palette.over, palette.over))
    axes.axis("off")
    axes.legend(
        handles=entries,
        loc="center",
        ncols=math.ceil(len(entries) / math.ceil(len(entries) / 8)),
        frameon=False,
        fontsize=8,
        labelcolor=palette.ink,
        handlelength=1.4,
        columnspacing=1.4,
    )
