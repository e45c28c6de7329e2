"""Which exits draw the nets of a grid, and how nets are drawn that are wider than the largest.

The model draws those on a coarser grid: a window of ``scale`` times the model's size is pooled to
that size and drawn: a corridor ``scale`` tiles wide, in which the tree is then taken at full
resolution. :class:`ScaledExit` is the one place that tells the two kinds of windows apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray
from eda_router.errors import EdarouteError
from eda_router.neural.engines import Engine
from eda_router.neural.windows import choose_exits

MOST_GRIDS = 4
"""A coarse window, or one of a further exit, covers at most so many times the tiles of the grid. On
a long and narrow grid a window as wide as the net is nearly all beyond the border, and its memory
grows with the square."""


@dataclass(frozen=True)
class ScaledExit:
    """An exit of the model, and the scale of the windows that it draws.

    Attributes:
        size: of the exit, tiles.
        scale: tiles of the grid along one tile of the exit; more than 1 for nets wider than the
            largest exit.
    """

    size: int
    scale: int = 1

    @property
    def side(self) -> int:
        """Tiles of the grid along a window."""
        return self.size * self.scale

    @property
    def name(self) -> str:
        """``16``, or ``16 (1:4)`` where the grid is coarser."""
        return f"{self.size}" if self.scale == 1 else f"{self.size} (1:{self.scale})"

    @property
    def title(self) -> str:
        """The name in a sentence: ``exit 16``, or ``exit 16 at 1:4``."""
        return f"exit {self.size}" if self.scale == 1 else f"exit {self.size} at 1:{self.scale}"


def pyramid(
    engine: Engine, tiles: int, window: int | None = None, largest: int | None = None
) -> tuple[int, ...]:
    """The sizes of windows in which a model draws a grid's nets, in rising order.

    Where the outermost exit that it was trained for is among them, so are the further ones, as far
    as their windows are in proportion to the grid (:data:`MOST_GRIDS`).

    Args:
        engine: the model.
        tiles: of the grid.
        window: one trained exit for all nets that it holds; None: the smallest that holds each.
        largest: trained exit without ``window``; None: the outermost.

    Raises:
        EdarouteError: the model was not trained for ``window``.
    """
    if window is not None and window not in engine.exits:
        raise EdarouteError(
            f"the model has no exit for windows of {window} tiles, "
            f"only {', '.join(map(str, engine.exits))}"
        )
    limit = max(largest or engine.exits[-1], engine.exits[0])
    sizes = (window,) if window else tuple(size for size in engine.exits if size <= limit)
    if sizes[-1] < engine.exits[-1]:
        return sizes
    return *sizes, *(size for size in engine.further if size**2 <= MOST_GRIDS * tiles)


def assign_exits(
    boxes: IntArray, sizes: Sequence[int], tiles: int, coarsest: int | None = None
) -> Iterator[tuple[ScaledExit, NDArray[np.int64]]]:
    """Sort nets to exits: the smallest that holds the net, or the largest at the least scale.

    A net whose coarse window would cover more than :data:`MOST_GRIDS` times the tiles of the grid
    goes to no exit, nor does one that needs a larger scale than ``coarsest``.

    Args:
        boxes: int32 ``(num_nets, 4)``, lowest x, lowest y, highest x, highest y.
        sizes: of the exits, in rising order.
        tiles: of the grid.
        coarsest: largest scale; None, whatever the nets need.

    Yields:
        each exit that gets any net, from the smallest windows to the largest, and the indices of
        its nets, rising. Scales are powers of 2.
    """
    chosen = choose_exits(boxes, sizes)
    for index, size in enumerate(sizes):
        nets = np.flatnonzero(chosen == index)
        if len(nets):
            yield ScaledExit(size), nets
    side = np.max(boxes[:, 2:] - boxes[:, :2], axis=1) + 1
    largest = ScaledExit(sizes[-1], 2)
    wide = np.flatnonzero(chosen < 0)
    most_tiles = MOST_GRIDS * tiles
    if coarsest is not None:
        most_tiles = min(most_tiles, (largest.size * coarsest) ** 2)
    while len(wide) and largest.side**2 <= most_tiles:
        fits = side[wide] <= largest.side
        if fits.any():
            yield largest, wide[fits]
        wide = wide[~fits]
        largest = ScaledExit(largest.size, 2 * largest.scale)
