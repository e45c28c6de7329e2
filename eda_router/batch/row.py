"""A row of the table: a design, a way to route it, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from eda_router.report.net_table import Column

LEGAL = "legal"
FLAWED = "flawed"
FAILED = "failed"

_COLUMNS: dict[str, tuple[type, str]] = {
    "design": (str, "name"),
    "digest": (str, "of the content of the design's files and its settings"),
    "router": (str, "who drew the nets first"),
    "effort": (str, "how hard it tried"),
    "seed": (int, "of every random choice"),
    "nets": (int, "of the design"),
    "wirelength": (int, "GCell edges, on layers each once a layer"),
    "overflow": (int, "tracks above capacity, summed over all edges"),
    "unrouted": (int, "nets whose pins are not joined"),
    "vias": (int, "on layers"),
    "bound": (int, "no wires that join all nets are shorter, GCell edges"),
    "cpu": (float, "processor time of routing, seconds"),
    "wall": (float, "time of routing on the clock, seconds"),
    "kept": (float, "share of the nets to route whose wire is as the model drew it"),
    "status": (str, "legal, flawed (overflow or unrouted nets) or failed"),
    "problem": (str, "why it failed"),
}
"""Type and meaning of each column."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What came of routing a design; None stands for what is not known.

    Attributes:
        nets: of the design.
        wirelength: edges, on layers each once a layer.
        overflow: tracks above capacity, summed over all edges.
        unrouted: nets whose pins are not joined.
        vias: None on the plane.
        bound: no wires that join all nets are shorter, edges.
        cpu: processor time of routing, seconds.
        wall: time of routing on the clock, seconds.
        kept: share of the nets to route whose final wire is as the model drew it; None without one.
        status: :data:`LEGAL`, :data:`FLAWED` or :data:`FAILED`.
        problem: why it failed, one line; else None.
    """

    nets: int | None = None
    wirelength: int | None = None
    overflow: int | None = None
    unrouted: int | None = None
    vias: int | None = None
    bound: int | None = None
    cpu: float | None = None
    wall: float | None = None
    kept: float | None = None
    status: str = FAILED
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Row(Figures):
    """A design, a way to route it, and what came of it.

    Attributes:
        design: its name.
        digest: of the content of its files and its settings; None where they cannot be read.
        router: who draws the nets first.
        effort: how hard it tries.
        seed: of every random choice.
    """

    design: str
    digest: str | None
    router: str
    effort: str
    seed: int


def columns(rows: Sequence[Row]) -> list[Column]:
    """The columns of a table of these rows.

    Example:
        >>> row = Row(design="a", digest=None, router="maze", effort="low", seed=1)
        >>> [column.values for column in columns([row])][:5]
        [['a'], [None], ['maze'], ['low'], [1]]
    """
    assert set(_COLUMNS) == {field.name for field in fields(Row)}
    return [
        Column(name, kind, meaning, [getattr(row, name) for row in rows])
        for name, (kind, meaning) in _COLUMNS.items()
    ]
