"""The grid as kernels see it: the four steps from a tile, and the edges that they cross.

Tiles and edges are numbered as in :mod:`eda_router.design`. The numbers of the steps are chosen so
that bits tell what they do: bit 0 whether the tile's number rises, bit 1 the direction of the edge
(HORIZONTAL or VERTICAL). A search tries the steps in the order of these numbers unless it names
another order; the order decides ties.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import njit

from eda_router.design import HORIZONTAL, VERTICAL

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


@njit(cache=True, nogil=True, inline="always")
def opposite(step):
    """The step back."""
    return step ^ 1


@njit(cache=True, nogil=True, inline="always")
def direction_of(step):
    """HORIZONTAL or VERTICAL, the direction of the edge that a step crosses."""
    return step >> 1


@njit(cache=True, nogil=True, inline="always")
def stays_inside(tile, step, width, height):
    """Whether a step from ``tile`` ends on the grid."""
    if step == LEFT:
        return tile % width > 0
    if step == RIGHT:
        return tile % width < width - 1
    if step == DOWN:
        return tile >= width
    return tile < width * (height - 1)


@njit(cache=True, nogil=True, inline="always")
def neighbour(tile, step, width):
    """The tile that a step leads to, which must be on the grid."""
    if step == LEFT:
        return tile - 1
    if step == RIGHT:
        return tile + 1
    if step == DOWN:
        return tile - width
    return tile + width


@njit(cache=True, nogil=True, inline="always")
def owner_of(tile, step, width):
    """The tile that owns the edge which a step crosses: the lower or left one of the two."""
    if step == LEFT:
        return tile - 1
    if step == DOWN:
        return tile - width
    return tile


@njit(cache=True, nogil=True, inline="always")
def edge_over(tile, step, width):
    """Id of the edge that a step from ``tile`` crosses."""
    return 2 * owner_of(tile, step, width) + direction_of(step)


@njit(cache=True, nogil=True, inline="always")
def edge_tiles(edge, width):
    """The two tiles of an edge, its owner first."""
    owner = edge >> 1
    return owner, owner + (width if edge & 1 else 1)


@njit(cache=True, nogil=True, inline="always")
def edge_between(tile, other, width):
    """Id of the edge between two neighbours."""
    owner = min(tile, other)
    return 2 * owner + (VERTICAL if owner + width == max(tile, other) else HORIZONTAL)


@njit(cache=True, nogil=True, inline="always")
def edge_step(edge):
    """The step from an edge's owner over the edge."""
    return 2 * (edge & 1) + 1


@njit(cache=True, nogil=True, inline="always")
def net_pins(nets, net):
    """Tiles with pins of net number ``net``."""
    return nets.pins[nets.offsets[net] : nets.offsets[net + 1]]
