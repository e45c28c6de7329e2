"""How hard the maze router tries: the three levels, and settings that depart from them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

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


LEVELS = {
    "low": Effort(
        congestion_weight=1.5,
        history_step=2.0,
        history_growth=1.1,
        history_limit=4.0,
        iterations=100,
        patience=30,
        rounds_per_margin=2,
        exact_pins=4,
        improvements=1,
        refinements=0,
        refine_exact_pins=4,
        box_nodes=4096,
    ),
    "medium": Effort(
        congestion_weight=0.9,
        history_step=1.0,
        history_growth=1.08,
        history_limit=3.0,
        iterations=250,
        patience=60,
        rounds_per_margin=4,
        exact_pins=5,
        improvements=2,
        refinements=1,
        refine_exact_pins=6,
        box_nodes=4096,
    ),
    "high": Effort(
        congestion_weight=0.3,
        history_step=0.2,
        history_growth=1.03,
        history_limit=2.0,
        iterations=600,
        patience=120,
        rounds_per_margin=4,
        exact_pins=6,
        improvements=3,
        refinements=6,
        refine_exact_pins=7,
        box_nodes=8192,
    ),
}


def effort_of(config: RouteConfig) -> Effort:
    """The figures that a run uses: those of its level, but for what its settings say."""
    given = {
        field.name: value
        for field in fields(Effort)
        if (value := getattr(config, field.name)) is not None
    }
    return replace(LEVELS[config.effort], **given)
