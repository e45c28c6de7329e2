"""The samples of a training: found in a folder (:mod:`eda_router.dataset.folders`), or made."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from eda_router.dataset.folders import dataset_path, find_datasets, held_out
from eda_router.dataset.samples import (
    VALIDATION_SHARD,
    Dataset,
    SampleConfig,
    Samples,
    write_dataset,
)
from eda_router.errors import InputError
from eda_router.jobs import Workers
from eda_router.neural.model_config import CORE_SIZE
from eda_router.training.config import TrainConfig

_SHARD_TILES = 16384 * 64
"""Tiles in a shard that training makes."""

_CALIBRATION = 2048
"""Samples of a size that its threshold is chosen on, where there are so many."""


class SampleSource(Protocol):
    """Numbered samples of one window size."""

    def __len__(self) -> int:
        """Number of samples."""

    def take(self, indices: NDArray[np.integer]) -> Samples:
        """The samples with these numbers, in this order."""


class Joined:
    """Several sources one after the other."""

    def __init__(self, sources: Iterable[SampleSource]):
        self._sources = list(sources)
        self._starts = np.cumsum([0, *(len(source) for source in self._sources)])

    def __len__(self) -> int:
        """Number of samples in all sources."""
        return int(self._starts[-1])

    def take(self, indices: NDArray[np.integer]) -> Samples:
        """The samples with these numbers, in this order."""
        which = np.searchsorted(self._starts, indices, side="right") - 1
        states = labels = None
        for number in np.unique(which):
            rows = which == number
            part = self._sources[number].take(indices[rows] - self._starts[number])
            if states is None or labels is None:
                states = np.empty((len(indices), *part.states.shape[1:]), np.uint8)
                labels = np.empty_like(states)
            states[rows], labels[rows] = part.states, part.labels
        if states is None or labels is None:
            raise ValueError("no samples asked for")
        return Samples(states, labels)


class Shuffled:
    """A source without end, each pass over it in another order.

    Args:
        source: of the samples.
        seed: of the orders, with ``stage``.
        stage: of the training.
    """

    def __init__(self, source: SampleSource, seed: int, stage: int):
        self._source, self._seed, self._stage = source, seed, stage
        self._turn = -1

    def take(self, first: int, count: int) -> Samples:
        """The samples from place ``first`` on; what was taken before makes no difference."""
        indices = np.empty(count, np.int64)
        filled = 0
        while filled < count:
            turn, place = divmod(first + filled, len(self._source))
            part = self._order(turn)[place : place + count - filled]
            indices[filled : filled + len(part)] = part
            filled += len(part)
        return self._source.take(indices)

    def _order(self, turn: int) -> NDArray[np.int64]:
        if turn != self._turn:
            key = [self._seed, self._stage, turn, len(self._source)]
            generator = np.random.Generator(np.random.PCG64(key))
            self._kept: NDArray[np.int64] = generator.permutation(len(self._source))
            self._turn = turn
        return self._kept


@dataclass(frozen=True)
class StageData:
    """Samples of one stage."""

    training: SampleSource
    validation: Samples


class TrainingData(Mapping[int, StageData]):
    """The samples of each stage, opened, or made, when the stage begins.

    Sources count alike: a shorter data set is repeated until it is about as long as the longest.

    Args:
        folder: of the data sets.
        config: of the training; it says how many samples are made.
        workers: that make them; None: this process.
        make: whether to make what is missing.
    """

    def __init__(
        self,
        folder: Path,
        config: TrainConfig,
        *,
        workers: Workers | None = None,
        make: bool = False,
    ):
        self._folder, self._config = folder, config
        self._workers, self._make = workers, make
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

    def __contains__(self, size: object) -> bool:
        """Whether there are samples of ``size``, or will be."""
        if not isinstance(size, int) or size not in self._config.sizes:
            return False
        return self._make or bool(find_datasets(self._folder, size))

    def __iter__(self) -> Iterator[int]:
        passes = self._config.pass_over
        return (size for size in self._config.sizes if not passes or size in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def calibration(self, size: int) -> Samples:
        """Validation samples that the threshold of an exit is chosen on.

        Outside the core states of ledgers, where any are held out: routing shows such states,
        random windows are for breadth. The core's are of all sources; it decides nearly all its
        tiles, so that few trees depend on its threshold.
        """
        self[size]  # made where they are missing, as for a stage that was resumed after
        ledger = dataset_path(self._folder, "ledger", size)
        there = size > CORE_SIZE and ledger in find_datasets(self._folder, size)
        alone = there and len(Dataset(ledger, validation=True)) > 0
        return held_out(self._folder, size, _CALIBRATION, "ledger" if alone else None)

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
                write_dataset(place, samples, size, shards, self._workers),
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
                f"folders such as random-{size} made by 'edaroute dataset'; "
                "samples of designs given are not trained on",
            )
        training = [Dataset(place) for place in places]
        longest = max(len(part) for part in training)
        if longest == 0:
            raise InputError(self._folder, None, f"no training shards of {size}x{size} tiles")
        parts = [part for part in training if len(part)]
        repeated = [part for part in parts for _ in range(max(1, round(longest / len(part))))]
        return StageData(Joined(repeated), held_out(self._folder, size, self._config.validation))
