"""Pictures of the study: what variants reach, how they learn, the same nets drawn by each."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eda_router.report.curves import show_drawing, show_state
from eda_router.report.palette import LIGHT, Palette
from eda_router.report.plots import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Sequence[Mapping[str, float]]
"""Points of a training: ``tiles`` in millions, ``seconds``, ``loss``, ``connected``, ``cost``."""

_COLOURS = ("#1b2430", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a5195")
"""The reference, then colours that stay apart under colour-vision deficiencies (Okabe, Ito)."""

_PANELS = (
    ("loss", "Validation loss", "nats a window"),
    ("connected", "Share connected", "at ink {ink:g}"),
    ("cost", "Cost", "over the teacher's, threshold 0.1"),
)
_AXES = (("tiles", "million tiles seen"), ("seconds", "processor seconds"))
_ROWS_A_BLOCK = 12
_SHORT = 5.0
"""A logarithmic axis that spans less than this factor has its ticks at equal steps."""
_FAR = 6.0
"""How many times the median distance from the default a variant may lie off the picture's left."""


def overview_figure(
    title: str,
    blocks: Mapping[str, Mapping[str, Sequence[float]]],
    default: tuple[str, Sequence[float]] | None,
    palette: Palette = LIGHT,
) -> Figure:
    """What every variant reaches: a dot for each seed, a bar at the mean.

    Args:
        title: of the picture, what the shares are.
        blocks: for each row of the study the variants, for each the shares of its seeds.
        default: name and shares of the variant that others are compared with; a line at its mean
            and a band of its standard deviation run through the picture. What lies far below it is
            given as a number, so that what lies close can be told apart.
        palette: the colours of text and background.
    """
    lines: list[tuple[str, Sequence[float] | None]] = []
    if default is not None:
        lines.append(default)
    for block, variants in blocks.items():
        if variants:
            lines += [(block, None), *variants.items()]
    figure = new_figure(8.2, 0.9 + 0.23 * len(lines), palette)
    axes = figure.subplots()
    left = -math.inf
    if default is not None:
        others = [shares for _, shares in lines[1:] if shares is not None]
        left = _draw_default(axes, default[1], others, palette)
    for place, (_, shares) in enumerate(lines):
        if shares is not None:
            of_default = default is not None and place == 0
            _draw_shares(axes, place, shares, left, _COLOURS[0 if of_default else 1])
    axes.set_yticks(range(len(lines)), [name for name, _ in lines])
    for label, (_, shares) in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_fontweight("bold" if shares is None else "normal")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=palette.ink)
    axes.set_xlabel(
        "dots: seeds; bars: their means" + "; line and band: the default" * (default is not None),
        fontsize=8,
        color=palette.ink,
    )
    _dress(axes, palette)
    axes.grid(axis="y", visible=False)
    return figure


def _draw_default(
    axes: Axes, shares: Sequence[float], others: Sequence[Sequence[float]], palette: Palette
) -> float:
    """Draw the default's mean and deviation; the share that is too far below it to be shown."""
    mean = statistics.fmean(shares)
    spread = statistics.stdev(shares) if len(shares) > 1 else 0.0
    axes.axvspan(mean - spread, mean + spread, color=palette.ink, alpha=0.08, linewidth=0)
    axes.axvline(mean, color=palette.ink, linewidth=0.8, alpha=0.5)
    apart = [abs(statistics.fmean(other) - mean) for other in others]
    return mean - _FAR * statistics.median(apart) if apart else -math.inf


def _draw_shares(axes: Axes, place: int, shares: Sequence[float], left: float, colour: str) -> None:
    """Draw one variant: a dot for each seed, a bar at the mean, or a number far on the left."""
    mean = statistics.fmean(shares)
    if mean < left:
        axes.annotate(
            f"\N{LEFTWARDS ARROW} {mean:.3f}",
            (0, place),
            xycoords=("axes fraction", "data"),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=colour,
        )
        return
    near = [share for share in shares if share >= left]
    axes.plot(near, [place] * len(near), "o", color=colour, markersize=4, alpha=0.45)
    axes.plot([mean, mean], [place - 0.32, place + 0.32], color=colour, linewidth=2.2)


