"""Training samples: windows with the teacher's trees, in shards that anyone can make again.

A shard is a pure function of (config, shard number, window size): no order, process or machine
changes a byte of it, and what could change one is in the config. Shards from
:data:`VALIDATION_SHARD` on are for validation, by convention.

On disk a data set is a folder with ``manifest.json`` (format, size, config) and, for each shard,
``shard-NNNNNNN.npy``: uint8 ``(num_samples, 2, size, size)``, first the state
(:mod:`eda_router.neural.tensors`), then the label (:mod:`eda_router.dataset.teacher`); beside it
``shard-NNNNNNN.json`` with the checksum.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.dataset.config import SampleConfig
from eda_router.dataset.ledger_windows import ledger_samples
from eda_router.dataset.random_windows import random_states
from eda_router.dataset.teacher import RIGHT_BIT, TILE_BIT, UP_BIT, LabelArray, label
from eda_router.errors import InputError
from eda_router.files import write_atomically, write_text
from eda_router.neural.tensors import NUM_STATES, StateArray

__all__ = [
    "FORMAT",
    "VALIDATION_SHARD",
    "Dataset",
    "SampleConfig",
    "Samples",
    "make_samples",
    "write_dataset",
    "write_shard",
]

FORMAT = "edaroute-samples-2"
"""What the manifest and the note of each shard are written in.

Format 1 differs in the config alone: ``expected_demand`` was no setting but fixed, so a manifest
did not say all that its shards were made of. The arrays are the same, and folders of format 1 are
read and gone on with as what they are (:data:`FIXED_IN_FORMAT_1`).
"""

FIXED_IN_FORMAT_1 = {"labels": "optimal", "expected_demand": 0.4}
"""What samples of format 1 are made of where their manifest does not say."""

VALIDATION_SHARD = 1_000_000
"""Shards from here on are kept from training."""

_FORMAT_1 = "edaroute-samples-1"

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
    return Samples(samples.states, _other_labels(config, shard, samples.states))


def _other_labels(config: SampleConfig, shard: int, states: StateArray) -> LabelArray:
    """Labels of another teacher for the same states."""
    if config.labels == "maze":
        return label(states, exact_pins=2, exchange_rounds=0)[0]
    # The streams before this one are those of the attempts at random windows.
    sequence = np.random.SeedSequence([config.seed, shard, states.shape[1], _ATTEMPTS])
    seeds = np.random.Generator(np.random.PCG64(sequence)).integers(
        0, 2**64, len(states), np.uint64
    )
    return label(states, config.exact_pins, tie_seeds=seeds)[0]


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


def _shard_path(folder: Path, shard: int) -> Path:
    return folder / f"shard-{shard:07d}.npy"


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _describe(config: SampleConfig, size: int) -> dict[str, Any]:
    return {"format": FORMAT, "size": size, "config": dataclasses.asdict(config)}


def _upgraded(facts: dict[str, Any]) -> dict[str, Any]:
    """A description of format 1 as one of this format; others as they are."""
    if facts.get("format") != _FORMAT_1:
        return facts
    return {**facts, "format": FORMAT, "config": {**FIXED_IN_FORMAT_1, **facts.get("config", {})}}


def _write_json(path: Path, value: dict[str, Any]) -> None:
    write_text(path, json.dumps(value, indent=1) + "\n")


def write_shard(folder: Path, config: SampleConfig, shard: int, size: int) -> bool:
    """Make a shard on disk unless it is there and whole already.

    Returns:
        Whether it had to be made.

    Raises:
        InputError: the shard cannot be written.
    """
    path = _shard_path(folder, shard)
    note = {**_describe(config, size), "shard": shard}
    try:
        if _read_json(path.with_suffix(".json")) == {**note, "sha256": _digest(path)}:
            return False
    except (InputError, OSError):
        pass
    samples = make_samples(config, shard, size)
    file = io.BytesIO()
    np.save(file, np.stack([samples.states, samples.labels], axis=1))
    data = file.getvalue()
    write_atomically(path, data)
    _write_json(path.with_suffix(".json"), {**note, "sha256": hashlib.sha256(data).hexdigest()})
    return True


def write_dataset(
    folder: Path, config: SampleConfig, size: int, shards: Iterable[int], processes: int = 1
) -> Iterator[tuple[int, bool]]:
    """Make a data set in parallel processes; call again to go on after an interruption.

    Args:
        folder: of the data set, made if missing.
        config: what the samples are made of.
        size: of the windows.
        shards: numbers of the shards.
        processes: how many to work in; 1 works in this one.

    Yields:
        (shard, whether it had to be made), as each is done.

    Raises:
        InputError: the folder holds a data set of another config.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    facts = _describe(config, size)
    if manifest.exists():
        _check_same(manifest, facts)
    _write_json(manifest, facts)
    if processes == 1:
        for shard in shards:
            yield shard, write_shard(folder, config, shard, size)
        return
    # Keras is not fork-safe and the caller may have loaded it.
    spawn = get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, initializer=_end_with_parent) as pool:
        jobs = {pool.submit(write_shard, folder, config, s, size): s for s in shards}
        try:
            for job in as_completed(jobs):
                yield jobs[job], job.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Have this worker end when its parent does, even killed; it would wait for work for ever."""
    parent = parent_process()
    assert parent is not None

    def end() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def _check_same(manifest: Path, wanted: dict[str, Any]) -> None:
    """Refuse a folder that holds samples of another kind, and say what is different."""
    found = _read_json(manifest)
    if found == wanted:
        return
    theirs, ours = ({**facts.pop("config", {}), **facts} for facts in (found, {**wanted}))
    names = sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name))
    problem, expected = (
        ", ".join(f"{name} {facts.get(name)}" for name in names) for facts in (theirs, ours)
    )
    raise InputError(manifest, None, f"made with another config: {problem}", expected)


def _read_json(path: Path) -> dict[str, Any]:
    """A manifest or the note of a shard, as this format has it."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(path, None, "not JSON", "a manifest") from error
    if not isinstance(value, dict) or not isinstance(value.get("config", {}), dict):
        raise InputError(path, None, "not a JSON object", "a manifest")
    return _upgraded(value)


