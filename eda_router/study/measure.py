"""What a variant's trained model is worth on validation samples.

Half of the samples chooses the threshold, the other half gives the figures. Small models draw wider
than the shipped one, so they are allowed more ink and are asked at more thresholds.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.dataset.folders import held_out
from eda_router.dataset.samples import Samples
from eda_router.dataset.teacher import edge_costs, label_costs, tree_mask
from eda_router.neural.decode import decode
from eda_router.neural.model_folder import load_model
from eda_router.neural.tensors import free_tracks, pin_tiles
from eda_router.study.kept import processor_name
from eda_router.study.trainings import HALF, study_engine, trained_exits
from eda_router.study.variants import VARIANTS
from eda_router.training import measure
from eda_router.training.config import TrainConfig
from eda_router.training.evaluate import blind_costs
from eda_router.training.folder import LOG, read_log
from eda_router.training.measure import (
    choose_threshold,
    draw_all,
    latent_use,
    sweep,
)

MEASURED = 2048
"""Validation tiles of 8x8 looked at in each half; fewer of larger windows."""

THRESHOLDS = (*measure.THRESHOLDS, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Thresholds that are tried: losses other than cross-entropy need higher ones too."""

INK = {8: 1.3, 16: 2.0, 32: 3.0, 64: 4.0}
"""Most ink that a threshold may spend at an exit; further exits have the last one's."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One variant, one seed, one exit.

    Attributes:
        variant: its name.
        group: its budget, of :data:`eda_router.study.variants.GROUPS`.
        seed: of the training.
        size: of the exit's windows.
        parameters: that the exit needs.
        seconds: processor time of the training, validation left out.
        tiles: of windows seen in the training.
        threshold: chosen on validation samples.
        connected: share connected at the first try.
        ink: tiles drawn over tiles of the trees.
        cost: of the trees over the teacher's.
        even: share connected at exactly the ink allowed, between thresholds by interpolation.
        half: share connected at threshold 0.5.
        drawn: tiles drawn at threshold 0.5 over tiles of the teacher's trees.
        blank_ink: ink where everything is drawn.
        blank_cost: cost where everything is drawn, all nets.
        blind_cost: cost of trees that ignore congestion, all nets.
        loss: cross-entropy of the tiles drawn, in nats a window.
        kl: of the latent's posterior from its prior, in nats; NaN where nothing trains one.
        milliseconds: processor time to draw a net, in batches, on one thread.
        processor: that all this was done on.
        blank_same: cost of the blank control over the teacher's, on the nets that the variant
            connects; NaN where it was not measured.
        blind_same: the same of the blind control.
        goal_tiles: million tiles until the connected share reached the goal that the group's
            default set in the same run; NaN where it did not, or the default was not there.
        goal_seconds: processor time until then.
        remark: why the figures are no longer those of the variant, where they are not.
    """

    variant: str
    group: str
    seed: int
    size: int
    parameters: int
    seconds: float
    tiles: int
    threshold: float
    connected: float
    ink: float
    cost: float
    even: float
    half: float
    drawn: float
    blank_ink: float
    blank_cost: float
    blind_cost: float
    loss: float
    kl: float
    milliseconds: float
    processor: str = ""
    blank_same: float = math.nan
    blind_same: float = math.nan
    goal_tiles: float = math.nan
    goal_seconds: float = math.nan
    remark: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class _Held:
    """Validation samples in two halves, with what is the same for every variant."""

    choosing: Samples
    test: Samples
    blank_ink: float
    blank: NDArray[np.int64]
    blind: NDArray[np.int64]
    teacher: NDArray[np.int64]

    def over_teacher(self, costs: NDArray[np.int64], nets: Any = True) -> float:
        """Sum of costs over the teacher's, on some of the test's nets; NaN on none."""
        nets = np.broadcast_to(nets, costs.shape)
        return float(costs[nets].sum() / self.teacher[nets].sum()) if nets.any() else math.nan


