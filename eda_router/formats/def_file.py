"""DEF: the die, tracks, placed components, pins, nets, straps and blockages of a design.

Of the format [1] is read what a global router needs; other statements and sections are read over
by name, and so are wires that the nets of NETS have already. Lengths are whole database units.
Counts before sections are not trusted: a section goes on to its END. Shapes on layers of any kind
are kept; whoever uses them picks those on routing layers.

[1] LEF/DEF Language Reference, versions 5.3 to 5.8.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from eda_router.formats.lef import Shape
from eda_router.formats.shapes import ORIENTATIONS, Point, Rect, ordered, polygon_rects, turned
from eda_router.formats.statements import Statements, whole
from eda_router.formats.text import read_bytes, shorten

_HEAD = re.compile(rb"^[ \t]*(DESIGN[ \t]+\S+[ \t]*;|DIEAREA\b|COMPONENTS[ \t]+\d)", re.M)
_PLACED = ("PLACED", "FIXED", "COVER")
_SKIPPED = {
    "NONDEFAULTRULES",
    "REGIONS",
    "GROUPS",
    "FILLS",
    "SCANCHAINS",
    "PROPERTYDEFINITIONS",
    "PINPROPERTIES",
    "SLOTS",
    "STYLES",
    "CONSTRAINTS",
    "ASSERTIONS",
    "IOTIMINGS",
    "TIMINGDISABLES",
    "PARTITIONS",
    "DEFAULTCAP",
}
_FORMS = {
    "COMPONENTS": "- name macro + PLACED ( x y ) orientation ;",
    "PINS": "- name + NET net + LAYER layer ( x y ) ( x y ) + PLACED ( x y ) orientation ;",
    "NETS": "- name ( component pin ) ... + USE use ;",
    "SPECIALNETS": "- name + ROUTED layer width ( x y ) ( x y ) ... ;",
    "VIAS": "- name + RECT layer ( x y ) ( x y ) ... ;",
    "BLOCKAGES": "- LAYER layer RECT ( x y ) ( x y ) ;",
}
_MAX_TRACKS = 10**7
_SUFFIX = re.compile(r"\.extra[0-9]+$")


class Tracks(NamedTuple):
    """One TRACKS or GCELLGRID line: ``num`` lines at ``first``, ``first + step``, ...

    ``axis`` X gives places in x, that is vertical lines. ``layers`` is empty for a GCELLGRID.
    """

    axis: str
    first: int
    num: int
    step: int
    layers: tuple[str, ...]


class Component(NamedTuple):
    """A placed component; ``at`` is the token at which it stands."""

    macro: str
    x: int
    y: int
    orientation: str
    at: int


class Net(NamedTuple):
    """A net of NETS.

    ``components`` and ``pins`` are equally long: the component of each terminal, ``PIN`` for a pin
    of the design, and the name of its pin. ``at`` is the token at which the net stands.
    """

    name: str
    components: list[str]
    pins: list[str]
    use: str
    at: int


class Box(NamedTuple):
    """A rectangle on a layer, in database units of the die."""

    layer: str
    rect: Rect


@dataclass
class DefFile:
    """The content of a DEF file.

    Attributes:
        source: the statements, to name the line of an error.
        name: of the design.
        dbu: database units a micron.
        die: bounding box of the die.
        tracks: TRACKS lines.
        gcells: GCELLGRID lines.
        components: by name.
        pins: by name, the shapes of all their ports.
        nets: the nets of NETS, in order.
        supply: names of the nets of SPECIALNETS.
        straps: wires and vias of SPECIALNETS.
        blockages: shapes of BLOCKAGES on layers.
        vias: shapes of VIAS, and of the technology's vias in use, about the via's own place.
    """

    source: Statements
    name: str = ""
    dbu: int = 0
    die: tuple[int, int, int, int] = (0, 0, 0, 0)
    tracks: list[Tracks] = field(default_factory=list)
    gcells: list[Tracks] = field(default_factory=list)
    components: dict[str, Component] = field(default_factory=dict)
    pins: dict[str, list[Box]] = field(default_factory=dict)
    nets: list[Net] = field(default_factory=list)
    supply: set[str] = field(default_factory=set)
    straps: list[Box] = field(default_factory=list)
    blockages: list[Box] = field(default_factory=list)
    vias: dict[str, list[Box]] = field(default_factory=dict)


def sniff(head: bytes) -> bool:
    """Whether a file that begins with ``head`` looks like DEF."""
    return _HEAD.search(head) is not None


def read(path: str | Path, vias: Mapping[str, list[Shape]] | None = None) -> DefFile:
    """Read a DEF file, which may be gzipped.

    Args:
        path: of the file.
        vias: shapes of the technology's vias about their own place, in microns.

    Raises:
        InputError: the file cannot be read or is not in the format; path and line are given.
    """
    return parse(read_bytes(path), path, vias)


def parse(data: bytes, path: str | Path, vias: Mapping[str, list[Shape]] | None = None) -> DefFile:
    """Parse the content of a DEF file; ``path`` stands in errors.

    Raises:
        InputError: as for :func:`read`.
    """
    parser = _Parser(Statements(path, data), vias or {})
    parser.run()
    return parser.design


class _Parser:
    """Reads the statements of a DEF file into ``design``, one method a section."""

    def __init__(self, source: Statements, vias: Mapping[str, list[Shape]]):
        self.source = source
        self.design = DefFile(source)
        self.known_vias = vias
        self.sections: dict[str, Callable[[int, list[str]], None]] = {
            "COMPONENTS": self.component,
            "PINS": self.pin,
            "NETS": self.net,
            "SPECIALNETS": self.special_net,
            "VIAS": self.via,
            "BLOCKAGES": self.blockage,
        }
        self.seen_nets: set[str] = set()

    def run(self) -> None:
        source, tokens, at = self.source, self.source.tokens, 0
        while at < len(tokens):
            word = tokens[at]
            if word in self.sections:
                at = self.section(at, word)
            elif word in _SKIPPED:
                at = source.after_block(at, word)
            elif word == "BEGINEXT":
                at = source.after_extension(at)
            elif source.ends(at, "DESIGN", "where no section is open"):
                break
            else:
                end = source.end_of(at)
                self.plain(at, tokens[at:end])
                at = end + 1
        if not self.design.dbu:
            source.fail(at, "no UNITS", "UNITS DISTANCE MICRONS number ;")
        x1, y1, x2, y2 = self.design.die
        if x1 >= x2 or y1 >= y2:
            source.fail(at, "no DIEAREA, or an empty one", "DIEAREA ( x y ) ( x y ) ;")

    def section(self, at: int, name: str) -> int:
        """Read the statements of a section; gives the index after its END."""
        read, tokens = self.sections[name], self.source.tokens
        for start, end in self.statements(at, name):
            try:
                read(start, tokens[start:end])
            except (IndexError, ValueError, KeyError):
                self.source.fail(start, f"{self.source.shown(start)} in {name}", _FORMS[name])
            at = end
        return self.source.after_block(at, name)

    def statements(self, at: int, name: str) -> Iterator[tuple[int, int]]:
        """First token and semicolon of each statement of the section at ``at``."""
        source, tokens = self.source, self.source.tokens
        at = source.end_of(at) + 1
        while True:
            if source.ends(at, name, f"within {name}"):
                return
            word = tokens[at]
            if word == "BEGINEXT":
                at = source.after_extension(at)
                continue
            end = source.end_of(at)
            rest = tokens[at + 1 : end]
            # Two statements in one: a semicolon is missing between them.
            if word != "-" or "-" in rest or "END" in rest:
                source.fail(at, f"{source.shown(at)} in {name}", _FORMS[name])
            yield at, end
            at = end + 1

    def plain(self, at: int, words: list[str]) -> None:
        """A statement outside all sections."""
        design, key = self.design, words[0] if words else ""
        try:
            if key == "DESIGN":
                design.name = words[1]
            elif key == "UNITS":
                design.dbu = whole(words[3])
                if design.dbu < 1:
                    raise ValueError
            elif key == "DIEAREA":
                points = _points(words[1:])
                xs, ys = zip(*points, strict=True)
                design.die = (min(xs), min(ys), max(xs), max(ys))
            elif key in ("TRACKS", "GCELLGRID"):
                lines = design.tracks if key == "TRACKS" else design.gcells
                lines.append(_lines(words))
        except (IndexError, ValueError):
            expected = {
                "DESIGN": "DESIGN name ;",
                "UNITS": "UNITS DISTANCE MICRONS number ;",
                "DIEAREA": "DIEAREA ( x y ) ( x y ) ;",
                "TRACKS": "TRACKS X or Y first DO count STEP step LAYER layer ;",
                "GCELLGRID": "GCELLGRID X or Y first DO count STEP step ;",
            }[key]
            self.source.fail(at, f"{self.source.shown(at, 8)}", expected)

    def component(self, at: int, words: list[str]) -> None:
        name, macro = words[1], words[2]
        for here in range(3, len(words)):
            if words[here] in _PLACED and words[here - 1] == "+":
                _, x, y, _, orientation = words[here + 1 : here + 6]
                if orientation not in ORIENTATIONS:
                    raise ValueError
                component = Component(macro, whole(x), whole(y), orientation, at)
                break
        else:
            self.source.fail(
                at, f"component {shorten(name)} is not placed", "+ PLACED ( x y ) orientation"
            )
        if name in self.design.components:
            self.source.fail(at, f"component {shorten(name)} appears twice", "each component once")
        self.design.components[name] = component

    def pin(self, at: int, words: list[str]) -> None:
        name = words[1]
        shapes: list[Box] = []
        boxes: list[Box] = []
        place: tuple[int, int, str] | None = None

        def close() -> None:
            if place is not None:
                x, y, orientation = place
                for layer, rect in boxes:
                    shapes.append(Box(layer, _moved(turned(rect, orientation), x, y)))

        for group in _groups(words, 2):
            if not group:
                raise ValueError
            key = group[0]
            if key == "PORT":
                close()
                boxes, place = [], None
            elif key in _PLACED:
                _, x, y, _, orientation = group[1:6]
                place = whole(x), whole(y), orientation
                if orientation not in ORIENTATIONS:
                    raise ValueError
            elif key in ("LAYER", "POLYGON"):
                boxes += _boxes(group)
            elif key == "VIA":
                ((x1, y1),) = _points(group[group.index("(") :])
                boxes += self.via_boxes(at, group[1], x1, y1)
        close()
        # A further port of pin P may be written as a pin P.extraN of its own.
        own = _SUFFIX.sub("", name)
        self.design.pins.setdefault(own, []).extend(shapes)
        if own != name:
            self.design.pins[name] = shapes

    def net(self, at: int, words: list[str]) -> None:
        plus = words.index("+") if "+" in words else len(words)
        body = words[2:plus]
        opens = len(body) // 4
        if body[::4].count("(") == body[3::4].count(")") == opens and len(body) == 4 * opens:
            components, pins = body[1::4], body[2::4]
        else:
            components, pins = self.connections(words)
        name, use = words[1], "SIGNAL"
        if name == "MUSTJOIN":
            return
        for here in range(plus, len(words) - 1):
            if words[here] == "USE" and words[here - 1] == "+":
                use = words[here + 1]
                break
        if name in self.seen_nets:
            self.source.fail(at, f"net {shorten(name)} appears twice", "each net once")
        self.seen_nets.add(name)
        self.design.nets.append(Net(name, components, pins, use, at))

    def connections(self, words: list[str]) -> tuple[list[str], list[str]]:
        """Terminals of a net whose parentheses hold more than two names each."""
        components, pins, here = [], [], 2
        while here < len(words) and words[here] == "(":
            close = words.index(")", here)
            if close < here + 3 or (close > here + 3 and words[here + 3] != "+"):
                raise ValueError
            components.append(words[here + 1])
            pins.append(words[here + 2])
            here = close + 1
        if here < len(words) and words[here] != "+":
            raise ValueError
        return components, pins

    def special_net(self, at: int, words: list[str]) -> None:
        self.design.supply.add(words[1])
        plus = words.index("+") if "+" in words else len(words)
        wires = _SpecialWires(self, at, words)
        while plus < len(words):
            plus = wires.group(plus)
        self.design.straps += wires.boxes

    def via(self, at: int, words: list[str]) -> None:
        boxes: list[Box] = []
        rule: dict[str, list[str]] = {}
        for group in _groups(words, 2):
            key = group[0]
            if key in ("RECT", "POLYGON"):
                boxes += _boxes(group)
            else:
                rule[key] = group[1:]
        if "VIARULE" in rule:
            boxes += _generated_via(rule)
        self.design.vias[words[1]] = boxes

    def via_boxes(self, at: int, name: str, x: float, y: float, turn: str = "N") -> list[Box]:
        """The shapes of a via at a place.

        Raises:
            InputError: no via has this name.
        """
        boxes = self.design.vias.get(name)
        if boxes is None and name in self.known_vias:
            dbu = self.design.dbu
            boxes = self.design.vias[name] = [
                Box(layer, (x1 * dbu, y1 * dbu, x2 * dbu, y2 * dbu))
                for layer, (x1, y1, x2, y2) in self.known_vias[name]
            ]
        if boxes is None:
            self.source.fail(
                at,
                f"{self.source.shown(at, 2)} names the unknown via {shorten(name)}",
                "a via of the VIAS section or of the LEF files",
            )
        return [Box(layer, _moved(turned(rect, turn), x, y)) for layer, rect in boxes]

    def blockage(self, at: int, words: list[str]) -> None:
        if words[1] == "PLACEMENT":
            return
        if words[1] != "LAYER":
            raise ValueError
        layer, here = words[2], 3
        while here < len(words):
            word = words[here]
            if word not in ("RECT", "POLYGON"):
                here += 1
                continue
            end = here + 1
            while end < len(words) and words[end] not in ("RECT", "POLYGON"):
                end += 1
            points = _points(words[here + 1 : end])
            if word == "RECT":
                (x1, y1), (x2, y2) = points
                self.design.blockages.append(Box(layer, ordered(x1, y1, x2, y2)))
            else:
                self.design.blockages += [Box(layer, rect) for rect in polygon_rects(points)]
            here = end


class _SpecialWires:
    """The wires of one net of SPECIALNETS.

    A wire is a layer, a width and points; a via or a rectangle may stand after any point. Special
    wires end at their last point, unless the point has an extension as its third number.
    """

    def __init__(self, parser: _Parser, at: int, words: list[str]):
        self.parser, self.at, self.words = parser, at, words
        self.boxes: list[Box] = []

    def group(self, here: int) -> int:
        """Read what the ``+`` at ``here`` begins; gives the index of the next ``+``."""
        words, key = self.words, self.words[here + 1]
        if key in ("ROUTED", "FIXED", "COVER", "SHIELD"):
            return self.wire(here + (3 if key == "SHIELD" else 2))
        end = self.next_plus(here + 1)
        if key in ("RECT", "POLYGON", "VIA"):
            name = words[here + 2]
            if end < len(words) and words[end + 1] == "MASK":
                here, end = end, self.next_plus(end + 1)
            orientation = next((w for w in words[here + 2 : end] if w in ORIENTATIONS), "N")
            points = _points(words[words.index("(", here) : end])
            if key == "RECT":
                (x1, y1), (x2, y2) = points
                self.boxes.append(Box(name, ordered(x1, y1, x2, y2)))
            elif key == "POLYGON":
                self.boxes += [Box(name, rect) for rect in polygon_rects(points)]
            else:
                for x, y in points:
                    self.boxes += self.parser.via_boxes(self.at, name, x, y, orientation)
        return end

    def next_plus(self, here: int) -> int:
        """Index of the next ``+`` from ``here`` on, or of the end."""
        return self.words.index("+", here) if "+" in self.words[here:] else len(self.words)

    def wire(self, here: int) -> int:
        """Read the wires from the layer at ``here`` on; gives the index of the ``+`` after them."""
        words = self.words
        layer, width = words[here], whole(words[here + 1])
        here += 2
        x = y = 0.0
        before: tuple[float, float, float] | None = None
        connected = True
        while here < len(words):
            word = words[here]
            if word == "(":
                close = words.index(")", here)
                values = words[here + 1 : close]
                x = x if values[0] == "*" else whole(values[0])
                y = y if values[1] == "*" else whole(values[1])
                extension = float(whole(values[2])) if len(values) > 2 else 0.0
                if before is not None and connected:
                    self.boxes.append(Box(layer, _stretch(before, (x, y, extension), width / 2)))
                before, connected = (x, y, extension), True
                here = close + 1
            elif word == "NEW":
                layer, width, before = words[here + 1], whole(words[here + 2]), None
                here += 3
            elif word == "+":
                if words[here + 1] not in ("SHAPE", "STYLE"):
                    return here
                here += 3
            elif word == "MASK":
                here += 2
            elif word == "VIRTUAL":
                connected = False
                here += 1
            elif word == "RECT":
                dx1, dy1, dx2, dy2 = map(whole, words[here + 2 : here + 6])
                self.boxes.append(Box(layer, _moved(ordered(dx1, dy1, dx2, dy2), x, y)))
                here += 7
            else:
                here = self.vias(here, x, y)
        return here

    def vias(self, here: int, x: float, y: float) -> int:
        """The via, or the field of vias, that is named at ``here``."""
        words, name, turn = self.words, self.words[here], "N"
        here += 1
        if words[here : here + 1] and words[here] in ORIENTATIONS:
            turn = words[here]
            here += 1
        steps = [(0, 0)]
        if words[here : here + 1] == ["DO"]:
            columns, rows = whole(words[here + 1]), whole(words[here + 3])
            dx, dy = whole(words[here + 5]), whole(words[here + 6])
            if not 1 <= columns * rows <= _MAX_TRACKS:
                raise ValueError
            steps = [(i * dx, j * dy) for i in range(columns) for j in range(rows)]
            here += 7
        for step_x, step_y in steps:
            self.boxes += self.parser.via_boxes(self.at, name, x + step_x, y + step_y, turn)
        return here


def _groups(words: list[str], at: int) -> Iterator[list[str]]:
    """The words between one ``+`` and the next, from the first ``+`` after ``at`` on."""
    here = words.index("+", at) if "+" in words[at:] else len(words)
    while here < len(words):
        end = here + 1
        while end < len(words) and words[end] != "+":
            end += 1
        if end == here + 1:
            raise ValueError
        yield words[here + 1 : end]
        here = end


def _boxes(group: list[str]) -> list[Box]:
    """The rectangles of ``RECT layer ( x y ) ( x y )``, a pin's LAYER, or a POLYGON.

    Raises:
        ValueError, IndexError: the words are something else.
    """
    points = _points(group[group.index("(") :])
    if group[0] == "POLYGON":
        return [Box(group[1], rect) for rect in polygon_rects(points)]
    (x1, y1), (x2, y2) = points
    return [Box(group[1], ordered(x1, y1, x2, y2))]


def _points(words: list[str]) -> list[Point]:
    """Points ``( x y )``, ``*`` for the number before.

    Raises:
        ValueError, IndexError: the words are something else.
    """
    points: list[Point] = []
    x = y = 0
    for here in range(0, len(words), 4):
        if words[here] != "(" or words[here + 3] != ")":
            raise ValueError
        x = x if words[here + 1] == "*" and points else whole(words[here + 1])
        y = y if words[here + 2] == "*" and points else whole(words[here + 2])
        points.append((x, y))
    if not points:
        raise ValueError
    return points


def _lines(words: list[str]) -> Tracks:
    """A TRACKS or GCELLGRID statement."""
    axis, first, count, step = words[1], whole(words[2]), whole(words[4]), whole(words[6])
    layers = tuple(words[words.index("LAYER") + 1 :]) if "LAYER" in words else ()
    wrong = axis not in ("X", "Y") or words[3] != "DO" or words[5] != "STEP"
    if wrong or not 1 <= count <= _MAX_TRACKS or step < 0 or (step == 0 and count > 1):
        raise ValueError
    return Tracks(axis, first, count, step, layers)


def _stretch(
    first: tuple[float, float, float], last: tuple[float, float, float], half: float
) -> Rect:
    """A stretch of wire between two points (x, y, extension), ``half`` wide to each side."""
    (x1, y1, e1), (x2, y2, e2) = (first, last) if first[:2] <= last[:2] else (last, first)
    if y1 == y2:
        return (x1 - e1, y1 - half, x2 + e2, y2 + half)
    if x1 == x2:
        return (x1 - half, y1 - e1, x2 + half, y2 + e2)
    # A wire at 45 degrees: the box of its points.
    return ordered(x1, y1, x2, y2)


def _moved(rect: Rect, x: float, y: float) -> Rect:
    return (rect[0] + x, rect[1] + y, rect[2] + x, rect[3] + y)


def _generated_via(rule: dict[str, list[str]]) -> list[Box]:
    """The two metal shapes of a via that a rule makes of an array of cuts."""
    cut_x, cut_y = map(whole, rule["CUTSIZE"])
    gap_x, gap_y = map(whole, rule["CUTSPACING"])
    below_x, below_y, above_x, above_y = map(whole, rule["ENCLOSURE"])
    rows, columns = map(whole, rule.get("ROWCOL", ["1", "1"])[:2])
    x, y = map(whole, rule.get("ORIGIN", ["0", "0"]))
    shift = list(map(whole, rule.get("OFFSET", ["0", "0", "0", "0"])))
    half_x = (columns * cut_x + (columns - 1) * gap_x) / 2
    half_y = (rows * cut_y + (rows - 1) * gap_y) / 2
    below, _, above = rule["LAYERS"]
    return [
        Box(layer, (cx - half_x - ex, cy - half_y - ey, cx + half_x + ex, cy + half_y + ey))
        for layer, cx, cy, ex, ey in (
            (below, x + shift[0], y + shift[1], below_x, below_y),
            (above, x + shift[2], y + shift[3], above_x, above_y),
        )
    ]
