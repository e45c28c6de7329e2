"""Synthetic placed chips in DEF and LEF, in the technology of :mod:`.technology`.

The pins of the nets are those of a synthetic design on tiles (:mod:`.designs`). In every tile they
are shared out among cells: a cell drives one net and takes up to four others. In order of x each
cell goes to the row where it moves least, as in Tetris [1]; then the cells of a row are pushed
apart. A memory, a clock, pins at the border, straps of supply and a blockage are added.

[1] D. Hill, "Method and system for high speed detailed placement of cells within an integrated
circuit design", US patent 6370673, 2002.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from eda_router.design import Design
from eda_router.errors import InputError
from eda_router.files import write_packed
from eda_router.formats import lefdef
from eda_router.synthesis.designs import SynthConfig, place_pins
from eda_router.synthesis.technology import (
    CELLS,
    DBU,
    FLOP,
    LAYERS,
    MASTERS,
    ROW,
    SITE,
    TILE,
    format_lef,
)

STRAPS = 5
"""GCells from one strap of supply to the next."""

PORT_SHARE = 0.04
"""Share of the nets that have a pin at the border."""

FLOP_SHARE = 0.4
"""Share of flip-flops among the cells of one input and one output."""

ROW_WEIGHT = 2
"""How much worse it is to move a cell up or down than aside, when rows are filled."""

OF_DEF = ("width", "height", "nets", "seed", "trivial", "repeated", "locality", "hot_spots")
"""The settings that a chip has; the others are about tracks, which its technology gives it."""


@dataclass
class Cell:
    """A cell of a chip.

    Attributes:
        master: name of its kind.
        x: of its left side, database units; until it is placed, of where it wants to be.
        y: of its lower side, likewise.
        nets: net of each pin that has one, by the pin's name.
        flipped: whether it is upside down, orientation FS.
    """

    master: str
    x: int
    y: int
    nets: dict[str, int] = field(default_factory=dict)
    flipped: bool = False


@dataclass
class Port:
    """A pin of the chip: a bar of one track on a layer, at a place on the border."""

    net: int
    layer: int
    x: int
    y: int
    side: str


def write(config: SynthConfig, path: str | Path) -> Design:
    """Write a chip: DEF to ``path``, and its LEF beside it; both gzipped if that ends with .gz.

    The same settings give the same files, byte for byte.

    Args:
        config: sides, nets, and what else a chip has.
        path: of the DEF file.

    Returns:
        The design as it is read back.

    Raises:
        InputError: the cells of so many nets do not fit, a setting does not belong to a chip, or a
            file cannot be written.

    Example:
        >>> import eda_router
        >>> config = eda_router.SynthConfig(width=12, height=12, nets=200)
        >>> eda_router.write_chip(config, "small.def")
        Design('small', 12 x 12 tiles, 201 nets)
        >>> eda_router.read("small.def", lef=["small.lef"]).layers.names[0]
        'lane1'
    """
    refuse_unused(config)
    lef = lef_path(path)
    text = format_def(config, design_name(path))
    write_packed(lef, format_lef().encode())
    write_packed(path, text.encode())
    return lefdef.read(path, lef)


def refuse_unused(config: SynthConfig) -> None:
    """Make sure that no setting was changed which a chip does not have.

    Raises:
        InputError: one was.
    """
    for setting in dataclasses.fields(config):
        value = getattr(config, setting.name)
        if setting.name not in OF_DEF and value != setting.default:
            raise InputError(
                None,
                None,
                f"option {setting.name}: {value}, but a DEF design has the tracks of its LEF",
                "it for ISPD98 designs only",
            )


def lef_path(path: str | Path) -> Path:
    """Where the LEF of a chip stands: beside its DEF, with the same name."""
    path = Path(path)
    packed = ".gz" if path.name.endswith(".gz") else ""
    return path.with_name(design_name(path) + ".lef" + packed)


def design_name(path: str | Path) -> str:
    """The name of a chip, from that of its file."""
    return Path(path).name.removesuffix(".gz").removesuffix(".def")


def format_def(config: SynthConfig, name: str) -> str:
    """The text of a chip.

    Raises:
        InputError: the cells of so many nets do not fit.
    """
    chip = _Chip(config)
    return "\n".join(chip.lines(name))


class _Chip:
    """Cells, ports and nets of a chip."""

    def __init__(self, config: SynthConfig):
        self.rng = np.random.Generator(np.random.PCG64(config.seed))
        self.width, self.height = config.width * TILE, config.height * TILE
        offsets, tiles = place_pins(config)
        self.num_nets = config.nets
        self.memory = self.place_memory()
        self.cells = self.make_cells(config, offsets, tiles)
        self.fill_rows()
        self.ports = self.make_ports()

    def place_memory(self) -> Cell | None:
        """A memory two thirds up and to the right, with nets of anyone; None on a small die."""
        kind = MASTERS["memory"]
        if self.width < 4 * kind.width or self.height < 4 * kind.height:
            return None
        nets = self.rng.permutation(self.num_nets)[: len(kind.pins)].tolist()
        x, y = 2 * self.width // 3 // SITE * SITE, 2 * self.height // 3 // ROW * ROW
        return Cell("memory", x, y, dict(zip(kind.pins, nets, strict=False)))

    def make_cells(self, config: SynthConfig, offsets: np.ndarray, tiles: np.ndarray) -> list[Cell]:
        """Share the pins of each tile out among cells; the first pin of a net drives it."""
        counts = np.diff(offsets)
        net_of = np.repeat(np.arange(self.num_nets), counts)
        drives = np.zeros(len(tiles), np.bool_)
        drives[offsets[:-1][counts > 0]] = True
        order = np.lexsort((net_of, ~drives, tiles))
        borders = np.searchsorted(tiles[order], np.arange(config.width * config.height + 1))
        cells = []
        for tile in np.flatnonzero(np.diff(borders)).tolist():
            mine = order[borders[tile] : borders[tile + 1]]
            outputs = net_of[mine[drives[mine]]].tolist()
            inputs = net_of[mine[~drives[mine]]].tolist()
            y, x = divmod(tile, config.width)
            for master, nets in self.shared_out(outputs, inputs):
                wanted = self.rng.integers(TILE, size=2).tolist()
                cells.append(Cell(master, x * TILE + wanted[0], y * TILE + wanted[1], nets))
        return cells

    def shared_out(
        self, outputs: list[int], inputs: list[int]
    ) -> Iterator[tuple[str, dict[str, int]]]:
        """Cells for the nets driven and the nets used in a tile."""
        most = len(CELLS) - 1
        while outputs or inputs:
            left = -(-len(inputs) // max(1, len(outputs)))
            take = min(most, left)
            used, inputs = inputs[:take], inputs[take:]
            kind = CELLS[take]
            out, *ins = kind.pins
            name, clocked = kind.name, False
            if take == 1 and outputs and self.rng.random() < FLOP_SHARE:
                name, clocked = FLOP, True
                out, *ins = MASTERS[FLOP].pins
            nets = {out: outputs.pop(0)} if outputs else {}
            nets |= dict(zip(ins, used, strict=False))
            if clocked:
                nets["ck"] = self.num_nets
            yield name, nets

    def fill_rows(self) -> None:
        """Put every cell into a row, without overlaps."""
        stretches = list(self.stretches())
        rows, ends, limits = (np.array(part) for part in zip(*stretches, strict=True))
        room = limits - ends
        members: list[list[Cell]] = [[] for _ in stretches]
        for cell in sorted(self.cells, key=lambda cell: (cell.x, cell.y, min(cell.nets.values()))):
            width = MASTERS[cell.master].width
            x = np.minimum(np.maximum(ends, cell.x), limits - width)
            late = np.maximum(ends - x, 0)
            cost = np.abs(x - cell.x) + late + ROW_WEIGHT * np.abs(rows - cell.y)
            best = int(np.argmin(np.where(room < width, np.iinfo(np.int64).max, cost)))
            if room[best] < width:
                raise InputError(
                    None,
                    None,
                    f"{len(self.cells)} cells do not fit on {self.width / DBU:g} x "
                    f"{self.height / DBU:g} um",
                    "fewer nets, or more tiles",
                )
            members[best].append(cell)
            room[best] -= width
            ends[best] = x[best] + width
        for (y, begin, limit), cells in zip(stretches, members, strict=True):
            _pack(cells, begin, limit)
            for cell in cells:
                cell.y, cell.flipped = y, y // ROW % 2 == 1

    def stretches(self) -> Iterator[tuple[int, int, int]]:
        """y, begin and end of what the rows have beside the memory."""
        for y in range(0, self.height - ROW + 1, ROW):
            memory = self.memory
            kind = MASTERS["memory"]
            if memory is None or not memory.y - ROW < y < memory.y + kind.height:
                yield y, 0, self.width
            else:
                yield y, 0, memory.x
                yield y, memory.x + kind.width, self.width

    def make_ports(self) -> list[Port]:
        """Pins at the border for some nets and for the clock, in turn on its four sides."""
        chosen = self.rng.permutation(self.num_nets)[: max(1, round(PORT_SHARE * self.num_nets))]
        ports = []
        for number, net in enumerate([*sorted(chosen.tolist()), self.num_nets]):
            side = "WESN"[number % 4]
            layer = 2 if side in "WE" else 3
            pitch = LAYERS[layer].pitch
            length = self.height if side in "WE" else self.width
            place = int(self.rng.integers(length // pitch)) * pitch + pitch // 2
            x, y = (place, 0) if side in "SN" else (0, place)
            x, y = (self.width, y) if side == "E" else (x, self.height if side == "N" else y)
            ports.append(Port(net, layer, x, y, side))
        return ports

    def lines(self, name: str) -> Iterator[str]:
        """The DEF file, line by line."""
        yield from ("VERSION 5.8 ;", 'DIVIDERCHAR "/" ;', 'BUSBITCHARS "[]" ;')
        yield from (f"DESIGN {name} ;", f"UNITS DISTANCE MICRONS {DBU} ;")
        yield f"DIEAREA ( 0 0 ) ( {self.width} {self.height} ) ;"
        for number in range(self.height // ROW):
            orientation = "FS" if number % 2 else "N"
            yield (
                f"ROW row{number} core 0 {number * ROW} {orientation} "
                f"DO {self.width // SITE} BY 1 STEP {SITE} 0 ;"
            )
        for layer in LAYERS:
            for axis, length in (("X", self.width), ("Y", self.height)):
                yield (
                    f"TRACKS {axis} {layer.pitch // 2} DO {length // layer.pitch} "
                    f"STEP {layer.pitch} LAYER {layer.name} ;"
                )
        yield from self.component_lines()
        yield from self.port_lines()
        side, border = min(self.width, self.height) // 4, TILE // 2
        yield from (
            "BLOCKAGES 1 ;",
            f"- LAYER lane5 RECT ( {border} {border} ) ( {side} {side // 2} ) ;",
            "END BLOCKAGES",
        )
        yield from self.supply_lines()
        yield from self.net_lines()
        yield from ("END DESIGN", "")

    @property
    def all_cells(self) -> list[Cell]:
        """The cells of the rows, and the memory at last."""
        return self.cells if self.memory is None else [*self.cells, self.memory]

    def component_lines(self) -> Iterator[str]:
        """COMPONENTS."""
        yield f"COMPONENTS {len(self.all_cells)} ;"
        for number, cell in enumerate(self.all_cells):
            status = "FIXED" if MASTERS[cell.master].block else "PLACED"
            orientation = "FS" if cell.flipped else "N"
            yield f"- u{number} {cell.master} + {status} ( {cell.x} {cell.y} ) {orientation} ;"
        yield "END COMPONENTS"

    def port_lines(self) -> Iterator[str]:
        """PINS: bars drawn for the lower side and turned to the others."""
        yield f"PINS {len(self.ports)} ;"
        for number, port in enumerate(self.ports):
            layer = LAYERS[port.layer]
            half = layer.width // 2
            turn = {"S": "N", "N": "S", "W": "E", "E": "W"}[port.side]
            use = "CLOCK" if port.net == self.num_nets else "SIGNAL"
            yield (
                f"- io[{number}] + NET {self.net_name(port.net)} + DIRECTION INPUT + USE {use}\n"
                f"  + LAYER {layer.name} ( {-half} 0 ) ( {half} {4 * layer.width} )\n"
                f"  + PLACED ( {port.x} {port.y} ) {turn} ;"
            )
        yield "END PINS"

    def supply_lines(self) -> Iterator[str]:
        """SPECIALNETS: straps on the two highest layers, in turn for supply and ground."""
        yield "SPECIALNETS 2 ;"
        for first, (net, use) in enumerate((("vdd", "POWER"), ("vss", "GROUND"))):
            wires = []
            for layer, length, far in (
                (LAYERS[4], self.height, self.width),
                (LAYERS[5], self.width, self.height),
            ):
                for place in range(TILE * (STRAPS * first + 1) // 2, length, STRAPS * TILE):
                    begin, end = (
                        (f"0 {place}", f"{far} *")
                        if layer.horizontal
                        else (f"{place} 0", f"* {far}")
                    )
                    wires.append(
                        f"{layer.name} {2 * layer.width} + SHAPE STRIPE ( {begin} ) ( {end} )"
                    )
            yield f"- {net} ( * {net} ) + USE {use}"
            yield "  + ROUTED " + "\n    NEW ".join(wires) + " ;"
        yield "END SPECIALNETS"

    def net_name(self, net: int) -> str:
        """What a net is called; the last one is the clock."""
        return "clk" if net == self.num_nets else f"n{net}"

    def net_lines(self) -> Iterator[str]:
        """NETS."""
        pins: list[list[str]] = [[] for _ in range(self.num_nets + 1)]
        for number, port in enumerate(self.ports):
            pins[port.net].append(f"( PIN io[{number}] )")
        for number, cell in enumerate(self.all_cells):
            for pin, net in cell.nets.items():
                pins[net].append(f"( u{number} {pin} )")
        yield f"NETS {len(pins)} ;"
        for net, mine in enumerate(pins):
            use = "CLOCK" if net == self.num_nets else "SIGNAL"
            yield f"- {self.net_name(net)} {' '.join(mine)} + USE {use} ;"
        yield "END NETS"


def _pack(cells: list[Cell], begin: int, limit: int) -> None:
    """Push the cells of a row apart, to places of the row between two ends."""
    for cell in cells:
        cell.x = begin = max(begin, cell.x // SITE * SITE)
        begin += MASTERS[cell.master].width
    for cell in reversed(cells):
        limit = min(limit, cell.x + MASTERS[cell.master].width) - MASTERS[cell.master].width
        cell.x = limit
