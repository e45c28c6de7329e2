"""How hard the maze router tries: the three levels, and settings that depart from them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from eda_router.config import RouteConfig


@dataclass(frozen=True, kw_only=True)
class Effort:
    """The figures of a level of effort.

    Each can be set alone by the setting of the same name of
    :class:`~eda_router.config.RouteConfig`, which also says what it means.
    """

    congestion_weight: float
    history_step: float
    history_growth: float
    history_limit: float
    iterations: int
    patience: int
    rounds_per_margin: int
    exact_pins: int
    improvements: int
    refinements: int
    refine_exact_pins: int
    box_nodes: int


_FIGURES: dict[str, tuple[Any, Any, Any]] = {
    "congestion_weight": (1.5, 0.9, 0.3),
    "history_step": (2.0, 1.0, 0.2),
    "history_growth": (1.1, 1.08, 1.03),
    "history_limit": (4.0, 3.0, 2.0),
    "iterations": (100, 250, 600),
    "patience": (30, 60, 120),
    "rounds_per_margin": (2, 4, 4),
    "exact_pins": (4, 5, 6),
    "improvements": (1, 2, 3),
    "refinements": (0, 1, 6),
    "refine_exact_pins": (4, 6, 7),
    "box_nodes": (4096, 4096, 8192),
}
"""The figures at effort low, medium and high."""

LEVELS = {
    level: Effort(**{name: figures[number] for name, figures in _FIGURES.items()})
    for number, level in enumerate(("low", "medium", "high"))
}
LEVELS["max"] = LEVELS["high"]


def effort_of(config: RouteConfig) -> Effort:
    """The figures that a run uses: those of its level, but for what its settings say."""
    level = LEVELS[config.effort]
    given = {
        field.name: value
        for field in fields(Effort)
        if (value := getattr(config, field.name)) is not None
    }
    return replace(level, **given)
