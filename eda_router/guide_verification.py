"""An independent evaluator of route guides.

It recounts everything from the boxes, the pins and the tracks, and imports no routing code. Boxes
are taken for the GCells that they overlap; for boxes of whole GCells nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, layers_of
from eda_router.errors import expect_type
from eda_router.formats.guide import Guide
from eda_router.layers import Layers
from eda_router.verification import components, distinct


@dataclass(frozen=True, eq=False)
class GuideVerification:
    """What an evaluation found.

    Attributes:
        nets: nets of the design.
        nets_to_route: nets with two or more terminals, those within one GCell included.
        missing_nets: indices of the nets to route without any box, sorted.
        disconnected_nets: indices of the nets whose boxes are more than one piece, sorted. Boxes
            hang together where they touch on one layer or overlap on neighbouring layers.
        sideways_nets: indices of the nets in one piece only because boxes touch across the
            direction of their layer, where no wire follows, sorted.
        uncovered_terminals: indices of the terminals of nets with boxes that have no candidate in
            a box of the net, sorted.
        demand: int32 ``(num_layers, height, width)``: nets that cross the edge which each tile
            owns along the direction of each layer.
        overflow: int32, likewise: demand above capacity.
        crossings: int64, distinct ``net * demand.size + place`` of each net on each of these edges,
            of which place is the edge's in the flat demand; sorted.
        wrong_way: GCell edges crossed against the direction of a layer, each once a net. Each is
            one track of overflow.
        vias: for each net and pair of neighbouring layers, GCells with boxes on both.
        misaligned: boxes with a side on no border of GCells.
        outside: boxes that reach over the border of the grid.
    """

    nets: int
    nets_to_route: int
    missing_nets: NDArray[np.int64] = field(repr=False)
    disconnected_nets: NDArray[np.int64] = field(repr=False)
    sideways_nets: NDArray[np.int64] = field(repr=False)
    uncovered_terminals: NDArray[np.int64] = field(repr=False)
    demand: IntArray = field(repr=False)
    overflow: IntArray = field(repr=False)
    crossings: NDArray[np.int64] = field(repr=False)
    wrong_way: int
    vias: int
    misaligned: int
    outside: int

    @property
    def wirelength(self) -> int:
        """GCell edges crossed, each once a net and layer."""
        return int(self.demand.sum()) + self.wrong_way

    @property
    def total_overflow(self) -> int:
        """Tracks above capacity, summed over all edges."""
        return int(self.overflow.sum()) + self.wrong_way

    @property
    def connected(self) -> bool:
        """Whether every net to route is in one piece that reaches all its terminals."""
        return not (
            len(self.missing_nets)
            or len(self.disconnected_nets)
            or len(self.sideways_nets)
            or len(self.uncovered_terminals)
        )

    @property
    def legal(self) -> bool:
        """Whether it is connected without overflow."""
        return self.connected and not self.total_overflow


def verify_guide(design: Design, guide: Guide) -> GuideVerification:
    """Evaluate a guide of ``design``, which has layers.

    Nothing is repaired or refused.

    Args:
        design: with layers.
        guide: of :func:`eda_router.read_guide`.

    Returns:
        The figures: lengths in GCell edges, demand and overflow in tracks.

    Raises:
        TypeError: an argument is of another type.
        EdarouteError: the design has no layers.

    Example:
        >>> from eda_router import RouteConfig, read, route_layered
        >>> from eda_router.formats.guide import guide_of
        >>> design = read("synth-chip")
        >>> done = route_layered(design, RouteConfig(router="maze"))
        >>> verify_guide(design, guide_of(done.layered)).legal
        True
    """
    layers = layers_of(design)
    expect_type("guide", guide, Guide)
    spans = box_spans(layers, guide)
    cells, pieces = box_cells(design, layers, guide, spans)
    crossings, wrong_way = _crossings(design, layers, guide, spans)
    volume = layers.capacity.size
    demand = np.bincount(crossings % volume, minlength=volume).astype(np.int32)
    demand = demand.reshape(layers.capacity.shape)
    terminal_counts = np.diff(layers.pin_offsets)
    boxes = np.bincount(guide.nets, minlength=design.num_nets)
    lax = _broken(design, layers, cells, pieces, sideways=True)
    strict = _broken(design, layers, cells, pieces, sideways=False)
    x1, y1, x2, y2 = guide.boxes.T
    on_x, on_y = np.isin(guide.boxes[:, ::2], layers.xs), np.isin(guide.boxes[:, 1::2], layers.ys)
    # The cell above lies num_tiles further in the numbering, within the same net.
    below = cells[_layer(design, layers, cells) < layers.num_layers - 1]
    return GuideVerification(
        nets=design.num_nets,
        nets_to_route=int(np.sum(terminal_counts > 1)),
        missing_nets=np.flatnonzero((terminal_counts > 1) & (boxes == 0)),
        disconnected_nets=lax,
        sideways_nets=np.setdiff1d(strict, lax),
        uncovered_terminals=_uncovered(design, layers, cells, boxes > 0),
        demand=demand,
        overflow=np.maximum(demand - layers.capacity, 0),
        crossings=crossings,
        wrong_way=wrong_way,
        vias=int(np.sum(np.isin(below + design.num_tiles, cells))),
        misaligned=int(np.sum(~(on_x.all(axis=1) & on_y.all(axis=1)))),
        outside=int(
            np.sum(
                (x1 < layers.xs[0])
                | (y1 < layers.ys[0])
                | (x2 > layers.xs[-1])
                | (y2 > layers.ys[-1])
            )
        ),
    )


def box_spans(layers: Layers, guide: Guide) -> tuple[NDArray[np.int64], ...]:
    """First and last column, first and last row of the GCells that each box overlaps."""
    x1, y1, x2, y2 = guide.boxes.T

    def span(
        borders: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        last = len(borders) - 2
        begin = np.clip(np.searchsorted(borders, low, "right") - 1, 0, last)
        end = np.clip(np.searchsorted(borders, high, "left") - 1, 0, last)
        return begin, np.maximum(begin, end)

    return (*span(layers.xs, x1, x2), *span(layers.ys, y1, y2))


def expand(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For ``counts[i]`` things of each i: the i of each thing, and its number among them."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)


def box_cells(
    design: Design, layers: Layers, guide: Guide, spans: tuple[NDArray[np.int64], ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cells (net, layer, tile) with boxes, and pairs of them that lie in one box.

    Returns:
        int64 distinct cells ``(net * num_layers + layer) * num_tiles + tile``, sorted, and
        int64 ``(2, num_pairs)`` cells: each cell of a box beside the box's first.
    """
    left, right, low, high = spans
    columns = right - left + 1
    box, number = expand(columns * (high - low + 1))
    row, column = np.divmod(number, columns[box])
    group = (guide.nets.astype(np.int64) * layers.num_layers + guide.layers) * design.num_tiles
    first = group + low * design.width + left
    cells = first[box] + row * design.width + column
    return distinct(np.sort(cells)), np.stack([first[box], cells])


