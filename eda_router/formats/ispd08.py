"""The global-routing format of the ISPD 2007 and 2008 contests [1], which has layers.

::

    grid 41 41 5
    vertical capacity 0 30 0 20 0
    horizontal capacity 30 0 20 0 10
    minimum width 1 1 1 1 1
    minimum spacing 1 1 1 1 1
    via spacing 1 1 1 1 1
    0 0 10 10

    num net 2
    net0 0 2 1
    5 15 1
    35 25 1
    ...
    1
    3 4 1 4 4 1 8

After the grid come, one number a layer, capacities, wire widths, wire spacings and via spacings;
then the lower left corner and the size of a tile; then nets with name, id, number of pins and wire
width, and their pins with x, y and layer, counted from 1; at last pairs of neighbouring tiles whose
capacity differs. Capacities are lengths: a net takes its wire width and one spacing of them.

[1] https://www.ispd.cc/contests/08/ispd08rc.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, MAX_TILES, VERTICAL, Design, IntArray
from eda_router.errors import EdarouteError
from eda_router.files import write_packed
from eda_router.formats.ispd98 import MAX_CAPACITY
from eda_router.formats.lines import LineReader
from eda_router.formats.text import WHOLE_NUMBER, decode, read_bytes, shorten
from eda_router.layers import Layers

MAX_LAYERS = 64
_GRID = re.compile(rb"\s*grid[ \t]+[0-9]+[ \t]+[0-9]+[ \t]+[0-9]+[ \t]*[\r\n]")
_NAME_ENDINGS = (".gz", ".gr", ".txt")
_HEAD = ("its name", "id", "number of pins", "width")
_MAX_DIGITS = 15


@dataclass(frozen=True, eq=False)
class Problem:
    """The content of a file of the contest, in its own units.

    Attributes:
        name: from the name of the file.
        width: tiles in x.
        height: tiles in y.
        capacity: int64 ``(num_layers, height, width, 2)``, length free for wires between each tile
            and its right and its upper neighbour; 0 across the border.
        layer_widths: int64 ``(num_layers,)``, least width of wires.
        layer_spacings: int64 ``(num_layers,)``, spacing of wires.
        origin: x and y of the lower left corner of the grid.
        tile: width and height of a tile.
        net_names: name of each net.
        net_ids: int64 ``(num_nets,)``.
        net_widths: int64 ``(num_nets,)``, least width of wires of each net.
        pin_offsets: int64 ``(num_nets + 1,)``, into the pins.
        pin_tiles: int32, tile of each pin.
        pin_layers: int8, layer of each pin, from 0.
    """

    name: str
    width: int
    height: int
    capacity: NDArray[np.int64] = field(repr=False)
    layer_widths: NDArray[np.int64]
    layer_spacings: NDArray[np.int64]
    origin: tuple[int, int]
    tile: tuple[int, int]
    net_names: list[str] = field(repr=False)
    net_ids: NDArray[np.int64] = field(repr=False)
    net_widths: NDArray[np.int64] = field(repr=False)
    pin_offsets: NDArray[np.int64] = field(repr=False)
    pin_tiles: IntArray = field(repr=False)
    pin_layers: NDArray[np.int8] = field(repr=False)

    @property
    def num_layers(self) -> int:
        """Number of layers."""
        return len(self.layer_widths)

    @property
    def num_nets(self) -> int:
        """Number of nets."""
        return len(self.net_names)


def sniff(head: bytes) -> bool:
    """Whether a file that begins so is of this format: its grid has three numbers."""
    return _GRID.match(head) is not None


def read(path: str | Path) -> Design:
    """Read a design with layers; the file may be gzipped.

    Tracks are capacities divided by width and spacing of a wire, rounded down.

    Raises:
        InputError: the file cannot be read, is not in the format, or has a layer with capacity in
            both directions or a net wider than its layers, which a design cannot say.
    """
    return _Parser(path, decode(path, read_bytes(path))).design()


def read_problem(path: str | Path) -> Problem:
    """Read a problem of the ISPD 2008 contest as it is, in its units; the file may be gzipped.

    Args:
        path: of the file.

    Returns:
        The grid, its layers, and nets with pins; capacities in lengths of the file.

    Raises:
        InputError: the file cannot be read or is not in the format; path and line are given.

    Example:
        >>> import eda_router
        >>> eda_router.write(eda_router.read("synth-chip"), "chip.gr")
        >>> problem = eda_router.read_problem("chip.gr")
        >>> problem.capacity.shape, problem.num_nets
        ((6, 24, 24, 2), 1501)
    """
    return _Parser(path, decode(path, read_bytes(path))).problem


class _Parser(LineReader):
    """Parses a problem line by line and makes a design of it."""

    def __init__(self, path: str | Path, text: str):
        super().__init__(path, text)
        self.width, self.height, self.num_layers = self.values("grid", 3)
        if min(self.width, self.height) < 1 or self.width * self.height > MAX_TILES:
            self.fail(f"grid of {self.width} x {self.height} tiles", f"1 to {MAX_TILES} tiles")
        if not 1 <= self.num_layers <= MAX_LAYERS:
            self.fail(f"{self.num_layers} layers", f"1 to {MAX_LAYERS}")
        self.problem = self.parse()

    def parse(self) -> Problem:
        vertical = self.values("vertical capacity", self.num_layers)
        horizontal = self.values("horizontal capacity", self.num_layers)
        self.line_of_layers = self.line
        widths = self.values("minimum width", self.num_layers)
        spacings = self.values("minimum spacing", self.num_layers)
        if min(a + b for a, b in zip(widths, spacings, strict=True)) < 1:
            self.fail("a wire and its spacing of length 0", "1 or more")
        self.values("via spacing", self.num_layers)
        x, y, tile_width, tile_height = self.numbers(self.next("the corner"), "corner and tile", 4)
        if min(tile_width, tile_height) < 1:
            self.fail(f"tiles of {tile_width} x {tile_height}", "1 or more")
        self.corner = (x, y, tile_width, tile_height)
        capacity = np.zeros((self.num_layers, self.height, self.width, 2), np.int64)
        capacity[:, :, :-1, HORIZONTAL] = np.array(horizontal)[:, None, None]
        capacity[:, :-1, :, VERTICAL] = np.array(vertical)[:, None, None]
        (num_nets,) = self.values("num net", 1)
        names, ids, net_widths, counts, tiles, layers = self.nets(num_nets)
        self.adjust(capacity)
        offsets = np.zeros(num_nets + 1, np.int64)
        np.cumsum(counts, out=offsets[1:])
        name = Path(self.path).name
        for ending in _NAME_ENDINGS:
            name = name.removesuffix(ending)
        return Problem(
            name=name,
            width=self.width,
            height=self.height,
            capacity=capacity,
            layer_widths=np.array(widths, np.int64),
            layer_spacings=np.array(spacings, np.int64),
            origin=(x, y),
            tile=(tile_width, tile_height),
            net_names=names,
            net_ids=np.array(ids, np.int64),
            net_widths=np.array(net_widths, np.int64),
            pin_offsets=offsets,
            pin_tiles=np.array(tiles, np.int32),
            pin_layers=np.array(layers, np.int8),
        )

    def nets(
        self, num_nets: int
    ) -> tuple[list[str], list[int], list[int], list[int], list[int], list[int]]:
        names: list[str] = []
        ids, widths, counts, tiles, layers = [], [], [], [], []
        while len(names) < num_nets:
            name, *words = self.next_net(len(names) + 1, num_nets, _HEAD)
            net_id, count, width = self.numbers(words, f"net {shorten(name)}", 3)
            self.begin_net(name, count)
            if width < 0:
                self.fail(f"net {shorten(name)} of width {width}", "0 or more")
            names.append(name)
            ids.append(net_id)
            widths.append(width)
            counts.append(count)
            for pin in range(1, count + 1):
                tile, layer = self.pin(name, pin, count)
                tiles.append(tile)
                layers.append(layer)
        return names, ids, widths, counts, tiles, layers

    def pin(self, net: str, pin: int, count: int) -> tuple[int, int]:
        what = f"pin {pin} of {count} of net {shorten(net)}"
        x, y, layer = self.numbers(self.next(what), what, 3)
        left, low, tile_width, tile_height = self.corner
        column, row = (x - left) // tile_width, (y - low) // tile_height
        if not (0 <= column < self.width and 0 <= row < self.height):
            self.fail(
                f"{what} at ({x}, {y}) is off the grid",
                f"x from {left} to {left + self.width * tile_width - 1} and "
                f"y from {low} to {low + self.height * tile_height - 1}",
            )
        if not 1 <= layer <= self.num_layers:
            self.fail(f"{what} on layer {layer}", f"1 to {self.num_layers}")
        return row * self.width + column, layer - 1

    def adjust(self, capacity: NDArray[np.int64]) -> None:
        """Read the capacities that differ; files of some tools end before their number."""
        words = self.following().split()
        if not words:
            return
        (count,) = self.numbers(words, "number of capacity adjustments", 1)
        for number in range(1, count + 1):
            what = f"capacity adjustment {number} of {count}"
            x1, y1, layer, x2, y2, other, value = self.numbers(self.next(what), what, 7)
            if layer != other or abs(x1 - x2) + abs(y1 - y2) != 1:
                self.fail(what, "two neighbouring tiles on one layer")
            if not (
                0 <= min(x1, x2) <= max(x1, x2) < self.width
                and 0 <= min(y1, y2) <= max(y1, y2) < self.height
                and 1 <= layer <= self.num_layers
            ):
                self.fail(f"{what} is off the grid", "tiles and layer of the grid")
            if not 0 <= value <= MAX_CAPACITY:
                self.fail(f"{what}: {value}", f"0 to {MAX_CAPACITY}")
            direction = HORIZONTAL if y1 == y2 else VERTICAL
            capacity[layer - 1, min(y1, y2), min(x1, x2), direction] = value
        self.end("the last line")

    def design(self) -> Design:
        """The design of the problem, or an error where a design cannot say it."""
        problem = self.problem
        pitch = (problem.layer_widths + problem.layer_spacings)[:, None, None, None]
        tracks = problem.capacity // pitch
        used: NDArray[np.bool_] = np.any(tracks > 0, axis=(1, 2))
        both = used[:, HORIZONTAL] & used[:, VERTICAL]
        if np.any(both):
            self.line = self.line_of_layers
            self.fail(
                f"layer {np.flatnonzero(both)[0] + 1} has capacity in both directions",
                "layers of one direction",
            )
        wide = problem.net_widths > problem.layer_widths.min()
        if np.any(wide):
            name = problem.net_names[np.flatnonzero(wide)[0]]
            self.line = self.lines_of[name]
            self.fail(
                f"net {shorten(name)} is wider than the wires of a layer",
                f"a width up to {problem.layer_widths.min()}",
            )
        return _design(problem, tracks, used)

    def values(self, keywords: str, count: int, highest: int = MAX_CAPACITY) -> list[int]:
        """The numbers after the keywords, from 0 to ``highest``."""
        words = self.header(keywords, count, f"'{keywords}' and {count} numbers")
        values = self.numbers(words, f"'{keywords}'", count)
        if min(values) < 0 or max(values) > highest:
            self.fail(f"{keywords} {shorten(' '.join(words))}", f"numbers from 0 to {highest}")
        return values

    def numbers(self, words: list[str], what: str, count: int) -> list[int]:
        if len(words) != count:
            self.fail(f"{what}: {shorten(' '.join(words))}", f"{count} number{'s' * (count != 1)}")
        # Nearly every line is a few digits, which is seen at once for all its words.
        digits = "".join(words)
        if len(digits) > _MAX_DIGITS or not (digits.isascii() and digits.isdigit()):
            for word in words:
                if not WHOLE_NUMBER.fullmatch(word) or len(word) > _MAX_DIGITS:
                    self.fail(f"{what}: {shorten(word)}", "a whole number")
        return list(map(int, words))


def _design(problem: Problem, tracks: NDArray[np.int64], used: NDArray[np.bool_]) -> Design:
    horizontal = _directions(used)
    capacity = np.where(
        horizontal[:, None, None], tracks[..., HORIZONTAL], tracks[..., VERTICAL]
    ).astype(np.int32)
    flat = np.stack([capacity[horizontal].sum(axis=0), capacity[~horizontal].sum(axis=0)], axis=-1)
    routed = np.flatnonzero(used.any(axis=1))
    tiles = problem.width * problem.height
    net = np.repeat(np.arange(problem.num_nets), np.diff(problem.pin_offsets))
    keys = np.unique(net * tiles + problem.pin_tiles)
    num_pins = len(problem.pin_tiles)
    (x, y), (tile_width, tile_height) = problem.origin, problem.tile
    return Design(
        name=problem.name,
        width=problem.width,
        height=problem.height,
        capacity=flat.astype(np.int32),
        net_names=problem.net_names,
        net_ids=problem.net_ids,
        pin_offsets=np.searchsorted(keys, np.arange(problem.num_nets + 1) * tiles),
        pins=(keys % tiles).astype(np.int32),
        layers=Layers(
            names=tuple(f"metal{layer}" for layer in range(1, problem.num_layers + 1)),
            horizontal=horizontal,
            capacity=capacity,
            original=capacity,
            signal=(int(routed[0]), int(routed[-1])) if len(routed) else (0, len(used) - 1),
            clock=None,
            net_is_clock=np.zeros(problem.num_nets, np.bool_),
            pin_offsets=problem.pin_offsets,
            candidate_offsets=np.arange(num_pins + 1),
            candidate_tiles=problem.pin_tiles,
            candidate_layers=problem.pin_layers,
            xs=x + tile_width * np.arange(problem.width + 1),
            ys=y + tile_height * np.arange(problem.height + 1),
            dbu=1,
        ),
    )


def _directions(used: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which layers are horizontal; one without capacity runs across the next one with any."""
    horizontal = np.zeros(len(used), np.bool_)
    known = np.flatnonzero(used.any(axis=1))
    for layer in range(len(used)):
        near = known[np.argmin(np.abs(known - layer))] if len(known) else 0
        along = used[near, HORIZONTAL] or not len(known)
        horizontal[layer] = along == ((near - layer) % 2 == 0)
    return horizontal


