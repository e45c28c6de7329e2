"""A made-up technology for synthetic chips: six routing layers, a few cells, one memory.

Lengths are in database units, :data:`DBU` of them a micron.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

DBU = 1000
SITE = 200
"""Width of the places of which the rows of cells are made."""

ROW = 2000
"""Height of a row of cells."""

RAIL = 200
"""Height of the supply rails, half of them within the cell."""


class Layer(NamedTuple):
    """A routing layer; tracks lie ``pitch`` apart, the first half of that from the die's corner."""

    name: str
    horizontal: bool
    pitch: int
    width: int


LAYERS = (
    Layer("lane1", True, 200, 80),
    Layer("lane2", False, 200, 80),
    Layer("lane3", True, 200, 80),
    Layer("lane4", False, 400, 160),
    Layer("lane5", True, 400, 160),
    Layer("lane6", False, 800, 400),
)
"""The layers, bottom up."""

TILE = 15 * LAYERS[2].pitch
"""Side of a GCell by OpenROAD's rule: 15 times the middle pitch of layers 2, 3 and 4."""


class Box(NamedTuple):
    """A rectangle on a layer."""

    layer: str
    x1: int
    y1: int
    x2: int
    y2: int


class Master(NamedTuple):
    """A kind of cell.

    Attributes:
        name: of the cell.
        width: in database units.
        height: in database units.
        pins: the shapes of each pin, outputs first.
        outputs: number of outputs, 0 or 1.
        obstructions: shapes that wires may not use.
        block: whether it is a macro and not a cell of a row.
    """

    name: str
    width: int
    height: int
    pins: dict[str, list[Box]]
    outputs: int
    obstructions: list[Box]
    block: bool = False


def _cell(name: str, sites: int, inputs: str, output: str = "y") -> Master:
    """A cell with a bar for each pin, all inputs on sites in turn, the output as an L."""
    pins = {}
    if output:
        x = (sites - 1) * SITE + 50
        pins[output] = [
            Box("lane1", x, 500, x + 100, 1500),
            Box("lane1", x - SITE, 500, x, 600),
        ]
    for place, pin in enumerate(inputs.split()):
        x, y = place * SITE + 50, 700 + 200 * (place % 2)
        pins[pin] = [Box("lane1", x, y, x + 100, y + 400)]
    middle = sites // 2 * SITE
    wire = [Box("lane1", middle - 40, 1600, middle + 40, 1800)] if sites > 4 else []
    return Master(name, sites * SITE, ROW, pins, int(bool(output)), wire)


def _memory() -> Master:
    """A block of five rows, its pins on the third layer at its left side."""
    width, height = 60 * SITE, 5 * ROW
    pins = {
        f"d{pin}": [Box("lane3", 0, 500 + 600 * pin, 300, 580 + 600 * pin)] for pin in range(16)
    }
    within = [Box(layer, 400, 200, width - 200, height - 200) for layer in ("lane1", "lane2")]
    over = [Box("lane3", 800, 400, width - 400, height - 400)]
    return Master("memory", width, height, pins, 0, within + over, block=True)


FLOP = "flop"
CELLS = (
    _cell("tie", 2, ""),
    _cell("inv", 3, "a"),
    _cell("nand", 4, "a b"),
    _cell("aoi", 6, "a b c"),
    _cell("mux", 7, "a b c d"),
)
"""Cells by their number of inputs."""

MASTERS = {cell.name: cell for cell in (*CELLS, _cell(FLOP, 9, "d ck", "q"), _memory())}
"""All cells by name."""


def _um(length: int) -> str:
    return f"{length / DBU:g}"


def format_lef() -> str:
    """The technology and its cells as one LEF file."""
    lines = [
        "VERSION 5.8 ;",
        'BUSBITCHARS "[]" ;',
        'DIVIDERCHAR "/" ;',
        f"UNITS\n  DATABASE MICRONS {DBU} ;\nEND UNITS",
        f"MANUFACTURINGGRID {_um(10)} ;",
    ]
    for number, layer in enumerate(LAYERS, 1):
        lines += [
            f"LAYER {layer.name}",
            "  TYPE ROUTING ;",
            f"  DIRECTION {'HORIZONTAL' if layer.horizontal else 'VERTICAL'} ;",
            f"  PITCH {_um(layer.pitch)} ;",
            f"  OFFSET {_um(layer.pitch // 2)} ;",
            f"  WIDTH {_um(layer.width)} ;",
            f"  SPACING {_um(layer.pitch - layer.width)} ;",
            f"END {layer.name}",
        ]
        if number < len(LAYERS):
            lines += [f"LAYER step{number}", "  TYPE CUT ;", f"END step{number}"]
    for number, (below, above) in enumerate(itertools.pairwise(LAYERS), 1):
        half = below.width // 2
        rect = f"RECT -{_um(half)} -{_um(half)} {_um(half)} {_um(half)} ;"
        lines += [f"VIA hop{number} DEFAULT"]
        lines += [
            f"  LAYER {name} ;\n    {rect}" for name in (below.name, f"step{number}", above.name)
        ]
        lines += [f"END hop{number}"]
    lines += ["SITE core", "  CLASS CORE ;", f"  SIZE {_um(SITE)} BY {_um(ROW)} ;", "END core"]
    for master in MASTERS.values():
        lines += _macro(master)
    return "\n".join([*lines, "END LIBRARY", ""])


def _macro(master: Master) -> list[str]:
    lines = [
        f"MACRO {master.name}",
        f"  CLASS {'BLOCK' if master.block else 'CORE'} ;",
        "  ORIGIN 0 0 ;",
        f"  SIZE {_um(master.width)} BY {_um(master.height)} ;",
        "  SYMMETRY X Y ;",
        *([] if master.block else ["  SITE core ;"]),
    ]
    for number, (pin, boxes) in enumerate(master.pins.items()):
        direction = "OUTPUT" if number < master.outputs else "INPUT"
        use = "CLOCK" if pin == "ck" else "SIGNAL"
        lines += _pin(pin, direction, use, boxes)
    if not master.block:
        for pin, use, y in (("vss", "GROUND", 0), ("vdd", "POWER", master.height)):
            rail = Box("lane1", 0, y - RAIL // 2, master.width, y + RAIL // 2)
            lines += _pin(pin, "INOUT", use, [rail])
    if master.obstructions:
        lines += ["  OBS", *_shapes(master.obstructions), "  END"]
    return [*lines, f"END {master.name}"]


def _pin(name: str, direction: str, use: str, boxes: list[Box]) -> list[str]:
    return [
        f"  PIN {name}",
        f"    DIRECTION {direction} ;",
        f"    USE {use} ;",
        "    PORT",
        *_shapes(boxes),
        "    END",
        f"  END {name}",
    ]


def _shapes(boxes: list[Box]) -> list[str]:
    lines = []
    for layer, *rect in boxes:
        lines += [f"      LAYER {layer} ;", f"        RECT {' '.join(map(_um, rect))} ;"]
    return lines
