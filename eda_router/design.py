"""A placed design on its routing grid, and the routes of its nets.

Conventions that the whole package shares
-----------------------------------------
*Tile* (GCell): ``tile = y * width + x``; tile (0, 0) is the lower-left one.

*Edge*: every tile owns the edge to its right neighbour (``HORIZONTAL``) and the edge to the tile
above (``VERTICAL``); ``edge = 2 * tile + direction``. The edge ids of the last column's right and
of the last row's upper edges exist but have no capacity. A per-edge array therefore is flat with
``2 * height * width`` entries, and the same memory viewed as ``(height, width, 2)`` gives the two
images ``[..., HORIZONTAL]`` and ``[..., VERTICAL]``.

*Units*: lengths in tile edges, capacities and demands in tracks.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eda_router.errors import EdarouteError, expect_type
from eda_router.layers import Layers

HORIZONTAL = 0
VERTICAL = 1

IntArray = NDArray[np.int32]


MAX_TILES = 2**24
"""Tiles of the largest grid: memory grows with them, and a larger one is a damaged file's."""


@dataclass(frozen=True, eq=False, repr=False)
class Design:
    """A grid with edge capacities, and nets with pins.

    The arrays are checked when a design is built, so that kernels can rely on them.

    Attributes:
        name: of the design, from its file name.
        width: tiles in x.
        height: tiles in y.
        capacity: int32 ``(height, width, 2)``, tracks of each tile's right and upper edge.
        net_names: name of each net, in input order.
        net_ids: int64 ``(num_nets,)``, the id each net has in its file.
        pin_offsets: int64 ``(num_nets + 1,)``, net i's pins are
            ``pins[pin_offsets[i]:pin_offsets[i + 1]]``.
        pins: int32, tile of each pin, sorted and without repetition within a net.
        layers: the layers whose capacities ``capacity`` sums up, or None: the design has none.

    Raises:
        TypeError: an array has another type or number of axes.
        ValueError: a shape, an offset, a capacity or a tile is out of range.

    Example:
        >>> two = Design.from_pins("two", 3, 1, 1, 1, [("a", 0, [(0, 0), (2, 0)])])
        >>> two
        Design('two', 3 x 1 tiles, 1 nets)
        >>> two.net_pins(0)
        array([0, 2], dtype=int32)
    """

    name: str
    width: int
    height: int
    capacity: IntArray
    net_names: Sequence[str]
    net_ids: NDArray[np.int64]
    pin_offsets: NDArray[np.int64]
    pins: IntArray
    layers: Layers | None = None

    def __post_init__(self) -> None:
        width, height = self.width, self.height
        expect_type("name", self.name, str)
        expect_type("layers", self.layers, (Layers, type(None)))
        _check_grid(width, height)
        for net_name in self.net_names:
            expect_type("net_names", net_name, str)
        _check_array("capacity", self.capacity, np.int32, 3)
        _check_array("net_ids", self.net_ids, np.int64, 1)
        _check_array("pin_offsets", self.pin_offsets, np.int64, 1)
        _check_array("pins", self.pins, np.int32, 1)
        if self.capacity.shape != (height, width, 2):
            raise ValueError(f"capacity {self.capacity.shape}, expected {(height, width, 2)}")
        border = self.capacity[:, -1, HORIZONTAL].any() or self.capacity[-1, :, VERTICAL].any()
        if border or self.capacity.min() < 0:
            raise ValueError("capacity below 0 or across the border, expected tracks, none there")
        if len(self.net_ids) != len(self.net_names):
            raise ValueError(f"{len(self.net_ids)} net_ids, expected {len(self.net_names)}")
        _check_offsets("pin_offsets", self.pin_offsets, len(self.net_names), len(self.pins))
        if len(self.pins) and not 0 <= self.pins.min() <= self.pins.max() < width * height:
            raise ValueError(
                f"pins on tiles {self.pins.min()} to {self.pins.max()}, "
                f"expected 0 to {width * height - 1}"
            )
        net_of_pin = np.repeat(np.arange(self.num_nets), np.diff(self.pin_offsets))
        falls = (np.diff(self.pins) <= 0) & (np.diff(net_of_pin) == 0)
        if falls.any():
            net = int(net_of_pin[np.argmax(falls)])
            raise ValueError(
                f"pins of net {self.net_names[net]!r} not sorted or repeated, expected rising tiles"
            )

    def __repr__(self) -> str:
        return f"Design({self.name!r}, {self.width} x {self.height} tiles, {self.num_nets} nets)"

    @property
    def num_nets(self) -> int:
        """Number of nets, trivial ones included."""
        return len(self.net_names)

    @property
    def num_tiles(self) -> int:
        """Number of tiles of the grid."""
        return self.width * self.height

    @cached_property
    def pin_counts(self) -> IntArray:
        """int32 ``(num_nets,)``: distinct tiles with a pin of each net."""
        return np.diff(self.pin_offsets).astype(np.int32)

    @cached_property
    def routable(self) -> NDArray[np.int64]:
        """Indices of the nets with pins in more than one tile; the others need no wire."""
        return np.flatnonzero(self.pin_counts > 1)

    @property
    def horizontal_capacity(self) -> IntArray:
        """View ``(height, width - 1)`` of the capacities of edges (x, y)-(x+1, y)."""
        return self.capacity[:, :-1, HORIZONTAL]

    @property
    def vertical_capacity(self) -> IntArray:
        """View ``(height - 1, width)`` of the capacities of edges (x, y)-(x, y+1)."""
        return self.capacity[:-1, :, VERTICAL]

    def net_pins(self, net: int) -> IntArray:
        """Tiles with pins of net number ``net``.

        Raises:
            IndexError: there is no net of that number.
        """
        _check_net(net, self.num_nets)
        return self.pins[self.pin_offsets[net] : self.pin_offsets[net + 1]]

    def pins_of(self, nets: NDArray[np.integer]) -> tuple[NDArray[np.int64], IntArray]:
        """The pins of some nets, net after net.

        Args:
            nets: net numbers, in any order.

        Returns:
            int64 ``(len(nets) + 1,)`` offsets into the second: int32 tiles.
        """
        starts, counts = self.pin_offsets[nets], self.pin_counts[nets]
        offsets = np.zeros(len(nets) + 1, np.int64)
        np.cumsum(counts, out=offsets[1:])
        index = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], counts)
        return offsets, self.pins[index]

    @cached_property
    def net_boxes(self) -> IntArray:
        """int32 ``(num_nets, 4)``: lowest x, lowest y, highest x, highest y of each net's pins."""
        return net_boxes(self.pin_offsets, self.pins, self.width)

    @cached_property
    def half_perimeters(self) -> IntArray:
        """int32 ``(num_nets,)``: half the perimeter of each net's bounding box, tile edges."""
        boxes = self.net_boxes
        half: IntArray = (boxes[:, 2] - boxes[:, 0]) + (boxes[:, 3] - boxes[:, 1])
        return half

    @staticmethod
    def from_pins(
        name: str,
        width: int,
        height: int,
        vertical_capacity: int,
        horizontal_capacity: int,
        nets: Iterable[tuple[str, int, Iterable[tuple[int, int]]]],
    ) -> Design:
        """Build a design with uniform capacities from ``(name, id, [(x, y), ...])`` triples.

        Repeated tiles of a net are merged.

        Raises:
            TypeError: a number is no whole number, or a net no such triple.
            ValueError: a pin lies off the grid, or as for any design.
        """
        _check_grid(width, height)
        names: list[str] = []
        ids: list[int] = []
        tiles: list[int] = []
        offsets = [0]
        for net in nets:
            try:
                net_name, net_id, pins = net
                pins = [(x, y) for x, y in pins]
            except (TypeError, ValueError):
                raise TypeError(
                    f"net {len(names)}: {net!r:.60}, expected (name, id, [(x, y), ...])"
                ) from None
            names.append(net_name)
            ids.append(_whole(f"id of net {net_name!r}", net_id, -(2**63), 2**63 - 1))
            tiles.extend(sorted({_tile(net_name, x, y, width, height) for x, y in pins}))
            offsets.append(len(tiles))
        return Design(
            name=name,
            width=width,
            height=height,
            capacity=uniform_capacity(width, height, vertical_capacity, horizontal_capacity),
            net_names=names,
            net_ids=np.array(ids, np.int64),
            pin_offsets=np.array(offsets, np.int64),
            pins=np.array(tiles, np.int32),
        )


