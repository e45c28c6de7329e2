"""Training samples: windows with the teacher's trees, in shards that anyone can make again.

A shard is a pure function of (config, shard number, window size): no order, process or machine
changes a byte of it, and what could change one is in the config. How they lie on disk:
:mod:`eda_router.dataset.shards`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.dataset.config import SampleConfig, SampleSettings
from eda_router.dataset.ledger_windows import ledger_samples
from eda_router.dataset.random_windows import random_states
from eda_router.dataset.shards import (
    FORMAT,
    VALIDATION_SHARD,
    Kind,
    ShardArrays,
    Shards,
    keep_shard,
    write_kind,
)
from eda_router.dataset.teacher import LabelArray, label
from eda_router.jobs import Workers, run_jobs
from eda_router.neural.tensors import StateArray

__all__ = [
    "FORMAT",
    "VALIDATION_SHARD",
    "Dataset",
    "SampleConfig",
    "Samples",
    "label_states",
    "make_samples",
    "write_dataset",
    "write_shard",
]

_ATTEMPTS = 64
"""Times a random window without a route is drawn again."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Windows with their labels.

    Attributes:
        states: uint8 ``(num_samples, size, size)``, see :mod:`eda_router.neural.tensors`.
        labels: uint8 of the same shape, see :mod:`eda_router.dataset.teacher`.
    """

    states: StateArray
    labels: LabelArray

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.states)


def make_samples(config: SampleConfig, shard: int, size: int) -> Samples:
    """The samples of one shard.

    Args:
        config: what they are made of.
        shard: its number, 0 or more.
        size: of the windows, a power of two.
    """
    if config.source == "random":
        samples = _random_samples(config, shard, size)
    else:
        sequence = np.random.SeedSequence([config.seed, shard, size])
        rng = np.random.Generator(np.random.PCG64(sequence))
        samples = Samples(
            *ledger_samples(
                rng, config.count(size), size, config.exact_pins, config.expected_demand
            )
        )
    if config.labels == "optimal":
        return samples
    return Samples(samples.states, label_states(config, shard, samples.states)[0])


def label_states(
    config: SampleSettings, shard: int, states: StateArray
) -> tuple[LabelArray, NDArray[np.bool_]]:
    """Labels of the teacher that ``config`` asks for, and where there are any.

    See :func:`eda_router.dataset.teacher.label`.
    """
    if config.labels == "optimal":
        return label(states, config.exact_pins)
    if config.labels == "maze":
        return label(states, exact_pins=2, exchange_rounds=0)
    # The streams before this one are those of the attempts at random windows.
    sequence = np.random.SeedSequence([config.seed, shard, states.shape[1], _ATTEMPTS])
    seeds = np.random.Generator(np.random.PCG64(sequence)).integers(
        0, 2**64, len(states), np.uint64
    )
    return label(states, config.exact_pins, tie_seeds=seeds)


def _random_samples(config: SampleConfig, shard: int, size: int) -> Samples:
    count = config.count(size)
    states = np.zeros((count, size, size), np.uint8)
    labels = np.zeros_like(states)
    missing = np.arange(count)
    for attempt in range(_ATTEMPTS):
        sequence = np.random.SeedSequence([config.seed, shard, size, attempt])
        seeds = np.random.Generator(np.random.PCG64(sequence)).integers(0, 2**64, count, np.uint64)[
            missing
        ]
        drawn = random_states(seeds, size, config.max_pins)
        trees, ok = label(drawn, config.exact_pins)
        states[missing[ok]] = drawn[ok]
        labels[missing[ok]] = trees[ok]
        missing = missing[~ok]
        if len(missing) == 0:
            return Samples(states, labels)
    raise RuntimeError(f"{len(missing)} windows of shard {shard} had no route {_ATTEMPTS} times")


def _kind(config: SampleConfig, size: int) -> Kind:
    return Kind(size, dataclasses.asdict(config))


def write_shard(folder: Path, config: SampleConfig, shard: int, size: int) -> bool:
    """Make a shard on disk unless it is there and whole already.

    Returns:
        Whether it had to be made.

    Raises:
        InputError: the shard cannot be written.
    """

    def make() -> ShardArrays:
        samples = make_samples(config, shard, size)
        windows = np.stack([samples.states, samples.labels], axis=1)
        return ShardArrays(windows, np.empty((len(samples), 0), np.int32))

    return keep_shard(folder, _kind(config, size), shard, make)


def write_dataset(
    folder: Path,
    config: SampleConfig,
    size: int,
    shards: Iterable[int],
    workers: Workers | None = None,
) -> Iterator[tuple[int, bool]]:
    """Make a data set; call again to go on after an interruption.

    Args:
        folder: of the data set, made if missing.
        config: what the samples are made of.
        size: of the windows.
        shards: numbers of the shards.
        workers: where they are made; None: in this process.

    Yields:
        (shard, whether it had to be made), as each is done.

    Raises:
        InputError: the folder holds a data set of another config.
    """
    numbers = list(shards)
    write_kind(folder, _kind(config, size))
    jobs = [(folder, config, shard, size) for shard in numbers]
    for number, made in run_jobs(write_shard, jobs, workers):
        yield numbers[number], made


class Dataset:
    """The states and the teacher's trees of a folder, all its shards checked at once.

    Args:
        folder: made by :func:`write_dataset`.
        validation: read the validation shards instead of the training shards.

    Attributes:
        size: of the windows.
        config: the manifest's record of what the samples are made of.

    Raises:
        InputError: no data set, a shard that does not match its checksum, or bytes that no writer
            of this format makes.
    """

    def __init__(self, folder: str | Path, *, validation: bool = False):
        self._shards = Shards(Path(folder), validation=validation)
        self._shards.check()
        self.size: int = self._shards.kind.size
        self.config: dict[str, Any] = self._shards.kind.config

    def __len__(self) -> int:
        """Number of samples in all shards."""
        return len(self._shards)

    def take(self, indices: NDArray[np.integer]) -> Samples:
        """The samples with these numbers, in this order; a copy."""
        windows = self._shards.read(indices).windows
        return Samples(windows[:, 0], windows[:, 1])
