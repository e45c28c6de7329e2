"""Maps of a placement, before any net is routed.

All maps are float64 ``(width, height)``: the first axis is x, the second y, so that ``map[0, 0]``
is the lower-left GCell. This is CircuitNet's order, the transpose of :mod:`eda_router.design`.

RUDY is the expected wire of nets spread evenly over their boxes [1]. Lengths are in GCells: a net
whose terminals touch ``w`` columns and ``h`` rows of GCells weighs ``1 / w + 1 / h`` in each GCell
of its box. It is *long* where ``w`` or ``h`` is more than 1, else *short*.

[1] P. Spindler, F. M. Johannes: Fast and Accurate Routing Demand Estimation for Efficient
    Routability-driven Placement, DATE 2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, net_boxes
from eda_router.layers import Layers, PlacedCells

Map: TypeAlias = NDArray[np.float64]


def feature_maps(design: Design) -> dict[str, Map]:
    """The maps of a placement, by their folders in CircuitNet.

    A design without cells has no map ``cell_density``, and no macros.

    Args:
        design: of any format.

    Returns:
        float64 ``(width, height)``, by folder; ``docs/maps.md`` has definition and unit of each.

    Example:
        >>> import eda_router
        >>> maps = eda_router.feature_maps(eda_router.read("synth-chip"))
        >>> sorted(maps)[-1], maps["RUDY/RUDY"].shape, maps["RUDY/RUDY"].dtype
        ('macro_region', (24, 24), dtype('float64'))
    """
    pins = touched_tiles(design)
    maps = {"macro_region": np.zeros((design.width, design.height)), **rudy_maps(design, pins)}
    layers = design.layers
    if layers is not None and layers.cells is not None:
        maps["macro_region"] = macro_region(layers, layers.cells)
        maps["cell_density"] = cell_density(layers, layers.cells)
    return maps


@dataclass(frozen=True, eq=False)
class TouchedTiles:
    """The GCells that the terminals of nets touch.

    Attributes:
        offsets: int64 ``(num_nets + 1,)``, into ``tiles``.
        tiles: int32. Terminals that share a GCell are there once each. Nets of one terminal have
            none: they take no wire.
    """

    offsets: NDArray[np.int64]
    tiles: IntArray


def touched_tiles(design: Design) -> TouchedTiles:
    """The GCells that each terminal's shapes touch; without layers, those with a pin of the net."""
    layers = design.layers
    if layers is None:
        return TouchedTiles(design.pin_offsets, design.pins)
    terminals = np.repeat(np.arange(layers.num_terminals), np.diff(layers.candidate_offsets))
    # Candidates stand in order of tile, then layer: a tile on two layers is touched once.
    fresh = (np.diff(terminals, prepend=-1) != 0) | (
        np.diff(layers.candidate_tiles, prepend=-1) != 0
    )
    counts = np.diff(layers.pin_offsets)
    nets = np.repeat(np.arange(design.num_nets), counts)[terminals]
    chosen = fresh & (counts[nets] > 1)
    offsets = np.zeros(design.num_nets + 1, np.int64)
    np.cumsum(np.bincount(nets[chosen], minlength=design.num_nets), out=offsets[1:])
    return TouchedTiles(offsets, layers.candidate_tiles[chosen])


def rudy_maps(design: Design, pins: TouchedTiles) -> dict[str, Map]:
    """``RUDY/RUDY``, ``RUDY_long`` and ``RUDY_short``, which sum to it, in wire a GCell.

    ``RUDY_pin`` and ``RUDY_pin_long`` give the weight of a net to each GCell that a terminal of it
    touches, once for each terminal, instead of to its box.
    """
    shape = design.width, design.height
    boxes = net_boxes(pins.offsets, pins.tiles, design.width)
    wide, tall = (boxes[:, 2:] - boxes[:, :2] + 1).T
    weights = 1 / wide + 1 / tall
    long = (wide > 1) | (tall > 1)
    maps = {name: np.zeros(shape) for name in ("RUDY_long", "RUDY_short")}
    for net in np.flatnonzero(np.diff(pins.offsets)).tolist():
        x0, y0, x1, y1 = boxes[net].tolist()
        image = maps["RUDY_long" if long[net] else "RUDY_short"]
        image[x0 : x1 + 1, y0 : y1 + 1] += weights[net]
    nets = np.repeat(np.arange(design.num_nets), np.diff(pins.offsets))
    for name, chosen in (("RUDY_pin", np.ones_like(long)), ("RUDY_pin_long", long)):
        image = maps[name] = np.zeros(shape)
        mine = chosen[nets]
        places = pins.tiles[mine] % design.width, pins.tiles[mine] // design.width
        np.add.at(image, places, weights[nets[mine]])
    maps = {"RUDY": maps["RUDY_long"] + maps["RUDY_short"], **maps}
    return {f"RUDY/{name}": image for name, image in maps.items()}


def cell_density(layers: Layers, cells: PlacedCells) -> Map:
    """Cells, macros among them, whose box overlaps each GCell, in cells."""
    return _counts(layers, cells.boxes).astype(np.float64)


def macro_region(layers: Layers, cells: PlacedCells) -> Map:
    """1 where a macro overlaps the GCell, else 0."""
    return (_counts(layers, cells.boxes[cells.blocks]) > 0).astype(np.float64)


def _counts(layers: Layers, boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Boxes that overlap each GCell, int64 ``(width, height)``."""
    spans = []
    inside = np.ones(len(boxes), np.bool_)
    for axis, lines in enumerate((layers.xs, layers.ys)):
        low, high = boxes[:, axis], boxes[:, axis + 2]
        inside &= (low < lines[-1]) & (high > lines[0]) & (low < high)
        first = np.clip(np.searchsorted(lines, low, "right") - 1, 0, len(lines) - 2)
        last = np.clip(np.searchsorted(lines, high, "left") - 1, 0, len(lines) - 2)
        spans += [first, last + 1]
    x0, x1, y0, y1 = (span[inside] for span in spans)
    # Each box adds 1 at its corners, with signs such that running sums spread it over its GCells.
    marks = np.zeros((len(layers.xs), len(layers.ys)), np.int64)
    for x, y, sign in ((x0, y0, 1), (x1, y0, -1), (x0, y1, -1), (x1, y1, 1)):
        np.add.at(marks, (x, y), sign)
    counts: NDArray[np.int64] = marks.cumsum(axis=0).cumsum(axis=1)[:-1, :-1]
    return counts
