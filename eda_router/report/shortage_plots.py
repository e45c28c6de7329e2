"""The edges that a certificate of overflow prices, drawn over a map of congestion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, IntArray
from eda_router.report.congestion import MapKind
from eda_router.report.palette import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from eda_router.proof.explanation import Shortage

LABELLED = 8
"""Places with their missing tracks beside them, those that lack most; more would hide the map."""

_DIRECTIONS = {"horizontal": (HORIZONTAL,), "vertical": (VERTICAL,)}


def cut_segments(edges: IntArray, width: int, kind: MapKind = "worst") -> NDArray[np.float64]:
    """The lines between the tiles that edges join, where a cut separates them.

    Args:
        edges: int32 edge ids.
        width: of the grid, tiles.
        kind: ``horizontal`` and ``vertical`` leave out the edges of the other direction.

    Returns:
        float64 ``(edges, 2, 2)``: both ends of each line, x and y in tiles.
    """
    shown = edges[np.isin(edges & 1, _DIRECTIONS.get(kind, (HORIZONTAL, VERTICAL)))]
    tiles, upward = shown >> 1, (shown & 1) == VERTICAL
    # From the corner at the lower left end of the line to that at its other end.
    x = tiles % width + np.where(upward, -0.5, 0.5)
    y = tiles // width + np.where(upward, 0.5, -0.5)
    ends = np.stack([x + upward, y + ~upward], axis=1)
    return np.stack([np.stack([x, y], axis=1), ends], axis=1)


def draw_shortages(
    axes: Axes, places: Sequence[Shortage], width: int, kind: MapKind, palette: Palette
) -> None:
    """Draw where tracks are missing, and beside each of the worst places how many.

    Args:
        axes: of a map, in tile coordinates.
        places: the greatest shortage first.
        width: of the grid, tiles.
        kind: of the map.
        palette: the colours.
    """
    from matplotlib.collections import LineCollection

    for number, place in enumerate(places):
        segments = cut_segments(place.edges, width, kind)
        if not len(segments):
            continue
        for colour, thick in ((palette.paper, 4.2), (palette.mark, 2.0)):
            axes.add_collection(
                LineCollection(list(segments), colors=colour, linewidths=thick, zorder=4),
                autolim=False,
            )
        if number < LABELLED:
            x, y = segments.mean(axis=(0, 1))
            axes.annotate(
                f"{place.missing} missing",
                (x, y),
                xytext=(6, 6),
                textcoords="offset points",
                fontsize=8,
                color=palette.ink,
                bbox={"boxstyle": "round,pad=0.2", "facecolor": palette.paper, "edgecolor": "none"},
                zorder=5,
            )
