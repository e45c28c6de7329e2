"""LEF: routing layers, vias, and the pins and obstructions of cells.

Of the format [1] is read what a global router needs: the database units, the routing layers in
order, the shapes of fixed vias, and of each macro its class, size, pins and obstructions. All else
is read over. Lengths stay in microns as the file has them; ORIGIN is added to a macro's shapes.

[1] LEF/DEF Language Reference, versions 5.3 to 5.8.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from eda_router.formats.shapes import Point, Rect, ordered, path_rects, polygon_rects
from eda_router.formats.statements import LARGEST, Statements
from eda_router.formats.text import read_bytes, shorten

_HEAD = re.compile(rb"^[ \t]*(MACRO|LAYER|SITE|END[ \t]+LIBRARY)\b", re.M)
_NAMED_BLOCKS = {"SITE", "VIARULE", "NONDEFAULTRULE", "ARRAY", "NOISETABLE", "CORRECTIONTABLE"}
_PLAIN_BLOCKS = {"UNITS", "PROPERTYDEFINITIONS", "SPACING", "IRDROP"}


class Shape(NamedTuple):
    """A rectangle on a layer, in microns."""

    layer: str
    rect: Rect


@dataclass(frozen=True)
class RoutingLayer:
    """A layer of TYPE ROUTING; lengths in microns, 0 where the file gives none.

    Attributes:
        name: of the layer.
        horizontal: whether its preferred direction is HORIZONTAL.
        pitch: distance of tracks in x and in y.
        offset: of the first track in x and in y.
        width: of a wire.
        spacing: the largest distance between wires that any rule of the layer asks for.
    """

    name: str
    horizontal: bool
    pitch: Point
    offset: Point
    width: float
    spacing: float


@dataclass(frozen=True)
class MacroPin:
    """A pin of a macro: ``direction`` and ``use`` as in the file, shapes of all its ports."""

    direction: str
    use: str
    shapes: list[Shape]


@dataclass(frozen=True)
class Macro:
    """A cell or block.

    Attributes:
        name: of the macro.
        kind: its CLASS, for example CORE or BLOCK; empty where the file gives none.
        width: of its box in x, microns.
        height: of its box in y, microns.
        pins: by name.
        obstructions: shapes that wires must keep clear of.
    """

    name: str
    kind: str
    width: float
    height: float
    pins: dict[str, MacroPin]
    obstructions: list[Shape]


@dataclass(frozen=True)
class Library:
    """What one or more LEF files hold; of names that repeat the first counts.

    Attributes:
        layers: routing layers by name, bottom up.
        vias: shapes of fixed vias by name.
        macros: by name.
    """

    layers: dict[str, RoutingLayer] = field(default_factory=dict)
    vias: dict[str, list[Shape]] = field(default_factory=dict)
    macros: dict[str, Macro] = field(default_factory=dict)


def sniff(head: bytes) -> bool:
    """Whether a file that begins with ``head`` looks like LEF."""
    return _HEAD.search(head) is not None


def read(paths: str | Path | Iterable[str | Path]) -> Library:
    """Read LEF files, technology first; they may be gzipped.

    Raises:
        InputError: a file cannot be read or is not in the format; path and line are given.
    """
    library = Library()
    for path in [paths] if isinstance(paths, (str, Path)) else paths:
        parse(read_bytes(path), path, library)
    return library


def parse(data: bytes, path: str | Path, library: Library) -> None:
    """Add the content of a LEF file to ``library``; ``path`` stands in errors.

    Raises:
        InputError: as for :func:`read`.
    """
    _Parser(Statements(path, data), library).run()


class _Parser:
    """A cursor over the tokens; every method takes the index of a token and gives the next."""

    def __init__(self, source: Statements, library: Library):
        self.source = source
        self.tokens = source.tokens
        self.library = library

    def run(self) -> None:
        at, source = 0, self.source
        while at < len(self.tokens):
            word = self.tokens[at]
            if word == "LAYER":
                at = self.layer(at)
            elif word == "VIA":
                at = self.via(at)
            elif word == "MACRO":
                at = self.macro(at)
            elif word in _NAMED_BLOCKS:
                at = source.after_block(at, source.name_at(at + 1))
            elif word in _PLAIN_BLOCKS:
                at = source.after_block(at, word)
            elif word == "BEGINEXT":
                at = source.after_extension(at)
            elif source.ends(at, "LIBRARY", "where no block is open"):
                return
            else:
                at = source.end_of(at) + 1

    def words(self, at: int) -> list[str]:
        """The statement at ``at`` without its semicolon."""
        return self.tokens[at : self.source.end_of(at)]

    def numbers(self, at: int, words: list[str], least: int = 1) -> list[float]:
        """At least ``least`` numbers, parentheses between them left out."""
        try:
            values = [float(word) for word in words if word not in "()"]
        except ValueError:
            values = []
        if len(values) < least or not all(abs(value) < LARGEST for value in values):
            expected = f"{least} numbers" if least > 1 else "a number"
            self.source.fail(at, f"{self.source.shown(at)} lacks numbers", expected)
        return values

    def block(self, at: int, name: str) -> Iterable[tuple[int, str]]:
        """Index and first word of every statement up to ``END name``; blocks are not known."""
        source = self.source
        while True:
            if source.ends(at, name, f"within {shorten(name)}"):
                return
            yield at, self.tokens[at]
            at = source.end_of(at) + 1

    def layer(self, at: int) -> int:
        name = self.source.name_at(at + 1)
        kind = direction = ""
        pitch = offset = (0.0, 0.0)
        width = spacing = 0.0
        end = at + 2
        for here, word in self.block(at + 2, name):
            end = here
            if word == "TYPE":
                kind = self.source.name_at(here + 1)
            elif word == "DIRECTION":
                direction = self.source.name_at(here + 1)
            elif word in ("PITCH", "OFFSET"):
                numbers = self.numbers(here, self.words(here)[1:])
                pair = (numbers[0], numbers[-1])
                pitch, offset = (pair, offset) if word == "PITCH" else (pitch, pair)
            elif word == "WIDTH":
                width = self.numbers(here, self.words(here)[1:2])[0]
            elif word == "SPACING":
                spacing = max(spacing, self.numbers(here, self.words(here)[1:2])[0])
            elif word == "SPACINGTABLE":
                # The last entry of a table is that of the widest and longest wires.
                spacing = max(spacing, self.numbers(here, self.words(here)[-1:])[0])
        if kind == "ROUTING" and name not in self.library.layers:
            if direction not in ("HORIZONTAL", "VERTICAL"):
                self.source.fail(
                    at,
                    f"layer {shorten(name)} has the direction {shorten(direction)}",
                    "HORIZONTAL or VERTICAL",
                )
            self.library.layers[name] = RoutingLayer(
                name, direction == "HORIZONTAL", pitch, offset, width, spacing
            )
        return self.source.after_block(end, name)

    def via(self, at: int) -> int:
        name = self.source.name_at(at + 1)
        first = at + 2
        while self.source.name_at(first) in ("DEFAULT", "TOPOFSTACKONLY", "GENERATED"):
            first += 1
        shapes: list[Shape] = []
        end = first
        layer = ""
        for here, word in self.block(first, name):
            end = here
            if word == "LAYER":
                layer = self.source.name_at(here + 1)
            elif word in ("RECT", "POLYGON"):
                shapes += self.shapes(here, layer, 0.0, (0.0, 0.0))
        self.library.vias.setdefault(name, shapes)
        return self.source.after_block(end, name)

    def macro(self, at: int) -> int:
        source = self.source
        name = source.name_at(at + 1)
        kind = ""
        origin, size = (0.0, 0.0), None
        pins: dict[str, tuple[str, str, list[int]]] = {}
        blocked: list[int] = []
        here = at + 2
        while not source.ends(here, name, f"within macro {shorten(name)}"):
            word = self.tokens[here]
            if word == "PIN":
                here = self.pin(here, pins)
                continue
            if word == "OBS":
                here = self.geometry(here, blocked)
                continue
            if word == "DENSITY":
                here = self.after_geometry(here + 1)
                continue
            if word == "TIMING":
                here = source.after_block(here, word)
                continue
            if word == "BEGINEXT":
                here = source.after_extension(here)
                continue
            if word == "CLASS":
                kind = source.name_at(here + 1)
            elif word == "ORIGIN":
                x, y = self.numbers(here, self.words(here)[1:], 2)[:2]
                origin = (x, y)
            elif word == "SIZE":
                words = [word for word in self.words(here)[1:] if word != "BY"]
                width, height = self.numbers(here, words, 2)[:2]
                size = (width, height)
            here = source.end_of(here) + 1
        if size is None:
            source.fail(at, f"macro {shorten(name)} has no SIZE", "SIZE width BY height")
        if name not in self.library.macros:
            # Shapes are read last, for ORIGIN may stand anywhere.
            self.library.macros[name] = Macro(
                name,
                kind,
                *size,
                {
                    pin: MacroPin(direction, use, self.geometries(ports, origin))
                    for pin, (direction, use, ports) in pins.items()
                },
                self.geometries(blocked, origin),
            )
        return here + 2

    def pin(self, at: int, pins: dict[str, tuple[str, str, list[int]]]) -> int:
        source = self.source
        name = source.name_at(at + 1)
        direction, use = "", "SIGNAL"
        ports: list[int] = []
        here = at + 2
        while not source.ends(here, name, f"within pin {shorten(name)}"):
            word = self.tokens[here]
            if word == "PORT":
                here = self.geometry(here, ports)
                continue
            if word == "DIRECTION":
                direction = source.name_at(here + 1)
            elif word == "USE":
                use = source.name_at(here + 1)
            here = source.end_of(here) + 1
        pins[name] = (direction, use, ports)
        return here + 2

    def geometry(self, at: int, starts: list[int]) -> int:
        """Note where the geometry of the block at ``at`` begins; gives the index after its END."""
        starts.append(at + 1)
        return self.after_geometry(at + 1)

    def after_geometry(self, at: int) -> int:
        """Index after the END of the statements that begin at ``at``."""
        while self.source.name_at(at) != "END":
            at = self.source.end_of(at) + 1
        return at + 1

    def geometries(self, starts: list[int], origin: Point) -> list[Shape]:
        """The shapes of geometries on routing layers, ``origin`` added."""
        tokens, layers = self.tokens, self.library.layers
        shapes: list[Shape] = []
        for at in starts:
            layer: RoutingLayer | None = None
            on_layer = False
            width = 0.0
            while (word := tokens[at]) != "END":
                end = tokens.index(";", at)
                if word == "LAYER":
                    on_layer = True
                    layer = layers.get(self.source.name_at(at + 1))
                    width = 0.0 if layer is None else layer.width
                elif word == "WIDTH":
                    width = self.numbers(at, tokens[at + 1 : end])[0]
                elif word in ("RECT", "POLYGON", "PATH"):
                    if not on_layer:
                        self.source.fail(at, f"{self.source.shown(at)} on no layer", "LAYER name ;")
                    if layer is not None:
                        shapes += self.shapes(at, layer.name, width, origin)
                at = end + 1
        return shapes

    def shapes(self, at: int, layer: str, width: float, origin: Point) -> list[Shape]:
        """The rectangles of one RECT, POLYGON or PATH; ``width`` is that of a path."""
        words = self.words(at)
        kind, steps = words[0], [(0.0, 0.0)]
        if kind == "RECT" and len(words) == 5:
            x1, y1, x2, y2 = self.numbers(at, words[1:], 4)
            x, y = origin
            return [Shape(layer, ordered(x1 + x, y1 + y, x2 + x, y2 + y))]
        if "MASK" in words:
            mask = words.index("MASK")
            del words[mask : mask + 2]
        if "ITERATE" in words:
            words.remove("ITERATE")
            do = words.index("DO") if "DO" in words else len(words)
            pattern = self.numbers(
                at, [word for word in words[do + 1 :] if word not in ("BY", "STEP")], 4
            )
            if not all(1 <= count <= 10_000 for count in pattern[:2]):
                self.source.fail(at, f"{self.source.shown(at)} repeats too often", "DO 1 to 10000")
            steps = [
                (i * pattern[2], j * pattern[3])
                for i in range(int(pattern[0]))
                for j in range(int(pattern[1]))
            ]
            words = words[:do]
        values = self.numbers(at, words[1:], 4 if kind == "RECT" else 2)
        points = list(zip(values[::2], values[1::2], strict=False))
        try:
            if kind == "RECT":
                rects = [ordered(*values[:4])]
            elif kind == "POLYGON":
                rects = polygon_rects(points)
            else:
                rects = path_rects(points, width)
        except ValueError:
            self.source.fail(at, f"{self.source.shown(at)} has too few corners", "three or more")
        return [
            Shape(layer, (x1 + dx, y1 + dy, x2 + dx, y2 + dy))
            for x1, y1, x2, y2 in rects
            for dx, dy in ((x + origin[0], y + origin[1]) for x, y in steps)
        ]
