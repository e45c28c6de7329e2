"""A placed design from LEF and DEF: its GCells, the tracks of its layers, its nets.

The grid and its capacities are those of OpenROAD's FastRoute, so that results compare: tracks are
counted where they cross a GCell; obstructions and pins of cells, power straps and blockages take
tracks away; adjustments come last. Nets are those of NETS with two or more terminals, supply left
out; wires that they have already are read over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design
from eda_router.errors import InputError
from eda_router.formats import def_file, lef
from eda_router.formats.capacities import adjust, adjust_region, take_tracks
from eda_router.formats.def_file import Component, DefFile, Net
from eda_router.formats.gcells import (
    Lines,
    TrackPattern,
    even_lines,
    given_lines,
    tile_side,
    track_pattern,
    tracks_between,
)
from eda_router.formats.ispd98 import MAX_TILES
from eda_router.formats.lef import Library, Macro, Shape
from eda_router.formats.lefdef_config import LefDefConfig
from eda_router.formats.shapes import Rect, turned
from eda_router.formats.statements import LARGEST
from eda_router.formats.terminals import candidates, choose_tiles
from eda_router.formats.text import shorten
from eda_router.layers import Layers

_SUPPLY = ("POWER", "GROUND")
_NO_SHAPES = np.zeros((0, 5), np.int64)

ShapeArray = NDArray[np.int64]
"""int64 ``(n, 5)``: layer, lowest x, lowest y, highest x, highest y, database units."""


def read(
    path: str | Path,
    lef: str | Path | Iterable[str | Path],
    config: LefDefConfig | None = None,
) -> Design:
    """Read a placed design.

    Args:
        path: of the DEF file.
        lef: the LEF files, technology first. Every file may be gzipped.
        config: layers and adjustments.

    Returns:
        A design with layers, whose 2-D capacity is the sum over the layers of signals.

    Raises:
        InputError: a file cannot be read or is not in its format, files do not fit one another,
            or a setting names what the design does not have.
    """
    library = read_library(lef)
    return build(library, def_file.read(path, library.vias), config or LefDefConfig())


def read_library(paths: str | Path | Iterable[str | Path]) -> Library:
    """Read LEF files; see :func:`eda_router.formats.lef.read`."""
    return lef.read(paths)


def build(library: Library, source: DefFile, config: LefDefConfig) -> Design:
    """Make a design of what the files hold.

    Raises:
        InputError: as for :func:`read`.
    """
    stack = _Stack.of(library, source, config)
    cells = _Cells(library, source, stack)
    xs, ys = _grid_lines(source, stack, config)
    width, height = len(xs) - 1, len(ys) - 1
    if width * height > MAX_TILES:
        raise InputError(
            source.source.path, None, f"a grid of {width} x {height} tiles", f"up to {MAX_TILES}"
        )

    original = _original_capacity(source, stack, cells, xs, ys)
    capacity = _adjusted(original, source, stack, config, xs, ys)
    nets = [net for net in source.nets if _is_routed(net, source)]
    pin_offsets = np.zeros(len(nets) + 1, np.int64)
    np.cumsum([len(net.pins) for net in nets], out=pin_offsets[1:])
    shapes, owners = cells.terminal_shapes(nets)
    offsets, tiles, layers = candidates(shapes, owners, int(pin_offsets[-1]), xs, ys)

    chosen = choose_tiles(pin_offsets, offsets, tiles, width)
    net_of = np.repeat(np.arange(len(nets)), np.diff(pin_offsets))
    keys = np.unique(net_of * (width * height) + chosen)
    position = {net.name: number for number, net in enumerate(source.nets)}
    return Design(
        name=source.name or Path(source.source.path).stem,
        width=width,
        height=height,
        capacity=_flat_capacity(capacity, stack),
        net_names=[net.name for net in nets],
        net_ids=np.array([position[net.name] for net in nets], np.int64),
        pin_offsets=np.searchsorted(keys, np.arange(len(nets) + 1) * (width * height)),
        pins=(keys % (width * height)).astype(np.int32),
        layers=Layers(
            names=tuple(stack.names),
            horizontal=stack.horizontal,
            capacity=capacity,
            original=original,
            signal=stack.signal,
            clock=stack.clock,
            net_is_clock=np.array([net.use == "CLOCK" for net in nets], np.bool_),
            pin_offsets=pin_offsets,
            candidate_offsets=offsets,
            candidate_tiles=tiles,
            candidate_layers=layers,
            xs=xs,
            ys=ys,
            dbu=source.dbu,
        ),
    )


def _is_routed(net: Net, source: DefFile) -> bool:
    return len(net.pins) > 1 and net.use not in _SUPPLY and net.name not in source.supply


@dataclass(frozen=True)
class _Stack:
    """The routing layers of a design.

    Attributes:
        names: of all routing layers, bottom up.
        index: number of each name.
        horizontal: bool ``(num_layers,)``.
        patterns: tracks of each layer across its direction, None without any.
        signal: first and last layer of signals.
        clock: first and last layer of clocks, or None.
    """

    names: list[str]
    index: Mapping[str, int]
    horizontal: NDArray[np.bool_]
    patterns: list[TrackPattern | None]
    signal: tuple[int, int]
    clock: tuple[int, int] | None

    @property
    def used(self) -> range:
        """Layers on which some net may run."""
        ranges = [self.signal] if self.clock is None else [self.signal, self.clock]
        return range(min(first for first, _ in ranges), max(last for _, last in ranges) + 1)

    def tracks(self, layer: int) -> TrackPattern:
        """The tracks of a layer that is used."""
        pattern = self.patterns[layer]
        assert pattern is not None  # as checked when the stack was made
        return pattern

    @staticmethod
    def of(library: Library, source: DefFile, config: LefDefConfig) -> _Stack:
        """The layers of a technology, their tracks, and the ranges of a configuration."""
        names = list(library.layers)
        if not names:
            raise InputError(None, None, "the LEF files hold no layer of TYPE ROUTING", "one")
        horizontal = [layer.horizontal for layer in library.layers.values()]
        patterns = [
            track_pattern(source.tracks, name, "Y" if along_x else "X")
            for name, along_x in zip(names, horizontal, strict=True)
        ]
        if config.signal_layers is None:
            with_tracks = {layer for line in source.tracks for layer in line.layers}
            top = next((n for n, name in enumerate(names) if name not in with_tracks), len(names))
            if top == 0:
                raise InputError(
                    source.source.path, None, f"no TRACKS for layer {names[0]}", "TRACKS ... LAYER"
                )
            signal = (min(1, top - 1), top - 1)
        else:
            signal = layer_range(names, config.signal_layers, "signal_layers")
        clock = (
            None
            if config.clock_layers is None
            else layer_range(names, config.clock_layers, "clock_layers")
        )
        stack = _Stack(
            names, {name: n for n, name in enumerate(names)}, np.array(horizontal, np.bool_),
            patterns, signal, clock,
        )  # fmt: skip
        for layer in stack.used:
            if patterns[layer] is None:
                axis, way = ("Y", "horizontal") if horizontal[layer] else ("X", "vertical")
                raise InputError(
                    source.source.path,
                    None,
                    f"no TRACKS {axis} for the {way} layer {names[layer]}",
                    f"TRACKS {axis} ... LAYER {names[layer]}, or other layers for signals",
                )
        return stack


def layer_range(names: list[str], text: str, option: str) -> tuple[int, int]:
    """First and last layer of a range as ``met1-met5``, or of one name.

    Raises:
        InputError: a name is unknown, or the last layer lies below the first.
    """
    if text in names:
        return names.index(text), names.index(text)
    for here, sign in enumerate(text):
        first, last = text[:here].strip(), text[here + 1 :].strip()
        if sign == "-" and first in names and last in names:
            if names.index(first) > names.index(last):
                break
            return names.index(first), names.index(last)
    raise InputError(
        None, None, f"option {option}: {shorten(text)}", f"a layer or a range of {', '.join(names)}"
    )


def _grid_lines(source: DefFile, stack: _Stack, config: LefDefConfig) -> tuple[Lines, Lines]:
    """Borders of the columns and rows of GCells."""
    x1, y1, x2, y2 = source.die
    if config.gcell_grid:
        if {line.axis for line in source.gcells} != {"X", "Y"}:
            raise InputError(source.source.path, None, "no GCELLGRID", "GCELLGRID X and Y")
        return given_lines(source.gcells, "X", x1, x2), given_lines(source.gcells, "Y", y1, y2)
    tile = config.tile
    if tile is None:
        top = stack.signal[1]
        layers = [1, 2, 3] if top >= 3 else [top]
        patterns = [stack.patterns[layer] for layer in layers]
        steps = [pattern.step for pattern in patterns if pattern is not None]
        if len(steps) < len(layers):
            layer = layers[patterns.index(None)]
            raise InputError(
                source.source.path,
                None,
                f"no TRACKS across layer {stack.names[layer]}, which the size of a GCell needs",
                "TRACKS, or the option tile",
            )
        tile = tile_side(steps)
    return even_lines(x1, x2, tile), even_lines(y1, y2, tile)


def _along(image: NDArray[np.int32], horizontal: bool) -> NDArray[np.int32]:
    """A layer's image with its direction last."""
    return image if horizontal else image.T


