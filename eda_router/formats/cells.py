"""Shapes of placed cells: what they take from the routing layers, where their pins are reached."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from eda_router.formats import def_file
from eda_router.formats.def_file import Component, DefFile, Net
from eda_router.formats.lef import Library, Macro, Shape
from eda_router.formats.shapes import Rect, turned
from eda_router.formats.stack import Stack
from eda_router.formats.text import shorten
from eda_router.layers import PlacedCells

SUPPLY = ("POWER", "GROUND")
"""The USE of nets and pins that are not routed."""

_NO_SHAPES = np.zeros((0, 5), np.int64)

ShapeArray = NDArray[np.int64]
"""int64 ``(n, 5)``: layer, lowest x, lowest y, highest x, highest y, database units."""


class Cells:
    """Shapes of placed cells and of the design's pins, kept once for each macro and orientation."""

    def __init__(self, library: Library, source: DefFile, stack: Stack):
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

    def placed(self) -> PlacedCells:
        """The boxes of all components.

        Raises:
            InputError: a macro is unknown.
        """
        components = self.source.components.values()
        corners = np.array([(one.x, one.y) for one in components], np.int64).reshape(-1, 2)
        macros = [self.macro(component) for component in components]
        dbu = self.source.dbu
        sides = [
            _rounded(box, box, dbu)[2:]
            for macro, one in zip(macros, components, strict=True)
            for box in [turned((0.0, 0.0, macro.width, macro.height), one.orientation)]
        ]
        highs = corners + np.array(sides, np.int64).reshape(-1, 2)
        return PlacedCells(
            np.concatenate([corners, highs], axis=1),
            np.array([macro.kind == "BLOCK" for macro in macros], np.bool_),
        )

    def obstructions(self) -> tuple[ShapeArray, NDArray[np.bool_]]:
        """All shapes that take tracks on layers in use, and which of them belong to blocks.

        Raises:
            InputError: a macro is unknown, or a cell's pin on a layer in use sticks out of the die.
        """
        groups: dict[tuple[str, str], list[Component]] = {}
        for component in self.source.components.values():
            groups.setdefault((component.macro, component.orientation), []).append(component)
        parts = [self.boxes(self.source.blockages), self.boxes(self.source.straps)]
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
                if len(used) and pin.use not in SUPPLY:
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
            fail(
                net.at,
                f"net {shorten(net.name)}: no component {shorten(name)}",
                "one of COMPONENTS",
            )
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

    def __init__(self, cells: Cells):
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
        out = np.any(moved < (x1, y1, x1, y1), axis=-1) | np.any(moved > (x2, y2, x2, y2), axis=-1)
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
