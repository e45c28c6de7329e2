"""How the model draws single nets: what it sees, what it draws, what becomes wire.

Each net is drawn as if it were the last one: all other wires of a route file are in place. That is
no replay of a run, in which the ledger was emptier, but anyone can repeat it from the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, Routes, net_boxes
from eda_router.errors import EdarouteError
from eda_router.formats.text import shorten
from eda_router.neural.coarse import ScaledExit, assign_exits, pyramid
from eda_router.neural.drawer import Attempt, Drawer, Drawing, FrozenWave, LatentSample
from eda_router.neural.engines import Engine
from eda_router.neural.extract import TILE_MAP
from eda_router.neural.tensors import MAX_FREE
from eda_router.neural.windows import Windows, cut_states, grid_edges, place_windows
from eda_router.report.curves import show_drawing, show_state
from eda_router.report.net_plots import draw_edges_background, draw_pins, draw_wire
from eda_router.report.palette import LIGHT, Palette
from eda_router.report.plots import draw_scale, new_figure
from eda_router.routing.ledger import CapacityLedger

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NO_WAYPOINTS = np.empty((0, 2), np.int64)


@dataclass(frozen=True, eq=False)
class Mending:
    """How a drawing that did not join its pins became a tree after all.

    Attributes:
        how: in words.
        tiles: float ``(size, size)``, the probabilities used instead.
        threshold: from which tiles counted as drawn.
        tree: int32 edge ids of the grid.
        waypoints: int64 ``(num_waypoints, 2)``, column and row of tiles that were shown as pins.
    """

    how: str
    tiles: NDArray[np.float32]
    threshold: float
    tree: IntArray
    waypoints: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NetDrawing:
    """One net as the model draws it.

    Attributes:
        net: its number.
        exit: size of the exit, tiles.
        scale: tiles of the grid along one tile of the exit; more than 1 for nets wider than the
            largest exit.
        origin: x and y of the window's lower-left tile, negative where the grid is smaller.
        seen: float32 ``(exit, exit, 3)``, the image that the model sees.
        tiles: float32 ``(exit, exit)``, probability of each tile.
        threshold: probability of a tile from which the tree was taken; the exit's threshold where
            the drawing does not join the pins.
        drawn_tiles: number of tiles at least so probable, pins included, at the exit's scale.
        tree: int32 edge ids of the grid; None where the drawing does not join the pins.
        mending: how it was joined then; None where it was not needed or no way was found.
    """

    net: int
    exit: int
    scale: int
    origin: tuple[int, int]
    seen: NDArray[np.float32]
    tiles: NDArray[np.float32]
    threshold: float
    drawn_tiles: int
    tree: IntArray | None
    mending: Mending | None

    @property
    def window(self) -> tuple[int, int, int, int]:
        """``(x0, y0, x1, y1)``, tiles, both ends included; it may reach over the grid's border."""
        x, y = self.origin
        side = self.exit * self.scale
        return x, y, x + side - 1, y + side - 1


def draw_net(
    engine: Engine,
    design: Design,
    routes: Routes | None,
    net: int,
    *,
    samples: int = 8,
    seed: int = 1,
) -> NetDrawing:
    """Let the model draw one net with all other wires in place.

    Args:
        engine: the model.
        design: the grid and its nets.
        routes: the wires; None for an empty grid.
        net: its number; it needs a pin.
        samples: drawings sampled when the first one does not join the pins.
        seed: of their noise.

    Returns:
        What the model saw and drew, and the tree that was taken.

    Raises:
        EdarouteError: its window would be out of proportion to the grid.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> drawing = eda_router.draw_net(eda_router.load_model(), design, None, 2)
        >>> drawing.exit, drawing.seen.shape, len(drawing.tree)
        (8, (8, 8, 3), 4)
    """
    ledger = CapacityLedger.of(design, routes)
    if routes is not None:
        ledger.release(routes.net_edges(net))
    pins = design.net_pins(net)
    offsets = np.array([0, len(pins)], np.int64)
    boxes = net_boxes(offsets, pins, design.width)
    sizes = pyramid(engine, design.num_tiles)
    assigned = list(assign_exits(boxes, sizes, design.num_tiles))
    if not assigned:
        raise EdarouteError(
            f"net {shorten(design.net_names[net])} is too long to be drawn on a grid of "
            f"{design.width} x {design.height} tiles; it is the maze router's"
        )
    ((exit_, _),) = assigned
    origins = place_windows(boxes, exit_.side, design.width, design.height)
    states = cut_states(ledger.free, origins, offsets, pins, exit_.side)
    windows = Windows.of_states(states, exit_.scale)
    wave = FrozenWave(windows)
    Drawer(engine, samples=samples, seed=seed).route(wave)
    first, last = wave.attempts[0], wave.attempts[-1]
    tiles, threshold = _tiles(first), float(first.trees.taken_levels[0])
    seen = windows.images[0]
    return NetDrawing(
        net=net,
        exit=exit_.size,
        scale=exit_.scale,
        origin=(int(origins[0, 0]), int(origins[0, 1])),
        seen=seen,
        tiles=tiles,
        threshold=threshold,
        drawn_tiles=int(np.count_nonzero((tiles >= threshold) | _pins(seen))),
        tree=_tree(first, origins, exit_.side, design.width),
        mending=None if last is first else _mending(last, origins, exit_, design.width),
    )


