"""The grid as kernels see it: the four steps from a tile, and the edges that they cross.

Tiles and edges are numbered as in :mod:`eda_router.design`. The numbers of the steps are chosen so
that bits tell what they do: bit 0 whether the tile's number rises, bit 1 the direction of the edge
(HORIZONTAL or VERTICAL). A search tries the steps in the order of these numbers unless it names
another order; the order decides ties.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from eda_router.design import HORIZONTAL, VERTICAL
from eda_router.kernels import inlined

LEFT, RIGHT, DOWN, UP = 0, 1, 2, 3
"""The steps to the four neighbours of a tile, or of a node of a box."""

COUNTERCLOCKWISE = (RIGHT, UP, LEFT, DOWN)
"""Order in which kernels on windows try the steps."""

TILE_EDGE = 1000
"""Cost of an edge with tracks to spare: all costs are thousandths of a tile edge."""


class Grid(NamedTuple):
    """The size of a grid in tiles."""

    width: Any
    height: Any


class Nets(NamedTuple):
    """The pins of nets.

    Attributes:
        offsets: int64 ``(num_nets + 1,)``, net i's pins are ``pins[offsets[i]:offsets[i + 1]]``.
        pins: int32, tiles, distinct within a net.
    """

    offsets: Any
    pins: Any


@inlined
def opposite(step):
    """The step back."""
    return step ^ 1


@inlined
def direction_of(step):
    """HORIZONTAL or VERTICAL, the direction of the edge that a step crosses."""
    return step >> 1


@inlined
def _sign(step):
    return 2 * (step & 1) - 1


@inlined
def stays_inside(x, y, step, width, height):
    """Whether a step from column ``x`` and row ``y`` ends on the grid."""
    if direction_of(step) == VERTICAL:
        return 0 <= y + _sign(step) < height
    return 0 <= x + _sign(step) < width


@inlined
def neighbour(tile, step, width):
    """The tile that a step leads to, which must be on the grid."""
    return tile + _sign(step) * (width if direction_of(step) == VERTICAL else 1)


@inlined
def owner_of(tile, step, width):
    """The tile that owns the edge which a step crosses: the lower or left one of the two."""
    return min(tile, neighbour(tile, step, width))


@inlined
def edge_over(tile, step, width):
    """Id of the edge that a step from ``tile`` crosses."""
    return 2 * owner_of(tile, step, width) + direction_of(step)


@inlined
def edge_owner(edge):
    """The tile that owns an edge: the lower or left one of its two."""
    return edge >> 1


@inlined
def edge_direction(edge):
    """HORIZONTAL or VERTICAL."""
    return edge & 1


@inlined
def edge_tiles(edge, width):
    """The two tiles of an edge, its owner first."""
    owner = edge >> 1
    return owner, owner + (width if edge & 1 else 1)


@inlined
def edge_between(tile, other, width):
    """Id of the edge between two neighbours."""
    owner = min(tile, other)
    return 2 * owner + (VERTICAL if owner + width == max(tile, other) else HORIZONTAL)


@inlined
def edge_step(edge):
    """The step from an edge's owner over the edge."""
    return 2 * (edge & 1) + 1


@inlined
def add_wire(links, edge, width):
    """Note an edge at both of its tiles: bit s of ``links[tile]`` is a wire over the step s."""
    owner, other = edge_tiles(edge, width)
    step = edge_step(edge)
    links[owner] |= 1 << step
    links[other] |= 1 << opposite(step)


@inlined
def tile_window(tile, width):
    """The window of one tile: its column and row, twice."""
    x = tile % width
    y = tile // width
    return x, y, x, y


@inlined
def stretched(window, tile, width):
    """The window (left, low, right, high) of columns and rows, made to hold ``tile``."""
    left, low, right, high = window
    x = tile % width
    y = tile // width
    return min(left, x), min(low, y), max(right, x), max(high, y)


@inlined
def with_margin(window, margin, grid):
    """The window with ``margin`` further tiles on each side, as far as the grid goes."""
    left, low, right, high = window
    return (
        max(0, left - margin),
        max(0, low - margin),
        min(grid.width - 1, right + margin),
        min(grid.height - 1, high + margin),
    )


@inlined
def net_pins(nets, net):
    """Tiles with pins of net number ``net``."""
    return nets.pins[nets.offsets[net] : nets.offsets[net + 1]]
