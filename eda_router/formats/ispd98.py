"""The ISPD98 global-routing format, as the Labyrinth router introduced it.

::

    grid 64 64
    vertical capacity 12
    horizontal capacity 14
    num net 11507
    net10130 0 3
      20 63
      20 62
      20 62

Pins are tiles; a net may name a tile more than once, and nets within one tile are common. Ids may
have gaps. Blank lines, indentation and the kind of line end do not matter.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, MAX_TILES, VERTICAL, Design, uniform_capacity
from eda_router.errors import EdarouteError, expect_type
from eda_router.files import displayable, write_packed
from eda_router.formats.lines import LineReader
from eda_router.formats.text import WHOLE_NUMBER, decode, parse_numbers, read_bytes, shorten

Int64Array = NDArray[np.int64]

MAX_CAPACITY = 10**9
_MAX_ID = 2**63 - 1
_HEADER = re.compile(
    rb"[\r\n ]*"
    + rb"[\r\n][\r\n ]*".join(
        (
            rb"grid +([0-9]{1,8}) +([0-9]{1,8})",
            rb"vertical +capacity +([0-9]{1,10})",
            rb"horizontal +capacity +([0-9]{1,10})",
            rb"num +net +([0-9]{1,9})",
        )
    )
    + rb"(?=[\r\n])"
)
# Three numbers make it a grid with layers, which is another format's.
_GRID = re.compile(rb"(?:\xef\xbb\xbf)?\s*grid\b(?![ \t]+\S+[ \t]+\S+[ \t]+\S)")
_NAME_ENDINGS = (".gz", ".txt", ".modified", ".gr")

# Byte classes of the fast parser; the rest, control bytes and above ASCII, it leaves to the slow.
_PRINTABLE, _BLANK, _NEWLINE, _OTHER = range(4)
_CLASSES = np.full(256, _OTHER, np.uint8)
_CLASSES[33:127] = _PRINTABLE
_CLASSES[[ord(" "), ord("\t")]] = _BLANK
_CLASSES[[ord("\n"), ord("\r")]] = _NEWLINE


def sniff(head: bytes) -> bool:
    """Whether a file that begins so is in this format, be it damaged further on."""
    return _GRID.match(head) is not None


def read(path: str | Path) -> Design:
    """Read a design; the file may be gzipped.

    Raises:
        InputError: the file cannot be read or is not in the format; path and line are given.
    """
    return parse(read_bytes(path), path)


def parse(data: bytes, path: str | Path) -> Design:
    """Parse the content of a file; ``path`` gives the name of the design and stands in errors.

    Raises:
        InputError: the content is not in the format; path and line are given.
    """
    name = displayable(Path(path).name)
    for ending in _NAME_ENDINGS:
        name = name.removesuffix(ending)
    # The vectorised parser takes only flawless files; the tolerant one reads the rest or raises.
    return _parse_fast(data, name) or _SlowParser(path, decode(path, data)).parse(name)


def _parse_fast(data: bytes, name: str) -> Design | None:
    """Parse a flawless file with array operations; None when anything is unusual."""
    header = _HEADER.match(data)
    if header is None or any(odd in data for odd in (b" \n", b" \r", b"\t\n", b"\t\r")):
        return None
    width, height, vertical, horizontal, num_nets = map(int, header.groups())
    if not _header_in_range(width, height, vertical, horizontal):
        return None
    nets = _parse_nets(data[header.end() :] + b"\n", num_nets, width, height)
    if nets is None:
        return None
    names, ids, counts, tiles = nets
    num_tiles = width * height
    keys = np.repeat(np.arange(num_nets, dtype=np.int64) * num_tiles, counts) + tiles
    keys.sort()
    keys = keys[np.diff(keys, prepend=-1) != 0]
    offsets = np.searchsorted(keys, np.arange(num_nets + 1, dtype=np.int64) * num_tiles)
    capacity = uniform_capacity(width, height, vertical, horizontal)
    pins = (keys % num_tiles).astype(np.int32)
    return Design(name, width, height, capacity, names, ids, offsets.astype(np.int64), pins)


def _parse_nets(
    body: bytes, num_nets: int, width: int, height: int
) -> tuple[list[str], Int64Array, Int64Array, Int64Array] | None:
    """Names, ids and numbers of pins of the nets, and the tile of each pin as it is listed."""
    text = np.frombuffer(body, np.uint8)
    kinds = _CLASSES[text]
    if int(kinds.max()) == _OTHER:
        return None
    change = np.diff((kinds == _PRINTABLE).view(np.int8), prepend=np.int8(0))
    starts, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)

    # A net's first line has three words, a pin's line two.
    last_words = np.flatnonzero(kinds[ends] == _NEWLINE)
    words = np.diff(last_words, prepend=-1)
    first_words = last_words - words + 1
    heads = np.flatnonzero(words == 3)
    pin_lines = first_words[words == 2]
    if len(heads) != num_nets or len(heads) + len(pin_lines) != len(words):
        return None
    if num_nets == 0:
        none = np.zeros(0, np.int64)
        return None if len(words) else ([], none, none, none)
    head_words = first_words[heads]
    ids = parse_numbers(text, starts[head_words + 1], ends[head_words + 1])
    counts = parse_numbers(text, starts[head_words + 2], ends[head_words + 2])
    x = parse_numbers(text, starts[pin_lines], ends[pin_lines])
    y = parse_numbers(text, starts[pin_lines + 1], ends[pin_lines + 1])
    if ids is None or counts is None or x is None or y is None:
        return None
    if (
        int(counts.min()) < 1
        or heads[0] != 0
        or np.any(np.diff(heads, append=len(words)) - 1 != counts)
        or int(x.max()) >= width
        or int(y.max()) >= height
    ):
        return None

    ascii_body = body.decode("ascii")
    bounds = zip(starts[head_words].tolist(), ends[head_words].tolist(), strict=True)
    names = [ascii_body[start:end] for start, end in bounds]
    if len(set(names)) != num_nets or any(map(_unfit_name, names)):
        return None
    return names, ids, counts, y * width + x


def _header_in_range(width: int, height: int, vertical: int, horizontal: int) -> bool:
    return (
        width >= 1
        and height >= 1
        and width * height <= MAX_TILES
        and max(vertical, horizontal) <= MAX_CAPACITY
    )


def _unfit_name(name: str) -> bool:
    """Whether the route file could not hold a net of this name."""
    return name[0] == "(" or name == "!"


class _SlowParser(LineReader):
    """Tolerant, line by line: raises InputError with the number of the line."""

    def parse(self, name: str) -> Design:
        width, height = self.values("grid", "W H")
        if not 1 <= width * height <= MAX_TILES or width < 1:
            self.fail(f"grid of {width} x {height} tiles", f"1 to {MAX_TILES} tiles")
        vertical = self.capacity("vertical")
        horizontal = self.capacity("horizontal")
        (num_nets,) = self.values("num net", "N")
        if num_nets < 0:
            self.fail(f"{num_nets} nets", "0 or more")

        nets: list[tuple[str, int, list[tuple[int, int]]]] = []
        while len(nets) < num_nets:
            words = self.next_net(len(nets) + 1, num_nets, ("its name", "id", "number of pins"))
            net_name = words[0]
            net_id = self.number(words[1], f"id of net {shorten(net_name)}")
            count = self.number(words[2], f"number of pins of net {shorten(net_name)}")
            self.begin_net(net_name, count)
            if _unfit_name(net_name) or not net_name.isprintable():
                self.fail(
                    f"net name {shorten(net_name)}",
                    "a name of printable characters other than '!' that begins not with '('",
                )
            if abs(net_id) > _MAX_ID:
                self.fail(f"id {shorten(words[1])}", "64 bits at most")
            nets.append((net_name, net_id, self.pins(net_name, count, width, height)))
        self.end(f"the last of {num_nets} nets")
        return Design.from_pins(name, width, height, vertical, horizontal, nets)

    def pins(self, net: str, count: int, width: int, height: int) -> list[tuple[int, int]]:
        pins = []
        for pin in range(1, count + 1):
            what = f"pin {pin} of {count} of net {shorten(net)}"
            words = self.next(what)
            if len(words) != 2:
                self.fail(f"{shorten(' '.join(words))} where {what} stands", "its x and y")
            x, y = (self.number(word, what) for word in words)
            if not (0 <= x < width and 0 <= y < height):
                self.fail(
                    f"{what} at ({x}, {y}) is off the grid",
                    f"x from 0 to {width - 1} and y from 0 to {height - 1}",
                )
            pins.append((x, y))
        return pins

    def values(self, keywords: str, values: str) -> list[int]:
        """The numbers that ``values`` names, after the keywords."""
        words = self.header(keywords, len(values.split()), f"'{keywords} {values}'")
        return [self.number(word, f"'{keywords}'") for word in words]

    def capacity(self, direction: str) -> int:
        (capacity,) = self.values(f"{direction} capacity", "C")
        if not 0 <= capacity <= MAX_CAPACITY:
            self.fail(f"{direction} capacity {capacity}", f"0 to {MAX_CAPACITY} tracks")
        return capacity

    def number(self, word: str, what: str) -> int:
        # int() takes forms that no routing tool writes, and refuses 5000 digits in its own words.
        if not WHOLE_NUMBER.fullmatch(word) or len(word) > 40:
            self.fail(f"{what}: {shorten(word)}", "a whole number")
        return int(word)


def format_design(
    design: Design, pins: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None
) -> str:
    """The text of a design in this format.

    Args:
        design: grid, capacities and nets.
        pins: offsets and tiles as in the design, which may be unsorted and repeat a tile; None,
            those of the design.

    Raises:
        EdarouteError: the design has not one capacity a direction, which the format cannot say.
    """
    capacities = []
    for direction, values in (
        (VERTICAL, design.vertical_capacity),
        (HORIZONTAL, design.horizontal_capacity),
    ):
        capacity = int(values.flat[0]) if values.size else 0
        if values.size and np.any(values != capacity):
            raise EdarouteError(
                f"design {design.name} has several "
                f"{'vertical' if direction == VERTICAL else 'horizontal'} capacities, "
                "the ISPD98 format holds one"
            )
        capacities.append(capacity)
    pin_offsets, tiles = (design.pin_offsets, design.pins) if pins is None else pins
    rows, columns = np.divmod(tiles, design.width)
    points = [f"  {x} {y}\n" for x, y in zip(columns.tolist(), rows.tolist(), strict=True)]
    offsets = pin_offsets.tolist()
    parts = [
        f"grid {design.width} {design.height}\nvertical capacity {capacities[0]}\n"
        f"horizontal capacity {capacities[1]}\nnum net {design.num_nets}\n"
    ]
    for net, (net_name, net_id) in enumerate(
        zip(design.net_names, design.net_ids.tolist(), strict=True)
    ):
        first, end = offsets[net], offsets[net + 1]
        parts.append(f"{net_name} {net_id} {end - first}\n")
        parts += points[first:end]
    return "".join(parts)


def write(
    design: Design,
    path: str | Path,
    pins: tuple[NDArray[np.int64], NDArray[np.int32]] | None = None,
) -> None:
    """Write a design, gzipped when ``path`` ends with ``.gz``; see :func:`format_design`.

    Raises:
        TypeError: ``design`` is of another type.
        EdarouteError: the format cannot hold the design, or the file cannot be written.
    """
    expect_type("design", design, Design)
    write_packed(path, format_design(design, pins).encode())
