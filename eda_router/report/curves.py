"""Pictures of a training: its curves, and drawings beside what they should be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eda_router.dataset.teacher import tree_mask
from eda_router.neural.tensors import MAX_FREE
from eda_router.report.net_plots import draw_edges_background
from eda_router.report.palette import LIGHT, Palette
from eda_router.report.plots import new_figure, save_figure
from eda_router.routing.ledger import CapacityLedger
from eda_router.training.folder import LOG, read_log

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#1f77b4", "#e07b00", "#2a9d5c", "#8e44ad", "#c2003f", "#7f7f7f")
_MARKERS = "os^Dv*"


def curves_figure(records: Sequence[dict[str, Any]], palette: Palette = LIGHT) -> Figure:
    """Loss, connected share, ink and cost against samples, one line a stage.

    Args:
        records: of :func:`eda_router.training.folder.read_log`. Of the thresholds measured, the
            share is drawn at the lowest and the highest, ink and cost in between.
        palette: the colours of text and background.
    """
    figure = new_figure(11, 6.4, palette)
    panels = figure.subplots(2, 2)
    stages = sorted({record["stage"] for record in records})
    sizes = {record["stage"]: record["size"] for record in records}
    for place, stage in enumerate(stages):
        own = [record for record in records if record["stage"] == stage]
        seen = [record["seen"] for record in own]
        again = sizes[stage] in [sizes[s] for s in stages if s < stage]
        label = f"{sizes[stage]}×{sizes[stage]}" + (" joint" if again else "")
        style = {
            "color": _COLOURS[place % len(_COLOURS)],
            "marker": _MARKERS[place % len(_MARKERS)],
            "markersize": 3.5,
        }
        panels[0, 0].plot(seen, [record["loss"] for record in own], label=label, **style)
        if not own[0]["validation"]:
            continue
        swept = [record["validation"] for record in own]
        lowest = [_number(qualities[0]["connected"]) for qualities in swept]
        highest = [_number(qualities[-1]["connected"]) for qualities in swept]
        panels[0, 1].plot(seen, lowest, **style)
        panels[0, 1].plot(seen, highest, linestyle="--", **style)
        middle = [qualities[len(qualities) // 2] for qualities in swept]
        panels[1, 0].plot(seen, [_number(quality["ink"]) for quality in middle], **style)
        panels[1, 1].plot(seen, [_number(quality["cost"]) for quality in middle], **style)
    thresholds = [quality["threshold"] for record in records for quality in record["validation"]]
    low, high = (min(thresholds), max(thresholds)) if thresholds else (0.0, 1.0)
    titles = (
        ("validation loss", "cross-entropy a window"),
        ("connected at the first try", f"threshold {low:g} solid, {high:g} dashed"),
        ("ink", "tiles drawn over tiles of the tree, middle threshold"),
        ("cost over the teacher's", "connected windows, middle threshold"),
    )
    for axes, (title, note) in zip(panels.flat, titles, strict=True):
        _dress(axes, title, note, palette)
    panels[0, 0].set_yscale("log")
    panels[1, 0].axhline(1, color=palette.ink, linewidth=0.6, linestyle=":")
    panels[1, 1].axhline(1, color=palette.ink, linewidth=0.6, linestyle=":")
    if stages:
        panels[0, 0].legend(frameon=False, fontsize=8, labelcolor=palette.ink)
    return figure


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _dress(axes: Axes, title: str, note: str, palette: Palette) -> None:
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", color=palette.ink)
    axes.set_title(note, loc="right", fontsize=8, color=palette.ink)
    axes.set_xlabel("samples seen in the stage", fontsize=8, color=palette.ink)
    axes.tick_params(colors=palette.ink, labelsize=8)
    axes.set_facecolor(palette.paper)
    axes.grid(color=palette.ink, alpha=0.12, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.ticklabel_format(axis="x", style="plain")


def write_curves(folder: str | Path, name: str = "curves.png") -> None:
    """Draw the ``log.jsonl`` of a training's folder into a picture beside it.

    Raises:
        InputError: the log cannot be read, or the picture not written.
    """
    folder = Path(folder)
    save_figure(curves_figure(read_log(folder / LOG)), folder / name, dpi=110)


def drawings_figure(
    free: NDArray[np.uint8],
    pins: NDArray[np.bool_],
    labels: NDArray[np.uint8],
    maps: NDArray[np.floating[Any]],
    threshold: float,
    palette: Palette = LIGHT,
) -> Figure:
    """Windows side by side: what the model sees, what it draws, what it should draw.

    Args:
        free: uint8 ``(num_windows, size, size, 2)``, free tracks 0..8 of each tile's right and
            upper edge (:func:`eda_router.neural.tensors.free_tracks`).
        pins: bool ``(num_windows, size, size)``.
        labels: uint8 of that shape, the teacher's trees.
        maps: float ``(num_windows, size, size)`` or with channels of which the first counts:
            probability of each tile.
        threshold: tiles at least this probable are drawn.
        palette: the colours.
    """
    count = len(free)
    figure = new_figure(1.9 * max(count, 1), 6.2, palette)
    if not count:
        return figure
    rows = figure.subplots(3, count, squeeze=False)
    tiles = maps[..., 0] if maps.ndim == 4 else maps
    wanted_tiles = tree_mask(labels)
    for column in range(count):
        seen, drawn, wanted = (rows[row][column] for row in range(3))
        show_state(seen, free[column], pins[column], palette)
        show_drawing(drawn, tiles[column], pins[column], threshold, palette)
        show_drawing(wanted, wanted_tiles[column], pins[column], 0.5, palette)
        for axes in (seen, drawn, wanted):
            axes.set_xticks([])
            axes.set_yticks([])
    for row, text in enumerate(
        ("free tracks and pins", f"drawn, ≥ {threshold:g} framed", "wanted")
    ):
        rows[row][0].set_ylabel(text, fontsize=9, color=palette.ink)
    return figure


def show_state(
    axes: Axes, free: NDArray[np.uint8], pins: NDArray[np.bool_], palette: Palette = LIGHT
) -> None:
    """Show what the model sees: how scarce each edge's free tracks are, and the pins.

    Args:
        axes: to draw into.
        free: uint8 ``(size, size, 2)``, free tracks 0..8; none: full.
        pins: bool ``(size, size)``.
        palette: the colours; full is as striking as in the maps of congestion.
    """
    height, width = pins.shape
    tracks = np.full(free.shape, MAX_FREE, np.int32)
    ledger = CapacityLedger(tracks, tracks - free)
    draw_edges_background(axes, ledger, (0, 0, width - 1, height - 1), palette)
    _pins(axes, pins, palette)


def show_drawing(
    axes: Axes,
    tiles: NDArray[Any],
    pins: NDArray[np.bool_],
    threshold: float,
    palette: Palette = LIGHT,
) -> None:
    """Show a drawing as shades, with a frame around what is at least ``threshold``.

    Args:
        axes: to draw into.
        tiles: ``(size, size)``, probability of each tile or whether it is in the tree.
        pins: bool ``(size, size)``.
        threshold: from which on a tile counts as drawn.
        palette: the colours.
    """
    axes.imshow(
        tiles.astype(np.float64),
        origin="lower",
        interpolation="nearest",
        cmap="Greys" if palette is LIGHT else "gray",
        vmin=0,
        vmax=1.15,
    )
    frame_tiles(axes, tiles >= threshold, palette)
    _pins(axes, pins, palette)


def frame_tiles(axes: Axes, mask: NDArray[np.bool_], palette: Palette) -> None:
    """Draw the outline of a mask ``(height, width)`` of tiles."""
    from matplotlib.collections import LineCollection

    wide = np.pad(mask, 1)
    lines = []
    for y, x in np.argwhere(wide[:, 1:] != wide[:, :-1]):
        lines.append([(x - 0.5, y - 1.5), (x - 0.5, y - 0.5)])
    for y, x in np.argwhere(wide[1:] != wide[:-1]):
        lines.append([(x - 1.5, y - 0.5), (x - 0.5, y - 0.5)])
    axes.add_collection(LineCollection(lines, colors=palette.ramp[3], linewidths=1.3))


def _pins(axes: Axes, pins: NDArray[np.bool_], palette: Palette) -> None:
    y, x = np.nonzero(pins)
    axes.scatter(
        x,
        y,
        s=float(np.clip(6000 / pins.size, 8, 40)),
        marker="s",
        color=palette.pin,
        edgecolors=palette.paper,
        linewidths=0.8,
        zorder=3,
    )