def _original_capacity(
    source: DefFile, stack: _Stack, cells: _Cells, xs: Lines, ys: Lines
) -> NDArray[np.int32]:
    """Tracks of every edge of the layers in use, less what is obstructed."""
    capacity = np.zeros((len(stack.names), len(ys) - 1, len(xs) - 1), np.int32)
    obstructions, spare = cells.obstructions()
    for layer in stack.used:
        horizontal = bool(stack.horizontal[layer])
        along, across = (xs, ys) if horizontal else (ys, xs)
        tracks = stack.tracks(layer)
        image = _along(capacity[layer], horizontal)
        image[:, :-1] = tracks_between(tracks, across)[:, None]
        mine = obstructions[:, 0] == layer
        rects = obstructions[mine, 1:]
        if not horizontal:
            rects = rects[:, [1, 0, 3, 2]]
        take_tracks(image, rects, along, across, tracks.step, spare[mine])
    return capacity


def _adjusted(
    original: NDArray[np.int32],
    source: DefFile,
    stack: _Stack,
    config: LefDefConfig,
    xs: Lines,
    ys: Lines,
) -> NDArray[np.int32]:
    """``original`` after the adjustments of layers and regions."""
    capacity = original.copy()
    shares = [0.0] * len(stack.names)
    for text in config.layer_adjustment:
        name, _, share = text.rpartition("=")
        first, last = layer_range(stack.names, name.strip(), "layer_adjustment")
        for layer in range(first, last + 1):
            shares[layer] = _share(share, "layer_adjustment", text)
    for layer in stack.used:
        # A layer without an adjustment of its own, or with 0, has that for all.
        share = shares[layer] or config.adjustment
        if share != 0:
            adjust(capacity[layer], share)
    for text in config.region_adjustment:
        region, layer, share = _region(text, source, stack)
        if layer not in stack.used:
            continue
        horizontal = bool(stack.horizontal[layer])
        along, across = (xs, ys) if horizontal else (ys, xs)
        adjust_region(
            _along(capacity[layer], horizontal),
            region if horizontal else region[[1, 0, 3, 2]],
            along,
            across,
            stack.tracks(layer).step,
            share,
        )
    return capacity


