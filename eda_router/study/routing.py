"""A real design routed by a variant alone, as the paper counts, and by the blank control.

Each net is drawn once, in turn, under the ledger: no samples, no maze router, no negotiation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.neural.engines import BlankEngine, Engine, load_engine
from eda_router.neural.exports import export_openvino
from eda_router.neural.model_folder import write_exits
from eda_router.routing.flow import route
from eda_router.routing.neural import route_with
from eda_router.routing.result import RouteSource
from eda_router.study.kept import processor_name
from eda_router.study.measure import Row
from eda_router.study.trainings import HALF, trained_exits
from eda_router.training.config import TrainConfig

PYRAMID = "pyramid"
BLANK = "blank control"


@dataclasses.dataclass(frozen=True)
class Routed:
    """A design routed by one model alone.

    Attributes:
        variant: its name, or :data:`BLANK`.
        seed: of the training.
        design: its name.
        windows: ``64`` where each net gets a window of that size, :data:`PYRAMID` where it gets the
            smallest that holds it.
        threshold: from which a tile counts as drawn.
        share: nets routed at the first try over those that the deterministic router routes.
        ink: tiles drawn over tiles of the trees; NaN where no net was routed.
        length: tile edges a routed net.
        processor: that the variant was trained on.
        remark: why the figures are no longer those of the variant, where they are not.
    """

    variant: str
    seed: int
    design: str
    windows: str
    threshold: float
    share: float
    ink: float
    length: float
    processor: str = ""
    remark: str = ""


def route_variant(
    name: str, config: TrainConfig, folder: Path, rows: Sequence[Row], bench: Design
) -> list[Routed]:
    """Route a design with a variant alone.

    Args:
        name: of the variant.
        config: of its training.
        folder: of the training; the exported exits are written there.
        rows: its figures, for the thresholds.
        bench: the design.

    Returns:
        runs at the largest windows, and with the pyramid where there are several exits.
    """
    exits = trained_exits(config)
    chosen = {row.size: row.threshold for row in rows}
    if find_spec("openvino") is not None:
        export_openvino(folder, chosen)
    write_exits(folder, chosen, {size: config.noise(size) for size in chosen})
    engine = load_engine(folder)
    ways = [{"window": exits[-1]}, {"largest_window": exits[-1]}]
    return [
        _route_once(name, config.seed, engine, chosen, bench, options)
        for options in ways[: len(exits)]
    ]


def route_blank(bench: Design, sizes: Sequence[int]) -> list[Routed]:
    """The blank control: every tile and edge drawn, so that the extraction routes alone."""
    thresholds = dict.fromkeys(sizes, HALF)
    engine = BlankEngine(
        {"exits": tuple(sizes), "thresholds": thresholds, "latent": dict.fromkeys(sizes, 0)}
    )
    return [
        _route_once(BLANK, 0, engine, thresholds, bench, options)
        for options in ({"window": sizes[-1]}, {"largest_window": sizes[-1]})
    ]


def _route_once(
    name: str,
    seed: int,
    engine: Engine,
    thresholds: Mapping[int, float],
    bench: Design,
    options: Mapping[str, Any],
) -> Routed:
    engine.thresholds = dict(thresholds)
    alone = RouteConfig(
        **options, fallback="none", negotiate=False, refine=False, redraws=0, samples=0
    )
    result = route_with(engine, bench, alone)
    drawn = result.stage == RouteSource.DRAWN
    counts = [count for count in result.details["exits"].values() if count["tree_tiles"]]
    tiles = sum(count["tree_tiles"] for count in counts)
    ink = sum(count["ink"] * count["tree_tiles"] for count in counts)
    lengths = np.diff(result.routes.offsets)[drawn]
    return Routed(
        variant=name,
        seed=seed,
        design=bench.name,
        windows=str(options["window"]) if "window" in options else PYRAMID,
        threshold=thresholds[engine.exits[-1]],
        share=float(drawn.sum() / _reference(bench)),
        ink=ink / tiles if tiles else float("nan"),
        length=float(lengths.mean()) if len(lengths) else float("nan"),
        processor=processor_name(),
    )


@cache
def _reference(bench: Design) -> int:
    """Nets that the deterministic router routes: each once, full edges closed."""
    config = RouteConfig(router="maze", negotiate=False, refine=False)
    result = route(bench, config)
    return int((result.stage[bench.routable] != RouteSource.UNROUTED).sum())
