"""The run of a study: train, measure and route each variant with each seed.

Trainings and figures are kept variant by variant, so an interrupted study goes on where it was. All
variants of one seed come before the next seed, so that an interrupted study compares like with
like.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from eda_router.design import Design
from eda_router.errors import InputError
from eda_router.files import make_folder, write_text
from eda_router.jobs import Workers, run_jobs
from eda_router.strict_json import format_rows
from eda_router.study.measure import Row, measure_variant
from eda_router.study.routing import Routed, route_variant
from eda_router.study.trainings import Study, digest, slug, train_one
from eda_router.study.variants import ROUTED_GROUP, VARIANTS


def run_study(
    study: Study,
    seeds: Sequence[int],
    names: Sequence[str],
    bench: Design | None = None,
    routed_seeds: int = 1,
    workers: Workers | None = None,
) -> Iterator[tuple[list[Row], list[Routed]]]:
    """Train and measure each variant with each seed, those that are done already excepted.

    Args:
        study: what all trainings share; its samples are made.
        seeds: of the trainings.
        names: of :data:`eda_router.study.variants.VARIANTS`.
        bench: design that the variants of the group at full resolution route.
        routed_seeds: how many of the seeds route it.
        workers: that train first, several at once; None: each is trained and measured in turn.

    Yields:
        the rows of each training, one an exit, and its runs on the design.

    Raises:
        InputError: a training or its figures are damaged.
    """
    if workers is not None:
        trainings = {
            study.trained_folder(name, seed): (study.config(name, seed), study.data)
            for seed in seeds
            for name in names
        }
        jobs = [(*given, folder) for folder, given in trainings.items()]
        for _ in run_jobs(train_one, jobs, workers):
            pass
    for seed in seeds:
        for name in names:
            variant = VARIANTS[name]
            config, folder = study.config(name, seed), study.trained_folder(name, seed)
            train_one(config, study.data, folder)
            place = study.folder(name, seed)
            make_folder(place)
            measure = partial(measure_variant, name, config, study.data, folder)
            rows: list[Row] = _kept(place / "rows.json", Row, measure)
            routed: list[Routed] = []
            routes = seed in seeds[:routed_seeds] and variant.group == ROUTED_GROUP
            if bench is not None and routes:
                make = partial(route_variant, name, config, folder, rows, bench)
                routed = _kept(place / f"{design_id(bench)}.json", Routed, make)
            yield rows, routed


def design_id(design: Design) -> str:
    """A design's name, with a digest of all that routing sees of it, as the name of a file."""
    arrays = (design.capacity, design.pin_offsets, design.pins)
    return f"{slug(design.name)}-{digest(*(array.tobytes() for array in arrays))}"


def _kept(path: Path, kind: Any, make: Any) -> list[Any]:
    """Figures from a file, made and written first where there is none."""
    if not path.exists():
        rows = [dataclasses.asdict(row) for row in make()]
        write_text(path, format_rows(rows))
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return [kind(**{k: math.nan if v is None else v for k, v in row.items()}) for row in stored]
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            path, None, "damaged", "figures; without the file they are made"
        ) from error
