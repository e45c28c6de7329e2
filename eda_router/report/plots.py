"""Pictures of congestion and density, drawn with matplotlib on the Agg backend.

matplotlib is imported by the first picture, never by this module, so that commands which draw
nothing do not pay for it.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design, Routes
from eda_router.errors import EdarouteError, InputError
from eda_router.files import write_atomically
from eda_router.report.congestion import (
    MapKind,
    congestion_map,
    direction_figures,
    pin_density,
    utilisation_histogram,
    wire_density,
)
from eda_router.report.palette import DARK, LIGHT, Palette, congestion_colours
from eda_router.report.shortage_plots import draw_shortages
from eda_router.routing.ledger import CapacityLedger

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from eda_router.report.proof import Explanation

PlotKind = Literal["worst", "horizontal", "vertical", "pins", "wires", "histogram"]
PLOT_KINDS: tuple[PlotKind, ...] = get_args(PlotKind)
NEEDS_ROUTES = frozenset({"worst", "horizontal", "vertical", "wires", "histogram"})
CONGESTION: tuple[MapKind, ...] = get_args(MapKind)
"""Kinds that show the use of edges."""

SUFFIXES = (".png", ".svg", ".pdf")

_MAP_INCHES = 8.2  # of the longer side of a map
_LEAST_INCHES = 1.6  # of the shorter side
_RINGS = 400  # above so many overflowed edges, rings around them would hide the map
TITLES = {
    "worst": "Worse of both directions",
    "horizontal": "Horizontal congestion",
    "vertical": "Vertical congestion",
    "pins": "Pins",
    "wires": "Wire",
    "histogram": "Use of edges",
}


def check_suffix(path: str | Path) -> None:
    """Refuse a picture whose format cannot be told from its name.

    Raises:
        InputError: the suffix is not one of ``SUFFIXES``.
    """
    suffix = Path(path).suffix
    if suffix.lower() not in SUFFIXES:
        problem = f"no picture format ends in '{suffix}'" if suffix else "no suffix"
        raise InputError(path, None, problem, "a name that ends in .png, .svg or .pdf")


def save_figure(figure: Figure, path: str | Path, dpi: int = 150) -> None:
    """Write a picture beside its place and rename it; the same figure gives the same bytes.

    Args:
        figure: a matplotlib figure.
        path: with the suffix ``.png``, ``.svg`` or ``.pdf``.
        dpi: resolution of PNG and of maps inside the others, pixels an inch.

    Raises:
        InputError: the suffix is another one, or the file cannot be written.

    Example:
        >>> import eda_router
        >>> figure = eda_router.design_figure(eda_router.read("synth-tiny"), None, ["pins"])
        >>> eda_router.save_figure(figure, "pins.svg")
    """
    check_suffix(path)
    import matplotlib

    kind = Path(path).suffix.lower()[1:]
    metadata = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}[kind]
    picture = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "edaroute"}), _any_script():
        figure.savefig(picture, format=kind, dpi=dpi, metadata=metadata)
    write_atomically(path, picture.getvalue())


def rasterise(figure: Figure, dpi: int = 100) -> NDArray[np.uint8]:
    """A figure as pixels, uint8 ``(height, width, 4)``, red, green, blue and opacity."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(dpi)
    canvas: Any = FigureCanvasAgg(figure)
    with _any_script():
        canvas.draw()
    return np.asarray(canvas.buffer_rgba()).copy()


@contextmanager
def _any_script() -> Iterator[None]:
    """Draw boxes, without a word, for letters that the fonts lack: names come in every script."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def new_figure(width: float, height: float, palette: Palette = LIGHT) -> Figure:
    """An empty figure, inches, whose text and background are the palette's.

    Raises:
        EdarouteError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise EdarouteError(
            "pictures need matplotlib, which is not installed: pip install 'edaroute[viz]'"
        ) from error
    # A figure made without pyplot draws on Agg whatever the display and leaves no global state.
    return Figure(figsize=(width, height), facecolor=palette.paper, layout="constrained")


def dress(axes: Axes, palette: Palette) -> None:
    """Give the axes of a map the palette's colours and ticks at whole tiles."""
    axes.set_facecolor(palette.paper)
    axes.tick_params(colors=palette.ink, labelsize=8)
    axes.locator_params(integer=True)
    for spine in axes.spines.values():
        spine.set_color(palette.ink)
        spine.set_linewidth(0.6)


def entitle(axes: Axes, text: str, note: str, palette: Palette) -> None:
    """Write a title on the left above a map and a note on the right, as they stand.

    Names of nets may hold dollars, which matplotlib would take for mathematics.
    """
    axes.set_title(
        text, loc="left", fontsize=10, fontweight="bold", color=palette.ink, parse_math=False
    )
    axes.set_title(note, loc="right", fontsize=8, color=palette.ink)


def _ring_overflow(
    axes: Axes, values: NDArray[np.float64], left: float, bottom: float, palette: Palette
) -> None:
    y, x = np.nonzero(values > 1)
    if 0 < len(x) <= _RINGS:
        # A dark ring on a light one stands out from any ground.
        for colour, thick in ((palette.paper, 3.2), (palette.mark, 1.2)):
            axes.scatter(
                x + left,
                y + bottom,
                s=60,
                facecolors="none",
                edgecolors=colour,
                linewidths=thick,
                zorder=3,
                clip_on=False,
            )


