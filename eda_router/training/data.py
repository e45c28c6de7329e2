"""The samples of a training: found in a folder (:mod:`eda_router.dataset.folders`), or made."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from eda_router.dataset.folders import dataset_path, find_datasets, held_out
from eda_router.dataset.samples import (
    VALIDATION_SHARD,
    Dataset,
    SampleConfig,
    write_dataset,
)
from eda_router.errors import InputError
from eda_router.training.config import TrainConfig
from eda_router.training.trainer import Joined, StageData

_SHARD_TILES = 16384 * 64
"""Tiles in a shard that training makes."""


class TrainingData(Mapping[int, StageData]):
    """The samples of each stage, opened, or made, when the stage begins.

    Sources count alike: a shorter data set is repeated until it is about as long as the longest.

    Args:
        folder: of the data sets.
        config: of the training; it says how many samples are made.
        processes: that make them.
        make: whether to make what is missing.
    """

    def __init__(
        self, folder: Path, config: TrainConfig, *, processes: int = 1, make: bool = False
    ):
        self._folder, self._config = folder, config
        self._processes, self._make = processes, make
        self._opened: dict[int, StageData] = {}

    def __getitem__(self, size: int) -> StageData:
        """Samples of ``size``.

        Raises:
            InputError: there are none, or they are damaged.
        """
        if size not in self._opened:
            if self._make:
                self._write(size)
            self._opened[size] = self._open(size)
        return self._opened[size]

    def __iter__(self) -> Iterator[int]:
        return iter(self._config.sizes)

    def __len__(self) -> int:
        return len(self._config.sizes)

    def _write(self, size: int) -> None:
        config = self._config
        wanted = int(config.stage("data_samples", config.sizes.index(size)))
        sources: tuple[Literal["random", "ledger"], ...] = ("random", "ledger")
        if config.data_source != "both":
            sources = (config.data_source,)
        for source in sources:
            part = -(-wanted // len(sources))
            each = min(part, max(1, _SHARD_TILES // size**2))
            count = -(-part // each)
            samples = SampleConfig(
                source=source,
                shard_samples=each,
                seed=config.seed,
                labels=config.data_labels,
                expected_demand=config.data_expected_demand,
            )
            shards = [*range(count), VALIDATION_SHARD]
            place = dataset_path(self._folder, source, size)
            for _ in tqdm(
                write_dataset(place, samples, size, shards, self._processes),
                total=len(shards),
                desc=place.name,
                unit="shards",
                leave=False,
                file=sys.stderr,
                disable=None,
            ):
                pass

    def _open(self, size: int) -> StageData:
        places = find_datasets(self._folder, size)
        if not places:
            raise InputError(
                self._folder,
                None,
                f"no samples of {size}x{size} tiles",
                f"folders such as random-{size} made by 'edaroute dataset'",
            )
        training = [Dataset(place) for place in places]
        longest = max(len(part) for part in training)
        if longest == 0:
            raise InputError(self._folder, None, f"no training shards of {size}x{size} tiles")
        parts = [part for part in training if len(part)]
        repeated = [part for part in parts for _ in range(max(1, round(longest / len(part))))]
        return StageData(Joined(repeated), held_out(self._folder, size, self._config.validation))
