"""Readers and writers of design and route files.

A format of designs is a module with two functions and a line in :data:`FORMATS`::

    def sniff(head: bytes) -> bool: ...
    def read(path: str | Path, **extra) -> Design: ...

``sniff`` looks at the first :data:`HEAD` bytes of a file, unpacked when it is gzipped. ``read``
raises :class:`eda_router.errors.InputError` with path and line for what it cannot read; it takes
what it needs beside the file by name.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_router.errors import InputError, expect_type
from eda_router.resources import find_design

if TYPE_CHECKING:
    from eda_router.design import Design

HEAD = 4096
"""Bytes of a file by which its format is told."""


@dataclass(frozen=True)
class Format:
    """A format of designs.

    Attributes:
        name: what people call it.
        module: that reads it.
        begins: what a file of the format begins with, in words.
        endings: of names of such files, ``.gz`` left out.
        results: ending of the names of files with its routes: ``.route`` for segments, which
            :mod:`eda_router.formats.route_file` writes on the plane and
            :mod:`eda_router.formats.ispd08_solution` on layers, ``.guide`` for guides.
        takes: names of what its ``read`` takes beside the path.
    """

    name: str
    module: str
    begins: str
    endings: tuple[str, ...]
    results: str
    takes: tuple[str, ...] = ()

    def check_extra(self, path: Path, extra: Iterable[str]) -> None:
        """Make sure that the format takes what was given beside a file.

        Raises:
            TypeError: no format takes something of that name.
            InputError: this one does not.
        """
        for name in extra:
            if name not in _EXTRA:
                raise TypeError(f"read() takes no {name!r}, expected one of {', '.join(_EXTRA)}")
            if name not in self.takes:
                raise InputError(
                    path,
                    None,
                    f"a design in the {self.name} format takes no {_EXTRA.get(name, name)}",
                    "a DEF file",
                )


FORMATS = (
    Format(
        "ISPD98",
        "eda_router.formats.ispd98",
        "'grid W H'",
        (".modified", ".modified.txt"),
        ".route",
    ),
    Format(
        "ISPD 2008",
        "eda_router.formats.ispd08",
        begins="'grid W H LAYERS'",
        endings=(".gr",),
        results=".route",
    ),
    Format(
        "DEF",
        "eda_router.formats.lefdef",
        "'VERSION' or 'DESIGN'",
        (".def",),
        ".guide",
        ("lef", "config"),
    ),
)
"""The formats, in the order in which files are tried."""

_EXTRA = {"lef": "LEF files", "config": "settings of layers"}


def read(path: str | Path, **extra: Any) -> Design:
    """Read a design in any format known, plain or gzipped.

    The content decides on the format, the name where the content is like none.

    Args:
        path: of the file, or the name of a bundled design.
        extra: what a format needs beside the file: for DEF ``lef``, the LEF files, and
            ``config``, a :class:`eda_router.formats.lefdef_config.LefDefConfig`.

    Returns:
        The design; capacities in tracks, with layers where the format has some.

    Raises:
        TypeError: ``path`` is no path, or no format takes such an ``extra``.
        InputError: the file cannot be read, is in no format known, or in one that does not take
            what was given beside it; path and line are given.

    Example:
        >>> read("synth-tiny")
        Design('synth-tiny', 16 x 16 tiles, 500 nets)
    """
    expect_type("path", path, (str, Path))
    place = find_design(path)
    format = format_of(place)
    format.check_extra(place, extra)
    module = importlib.import_module(format.module)
    design: Design = module.read(place, **extra)
    return design


def write(design: Design, path: str | Path) -> None:
    """Write the grid and the nets of a design in the format of a routing contest.

    A design with layers becomes ISPD 2008, where each wire is one unit wide and one apart, so that
    capacities are twice the tracks; any other becomes ISPD98.

    Args:
        design: read from any format, or made.
        path: of the file, gzipped when it ends with ``.gz``.

    Raises:
        TypeError: ``design`` is of another type.
        EdarouteError: the format cannot hold the design, or the file cannot be written.

    Example:
        >>> import eda_router
        >>> eda_router.write(eda_router.read("synth-chip"), "chip.gr")
        >>> eda_router.read("chip.gr").layers
        Layers(metal1, metal2, metal3, metal4, metal5, metal6; 5905 terminals)
    """
    from eda_router.design import Design

    expect_type("design", design, Design)
    module = "ispd98" if design.layers is None else "ispd08"
    importlib.import_module(f"eda_router.formats.{module}").write(design, path)


def format_of(path: Path) -> Format:
    """The format of a file.

    Raises:
        InputError: it cannot be read, or is in no format known.
    """
    from eda_router.formats.text import read_head

    head = read_head(path, HEAD)
    for known in FORMATS:
        if importlib.import_module(known.module).sniff(head):
            return known
    name = path.name.removesuffix(".gz")
    for known in FORMATS:
        if name.endswith(known.endings):
            return known
    all_known = "; ".join(f"{known.name}, which begins with {known.begins}" for known in FORMATS)
    raise InputError(path, None, "no design in a format known", all_known)