def draw_congestion(
    axes: Axes,
    ledger: CapacityLedger,
    kind: MapKind,
    title: str,
    palette: Palette,
    *,
    brief: bool = False,
) -> None:
    """Draw the use of edges of one direction, or the worse of both, with its figures above.

    Args:
        axes: to draw into, in tile coordinates.
        ledger: capacities and demand, of a design or of one of its layers.
        kind: what to draw.
        title: of the map.
        palette: the colours.
        brief: whether to leave out figures that take room.
    """
    values = congestion_map(ledger, kind)
    # The cell of a horizontal edge lies between the two tiles that the edge joins.
    left = 0.5 if kind == "horizontal" else 0.0
    bottom = 0.5 if kind == "vertical" else 0.0
    rows, columns = values.shape
    if rows and columns:
        axes.imshow(
            congestion_colours(values, palette),
            origin="lower",
            interpolation="nearest",
            extent=(left - 0.5, left + columns - 0.5, bottom - 0.5, bottom + rows - 0.5),
        )
        _ring_overflow(axes, values, left, bottom, palette)
    directions = {"horizontal": (HORIZONTAL,), "vertical": (VERTICAL,)}.get(
        kind, (HORIZONTAL, VERTICAL)
    )
    parts = [direction_figures(ledger, direction) for direction in directions]
    edges = sum(part.edges for part in parts)
    full = sum(part.full for part in parts)
    capacity = sum(part.capacity for part in parts)
    over = sum(part.overflowed for part in parts)
    overflow = sum(part.overflow for part in parts)
    note = f"{sum(part.demand for part in parts) / capacity:.0%} used · " if capacity else ""
    note += f"{full:,} full · " if brief else f"{full:,} of {edges:,} full · "
    note += f"overflow {overflow:,}" if over else "no overflow"
    if over and not brief:
        note += f" on {over:,}, at most {max(part.max_overflow for part in parts):,}"
    entitle(axes, title, note, palette)


def _draw_density(
    figure: Figure, axes: Axes, values: NDArray[Any], title: str, unit: str, palette: Palette
) -> None:
    image = axes.imshow(
        values,
        origin="lower",
        interpolation="nearest",
        cmap="cividis",
        vmin=0,
        vmax=max(values.max(initial=0), 1),
    )
    bar = figure.colorbar(image, ax=axes, shrink=0.9, pad=0.01, aspect=18)
    bar.ax.tick_params(colors=palette.ink, labelsize=8)
    bar.outline.set_edgecolor(palette.ink)  # type: ignore[operator]
    bar.set_label(unit, color=palette.ink, fontsize=8)
    entitle(
        axes,
        title,
        f"{values.sum():,.0f} in all · at most {values.max(initial=0):,.0f} in a tile",
        palette,
    )