def learning_figure(
    title: str, variants: Mapping[str, Sequence[Curve]], ink: float, palette: Palette = LIGHT
) -> Figure:
    """Loss, connected share and cost against tiles and seconds; lines are means over the seeds.

    Args:
        title: of the picture.
        variants: for each name the curves of its seeds; thin lines are single seeds.
        ink: at which the share is connected.
        palette: the colours of text and background.
    """
    figure = new_figure(12, 6.4, palette)
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12, color=palette.ink)
    panels = figure.subplots(len(_AXES), len(_PANELS), sharey="col")
    for row, (along, note) in enumerate(_AXES):
        for column, (name, heading, detail) in enumerate(_PANELS):
            axes = panels[row, column]
            for place, (label, curves) in enumerate(variants.items()):
                colour = _COLOURS[place % len(_COLOURS)]
                style = "-" if place < len(_COLOURS) else "--"
                for curve in curves:
                    axes.plot(
                        [point[along] for point in curve],
                        [point[name] for point in curve],
                        color=colour,
                        linewidth=0.6,
                        alpha=0.3,
                    )
                x, y = (_mean(curves, key) for key in (along, name))
                axes.plot(x, y, style, color=colour, linewidth=1.8, label=label)
                axes.plot(x[-1:], y[-1:], "o", color=colour, markersize=4)
            if row == 0:
                axes.set_title(heading, loc="left", fontsize=10, color=palette.ink)
                axes.set_title(
                    detail.format(ink=ink), loc="right", fontsize=8, color=palette.ink, alpha=0.8
                )
            if name == "loss":
                axes.set_yscale("log")
                _plain_ticks(axes)
            axes.set_xlim(left=0)
            axes.set_xlabel(note, fontsize=8, color=palette.ink)
            _dress(axes, palette)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=9,
        labelcolor=palette.ink,
    )
    return figure


def _plain_ticks(axes: Axes) -> None:
    """Plain numbers on a logarithmic axis, enough of them however short it is."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    low, high = axes.get_ylim()
    short = high < _SHORT * low
    subs = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
    axes.yaxis.set_major_locator(MaxNLocator(6) if short else LogLocator(subs=subs))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _dress(axes: Axes, palette: Palette) -> None:
    axes.tick_params(colors=palette.ink, labelsize=8, which="both")
    axes.set_facecolor(palette.paper)
    axes.grid(color=palette.ink, alpha=0.12, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(palette.ink)
        spine.set_linewidth(0.6)


def _mean(curves: Sequence[Curve], key: str) -> list[float]:
    """Mean over the curves, point by point, as far as all of them go."""
    means = []
    for points in zip(*curves, strict=False):
        known = [point[key] for point in points if not math.isnan(point[key])]
        means.append(sum(known) / len(known) if known else math.nan)
    return means


def gallery_figure(
    free: NDArray[np.uint8],
    pins: NDArray[np.bool_],
    drawings: Mapping[str, NDArray[np.floating[Any]]],
    thresholds: Mapping[str, float],
    palette: Palette = LIGHT,
) -> Figure:
    """The same nets in columns, in rows what is given and what each method draws.

    Many methods stand in several blocks side by side, each with what is given at its head.

    Args:
        free: uint8 ``(num_nets, size, size, 2)``, free tracks of each tile's right and upper edge.
        pins: bool ``(num_nets, size, size)``.
        drawings: for each name ``(num_nets, size, size)``, probability of each tile.
        thresholds: for each name; tiles at least this probable are framed.
        palette: the colours.
    """
    nets, side = len(free), 1.0 if free.shape[1] < 64 else 1.7
    names = list(drawings)
    blocks = -(-len(names) // _ROWS_A_BLOCK)
    height = -(-len(names) // blocks)
    figure = new_figure(blocks * (side * nets + 1.5), side * (1 + height) * 1.02, palette)
    parts = figure.subfigures(1, blocks, squeeze=False)[0]
    for number, part in enumerate(parts):
        own = names[number * height : (number + 1) * height]
        grid = part.subplots(1 + height, nets, squeeze=False)
        for axes in grid.flat:
            axes.set_xticks([])
            axes.set_yticks([])
        for column in range(nets):
            show_state(grid[0][column], free[column], pins[column], palette)
            for line, name in zip(grid[1:], own, strict=False):
                show_drawing(
                    line[column], drawings[name][column], pins[column], thresholds[name], palette
                )
        for line in grid[1 + len(own) :]:
            for axes in line:
                axes.set_axis_off()
        labels = ["free tracks, pins", *(f"{name}\n≥ {thresholds[name]:g}" for name in own)]
        for line, label in zip(grid, labels, strict=False):
            line[0].set_ylabel(
                label.replace(", ", ",\n"),
                fontsize=8,
                color=palette.ink,
                rotation=0,
                ha="right",
                va="center",
            )
    return figure