def _share(word: str, option: str, text: str) -> float:
    try:
        share = float(word)
        if not -1 <= share <= 1:
            raise ValueError
    except ValueError:
        raise InputError(
            None, None, f"option {option}: {shorten(text)}", "a share from -1 to 1 at its end"
        ) from None
    return share


def _region(text: str, source: DefFile, stack: _Stack) -> tuple[NDArray[np.int64], int, float]:
    """Rectangle in database units, layer and share of a region adjustment."""
    words = [word.strip() for word in text.split(",")]
    try:
        rect = np.array([float(word) for word in words[:4]]) * source.dbu
        if len(words) != 6 or not np.all(np.abs(rect) < LARGEST):
            raise ValueError
    except ValueError:
        raise InputError(
            None,
            None,
            f"option region_adjustment: {shorten(text)}",
            "x0,y0,x1,y1,layer,share in microns",
        ) from None
    region = np.rint(rect).astype(np.int64)
    x1, y1, x2, y2 = source.die
    if not (x1 <= region[0] < region[2] <= x2 and y1 <= region[1] < region[3] <= y2):
        raise InputError(
            None,
            None,
            f"option region_adjustment: {shorten(text)} is empty or not within the die",
            "a region of " + " ".join(f"{value / source.dbu:g}" for value in source.die),
        )
    layer, _ = layer_range(stack.names, words[4], "region_adjustment")
    return region, layer, _share(words[5], "region_adjustment", text)


