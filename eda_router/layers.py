"""The routing layers of a placed design: directions, capacities, and where pins can be reached.

Layers are numbered from 0, the lowest routing layer; cut layers between them are not counted. A
layer carries wires along its preferred direction only, so each tile owns one edge a layer: the edge
to its right neighbour on a horizontal layer, the edge to the tile above on a vertical one. Tiles
are numbered as in :mod:`eda_router.design`: ``tile = y * width + x``.

The two-dimensional capacity of a design is the sum over the layers of its signals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False, repr=False)
class PlacedCells:
    """The cells of a placed design, as boxes in database units.

    Attributes:
        boxes: int64 ``(num_cells, 4)``, lowest x, lowest y, highest x, highest y.
        blocks: bool ``(num_cells,)``, those that are macros (CLASS BLOCK).
    """

    boxes: NDArray[np.int64]
    blocks: NDArray[np.bool_]

    def __repr__(self) -> str:
        return f"PlacedCells({len(self.boxes)} cells, {int(self.blocks.sum())} macros)"


@dataclass(frozen=True, eq=False, repr=False)
class Layers:
    """Layers of a design, and the places at which its terminals can be reached.

    A *terminal* is one pin of a component, or one pin of the design, on one net. Its shapes may
    span tiles and layers: its *candidates* are the pairs (tile, layer) that they overlap, and a net
    is connected when its wires reach one candidate of every terminal. Terminals of net i are
    ``range(pin_offsets[i], pin_offsets[i + 1])``; candidates of terminal t are
    ``range(candidate_offsets[t], candidate_offsets[t + 1])``, at least one, in order of tile, then
    layer. ``Design.pins`` holds one candidate tile of every terminal, each tile once a net.

    Attributes:
        names: of the routing layers, bottom up.
        horizontal: bool ``(num_layers,)``: whether wires of the layer run in x.
        capacity: int32 ``(num_layers, height, width)``, tracks of the edge that each tile owns on
            each layer, after obstructions and adjustments; 0 for edges across the border and on
            layers that no net may use.
        original: int32, likewise before adjustments: bare tracks less obstructions.
        signal: first and last layer on which signals are routed.
        clock: first and last layer on which clocks are routed, or None: as signals. Capacities do
            not depend on it.
        net_is_clock: bool ``(num_nets,)``.
        pin_offsets: int64 ``(num_nets + 1,)``, into the terminals.
        candidate_offsets: int64 ``(num_terminals + 1,)``, into the candidates.
        candidate_tiles: int32 ``(num_candidates,)``.
        candidate_layers: int8 ``(num_candidates,)``. A pin may lie below the layers of signals and
            is then reached through vias; it never lies above them all.
        xs: int64 ``(width + 1,)``, left borders of the columns and the right border of the last,
            in database units.
        ys: int64 ``(height + 1,)``, lower borders of the rows and the upper border of the last.
        dbu: database units a micron.
        cells: the placed cells, or None: the format tells of none.

    Example:
        >>> import eda_router
        >>> layers = eda_router.read("synth-chip").layers
        >>> layers.names[:2], layers.horizontal[:2].tolist(), layers.capacity.shape
        (('lane1', 'lane2'), [True, False], (6, 24, 24))
    """

    names: tuple[str, ...]
    horizontal: NDArray[np.bool_]
    capacity: NDArray[np.int32]
    original: NDArray[np.int32]
    signal: tuple[int, int]
    clock: tuple[int, int] | None
    net_is_clock: NDArray[np.bool_]
    pin_offsets: NDArray[np.int64]
    candidate_offsets: NDArray[np.int64]
    candidate_tiles: NDArray[np.int32]
    candidate_layers: NDArray[np.int8]
    xs: NDArray[np.int64]
    ys: NDArray[np.int64]
    dbu: int
    cells: PlacedCells | None = None

    def __repr__(self) -> str:
        return f"Layers({', '.join(self.names)}; {self.num_terminals} terminals)"

    @property
    def num_layers(self) -> int:
        """Number of routing layers, those that no net may use included."""
        return len(self.names)

    @property
    def num_terminals(self) -> int:
        """Number of terminals of all nets."""
        return len(self.candidate_offsets) - 1

    def range_of(self, net: int) -> tuple[int, int]:
        """First and last layer on which net number ``net`` is routed."""
        return self.clock if self.clock is not None and self.net_is_clock[net] else self.signal

    def candidates(self, terminal: int) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """Tiles and layers at which terminal number ``terminal`` can be reached."""
        part = slice(self.candidate_offsets[terminal], self.candidate_offsets[terminal + 1])
        return self.candidate_tiles[part], self.candidate_layers[part]
