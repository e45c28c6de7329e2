"""The designs and weights that travel with the package, in a checkout and in a wheel alike."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from eda_router.errors import EdarouteError, InputError

_PACKAGE = Path(__file__).parent
_DESIGN_ENDINGS = (
    ".modified.txt.gz", ".modified.txt", ".modified.gz", ".modified",
    ".def.gz", ".def", ".gz", "",
)  # fmt: skip


def folder(kind: Literal["data", "models"]) -> Path:
    """The folder of bundled designs or weights."""
    checkout = _PACKAGE.parent
    inside = (checkout / "pyproject.toml").is_file() and (checkout / kind).is_dir()
    return checkout / kind if inside else _PACKAGE / "_bundled" / kind


def bundled(kind: Literal["data", "models"], name: str) -> Path:
    """The bundled file or folder of this name.

    Raises:
        EdarouteError: there is none.
    """
    path = folder(kind) / name
    if not path.exists():
        raise EdarouteError(f"no {name} among the bundled {kind} in {folder(kind)}")
    return path


def design_names() -> list[str]:
    """The names by which :func:`find_design` knows the bundled designs, sorted."""
    names = set()
    data = folder("data")
    for path in (*data.glob("*.modified*"), *data.glob("*.def*")):
        name = path.name
        for ending in _DESIGN_ENDINGS:
            name = name.removesuffix(ending)
        names.add(name)
    return sorted(names)


def find_design(path: str | Path) -> Path:
    """``path`` itself, or the bundled design of that name when there is no such file.

    Raises:
        InputError: the name looks like a bundled design's and is none.
    """
    path = Path(path)
    # Unlike Path.exists this takes what is too long for a name, or in a closed folder, as missing.
    if os.path.lexists(path) or path.name != str(path):
        return path
    for ending in _DESIGN_ENDINGS:
        candidate = folder("data") / (path.name + ending)
        if os.path.isfile(candidate):
            return candidate
    names = design_names()
    if not path.suffix and names:
        raise InputError(
            path, None, "no such file", "one, or a bundled design: " + ", ".join(names)
        )
    return path


def bundled_lef(path: str | Path) -> Path | None:
    """The LEF file that travels with a bundled DEF design, or None for any other path."""
    path = Path(path)
    name = path.name.removesuffix(".gz")
    if path.parent != folder("data") or not name.endswith(".def"):
        return None
    return bundled("data", name.removesuffix(".def") + ".lef.gz")