def _draw_histogram(axes: Axes, ledger: CapacityLedger, title: str, palette: Palette) -> None:
    histogram = utilisation_histogram(ledger)
    bins = histogram.below.shape[1]
    names = ("horizontal", "vertical")
    at_full, at_over = bins + 0.9, bins + 2.1
    for direction, (name, colour) in enumerate(zip(names, palette.ramp[2::2], strict=True)):
        shift = (direction - 0.5) * 0.42
        places = np.arange(bins) + 0.5 + shift
        axes.bar(places, histogram.below[direction], 0.42, color=colour, label=name)
        for place, count, fill in (
            (at_full, histogram.full[direction], palette.full),
            (at_over, histogram.over[direction], palette.over),
        ):
            axes.bar(
                place + shift,
                count,
                0.42,
                color=fill,
                edgecolor=palette.ink,
                linewidth=0.5,
                hatch="///" if direction == VERTICAL else None,
            )
    for place, direction_counts in ((at_full, histogram.full), (at_over, histogram.over)):
        axes.annotate(
            f"{int(direction_counts.sum()):,}",
            (place, direction_counts.max()),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=palette.ink,
        )
    ticks = [*range(0, bins + 1, 2), at_full, at_over]
    labels = [f"{100 * t // bins} %" for t in range(0, bins, 2)] + ["", "full", "over"]
    axes.set_xticks(ticks, labels)
    axes.set_xlabel("demand over capacity", color=palette.ink, fontsize=8)
    axes.set_ylabel("edges", color=palette.ink, fontsize=8)
    axes.margins(y=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    legend = axes.legend(frameon=False, fontsize=8, labelcolor=palette.ink, loc="upper center")
    legend.set_in_layout(False)
    total = int(histogram.below.sum() + histogram.full.sum() + histogram.over.sum())
    entitle(axes, title, f"{total:,} edges", palette)


def draw_scale(axes: Axes, palette: Palette) -> None:
    """Draw the legend of the congestion colours into ``axes``."""
    ramp = congestion_colours(np.linspace(0, 0.9999, 200)[None, :], palette)
    axes.imshow(ramp, extent=(0, 10, 0, 1), aspect="auto", interpolation="nearest")
    for left, colour, text in ((10.6, palette.full, "full"), (12.6, palette.over, "over")):
        axes.add_patch(_box(left, colour, palette))
        axes.text(left + 0.6, -0.35, text, ha="center", va="top", fontsize=8, color=palette.ink)
    axes.scatter(13.2, 0.5, s=60, facecolors="none", edgecolors=palette.mark, linewidths=1.1)
    for place, text in ((0, "0"), (5, "50 % of the tracks used"), (10, "<100 %")):
        axes.text(place, -0.35, text, ha="center", va="top", fontsize=8, color=palette.ink)
    axes.set_xlim(-0.6, 20)
    axes.set_ylim(-1.6, 1.1)
    axes.axis("off")


def _box(left: float, colour: str, palette: Palette) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((left, 0), 1.2, 1, facecolor=colour, edgecolor=palette.ink, linewidth=0.5)


def draw_kind(
    figure: Figure,
    axes: Axes,
    design: Design,
    ledger: CapacityLedger,
    kind: PlotKind,
    palette: Palette,
    title: str | None = None,
    *,
    brief: bool = False,
) -> None:
    """Draw one picture of a sheet.

    Args:
        figure: that ``axes`` belong to.
        axes: to draw into.
        design: the grid and its nets.
        ledger: capacities and demand.
        kind: which picture.
        palette: the colours.
        title: of the picture; its own when None.
        brief: whether to leave out figures that take room.
    """
    title = title or TITLES[kind]
    if kind == "histogram":
        _draw_histogram(axes, ledger, title, palette)
        return
    if kind == "pins":
        unit = "nets with a pin in the tile"
        _draw_density(figure, axes, pin_density(design), title, unit, palette)
    elif kind == "wires":
        unit = "tile edges of wire in the tile"
        _draw_density(figure, axes, wire_density(ledger.demand), title, unit, palette)
    else:
        draw_congestion(axes, ledger, kind, title, palette, brief=brief)
    axes.set_xlim(-0.5, design.width - 0.5)
    axes.set_ylim(-0.5, design.height - 0.5)


def design_figure(
    design: Design,
    routes: Routes | None,
    kinds: Sequence[PlotKind],
    palette: Palette = LIGHT,
    explanation: Explanation | None = None,
) -> Figure:
    """Maps of congestion or density: a sheet with one picture below the other.

    Args:
        design: the grid and its nets.
        routes: its wires; None where there are none, which leaves only ``pins`` to draw.
        kinds: the pictures, from the top.
        palette: the colours.
        explanation: where tracks are missing whatever the routing, drawn over maps of congestion;
            None draws none.

    Returns:
        A matplotlib figure.

    Raises:
        InputError: a picture needs routes and there are none.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> result = eda_router.route(design, eda_router.RouteConfig(router="maze"))
        >>> kinds = ["horizontal", "vertical"]
        >>> figure = eda_router.design_figure(design, result.routes, kinds)
        >>> eda_router.save_figure(figure, "congestion.png")
    """
    if routes is None and NEEDS_ROUTES.intersection(kinds):
        wanted = ", ".join(kind for kind in kinds if kind in NEEDS_ROUTES)
        raise InputError(None, None, f"a picture of {wanted} needs a route file", "BENCH ROUTE")
    ledger = CapacityLedger.of(design, routes)
    # Maps that are not much wider than high stand side by side.
    columns = 2 if len(kinds) > 1 and design.height > 0.6 * design.width else 1
    longer = max(design.width, design.height)
    side = _MAP_INCHES / columns**0.5
    map_width = max(side * design.width / longer, _LEAST_INCHES)
    map_height = max(side * design.height / longer, _LEAST_INCHES)
    rows = [kinds[first : first + columns] for first in range(0, len(kinds), columns)]
    heights = [2.6 if set(row) == {"histogram"} else map_height + 0.45 for row in rows]
    scale = any(kind in CONGESTION for kind in kinds)
    heights += [0.5] if scale else []
    figure = new_figure(max(columns * (map_width + 0.4), 6.4) + 0.7, sum(heights) + 0.35, palette)
    figure.suptitle(
        f"{design.name} · {design.width}×{design.height} tiles · "
        f"{len(design.routable):,} nets to route"
        + ("" if routes is None else f" · wirelength {routes.wirelength:,}")
        + ("" if explanation is None else f" · {explanation.missing:,} tracks proven missing"),
        fontsize=10,
        color=palette.ink,
        x=0.01,
        ha="left",
        parse_math=False,
    )
    grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
    for place, kind in enumerate(kinds):
        axes = figure.add_subplot(grid[place // columns, place % columns])
        dress(axes, palette)
        draw_kind(figure, axes, design, ledger, kind, palette)
        if explanation is not None and kind in CONGESTION:
            draw_shortages(axes, explanation.places, design.width, kind, palette)
    if scale:
        draw_scale(figure.add_subplot(grid[-1, :]), palette)
    return figure


def theme(dark: bool) -> Palette:
    """The palette of the dark or of the light theme."""
    return DARK if dark else LIGHT
