"""How variants learn, from the logs of their trainings."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eda_router.study.measure import at_ink, ink_limit
from eda_router.study.trainings import Study
from eda_router.training.folder import LOG, read_log

COST_THRESHOLD = 0.1
"""Threshold at which curves show the cost; each epoch tries few, and most nets connect there."""


@dataclasses.dataclass(frozen=True)
class Curves:
    """The logs of a variant's trainings at one exit.

    Attributes:
        variant: its name.
        size: of the exit.
        seeds: for each training its points, see :data:`eda_router.report.study_plots.Curve`.
    """

    variant: str
    size: int
    seeds: list[list[dict[str, float]]]


def read_curves(study: Study, name: str, size: int, seeds: Iterable[int]) -> Curves:
    """The curves of one exit; what the stages before it saw and took counts too.

    Args:
        study: where the trainings lie.
        name: of the variant.
        size: of the exit.
        seeds: of the trainings.
    """
    found = []
    for seed in seeds:
        tiles = seconds = 0.0
        points = []
        last: dict[str, Any] | None = None
        for record in read_log(study.trained_folder(name, seed) / LOG):
            if last is not None and last["stage"] != record["stage"]:
                tiles += last["seen"] * last["size"] ** 2
                seconds += last["processor"]
            last = record
            if record["size"] == size:
                points.append(_point(record, tiles, seconds))
        found.append(points)
    return Curves(name, size, found)


def _point(record: Mapping[str, Any], tiles: float, seconds: float) -> dict[str, float]:
    swept = record["validation"]
    one = next((q for q in swept if q["threshold"] == COST_THRESHOLD), swept[0])
    return {
        "tiles": (tiles + record["seen"] * record["size"] ** 2) / 1e6,
        "seconds": seconds + record["processor"],
        "loss": record["loss"],
        "connected": at_ink(swept, ink_limit(record["size"])),
        "cost": math.nan if one["cost"] is None else one["cost"],
    }


def reach(curve: Sequence[Mapping[str, float]], goal: float, along: str) -> float:
    """Where a curve's connected share first reaches ``goal``; NaN where it never does.

    Args:
        curve: points in order.
        goal: share connected.
        along: ``tiles`` or ``seconds``.
    """
    before: Mapping[str, float] | None = None
    for point in curve:
        if point["connected"] >= goal:
            if before is None or point["connected"] == before["connected"]:
                return point[along]
            part = (goal - before["connected"]) / (point["connected"] - before["connected"])
            return before[along] + part * (point[along] - before[along])
        before = point
    return math.nan