def _flat_capacity(capacity: NDArray[np.int32], stack: _Stack) -> NDArray[np.int32]:
    """``(height, width, 2)``: the sum over the layers of signals in each direction."""
    signal = slice(stack.signal[0], stack.signal[1] + 1)
    horizontal = stack.horizontal[signal]
    flat = np.zeros((*capacity.shape[1:], 2), np.int32)
    flat[..., HORIZONTAL] = capacity[signal][horizontal].sum(axis=0)
    flat[..., VERTICAL] = capacity[signal][~horizontal].sum(axis=0)
    return flat


class _Cells:
    """Shapes of placed cells and of the design's pins, kept once for each macro and orientation."""

    def __init__(self, library: Library, source: DefFile, stack: _Stack):
        self.library, self.source, self.stack = library, source, stack
        self.turned_pins: dict[tuple[str, str, str], ShapeArray] = {}

    def macro(self, component: Component) -> Macro:
        """The macro of a component.

        Raises:
            InputError: it is in none of the LEF files.
        """
        macro = self.library.macros.get(component.macro)
        if macro is None:
            self.source.source.fail(
                component.at,
                f"macro {shorten(component.macro)} is in none of the LEF files",
                "a MACRO of that name",
            )
        return macro

    def turn(self, macro: Macro, shapes: Iterable[Shape], orientation: str) -> ShapeArray:
        """Shapes of a macro on routing layers, its turned box's lower-left corner at 0 0."""
        index, dbu = self.stack.index, self.source.dbu
        corner = turned((0.0, 0.0, macro.width, macro.height), orientation)
        rows = [
            (index[layer], *_rounded(turned(rect, orientation), corner, dbu))
            for layer, rect in shapes
            if layer in index
        ]
        return np.array(rows, np.int64).reshape(-1, 5)

    def obstructions(self) -> tuple[ShapeArray, NDArray[np.bool_]]:
        """All shapes that take tracks on layers in use, and which of them belong to blocks.

        Raises:
            InputError: a macro is unknown, or a cell's pin on a layer in use sticks out of the die.
        """
        groups: dict[tuple[str, str], list[Component]] = {}
        for component in self.source.components.values():
            groups.setdefault((component.macro, component.orientation), []).append(component)
        parts: list[ShapeArray] = [self.boxes(self.source.blockages), self.boxes(self.source.straps)]
        spare = [np.zeros(len(part), np.bool_) for part in parts]
        outside = _Outside(self)
        for (_, orientation), components in groups.items():
            macro = self.macro(components[0])
            places = np.array([(c.x, c.y, c.x, c.y) for c in components], np.int64)
            block = macro.kind == "BLOCK"
            blocked = self.turn(macro, macro.obstructions, orientation)
            blocked = self.in_use(self.extended(blocked) if block else blocked)
            pins = []
            for name, pin in macro.pins.items():
                shapes = self.turn(macro, pin.shapes, orientation)
                self.turned_pins[macro.name, name, orientation] = shapes
                used = self.in_use(shapes)
                pins.append(used)
                if len(used) and pin.use not in _SUPPLY:
                    outside.check(name, used, components, places)
            for shapes in (blocked, np.concatenate([_NO_SHAPES, *pins])):
                moved = np.repeat(shapes[None], len(places), axis=0)
                moved[:, :, 1:] += places[:, None]
                parts.append(moved.reshape(-1, 5))
                spare.append(np.full(len(parts[-1]), block and shapes is blocked))
        outside.refuse()
        return np.concatenate(parts), np.concatenate(spare)

    def boxes(self, boxes: Iterable[def_file.Box]) -> ShapeArray:
        """Shapes of the DEF file on layers in use."""
        index = self.stack.index
        rows = [(index[layer], *rect) for layer, rect in boxes if layer in index]
        return self.in_use(np.rint(np.array(rows, np.float64).reshape(-1, 5)).astype(np.int64))

    def in_use(self, shapes: ShapeArray) -> ShapeArray:
        """Those of some shapes that lie on layers in use."""
        used = self.stack.used
        return shapes[(shapes[:, 0] >= used.start) & (shapes[:, 0] < used.stop)]

    def extended(self, shapes: ShapeArray) -> ShapeArray:
        """The obstructions of a block, as OpenROAD takes them.

        A layer between two obstructed ones is obstructed where both are, the lowest or highest
        layer in use where its only neighbour is; then every shape grows across its layer's
        direction by the layer's spacing.
        """
        used, names = self.stack.used, self.stack.names
        by_layer = {layer: shapes[shapes[:, 0] == layer] for layer in used}
        present = [layer for layer in used if len(by_layer[layer])]
        if not present:
            return _NO_SHAPES
        low, high = present[0], present[-1]
        low -= low - 1 == used.start
        high += high + 1 == used.stop - 1
        for layer in range(low, high + 1):
            below, above = (by_layer.get(layer + step, _NO_SHAPES) for step in (-1, 1))
            more = [by_layer[layer], _crossings(below, above)]
            if layer == used.stop - 1:
                more.append(below)
            if layer == used.start:
                more.append(above)
            by_layer[layer] = np.concatenate(more)
            by_layer[layer][:, 0] = layer
        for layer, part in by_layer.items():
            spacing = round(self.library.layers[names[layer]].spacing * self.source.dbu)
            low_side = 2 if self.stack.horizontal[layer] else 1
            part[:, low_side] -= spacing
            part[:, low_side + 2] += spacing
        return np.concatenate(list(by_layer.values()))

    def pin_shapes(self, macro: Macro, pin: str, orientation: str) -> ShapeArray | None:
        """Shapes of a macro's pin, or None: it has no such pin."""
        key = macro.name, pin, orientation
        shapes = self.turned_pins.get(key)
        if shapes is None and pin in macro.pins:
            shapes = self.turned_pins[key] = self.turn(macro, macro.pins[pin].shapes, orientation)
        return shapes

    def terminal_shapes(self, nets: Iterable[Net]) -> tuple[ShapeArray, NDArray[np.int64]]:
        """The shapes of all terminals of the nets, and the terminal of each.

        Raises:
            InputError: a component, macro or pin is unknown, or a pin cannot be reached.
        """
        kinds: dict[tuple[str, str, str], int] = {}
        tables: list[ShapeArray] = []
        kind_of: list[int] = []
        places: list[tuple[int, int]] = []
        components = self.source.components
        for net in nets:
            for name, pin in zip(net.components, net.pins, strict=True):
                component = components.get(name)
                if component is not None:
                    key = component.macro, pin, component.orientation
                    place = component.x, component.y
                else:
                    key, place = ("", name, pin), (0, 0)
                kind = kinds.get(key)
                if kind is None:
                    kind = kinds[key] = len(tables)
                    tables.append(self.reachable(net, name, pin))
                kind_of.append(kind)
                places.append(place)
        starts = np.zeros(len(tables) + 1, np.int64)
        np.cumsum([len(table) for table in tables], out=starts[1:])
        numbers = np.array(kind_of, np.int64)
        counts = np.diff(starts)[numbers]
        owners = np.repeat(np.arange(len(numbers)), counts)
        within = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
        shapes = np.concatenate([_NO_SHAPES, *tables])[starts[numbers][owners] + within]
        moves = np.array(places, np.int64).reshape(-1, 2)[owners]
        shapes[:, 1:] += moves[:, [0, 1, 0, 1]]
        return shapes, owners

    def reachable(self, net: Net, name: str, pin: str) -> ShapeArray:
        """The shapes of a terminal up to the highest layer in use."""
        fail, top = self.source.source.fail, self.stack.used.stop - 1
        component = self.source.components.get(name)
        if component is not None:
            shapes = self.pin_shapes(self.macro(component), pin, component.orientation)
            if shapes is None:
                fail(
                    net.at,
                    f"net {shorten(net.name)}: macro {shorten(component.macro)} of component "
                    f"{shorten(name)} has no pin {shorten(pin)}",
                    "a pin of the macro",
                )
        elif name == "PIN":
            if pin not in self.source.pins:
                fail(net.at, f"net {shorten(net.name)}: no pin {shorten(pin)}", "one of PINS")
            index = self.stack.index
            rows = [(index[b.layer], *b.rect) for b in self.source.pins[pin] if b.layer in index]
            shapes = np.rint(np.array(rows, np.float64).reshape(-1, 5)).astype(np.int64)
        else:
            fail(net.at, f"net {shorten(net.name)}: no component {shorten(name)}", "one of COMPONENTS")
        if not len(shapes):
            fail(
                net.at,
                f"net {shorten(net.name)}: pin {shorten(pin)} of {shorten(name)} has no shape on a "
                "routing layer, or no place",
                "a placed shape",
            )
        shapes = shapes[shapes[:, 0] <= top]
        if not len(shapes):
            fail(
                net.at,
                f"net {shorten(net.name)}: pin {shorten(pin)} of {shorten(name)} lies above "
                f"{self.stack.names[top]}, the highest layer for wires",
                "a higher one",
            )
        return shapes


