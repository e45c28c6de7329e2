"""The study's tables of figures: read, joined with what was measured anew, and written.

A figure is known by its variant, seed, exit or windows, and the processor that it was made on, for
trainings on two processors differ in their last bits and so in what comes of them. What is measured
anew takes the place of what is known by the same; all else stays.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from eda_router.errors import InputError
from eda_router.files import write_atomically
from eda_router.study.variants import VARIANTS


class Figure(Protocol):
    """A row of a table: a dataclass of texts and numbers, whose fields are the columns."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def variant(self) -> str:
        """Whose figure it is."""

    @property
    def seed(self) -> int:
        """Of the training."""

    @property
    def processor(self) -> str:
        """That the variant was trained on."""

    @property
    def remark(self) -> str:
        """Why it is no longer a figure of the variant, where it is not."""


T = TypeVar("T", bound=Figure)

_PARSE: dict[str, Callable[[str], Any]] = {
    "str": str,
    "int": int,
    "float": lambda text: float(text) if text else math.nan,
}


def processor_name() -> str:
    """What the processor of this machine calls itself."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def read_figures(path: Path, kind: type[T]) -> list[T]:
    """The figures of a table, none where there is no table.

    Args:
        path: of the table, CSV with a head.
        kind: of its rows; a column that the table lacks has the field's default.

    Raises:
        InputError: a line is no figure of this kind.
    """
    if not path.exists():
        return []
    fields: dict[str, Any] = {field.name: field.type for field in dataclasses.fields(kind)}
    found = []
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            try:
                values = {name: _PARSE[fields[name]](text) for name, text in row.items()}
                found.append(kind(**values))
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(
                    path, reader.line_num, f"no figures of a variant ({error})", "a row of a study"
                ) from error
    return found


def write_figures(path: Path, kind: type[T], figures: Sequence[T]) -> None:
    """Write a table that :func:`read_figures` reads.

    Raises:
        InputError: it cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [field.name for field in dataclasses.fields(kind)])
    writer.writeheader()
    writer.writerows(dataclasses.asdict(row) for row in figures)
    write_atomically(path, text.getvalue().encode())


def joined(kept: Sequence[T], made: Sequence[T], names: Sequence[str]) -> list[T]:
    """Figures that were kept with those that were made anew.

    Args:
        kept: of a table.
        made: now.
        names: of the fields that, with variant, seed and processor, tell figures apart.

    Returns:
        all of them, in the order of the variants, then of seeds and ``names``. What is known by
        the same as something made anew is left out, and so is what has a remark, once the variant
        was measured anew: the remark says that such figures are no longer those of the variant.
    """

    def place(row: T) -> tuple[Any, ...]:
        return row.seed, *(getattr(row, name) for name in names)

    def known_by(row: T) -> tuple[Any, ...]:
        return row.variant, row.processor, *place(row)

    anew = {known_by(row) for row in made}
    again = {row.variant for row in made}
    stays = [
        row
        for row in kept
        if known_by(row) not in anew and not (row.remark and row.variant in again)
    ]
    order = {name: number for number, name in enumerate(VARIANTS)}
    return sorted(
        [*stays, *made],
        key=lambda row: (order.get(row.variant, len(order)), *place(row)),
    )
