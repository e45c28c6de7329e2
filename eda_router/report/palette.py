"""The colours of congestion, shared by the pictures and the page.

What an edge has left decides what it looks like: a blue that deepens with use, a jump to orange
where the last track is taken, crimson where demand exceeds capacity, the deeper the further. Blue
against orange stays apart under every common colour-vision deficiency, crimson differs from both
in lightness too and is marked by shape besides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STOPS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
DEEP = 1.5


@dataclass(frozen=True)
class Palette:
    """One theme's colours, each ``#rrggbb``.

    Attributes:
        ramp: colours of use 0, 0.25, 0.5, 0.75, 0.9 and just below 1.
        full: of an edge without a free track.
        over: of an edge with barely more demand than capacity.
        deep: of an edge with ``DEEP`` times its capacity or more.
        blocked: of an edge without capacity, where there is no demand either.
        mark: outline of what must be found at a glance.
        ink: of text and lines.
        paper: of the background.
        wire: of a net drawn on top.
        pin: of a pin drawn on top.
        layers: of wires on the layers of a net, from the lowest; they begin again after the last.
    """

    ramp: tuple[str, ...]
    full: str
    over: str
    deep: str
    blocked: str
    mark: str
    ink: str
    paper: str
    wire: str
    pin: str
    layers: tuple[str, ...]

    def layer(self, number: int) -> str:
        """The colour of layer ``number``."""
        return self.layers[number % len(self.layers)]


_LIGHT_AND_DARK: dict[str, tuple[Any, Any]] = {
    "ramp": (
        ("#f3f6fa", "#cfdfef", "#94b9dd", "#4d86c0", "#2a5c9a", "#16386a"),
        ("#131a24", "#182f4a", "#1f4d7a", "#3576b0", "#6aa5d8", "#a9cff0"),
    ),
    "full": ("#ff9d0a", "#ffc53d"),
    "over": ("#d3003f", "#f2263a"),
    "deep": ("#5c0030", "#a00020"),
    "blocked": ("#d8d8d8", "#3a3a3a"),
    "mark": ("#000000", "#ffffff"),
    "ink": ("#1b2430", "#e6ebf2"),
    "paper": ("#ffffff", "#0d1219"),
    "wire": ("#00a86b", "#3dffb0"),
    "pin": ("#111111", "#ffffff"),
    # Neighbours, which cross in every bend, differ in lightness as well as in hue.
    "layers": (
        (
            "#8a8f98",
            "#0a7f8c",
            "#e2571e",
            "#5b2fa8",
            "#4fae33",
            "#a3135f",
            "#c99700",
            "#24479e",
            "#e06bb0",
            "#6b4226",
        ),
        (
            "#8d96a5",
            "#37c5d4",
            "#ff8a4d",
            "#a98bff",
            "#8be36b",
            "#ff6fb5",
            "#ffd24a",
            "#7da2ff",
            "#ffb3de",
            "#c99a76",
        ),
    ),
}
LIGHT, DARK = (
    Palette(**{name: colours[theme] for name, colours in _LIGHT_AND_DARK.items()})
    for theme in (0, 1)
)


def rgb(colour: str) -> NDArray[np.float64]:
    """``#rrggbb`` as float64 ``(3,)`` from 0 to 1."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def congestion_colours(
    utilisation: NDArray[np.float64], palette: Palette = LIGHT
) -> NDArray[np.float64]:
    """Colours of edges by their use.

    Args:
        utilisation: float64 of any shape, demand over capacity; NaN where there is no capacity,
            infinite where there is demand without capacity.
        palette: the theme.

    Returns:
        float64 ``utilisation.shape + (3,)``, red, green and blue from 0 to 1.
    """
    below = np.nan_to_num(np.clip(utilisation, 0, 1))
    stops = np.array([rgb(colour) for colour in palette.ramp])
    colours = np.stack([np.interp(below, STOPS, stops[:, c]) for c in range(3)], axis=-1)
    colours[utilisation == 1] = rgb(palette.full)
    depth = np.clip((utilisation[utilisation > 1, None] - 1) / (DEEP - 1), 0, 1)
    colours[utilisation > 1] = rgb(palette.over) + depth * (rgb(palette.deep) - rgb(palette.over))
    colours[np.isnan(utilisation)] = rgb(palette.blocked)
    return colours