class _Outside:
    """Pins of cells that stick out of the die on layers in use."""

    def __init__(self, cells: _Cells):
        self.cells = cells
        self.count = 0
        self.first: tuple[str, Component] | None = None

    def check(
        self,
        pin: str,
        shapes: ShapeArray,
        components: list[Component],
        places: NDArray[np.int64],
    ) -> None:
        """Count the shapes of one pin of some components that are not within the die."""
        x1, y1, x2, y2 = self.cells.source.die
        low, high = shapes[:, 1:3].min(axis=0), shapes[:, 3:5].max(axis=0)
        if np.all(places[:, :2] + low >= (x1, y1)) and np.all(places[:, :2] + high <= (x2, y2)):
            return
        moved = shapes[None, :, 1:] + places[:, None]
        out = np.any(moved[..., :2] < (x1, y1), axis=-1) | np.any(moved[..., 2:] > (x2, y2), axis=-1)
        self.count += int(out.sum())
        component = components[int(np.argmax(out.any(axis=1)))]
        if self.first is None or component.at < self.first[1].at:
            self.first = pin, component

    def refuse(self) -> None:
        """Raise an error when there was any."""
        if self.first is not None:
            pin, component = self.first
            statement = self.cells.source.source
            statement.fail(
                component.at,
                f"pin {shorten(pin)} of component {shorten(statement.tokens[component.at + 1])} "
                f"sticks out of the die ({self.count} shapes of pins do)",
                "cells within DIEAREA",
            )


def _crossings(first: ShapeArray, second: ShapeArray) -> ShapeArray:
    """The overlaps of every shape of ``first`` with every one of ``second``."""
    low = np.maximum(first[:, None, 1:3], second[None, :, 1:3])
    high = np.minimum(first[:, None, 3:5], second[None, :, 3:5])
    both = np.all(low < high, axis=-1)
    layer = np.zeros((int(both.sum()), 1), np.int64)
    return np.concatenate([layer, low[both], high[both]], axis=1)


def _rounded(rect: Rect, corner: Rect, dbu: int) -> tuple[int, int, int, int]:
    """A rectangle in database units, the lower-left corner of ``corner`` at 0 0."""
    x, y = corner[0], corner[1]
    return (
        round((rect[0] - x) * dbu),
        round((rect[1] - y) * dbu),
        round((rect[2] - x) * dbu),
        round((rect[3] - y) * dbu),
    )
