"""A design by the files that it is read from, under a name of its own."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eda_router.errors import InputError
from eda_router.formats import FORMATS, format_of, read
from eda_router.formats.lefdef_config import LefDefConfig
from eda_router.formats.text import shorten
from eda_router.resources import bundled_lef, find_design, folder

if TYPE_CHECKING:
    from eda_router.design import Design

_NAME = re.compile(r"[A-Za-z0-9][\w.+-]*")
_ENDINGS = sorted((ending for known in FORMATS for ending in known.endings), key=len)[::-1]


@dataclass(frozen=True)
class DesignFiles:
    """A design's name and files; small, so that workers are given it instead of the design.

    Attributes:
        name: by which files of results are called; letters, digits and ``_ . + -``.
        path: of the design's file.
        lef: LEF files of a DEF design, technology first.
        settings: layers and adjustments of a DEF design.
    """

    name: str
    path: Path
    lef: tuple[Path, ...] = ()
    settings: LefDefConfig = field(default_factory=LefDefConfig)

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that are read."""
        return self.path, *self.lef

    @property
    def bundled(self) -> bool:
        """Whether the design travels with the package."""
        return self.path.parent == folder("data")

    def read(self) -> Design:
        """Read the design.

        Raises:
            InputError: as for :func:`eda_router.formats.read`.
        """
        extra: dict[str, Any] = {"lef": self.lef} if self.lef else {}
        if self.settings != LefDefConfig():
            extra["config"] = self.settings
        return read(self.path, **extra)

    def identity(self) -> dict[str, Any]:
        """Name, names and SHA-256 of the files, and settings: what decides the design.

        Raises:
            InputError: a file cannot be read.
        """
        settings = dataclasses.asdict(self.settings) if self.lef else {}
        return {
            "name": self.name,
            "files": [{"name": path.name, "sha256": file_digest(path)} for path in self.files],
            # As JSON gives them back.
            "settings": {
                name: [*value] if isinstance(value, tuple) else value
                for name, value in settings.items()
            },
        }


def find_designs(
    given: Iterable[str | Path], lef: Iterable[Path] = (), settings: LefDefConfig | None = None
) -> list[DesignFiles]:
    """The files of designs given by path, by the name of a bundled design, or as ``NAME=PATH``.

    A design without a name given is called as its file, endings left out.

    Args:
        given: the designs, of any formats.
        lef: LEF files for those that need them and bring none.
        settings: layers and adjustments for those that take them.

    Returns:
        One entry a design, in their order; none is read yet.

    Raises:
        InputError: a file cannot be read or is in no format known, two designs have one name, or
            there are LEF files and no design that takes them.

    Example:
        >>> import eda_router
        >>> tiny, chip = eda_router.find_designs(["synth-tiny", "mine=synth-chip"])
        >>> tiny.name, chip.name, chip.read().num_nets
        ('synth-tiny', 'mine', 1501)
    """
    found: list[DesignFiles] = []
    for _, files in try_designs(given, lef, settings):
        if isinstance(files, InputError):
            raise files
        found.append(files)
    return found


def try_designs(
    given: Iterable[str | Path], lef: Iterable[Path] = (), settings: LefDefConfig | None = None
) -> list[tuple[str, DesignFiles | InputError]]:
    """Name and files of each design, or why it has none; the name is then what was given.

    Args: as for :func:`find_designs`.

    Raises:
        InputError: two designs have one name, or there are LEF files and no design that takes them.
    """
    lef, wants_lef = tuple(lef), False
    found: list[tuple[str, DesignFiles | InputError]] = []
    for text in given:
        try:
            files: DesignFiles | InputError = _find_design(str(text), lef, settings)
        except InputError as error:
            files = error
        name = files.name if isinstance(files, DesignFiles) else str(text)
        if isinstance(files, DesignFiles):
            wants_lef = wants_lef or files.lef == lef
            if any(name == other for other, _ in found):
                raise InputError(files.path, None, f"a second design named {name}", "NAME=PATH")
        found.append((name, files))
    failed = any(isinstance(files, InputError) for _, files in found)
    if lef and not wants_lef and not failed:
        raise InputError(lef[0], None, "no design takes LEF files", "a DEF file among the designs")
    return found


def _find_design(text: str, lef: tuple[Path, ...], settings: LefDefConfig | None) -> DesignFiles:
    """The files of one design; ``lef`` and ``settings`` for one that takes them."""
    name, path = _named(text)
    takes = format_of(path).takes
    own = bundled_lef(path)
    files = () if "lef" not in takes else lef if own is None else (own,)
    if "lef" in takes and not files:
        raise InputError(path, None, "DEF without LEF", "the LEF files of its technology too")
    chosen = settings if settings is not None and "config" in takes else LefDefConfig()
    return DesignFiles(name, path, files, chosen)


def _named(text: str) -> tuple[str, Path]:
    """Name and path of a design as it was given."""
    name, equals, rest = text.partition("=")
    if not equals or Path(text).exists():
        name, rest = "", text
    path = find_design(rest)
    if not name:
        name = path.name.removesuffix(".gz")
        name = next((name[: -len(end)] for end in _ENDINGS if name.endswith(end)), name)
    if not _NAME.fullmatch(name):
        raise InputError(
            path, None, f"a design named {shorten(name)}", "letters, digits, _ . + -; or NAME=PATH"
        )
    return name, path


def file_digest(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