class Dataset:
    """The shards of a folder, mapped into memory and checked.

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
        folder = Path(folder)
        manifest = folder / "manifest.json"
        facts = _read_json(manifest)
        if facts.get("format") != FORMAT:
            raise InputError(manifest, None, f"format {facts.get('format')!r}", FORMAT)
        if not isinstance(facts.get("size"), int) or "config" not in facts:
            raise InputError(manifest, None, "not complete", "size and config")
        self.size: int = facts["size"]
        self.config: dict[str, Any] = facts["config"]
        self._shards: list[NDArray[np.uint8]] = []
        for note in sorted(folder.glob("shard-*.json")):
            noted = _read_json(note)
            if not {"shard", "sha256"} <= noted.keys():
                raise InputError(note, None, "no shard", "its number and checksum")
            if (noted["shard"] >= VALIDATION_SHARD) == validation:
                self._shards.append(_open_shard(note.with_suffix(".npy"), noted, self.size))
        self._starts = np.cumsum([0, *(len(shard) for shard in self._shards)])

    def __len__(self) -> int:
        """Number of samples in all shards."""
        return int(self._starts[-1])

    def take(self, indices: NDArray[np.integer]) -> Samples:
        """The samples with these numbers, in this order; a copy."""
        batch = np.empty((len(indices), 2, self.size, self.size), np.uint8)
        which = np.searchsorted(self._starts, indices, side="right") - 1
        for shard in np.unique(which):
            rows = which == shard
            batch[rows] = self._shards[shard][indices[rows] - self._starts[shard]]
        return Samples(batch[:, 0], batch[:, 1])


def _open_shard(path: Path, noted: dict[str, Any], size: int) -> NDArray[np.uint8]:
    try:
        if _digest(path) != noted["sha256"]:
            raise InputError(path, None, "damaged", f"sha256 {noted['sha256']}")
        shard: NDArray[np.uint8] = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(path, None, "not a NumPy array", "a shard") from error
    if shard.dtype != np.uint8 or shard.ndim != 4 or shard.shape[1:] != (2, size, size):
        raise InputError(
            path, None, f"{shard.dtype} {shard.shape}", f"uint8 (samples, 2, {size}, {size})"
        )
    highest = RIGHT_BIT | UP_BIT | TILE_BIT
    if shard.size and (shard[:, 0].max() >= NUM_STATES or shard[:, 1].max() > highest):
        raise InputError(path, None, "bytes out of range", "states and labels")
    return shard
