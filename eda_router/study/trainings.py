"""A variant's training: its config, its samples, its folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from eda_router import __version__
from eda_router.dataset.folders import dataset_path
from eda_router.dataset.samples import VALIDATION_SHARD, SampleConfig, write_dataset
from eda_router.jobs import Workers
from eda_router.neural.engines import Engine, KerasEngine
from eda_router.neural.views import ViewsEngine
from eda_router.study.variants import GROUPS, VARIANTS
from eda_router.training.checkpoint import plain
from eda_router.training.config import TrainConfig
from eda_router.training.data import StageData, TrainingData
from eda_router.training.folder import CHECKPOINT

TRAINED = "trained"
"""Marks the folder of a training that is done."""

HALF = 0.5
"""The threshold that asks nothing of validation, as one counts by eye."""


@dataclasses.dataclass(frozen=True)
class Study:
    """What all trainings of a study share, and where they lie.

    A training's folder is named after everything that it and its figures depend on, so that none
    is taken for one of other settings or other samples.

    Attributes:
        base: the config that the variants change.
        data: folder of data sets, see :func:`make_data`.
        runs: folder of the trainings.
        times: how many times the budgets of the groups.
    """

    base: TrainConfig
    data: Path
    runs: Path
    times: float = 1.0

    def config(self, name: str, seed: int = 1) -> TrainConfig:
        """The config of the training that a variant looks at."""
        return configure(self.base, VARIANTS[name].of or name, seed, self.times)

    def folder(self, name: str, seed: int) -> Path:
        """Where a variant's figures lie, and its training if it has one of its own."""
        config = self.config(name, seed)
        facts = {
            "version": __version__,
            "config": plain(config),
            "views": VARIANTS[name].views,
            "samples": _sums(self.data, config),
        }
        key = digest(json.dumps(facts, sort_keys=True).encode())
        return self.runs / slug(name) / f"seed{seed}-{key}"

    def trained_folder(self, name: str, seed: int) -> Path:
        """Where the training lies that a variant looks at."""
        return self.folder(VARIANTS[name].of or name, seed)


def digest(*parts: bytes) -> str:
    """Ten digits that stand for these bytes in the name of a file."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()[:10]


def _sums(data: Path, config: TrainConfig) -> list[str]:
    """The notes of all shards that a training and its figures read; they hold checksums."""
    folders = {labels_folder(data, labels) for labels in ("optimal", config.data_labels)}
    places = [p for f in folders for size in config.sizes for p in f.glob(f"*-{size}")]
    notes = sorted(note for place in places for note in place.glob("shard-*.json"))
    return [f"{note.relative_to(data)}: {note.read_text('utf-8', 'replace')}" for note in notes]


def configure(base: TrainConfig, name: str, seed: int = 1, times: float = 1.0) -> TrainConfig:
    """The config of a variant's training.

    Args:
        base: what all variants share.
        name: of the variant, whose budget and changes come on top.
        seed: of the training.
        times: how many times the budget of its group.
    """
    variant = VARIANTS[name]
    group = GROUPS[variant.group]
    direct = group.direct if variant.changes.get("direct") else {}
    config = dataclasses.replace(
        base, **{**group.settings, **direct, **variant.changes, "seed": seed}
    )

    def scaled(counts: Sequence[int]) -> tuple[int, ...]:
        return tuple(max(1, round(times * count)) if count else 0 for count in counts)

    return dataclasses.replace(
        config,
        samples=scaled(config.samples),
        pretrain=scaled(config.pretrain),
        epoch=scaled(config.epoch),
        joint=scaled([config.joint])[0],
        cycle=scaled([config.cycle])[0],
    )


def make_data(
    folder: Path,
    configs: Sequence[TrainConfig],
    samples: int | None = None,
    workers: Workers | None = None,
) -> None:
    """Make the samples that trainings need: two shards and one for validation of each kind.

    Args:
        folder: for them; other labels than the optimal trees get a folder inside.
        configs: of the trainings.
        samples: in a shard; None for the usual number.
        workers: where they are made; None: in this process.
    """
    wanted = {
        (labels, c.data_source, size, c.data_expected_demand)
        for c in configs
        for size in c.sizes
        for labels in (c.data_labels, "optimal")
    }
    for labels, sources, size, expected in sorted(wanted):
        for source in ("random", "ledger"):
            if sources not in ("both", source):
                continue
            config = SampleConfig(
                source=source, labels=labels, shard_samples=samples, expected_demand=expected
            )
            place = dataset_path(labels_folder(folder, labels), source, size)
            for _ in write_dataset(place, config, size, [0, 1, VALIDATION_SHARD], workers):
                pass


def labels_folder(folder: Path, labels: str) -> Path:
    """Where samples with these labels lie."""
    return folder if labels == "optimal" else folder / labels


def slug(name: str) -> str:
    """A variant's name as that of a folder."""
    return "".join(c if c.isalnum() else "-" for c in name.lower()).strip("-")


def train_one(config: TrainConfig, data: Path, folder: Path) -> None:
    """Train unless that is done; an interrupted training goes on.

    Args:
        config: of the training.
        data: folder of data sets, see :func:`make_data`.
        folder: of the training.
    """
    from eda_router.training.trainer import Trainer

    done = folder / TRAINED
    if done.exists():
        return
    samples: dict[int, StageData] = dict(TrainingData(data, config))
    if config.data_labels != "optimal":
        # All are measured against the same teacher.
        other = TrainingData(labels_folder(data, config.data_labels), config)
        samples = {s: StageData(other[s].training, samples[s].validation) for s in samples}
    resume = (folder / CHECKPOINT).exists()
    Trainer(config, samples, folder, resume=resume, progress=False).run()
    done.touch()


def trained_exits(config: TrainConfig) -> tuple[int, ...]:
    """Sizes of the exits that a training reaches."""
    if config.direct:
        return config.sizes[-1:]
    passes = config.pass_over
    return tuple(
        size for i, size in enumerate(config.sizes) if config.stage("samples", i) or not passes
    )


def study_engine(name: str, config: TrainConfig, folder: Path) -> Engine:
    """A trained variant as an engine, on one thread."""
    exits = trained_exits(config)
    facts = {
        "exits": exits,
        "thresholds": dict.fromkeys(exits, HALF),
        "latent": {size: config.noise(size) for size in exits},
    }
    engine = KerasEngine(folder, facts, 1)
    views = VARIANTS[name].views
    return ViewsEngine(engine, views) if views > 1 else engine