def _tile(net: str, x: int, y: int, width: int, height: int) -> int:
    """The tile at (x, y), checked."""
    try:
        x, y = operator.index(x), operator.index(y)
    except TypeError:
        raise TypeError(
            f"net {net!r}: pin ({x!r}, {y!r}), expected whole numbers of tiles"
        ) from None
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(
            f"net {net!r}: pin ({x}, {y}) off the grid, "
            f"expected x from 0 to {width - 1}, y from 0 to {height - 1}"
        )
    return y * width + x


def _whole(name: str, value: object, low: int, high: int) -> int:
    """``value`` as a whole number, checked."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name}: {value!r:.60}, expected a whole number") from None
    if not low <= number <= high:
        raise ValueError(f"{name}: {number}, expected {low} to {high}")
    return number


def _check_grid(width: int, height: int) -> None:
    for name, side in (("width", width), ("height", height)):
        expect_type(name, side, (int, np.integer))
    if width < 1 or height < 1 or int(width) * int(height) > MAX_TILES:
        raise ValueError(f"grid of {width} x {height} tiles, expected 1 to {MAX_TILES} tiles")


def _check_net(net: int, num_nets: int) -> None:
    if not 0 <= net < num_nets:
        raise IndexError(f"net {net}, expected 0 to {num_nets - 1}")


def _check_array(name: str, array: object, dtype: type, axes: int) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != axes:
        found = (
            f"{array.dtype} with {array.ndim} axes"
            if isinstance(array, np.ndarray)
            else type(array).__name__
        )
        raise TypeError(f"{name}: {found}, expected an array of {dtype.__name__} with {axes} axes")


def _check_offsets(name: str, offsets: NDArray[np.int64], groups: int, entries: int) -> None:
    if len(offsets) != groups + 1:
        raise ValueError(f"{len(offsets)} {name}, expected {groups + 1}")
    if offsets[0] != 0 or offsets[-1] != entries or np.any(np.diff(offsets) < 0):
        raise ValueError(f"{name} not rising from 0 to {entries}")


@dataclass(frozen=True, eq=False, repr=False)
class Routes:
    """The wires of a design's nets, as sets of edges.

    Attributes:
        offsets: int64 ``(num_nets + 1,)``, net i's edges are ``edges[offsets[i]:offsets[i + 1]]``.
        edges: int32 edge ids, sorted and without repetition within a net. A net without edges is
            trivial or unrouted.

    Raises:
        TypeError: an array has another type or number of axes.
        ValueError: the offsets do not rise from 0 to the number of edges, or an edge id is below 0.

    Example:
        >>> import eda_router
        >>> routes = eda_router.Routes.from_lists([[0, 2], [], [5]])
        >>> routes, routes.net_edges(0), routes.lengths
        (Routes(3 nets, wirelength 3), array([0, 2], dtype=int32), array([2, 0, 1], dtype=int32))
    """

    offsets: NDArray[np.int64]
    edges: IntArray

    def __post_init__(self) -> None:
        _check_array("offsets", self.offsets, np.int64, 1)
        _check_array("edges", self.edges, np.int32, 1)
        _check_offsets("offsets", self.offsets, max(0, len(self.offsets) - 1), len(self.edges))
        if self.edges.min(initial=0) < 0:
            raise ValueError(f"edge id {self.edges.min()}, expected 0 or more")

    def __repr__(self) -> str:
        return f"Routes({self.num_nets} nets, wirelength {self.wirelength})"

    @property
    def num_nets(self) -> int:
        """Number of nets, with or without wire."""
        return len(self.offsets) - 1

    @property
    def wirelength(self) -> int:
        """Number of (net, edge) pairs."""
        return len(self.edges)

    @cached_property
    def lengths(self) -> IntArray:
        """int32 ``(num_nets,)``: edges of each net."""
        return np.diff(self.offsets).astype(np.int32)

    def net_edges(self, net: int) -> IntArray:
        """Edges of net number ``net``.

        Raises:
            IndexError: there is no net of that number.
        """
        _check_net(net, self.num_nets)
        return self.edges[self.offsets[net] : self.offsets[net + 1]]

    @staticmethod
    def from_lists(nets: Iterable[Iterable[int]]) -> Routes:
        """Build from one collection of edge ids a net; order and repetition do not matter.

        Raises:
            TypeError: an edge id is no whole number.
            ValueError: an edge id is below 0 or above those of the largest grid.
        """
        most = 2 * MAX_TILES - 1
        lists = [sorted({_whole("edge id", edge, 0, most) for edge in edges}) for edges in nets]
        offsets = np.zeros(len(lists) + 1, np.int64)
        np.cumsum([len(edges) for edges in lists], out=offsets[1:])
        return Routes(offsets, np.array([e for edges in lists for e in edges], np.int32))


def layers_of(design: Design) -> Layers:
    """The layers of a design that must have some.

    Raises:
        TypeError: ``design`` is none.
        EdarouteError: it has none.
    """
    expect_type("design", design, Design)
    if design.layers is None:
        raise EdarouteError(f"design {design.name} has no layers")
    return design.layers


def uniform_capacity(width: int, height: int, vertical: int, horizontal: int) -> IntArray:
    """Capacities ``(height, width, 2)`` with one value a direction and none across the border.

    Raises:
        TypeError: a capacity is no whole number.
        ValueError: a capacity is below 0 or does not fit 32 bits.
    """
    vertical = _whole("vertical capacity", vertical, 0, 2**31 - 1)
    horizontal = _whole("horizontal capacity", horizontal, 0, 2**31 - 1)
    capacity = np.zeros((height, width, 2), np.int32)
    capacity[:, :-1, HORIZONTAL] = horizontal
    capacity[:-1, :, VERTICAL] = vertical
    return capacity


def net_boxes(pin_offsets: NDArray[np.int64], pins: IntArray, width: int) -> IntArray:
    """Bounding boxes of nets given as CSR lists of tiles.

    Returns:
        int32 ``(num_nets, 4)``: lowest x, lowest y, highest x, highest y; zeros without pins.
    """
    boxes = np.zeros((len(pin_offsets) - 1, 4), np.int32)
    filled = np.diff(pin_offsets) > 0
    starts = pin_offsets[:-1][filled]
    if len(starts):
        for axis, position in enumerate((pins % width, pins // width)):
            boxes[filled, axis] = np.minimum.reduceat(position, starts)
            boxes[filled, axis + 2] = np.maximum.reduceat(position, starts)
    return boxes
