"""What became of the nets of an exit, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.neural.decode import decode
from eda_router.neural.drawer import Attempt, Drawing
from eda_router.neural.prices import tree_prices


@dataclass
class ExitCount:
    """What became of the nets of one exit.

    Attributes:
        nets: that went to this exit.
        drawn: routed by their first drawing, whatever the wave.
        redrawn: routed by a further drawing, made by the one before.
        sampled: routed by a sample of the latent.
        joined: routed along the probability map.
        failed: left to the maze router.
        kept: routed by the model with a wire that the end result still has.
        races: trees that were refused because another net of the wave took the last track.
        retaken: of these nets, those that got another tree from the same drawing; the rest is drawn
            again.
        drawn_tiles: tiles drawn at the exit's threshold, of drawings, first or further, that became
            wire.
        taken_tiles: tiles drawn at the level that the tree was taken from, of the same.
        tree_tiles: tiles of those trees.
        wirelength: tile edges of all trees of this exit.
        cost: price of first drawings' trees under the teacher's prices, thousandths of a tile
            edge, over the nets that both the drawing and the control join; 0 without control.
        control_cost: the same of trees from blank drawings of the same windows.
    """

    nets: int = 0
    drawn: int = 0
    redrawn: int = 0
    sampled: int = 0
    joined: int = 0
    failed: int = 0
    kept: int = 0
    races: int = 0
    retaken: int = 0
    drawn_tiles: int = 0
    taken_tiles: int = 0
    tree_tiles: int = 0
    wirelength: int = 0
    cost: int = 0
    control_cost: int = 0

    def book(self, attempt: Attempt, committed: NDArray[np.bool_]) -> None:
        """Count an attempt, of whose trees those ``committed`` became wire."""
        trees, wires = attempt.trees, int(committed.sum())
        edges = int(trees.lengths[committed].sum())
        setattr(self, attempt.source, getattr(self, attempt.source) + wires)
        self.wirelength += edges
        if not isinstance(attempt, Drawing):
            return
        self.drawn_tiles += int(trees.drawn_tiles[committed].sum())
        self.taken_tiles += int(trees.taken_tiles[committed].sum())
        self.tree_tiles += edges + wires
        if attempt.is_first:
            self.races += int(trees.ok.sum()) - wires
        elif attempt.number == 1:
            self.retaken += wires

    def compare_with_blank(self, first: Attempt) -> None:
        """Book what trees of first drawings cost, and what those of blank drawings would."""
        free, pins, trees = first.windows.free, first.windows.pins, first.trees
        blank = decode(free, pins, np.ones_like(first.maps), 0.5)
        both = trees.ok & blank.ok
        self.cost += int(tree_prices(free, trees.offsets, trees.edges)[both].sum())
        self.control_cost += int(tree_prices(free, blank.offsets, blank.edges)[both].sum())

    def figures(self) -> dict[str, Any]:
        """The counts as plain values; of the tiles drawn, *ink*: their number over the trees'.

        ``ink`` is that of ``drawn_tiles``, ``taken_ink`` that of ``taken_tiles``, None where no
        drawing became wire.
        """
        figures: dict[str, Any] = vars(self).copy()
        for name, count in (("ink", "drawn_tiles"), ("taken_ink", "taken_tiles")):
            tiles = figures.pop(count)
            figures[name] = round(tiles / self.tree_tiles, 4) if self.tree_tiles else None
        return figures
