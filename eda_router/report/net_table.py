"""A table with one row a net, as CSV or Parquet: what a design asks, and what a route gave."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from eda_router.design import Design, IntArray, net_boxes
from eda_router.errors import EdarouteError, InputError
from eda_router.files import replacing, write_packed
from eda_router.report.bounds import bounds
from eda_router.report.run import STAGE_NAMES, Run
from eda_router.report.wires import LayerWires

SUFFIXES = (".csv", ".csv.gz", ".parquet")
"""Endings of the names of tables."""


class Column(NamedTuple):
    """A column of the table; ``None`` stands for what is not known.

    Attributes:
        name: of the column.
        kind: ``int``, ``float`` or ``str``.
        meaning: in words, with the unit.
        values: one a row.
    """

    name: str
    kind: type
    meaning: str
    values: Sequence[Any]


def net_table(design: Design, run: Run | None = None) -> list[Column]:
    """The columns of a design's nets, in input order.

    Args:
        design: the nets.
        run: the wires, with a summary where stages and exits are known; None: not routed.

    Returns:
        Name, type, meaning with its unit, and one value a net, for each column.

    Example:
        >>> from eda_router import read
        >>> columns = {column.name: column.values for column in net_table(read("synth-tiny"))}
        >>> columns["name"][2], columns["pins"][2], columns["bound"][2], columns["length"][2]
        ('s2', 2, 4, None)
    """
    count = design.num_nets
    unknown: list[Any] = [None] * count
    wires = None if run is None else run.wires
    pin_counts, half_perimeters = _pins(design, wires)
    lowest = bounds(design)
    lengths = unknown if run is None else run.lengths.tolist()
    stages, exits = unknown, unknown
    if run is not None and run.summary.net_stages is not None:
        stages = [STAGE_NAMES[stage] for stage in run.summary.net_stages.tolist()]
    if run is not None and run.summary.net_exits is not None:
        exits = [size or None for size in run.summary.net_exits.tolist()]
    return [
        Column("net", int, "number, from 0, in the order of the design", range(count)),
        Column("name", str, "name in the design", list(design.net_names)),
        Column("id", int, "id in the design's file", design.net_ids.tolist()),
        Column("pins", int, "GCells with a pin", pin_counts.tolist()),
        Column("half_perimeter", int, "of the pins' box, GCell edges", half_perimeters.tolist()),
        Column("bound", int, "no tree is shorter, GCell edges", lowest.tolist()),
        Column("length", int, "of the wire, GCell edges", lengths),
        Column("vias", int, "on layers", unknown if wires is None else wires.via_counts.tolist()),
        Column("layers", str, "lowest and highest layer", _layer_ranges(design, wires)),
        Column("detour", int, "length above the bound, GCell edges", _detours(lengths, lowest)),
        Column("exit", int, "side of the window in which the model drew it, GCells", exits),
        Column("source", str, "who gave it its final wire", stages),
    ]


def _pins(design: Design, wires: LayerWires | None) -> tuple[IntArray, IntArray]:
    """Tiles with a pin of each net and the half perimeter of their box, as the wires reach them."""
    if wires is None:
        return design.pin_counts, design.half_perimeters
    counts, tiles = wires.pins
    offsets = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    x0, y0, x1, y1 = net_boxes(offsets, tiles, design.width).T
    return counts, x1 - x0 + y1 - y0


def _layer_ranges(design: Design, wires: LayerWires | None) -> list[str | None]:
    """The lowest and the highest layer of each net's cells, as ``met1-met3``."""
    ranges: list[str | None] = [None] * design.num_nets
    if wires is None:
        return ranges
    names, tiles = wires.stack.names, design.num_tiles
    nets, layers = np.divmod(wires.cells // tiles, len(names))
    starts = np.flatnonzero(np.diff(nets, prepend=-1))
    ends = np.append(starts[1:], len(nets)) - 1
    # Cells stand in order of net, then layer.
    for net, low, high in zip(
        nets[starts].tolist(), layers[starts].tolist(), layers[ends].tolist(), strict=True
    ):
        ranges[net] = names[low] if low == high else f"{names[low]}-{names[high]}"
    return ranges


def _detours(lengths: Sequence[int | None], bounds: IntArray) -> list[int | None]:
    """Length above the bound; None where a net has no wire and needs some."""
    return [
        None if length is None or (length == 0 and bound > 0) else length - bound
        for length, bound in zip(lengths, bounds.tolist(), strict=True)
    ]


def check_suffix(path: Path) -> None:
    """Find out before long work whether a table can be written in the form that a name asks for.

    Raises:
        InputError: no form has such an ending.
        EdarouteError: Parquet needs pyarrow, which is not installed.
    """
    if str(path) != "-" and not path.name.endswith(SUFFIXES):
        raise InputError(path, None, f"no table ends with {path.suffix!r}", ", ".join(SUFFIXES))
    if path.suffix == ".parquet":
        _pyarrow()


def write_net_table(path: str | Path, columns: Sequence[Column]) -> None:
    """Write a table; the ending of the name decides on the form, CSV for standard output.

    In CSV what is not known is empty, in Parquet null.

    Args:
        path: ends with ``.csv``, ``.csv.gz`` or ``.parquet``; ``-``: standard output.
        columns: of :func:`net_table`.

    Raises:
        InputError: the file cannot be written, or no form has such an ending.
        EdarouteError: Parquet needs pyarrow, which is not installed.

    Example:
        >>> import eda_router
        >>> columns = eda_router.net_table(eda_router.read("synth-tiny"))
        >>> eda_router.write_net_table("nets.csv", columns)
        >>> print(open("nets.csv").read().splitlines()[3])
        2,s2,2,2,4,4,,,,,,
    """
    path = Path(path)
    check_suffix(path)
    if path.suffix == ".parquet":
        _write_parquet(path, columns)
        return
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(column.name for column in columns)
    table.writerows(zip(*(column.values for column in columns), strict=True))
    write_packed(path, text.getvalue().encode())


def _write_parquet(path: Path, columns: Sequence[Column]) -> None:
    arrow = _pyarrow()
    import pyarrow.parquet

    kinds = {int: arrow.int64(), float: arrow.float64(), str: arrow.string()}
    fields = [
        arrow.field(column.name, kinds[column.kind], metadata={"meaning": column.meaning})
        for column in columns
    ]
    arrays = [
        arrow.array(column.values, field.type)
        for column, field in zip(columns, fields, strict=True)
    ]
    with replacing(path) as beside:
        table = arrow.Table.from_arrays(arrays, schema=arrow.schema(fields))
        pyarrow.parquet.write_table(table, beside)


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise EdarouteError(
            "Parquet needs pyarrow, which is not installed: pip install 'edaroute[parquet]'"
        ) from error
    return pyarrow