def _layer(design: Design, layers: Layers, cells: NDArray[np.int64]) -> NDArray[np.int64]:
    return cells // design.num_tiles % layers.num_layers


def box_crossings(
    design: Design, layers: Layers, guide: Guide, spans: tuple[NDArray[np.int64], ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The edges that boxes cross, named by the cells that own them: to the right, and upwards.

    A box that is wide both ways crosses the edges of its lowest row and of its left column.

    Returns:
        Twice int64 distinct cells, sorted, as :func:`box_cells` numbers them.
    """
    left, right, low, high = spans
    group = (guide.nets.astype(np.int64) * layers.num_layers + guide.layers) * design.num_tiles
    corner = group + low * design.width + left
    box, step = expand(right - left)
    across = distinct(np.sort(corner[box] + step))
    box, step = expand(high - low)
    return across, distinct(np.sort(corner[box] + step * design.width))


def _crossings(
    design: Design, layers: Layers, guide: Guide, spans: tuple[NDArray[np.int64], ...]
) -> tuple[NDArray[np.int64], int]:
    """The nets on edges along the layers' directions, and the number of those against them."""
    across, upward = box_crossings(design, layers, guide, spans)
    right_way = layers.horizontal[_layer(design, layers, across)]
    up_way = ~layers.horizontal[_layer(design, layers, upward)]
    # A layer has one direction, so that no place stands for two edges.
    good = np.concatenate([across[right_way], upward[up_way]])
    return np.sort(good), int(np.sum(~right_way) + np.sum(~up_way))


def _broken(
    design: Design,
    layers: Layers,
    cells: NDArray[np.int64],
    pieces: NDArray[np.int64],
    *,
    sideways: bool,
) -> NDArray[np.int64]:
    """The nets whose cells are more than one piece; neighbours across count if ``sideways``."""
    layer, tile = _layer(design, layers, cells), cells % design.num_tiles
    across = layers.horizontal[layer]
    links = [pieces]
    for step, usable in (
        (1, (tile % design.width < design.width - 1) & (across | sideways)),
        (design.width, (tile < design.num_tiles - design.width) & (~across | sideways)),
        (design.num_tiles, layer < layers.num_layers - 1),
    ):
        near = cells[usable]
        linked = np.isin(near + step, cells, assume_unique=True)
        links.append(np.stack([near[linked], near[linked] + step]))
    first, second = np.searchsorted(cells, np.concatenate(links, axis=1))
    parts = components(len(cells), first, second)
    net = cells // (design.num_tiles * layers.num_layers)
    # Cells are in order of net, so the first part of a net is that of its first cell.
    breaks = (np.diff(net) == 0) & (np.diff(parts) != 0)
    return distinct(net[1:][breaks])


def _uncovered(
    design: Design, layers: Layers, cells: NDArray[np.int64], guided: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """The terminals of guided nets without a candidate among the cells of their net."""
    net = np.repeat(np.arange(design.num_nets), np.diff(layers.pin_offsets))
    terminal = np.repeat(np.arange(layers.num_terminals), np.diff(layers.candidate_offsets))
    places = (
        net[terminal] * layers.num_layers + layers.candidate_layers
    ) * design.num_tiles + layers.candidate_tiles
    covered = np.zeros(layers.num_terminals, np.bool_)
    covered[terminal[np.isin(places, cells)]] = True
    return np.flatnonzero(guided[net] & ~covered)
