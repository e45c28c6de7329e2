"""The run of a study: train, measure and route each variant with each seed.

Trainings and figures are kept variant by variant, so an interrupted study goes on where it was. All
variants of one seed come before the next seed, so that an interrupted study compares like with
like.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from eda_router.design import Design
from eda_router.files import write_text
from eda_router.study.measure import Row, measure_variant
from eda_router.study.routing import Routed, route_variant
from eda_router.study.trainings import configure, run_folder, slug, train_one, trained_folder
from eda_router.study.variants import ROUTED_GROUP, VARIANTS
from eda_router.training.config import TrainConfig


def run_study(
    base: TrainConfig,
    data: Path,
    runs: Path,
    seeds: Sequence[int],
    names: Sequence[str],
    times: float = 1.0,
    bench: Design | None = None,
    routed_seeds: int = 1,
) -> Iterator[tuple[list[Row], list[Routed]]]:
    """Train and measure each variant with each seed, those that are done already excepted.

    Args:
        base: the config that the variants change.
        data: folder of data sets, see :func:`eda_router.study.trainings.make_data`.
        runs: folder for the trainings.
        seeds: of the trainings.
        names: of :data:`eda_router.study.variants.VARIANTS`.
        times: how many times the budgets of the groups.
        bench: design that the variants of the group at full resolution route.
        routed_seeds: how many of the seeds route it.

    Yields:
        the rows of each training, one an exit, and its runs on the design.
    """
    for seed in seeds:
        for name in names:
            variant = VARIANTS[name]
            config = configure(base, variant.of or name, seed, times)
            folder = trained_folder(runs, name, seed)
            train_one(config, data, folder)
            place = run_folder(runs, name, seed)
            place.mkdir(parents=True, exist_ok=True)
            measure = partial(measure_variant, name, config, data, folder)
            rows: list[Row] = _kept(place / "rows.json", Row, measure)
            routed: list[Routed] = []
            routes = seed in seeds[:routed_seeds] and variant.group == ROUTED_GROUP
            if bench is not None and routes:
                make = partial(route_variant, name, config, folder, rows, bench)
                routed = _kept(place / f"{slug(bench.name)}.json", Routed, make)
            yield rows, routed


def _kept(path: Path, kind: Any, make: Any) -> list[Any]:
    """Figures from a file, made and written first where there is none."""
    if not path.exists():
        made = json.dumps([dataclasses.asdict(row) for row in make()], indent=1)
        write_text(path, f"{made}\n")
    return [kind(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