@cache
def _held(data: Path, size: int) -> _Held:
    count = max(64, 2 * MEASURED * 8 // size)
    all_of = held_out(data, size, count)
    # Sources take turns, so every second sample would be of one source.
    half = len(all_of) // 4 * 2
    choosing = Samples(all_of.states[:half], all_of.labels[:half])
    test = Samples(all_of.states[half:], all_of.labels[half:])
    page = np.ones((*test.states.shape, 3), np.float32)
    blank = decode(free_tracks(test.states), pin_tiles(test.states), page, HALF)
    return _Held(
        choosing,
        test,
        float(blank.ink.mean()),
        edge_costs(test.states, blank.offsets, blank.edges),
        blind_costs(test.states),
        label_costs(test.states, test.labels),
    )


def measure_variant(name: str, config: TrainConfig, data: Path, folder: Path) -> list[Row]:
    """The rows of a training, one an exit.

    Args:
        name: of the variant.
        config: of its training.
        data: folder of data sets.
        folder: of the training.
    """
    engine = study_engine(name, config, folder)
    model = load_model(folder)
    last = {record["stage"]: record for record in read_log(folder / LOG)}
    trains_latent = model.noise(config.sizes[-1]) > 0 and config.loss != "adversarial"
    rows = []
    for size in trained_exits(config):
        held = _held(data, size)
        choosing = draw_all(engine.draw, held.choosing.states)
        swept = sweep(held.choosing.states, held.choosing.labels, choosing, THRESHOLDS)
        threshold = choose_threshold(swept, ink_limit(size)).threshold
        began = time.process_time()
        maps = draw_all(engine.draw, held.test.states)
        spent = time.process_time() - began
        states, labels = held.test.states, held.test.labels
        figures = {q.threshold: q for q in sweep(states, labels, maps, THRESHOLDS)}
        same = decode(free_tracks(states), pin_tiles(states), maps, threshold).ok
        wanted = tree_mask(labels)
        sure = np.clip(np.where(wanted > 0, maps[..., 0], 1.0 - maps[..., 0]), 1e-6, 1.0)
        few = Samples(states[:256], labels[:256])
        stages = [r for r in last.values() if r["size"] <= size]
        rows.append(
            Row(
                variant=name,
                group=VARIANTS[name].group,
                seed=config.seed,
                size=size,
                parameters=model.parameters(size),
                seconds=round(sum(r["processor"] for r in stages), 1),
                tiles=sum(r["seen"] * r["size"] ** 2 for r in stages),
                threshold=threshold,
                connected=figures[threshold].connected,
                ink=figures[threshold].ink,
                cost=figures[threshold].cost,
                blank_same=held.over_teacher(held.blank, same),
                blind_same=held.over_teacher(held.blind, same),
                even=at_ink([dataclasses.asdict(q) for q in figures.values()], ink_limit(size)),
                half=figures[HALF].connected,
                drawn=float((maps[..., 0] >= HALF).sum() / wanted.sum()),
                blank_ink=held.blank_ink,
                blank_cost=held.over_teacher(held.blank),
                blind_cost=held.over_teacher(held.blind),
                loss=float(-np.log(sure).sum(axis=(1, 2)).mean()),
                kl=latent_use(model, few)["kl"] if trains_latent else math.nan,
                milliseconds=1000 * spent / len(states),
                processor=processor_name(),
            )
        )
    return rows


def ink_limit(size: int) -> float:
    """Most ink that a threshold may spend at exit ``size``."""
    return INK.get(size, INK[max(INK)])


def at_ink(swept: Sequence[Mapping[str, Any]], ink: float) -> float:
    """Share connected at a given ink, interpolated between thresholds.

    Args:
        swept: ``ink`` and ``connected`` at rising thresholds, NaN or None where nothing is
            connected.
        ink: in question.

    Returns:
        the share; 0 where every threshold that connects anything needs more ink, the share at the
        lowest threshold where every one needs less.
    """
    points = [(q["ink"], q["connected"]) for q in swept if q["ink"] is not None]
    points = [(i, c) for i, c in points if not math.isnan(i)]
    best = 0.0
    for (ink1, share1), (ink2, share2) in zip(points, [*points[1:], *points[-1:]], strict=True):
        if ink1 <= ink:
            best = max(best, share1)
        elif ink2 <= ink:
            best = max(best, share2 + (share1 - share2) * (ink - ink2) / (ink1 - ink2))
    return best