def _pins(seen: NDArray[np.float32]) -> NDArray[np.bool_]:
    return seen[..., 2] > 0


def _tiles(attempt: Attempt) -> NDArray[np.float32]:
    """The map of tiles over which the one tree of an attempt was taken."""
    return attempt.maps[0, ..., TILE_MAP]


def _tree(attempt: Attempt, origins: IntArray, side: int, width: int) -> IntArray | None:
    """The one tree of an attempt, in edges of the grid; None where the pins are not joined."""
    trees = attempt.trees
    if not trees.ok[0]:
        return None
    return grid_edges(trees.edges, trees.offsets, origins, side, width)


def _mending(attempt: Attempt, origins: IntArray, exit_: ScaledExit, width: int) -> Mending | None:
    """The last attempt at a net that the first one did not join; None where that failed too."""
    tree = _tree(attempt, origins, exit_.side, width)
    if tree is None:
        return None
    level, waypoints = float(attempt.trees.taken_levels[0]), _NO_WAYPOINTS
    if isinstance(attempt, Drawing):
        count = int(attempt.waypoints.sum())
        shown = f"{count} waypoint" + "s" * (count != 1) if count else "a plan"
        how = f"drawing {attempt.number}, by {shown}"
        waypoints = np.argwhere(attempt.waypoints[0])[:, ::-1]
    elif isinstance(attempt, LatentSample):
        number = f"sample {attempt.best + 1} of {attempt.drawn}"
        how = f"{number}; {attempt.joining} join the pins"
    else:
        how = f"joined at threshold {level:.3g}"
    return Mending(how, _tiles(attempt), level, tree, waypoints)


def drawings_sheet(
    design: Design,
    routes: Routes | None,
    drawings: Sequence[NetDrawing],
    palette: Palette = LIGHT,
) -> Figure:
    """A sheet with one row a net, from what the model sees to the final wire.

    A column for the mending is there only when a drawing needed it.

    Args:
        design: the grid and its nets.
        routes: its wires, for the last column; None: there are none.
        drawings: of :func:`draw_net`, one a row.
        palette: the colours.

    Returns:
        A matplotlib figure.

    Example:
        >>> import eda_router
        >>> design, model = eda_router.read("synth-tiny"), eda_router.load_model()
        >>> drawn = [eda_router.draw_net(model, design, None, net) for net in (2, 3)]
        >>> figure = eda_router.drawings_sheet(design, None, drawn)
        >>> eda_router.save_figure(figure, "drawings.png")
    """
    ledger = CapacityLedger.of(design, routes)
    mended = any(drawing.tree is None for drawing in drawings)
    columns = 4 + mended
    side = 3.1
    figure = new_figure(columns * side, len(drawings) * (side + 0.5) + 0.5, palette)
    heights = [side + 0.5] * len(drawings) + [0.4]
    grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
    for row, drawing in enumerate(drawings):
        panels = [figure.add_subplot(grid[row, column]) for column in range(columns)]
        for axes in panels:
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_facecolor(palette.paper)
            for spine in axes.spines.values():
                spine.set_color(palette.ink)
        _draw_row(panels, design, routes, ledger, drawing, mended, palette)
    draw_scale(figure.add_subplot(grid[-1, : min(columns, 3)]), palette)
    return figure


