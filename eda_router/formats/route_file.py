"""The route file: the solution form of the ISPD 2008 contest with 1 x 1 tiles at the origin.

::

    net10130 0
    (20,62,1)-(20,63,1)
    !

Nets stand in input order, those within one tile are left out unless someone wired them. Written
segments are straight, merged, without repetition and on layer 1; a net that needs a wire and has
none is written with no segment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, Routes
from eda_router.errors import expect_type
from eda_router.files import write_text
from eda_router.formats.lines import SolutionBlocks
from eda_router.formats.segments import runs
from eda_router.formats.text import decode, parse_numbers, read_bytes, shorten

_SEGMENT = re.compile(
    r"\(\s*([0-9]+)\s*,\s*([0-9]+)\s*,\s*[0-9]+\s*\)\s*-"
    r"\s*\(\s*([0-9]+)\s*,\s*([0-9]+)\s*,\s*[0-9]+\s*\)"
)
_PUNCTUATION = np.frombuffer(b"(,,)-(,,)\n", np.uint8)
_MAX_DIGITS = 9


@dataclass(frozen=True, eq=False)
class RouteFile:
    """The content of a route file.

    Attributes:
        routes: the wires, each edge of a net once.
        listed: bool ``(num_nets,)``: whether the net stands in the file.
        repeated: int64 ``(num_nets,)``: how often the net lists an edge that it has already.
    """

    routes: Routes
    listed: NDArray[np.bool_]
    repeated: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Segments:
    """Straight pieces of wire, int64 arrays of equal length; ``net`` is the index of the net."""

    net: NDArray[np.int64]
    x1: NDArray[np.int64]
    y1: NDArray[np.int64]
    x2: NDArray[np.int64]
    y2: NDArray[np.int64]


def merge_segments(design: Design, routes: Routes) -> tuple[IntArray, IntArray, IntArray]:
    """Join each net's edges into the longest straight segments.

    Returns:
        Three int arrays: the net of each segment, its first tile, its last tile. Segments are in
        order of net, horizontal ones first, then by their first tile, horizontal ones row by row
        and vertical ones column by column.
    """
    width, height, tiles = design.width, design.height, design.num_tiles
    net = np.repeat(np.arange(routes.num_nets, dtype=np.int64), routes.lengths)
    tile, direction = np.divmod(routes.edges.astype(np.int64), 2)
    across = direction == 0
    # No edge leaves the last column or row, so runs of keys never go round a border or a net.
    row_keys = net[across] * tiles + tile[across]
    row_first, row_last = runs(row_keys)
    y, x = np.divmod(tile[~across], width)
    column_keys = net[~across] * tiles + x * height + y
    column_keys.sort()
    column_first, column_last = runs(column_keys)

    def from_column(keys: NDArray[np.int64]) -> NDArray[np.int64]:
        x, y = np.divmod(keys % tiles, height)
        return y * width + x

    nets = np.concatenate([row_first // tiles, column_first // tiles])
    first = np.concatenate([row_first % tiles, from_column(column_first)])
    last = np.concatenate([row_last % tiles + 1, from_column(column_last) + width])
    order = np.argsort(nets, kind="stable")
    return (
        nets[order].astype(np.int32),
        first[order].astype(np.int32),
        last[order].astype(np.int32),
    )


def format_routes(design: Design, routes: Routes) -> str:
    """The text of the route file of ``routes``."""
    nets, first, last = merge_segments(design, routes)
    # Each tile that a segment touches is put into words once, for both places it can stand at.
    used = np.zeros(design.num_tiles, np.bool_)
    used[first] = used[last] = True
    points = np.flatnonzero(used)
    rank = np.cumsum(used, dtype=np.int32) - 1
    rows, columns = np.divmod(points, design.width)
    texts = [f"({x},{y},1)" for x, y in zip(columns.tolist(), rows.tolist(), strict=True)]
    first_texts = np.array([text + "-" for text in texts], object)
    last_texts = np.array([text + "\n" for text in texts], object)

    # A net's parts: its head, two a segment, its end.
    listed = np.flatnonzero((design.pin_counts > 1) | (routes.lengths > 0))
    segments = np.bincount(nets, minlength=design.num_nets)
    bases = np.zeros(design.num_nets, np.int64)
    bases[listed] = 1
    parts_before = np.cumsum(bases * (2 + 2 * segments)) - bases * (2 + 2 * segments)
    parts = np.empty(int((2 + 2 * segments[listed]).sum()), object)
    parts[parts_before[listed]] = [
        f"{design.net_names[net]} {net_id}\n"
        for net, net_id in zip(listed.tolist(), design.net_ids[listed].tolist(), strict=True)
    ]
    within = np.arange(len(nets)) - (np.cumsum(segments) - segments)[nets]
    places = parts_before[nets] + 1 + 2 * within
    parts[places] = first_texts[rank[first]]
    parts[places + 1] = last_texts[rank[last]]
    parts[parts_before[listed] + 1 + 2 * segments[listed]] = "!\n"
    return "".join(parts.tolist())


def write(design: Design, routes: Routes, path: str | Path) -> None:
    """Write a route file beside ``path`` and rename it.

    Args:
        design: that was routed.
        routes: its wires.
        path: of the file.

    Raises:
        TypeError: the design or the routes are of another type.
        ValueError: the routes have another number of nets.
        InputError: the file cannot be written; an existing one is as it was.

    Example:
        >>> import eda_router
        >>> design = eda_router.Design.from_pins("d", 3, 1, 1, 1, [("a", 0, [(0, 0), (2, 0)])])
        >>> eda_router.write_route_file(design, eda_router.Routes.from_lists([[0, 2]]), "d.route")
        >>> print(open("d.route").read(), end="")
        a 0
        (0,0,1)-(2,0,1)
        !
    """
    expect_type("design", design, Design)
    expect_type("routes", routes, Routes)
    if routes.num_nets != design.num_nets:
        raise ValueError(f"routes of {routes.num_nets} nets, expected {design.num_nets}")
    write_text(path, format_routes(design, routes))


def read(path: str | Path, design: Design) -> RouteFile:
    """Read the route file of ``design``; it may be gzipped. Layers are read over.

    Args:
        path: of the file.
        design: that it is of.

    Returns:
        The wires, which nets stand in the file, and edges that it repeats.

    Raises:
        InputError: the file cannot be read, is not in the format or does not belong to the
            design; path and line are given.
        TypeError: ``design`` is of another type.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> result = eda_router.route(design, eda_router.RouteConfig(router="maze"))
        >>> eda_router.write_route_file(design, result.routes, "tiny.route")
        >>> content = eda_router.read_route_file("tiny.route", design)
        >>> content.routes.wirelength == result.wirelength, int(content.repeated.sum())
        (True, 0)
    """
    expect_type("design", design, Design)
    return parse(read_bytes(path), path, design)


def parse(data: bytes, path: str | Path, design: Design) -> RouteFile:
    """Parse the content of a route file; ``path`` stands in errors.

    Raises:
        InputError: as for :func:`read`.
    """
    # The vectorised parser takes only flawless files; the tolerant one reads the rest or raises.
    parsed = _parse_fast(data, design) or _SlowParser(path, decode(path, data), design).parse()
    return _collect(design, *parsed)


def _collect(design: Design, segments: _Segments, listed: NDArray[np.bool_]) -> RouteFile:
    """Cut segments into edges and gather them by net."""
    x, y = np.minimum(segments.x1, segments.x2), np.minimum(segments.y1, segments.y2)
    wide, tall = np.abs(segments.x2 - segments.x1), np.abs(segments.y2 - segments.y1)
    lengths = wide + tall
    step = np.where(tall > 0, 2 * design.width, 2)
    start = 2 * (y * design.width + x) + (tall > 0)
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    edges = np.repeat(start, lengths) + within * np.repeat(step, lengths)

    num_edges = 2 * design.num_tiles
    keys = np.repeat(segments.net, lengths) * num_edges + edges
    keys.sort()
    fresh = np.diff(keys, prepend=-1) != 0
    repeated = np.bincount(keys[~fresh] // num_edges, minlength=design.num_nets)
    keys = keys[fresh]
    offsets = np.searchsorted(keys, np.arange(design.num_nets + 1, dtype=np.int64) * num_edges)
    return RouteFile(
        routes=Routes(offsets.astype(np.int64), (keys % num_edges).astype(np.int32)),
        listed=listed,
        repeated=repeated.astype(np.int64),
    )


def _parse_fast(data: bytes, design: Design) -> tuple[_Segments, NDArray[np.bool_]] | None:
    """Parse a file of the form that :func:`write` gives; None when anything differs."""
    if not data.isascii() or not data.endswith(b"!\n") or b"\r" in data or b"\0" in data:
        return None
    text = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(text == ord("\n")) + 1
    starts = np.concatenate([[0], ends[:-1]])
    is_segment = text[starts] == ord("(")

    # Other lines: name, '!', name, '!', ...
    others = np.flatnonzero(~is_segment)
    if len(others) % 2:
        return None
    heads, closes = others[::2], others[1::2]
    if np.any(text[starts[closes]] != ord("!")) or np.any(ends[closes] - starts[closes] != 2):
        return None
    between = np.flatnonzero(is_segment)
    owner = np.searchsorted(heads, between) - 1
    if len(between) and (owner[0] < 0 or np.any(between > closes[owner])):
        return None
    net_of = {
        f"{name} {net_id}": net
        for net, (name, net_id) in enumerate(
            zip(design.net_names, design.net_ids.tolist(), strict=True)
        )
    }
    ascii_text = data.decode("ascii")
    nets = [
        net_of.get(ascii_text[start : end - 1], -1)
        for start, end in zip(starts[heads].tolist(), ends[heads].tolist(), strict=True)
    ]
    if -1 in nets or len(set(nets)) != len(nets):
        return None

    # Without the other lines, the bytes that are no digits must repeat the segment's punctuation.
    wires = text[np.repeat(is_segment, ends - starts)]
    marks = np.flatnonzero((wires - np.uint8(ord("0"))) > 9)
    if len(marks) != len(between) * len(_PUNCTUATION):
        return None
    columns = marks.reshape(-1, len(_PUNCTUATION)).T
    if np.any(wires[columns] != _PUNCTUATION[:, None]):
        return None
    numbers = [
        parse_numbers(wires, columns[mark] + 1, columns[mark + 1]) for mark in (0, 1, 2, 5, 6, 7)
    ]
    x1, y1, layer1, x2, y2, layer2 = numbers
    if x1 is None or y1 is None or layer1 is None or x2 is None or y2 is None or layer2 is None:
        return None
    if len(between) and (
        max(int(x1.max()), int(x2.max())) >= design.width
        or max(int(y1.max()), int(y2.max())) >= design.height
        or np.any((x1 != x2) & (y1 != y2))
    ):
        return None
    net_numbers = np.array(nets, np.int64)
    listed = np.zeros(design.num_nets, np.bool_)
    listed[net_numbers] = True
    return _Segments(net_numbers[owner], x1, y1, x2, y2), listed


class _SlowParser(SolutionBlocks):
    """Tolerant, line by line: raises InputError with the number of the line."""

    def __init__(self, path: str | Path, text: str, design: Design):
        owner = f"design {design.name}"
        super().__init__(path, text, owner, design.net_names, design.net_ids)
        self.design = design

    def parse(self) -> tuple[_Segments, NDArray[np.bool_]]:
        rows = [(net, *self.segment(net, line)) for net, line in self.blocks("!")]
        return _Segments(*np.array(rows, np.int64).reshape(-1, 5).T), self.listed

    def segment(self, net: int, line: str) -> tuple[int, int, int, int]:
        design, match = self.design, _SEGMENT.fullmatch(line)
        if match is None or max(map(len, match.groups())) > _MAX_DIGITS:
            self.fail(
                f"{shorten(line)} within net {shorten(design.net_names[net])}",
                "a segment (x1,y1,layer)-(x2,y2,layer) or '!'",
            )
        x1, y1, x2, y2 = map(int, match.groups())
        if max(x1, x2) >= design.width or max(y1, y2) >= design.height:
            self.fail(
                f"segment {line} is off the grid",
                f"x from 0 to {design.width - 1} and y from 0 to {design.height - 1}",
            )
        if x1 != x2 and y1 != y2:
            self.fail(f"segment {line} is diagonal", "one in a row or a column")
        return x1, y1, x2, y2