def format_design(design: Design) -> str:
    """The text of a design with layers.

    Every wire has width and spacing 1, so capacities are twice the tracks. Tiles are all as large
    as the first. A terminal stands in the tile to which it is routed, on its lowest layer there.

    Raises:
        EdarouteError: the design has no layers.
    """
    layers = design.layers
    if layers is None:
        raise EdarouteError(f"design {design.name} has no layers, the ISPD 2008 format needs them")
    usual = [_usual(layers, layer) for layer in range(layers.num_layers)]
    ones = " 1" * layers.num_layers
    vertical, horizontal = (
        "".join(f" {2 * usual[i] * (layers.horizontal[i] == across)}" for i in range(len(usual)))
        for across in (False, True)
    )
    left, low = int(layers.xs[0]), int(layers.ys[0])
    tile_width, tile_height = int(layers.xs[1]) - left, int(layers.ys[1]) - low
    parts = [
        f"grid {design.width} {design.height} {layers.num_layers}\n"
        f"vertical capacity{vertical}\nhorizontal capacity{horizontal}\n"
        f"minimum width{ones}\nminimum spacing{ones}\nvia spacing{ones}\n"
        f"{left} {low} {tile_width} {tile_height}\n\nnum net {design.num_nets}\n"
    ]
    places = _terminal_places(design, layers)
    rows, columns = np.divmod(layers.candidate_tiles[places], design.width)
    pins = [
        f"{x} {y} {layer + 1}\n"
        for x, y, layer in zip(
            (left + columns * tile_width + tile_width // 2).tolist(),
            (low + rows * tile_height + tile_height // 2).tolist(),
            layers.candidate_layers[places].tolist(),
            strict=True,
        )
    ]
    offsets = layers.pin_offsets.tolist()
    for net, (name, net_id) in enumerate(
        zip(design.net_names, design.net_ids.tolist(), strict=True)
    ):
        parts.append(f"{name} {net_id} {offsets[net + 1] - offsets[net]} 1\n")
        parts += pins[offsets[net] : offsets[net + 1]]
    return "".join(parts + _adjustments(layers, usual))


def _inside(layers: Layers, layer: int) -> NDArray[np.bool_]:
    """bool ``(height, width)``: whether the edge of a tile on a layer leads to a tile."""
    inside = np.ones(layers.capacity.shape[1:], np.bool_)
    if layers.horizontal[layer]:
        inside[:, -1] = False
    else:
        inside[-1, :] = False
    return inside


def _usual(layers: Layers, layer: int) -> int:
    """The capacity that most edges of a layer have, the lowest if several."""
    values, counts = np.unique(layers.capacity[layer][_inside(layers, layer)], return_counts=True)
    return int(values[np.argmax(counts)]) if len(values) else 0


def _adjustments(layers: Layers, usual: list[int]) -> list[str]:
    lines = []
    for layer, value in enumerate(usual):
        other = _inside(layers, layer) & (layers.capacity[layer] != value)
        across = bool(layers.horizontal[layer])
        for y, x in np.argwhere(other).tolist():
            far = f"{x + across} {y + (not across)} {layer + 1}"
            lines.append(f"{x} {y} {layer + 1} {far} {2 * layers.capacity[layer, y, x]}\n")
    return [f"\n{len(lines)}\n", *lines]


def _terminal_places(design: Design, layers: Layers) -> NDArray[np.int64]:
    """One candidate of each terminal: the first in a tile that is a pin of the design."""
    net = np.repeat(np.arange(design.num_nets), np.diff(layers.pin_offsets))
    owner = np.repeat(np.arange(layers.num_terminals), np.diff(layers.candidate_offsets))
    pin_net = np.repeat(np.arange(design.num_nets), design.pin_counts)
    tiles = design.num_tiles
    routed = np.isin(net[owner] * tiles + layers.candidate_tiles, pin_net * tiles + design.pins)
    chosen = np.flatnonzero(routed)
    places: NDArray[np.int64] = chosen[np.diff(owner[chosen], prepend=-1) != 0]
    return places


def write(design: Design, path: str | Path) -> None:
    """Write a design, gzipped when ``path`` ends with ``.gz``; see :func:`format_design`.

    Raises:
        EdarouteError: the design has no layers, or the file cannot be written.
    """
    write_packed(path, format_design(design).encode())