def _draw_row(
    panels: Sequence[Axes],
    design: Design,
    routes: Routes | None,
    ledger: CapacityLedger,
    drawing: NetDrawing,
    mended: bool,
    palette: Palette,
) -> None:
    seen, probable, taken, *middle, last = panels
    pins = design.net_pins(drawing.net)
    at_pins = _pins(drawing.seen)
    coarse = f" at 1:{drawing.scale}" if drawing.scale > 1 else ""
    name = design.net_names[drawing.net]
    free = np.rint(drawing.seen[..., 1::-1] * MAX_FREE).astype(np.uint8)
    show_state(seen, free, at_pins, palette)
    _name(seen, f"{name}: seen", f"{len(pins)} pins, exit {drawing.exit}{coarse}", palette)
    show_drawing(probable, drawing.tiles, at_pins, 2.0, palette)
    _name(probable, "drawn", "probability of a tile", palette)
    show_drawing(taken, drawing.tiles, at_pins, drawing.threshold, palette)
    if drawing.tree is None:
        note = "pins not joined"
    else:
        note = f"{drawing.drawn_tiles} tiles, tree of {len(drawing.tree)}"
        _local_wire(taken, drawing, drawing.tree, design.width, palette)
    _name(taken, f"taken, ≥ {drawing.threshold:.2g}", note, palette)
    if mended:
        (axes,) = middle
        mending = drawing.mending
        if mending is not None:
            show_drawing(axes, mending.tiles, at_pins, mending.threshold, palette)
            _local_wire(axes, drawing, mending.tree, design.width, palette)
            x, y = mending.waypoints.T
            axes.scatter(x, y, s=26, c=palette.paper, edgecolors=palette.ink, zorder=4)
            _name(axes, "mended", f"{mending.how}, tree of {len(mending.tree)}", palette)
        else:
            axes.axis("off")
            text = "left to the maze router" if drawing.tree is None else ""
            axes.text(0.5, 0.5, text, ha="center", color=palette.ink, transform=axes.transAxes)
    edges = np.empty(0, np.int32) if routes is None else routes.net_edges(drawing.net)
    x0, y0, x1, y1 = drawing.window
    inside = (max(x0, 0), max(y0, 0), min(x1, design.width - 1), min(y1, design.height - 1))
    draw_edges_background(last, ledger, inside, palette)
    last.set_xlim(x0 - 0.5, x1 + 0.5)
    last.set_ylim(y0 - 0.5, y1 + 0.5)
    draw_wire(last, edges, design.width, palette)
    draw_pins(last, pins, design.width, palette)
    note = f"{len(edges)} edges" if routes is not None else "no routes given"
    tree = drawing.tree
    if tree is None and drawing.mending is not None:
        tree = drawing.mending.tree
    if tree is not None and np.array_equal(np.sort(tree), edges):
        note += ", as drawn"
    _name(last, "final wire", note, palette)


def _local_wire(
    axes: Axes, drawing: NetDrawing, edges: IntArray, width: int, palette: Palette
) -> None:
    """Draw grid edges into a panel whose unit is a tile of the exit."""
    from matplotlib.collections import LineCollection

    tile, vertical = edges // 2, edges % 2 != 0
    start = np.stack([tile % width, tile // width], axis=1).astype(np.float64)
    end = start + np.stack([~vertical, vertical], axis=1)
    lines = (np.stack([start, end], axis=1) - drawing.origin + 0.5) / drawing.scale - 0.5
    axes.add_collection(
        LineCollection(
            list(lines), colors=palette.wire, linewidths=2.4, capstyle="round", zorder=2.5
        )
    )


def _name(axes: Axes, title: str, note: str, palette: Palette) -> None:
    axes.set_title(
        title, loc="left", fontsize=9, fontweight="bold", color=palette.ink, parse_math=False
    )
    axes.set_xlabel(note, fontsize=8, color=palette.ink)
