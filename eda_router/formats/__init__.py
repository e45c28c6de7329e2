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
    """

    name: str
    module: str
    begins: str
    endings: tuple[str, ...]


FORMATS = (
    Format("ISPD98", "eda_router.formats.ispd98", "'grid W H'", (".modified", ".modified.txt")),
    Format("ISPD 2008", "eda_router.formats.ispd08", "'grid W H LAYERS'", (".gr",)),
    Format("DEF", "eda_router.formats.lefdef", "'VERSION' or 'DESIGN'", (".def",)),
)
"""The formats, in the order in which files are tried."""


def read(path: str | Path, **extra: Any) -> Design:
    """Read a design in any format known, plain or gzipped.

    The content decides on the format, the name where the content is like none.

    Args:
        path: of the file, or the name of a bundled design.
        extra: what a format needs beside the file.

    Raises:
        TypeError: ``path`` is no path, or the format takes no such ``extra``.
        InputError: the file cannot be read, or is in no format known; path and line are given.
    """
    expect_type("path", path, (str, Path))
    place = find_design(path)
    module = importlib.import_module(_format_of(place).module)
    design: Design = module.read(place, **extra)
    return design


def _format_of(path: Path) -> Format:
    from eda_router.formats.text import read_head

    head = read_head(path, HEAD)
    for format in FORMATS:
        if importlib.import_module(format.module).sniff(head):
            return format
    name = path.name.removesuffix(".gz")
    for format in FORMATS:
        if name.endswith(format.endings):
            return format
    known = "; ".join(f"{format.name}, which begins with {format.begins}" for format in FORMATS)
    raise InputError(path, None, "no design in a format known", known)
