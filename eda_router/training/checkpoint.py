"""The checkpoint: all that a training needs to go on as if it had not stopped.

One ``.npz`` file, replaced whole: the progress, the config, the state of Python's random numbers,
from which Keras takes the start of new weights, and the values of all variables.
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.config import describe, identity
from eda_router.errors import InputError
from eda_router.files import write_atomically
from eda_router.training.config import TrainConfig

FORMAT = "edaroute-checkpoint-2"

_DAMAGE = (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError)
"""What reading other bytes than a checkpoint's raises: RuntimeError and its NotImplementedError
come from flags that a damaged archive seems to have."""


@dataclasses.dataclass
class Progress:
    """Where a training stands.

    Attributes:
        stage: index of the stage, ``len(sizes)`` for the joint one.
        seen: samples of the stage seen so far, route-free ones included.
        began: how many they were when the epoch began; fewer than ``seen`` while one is open.
        steps: of the open epoch.
        sums: parts of the loss summed over those of the open epoch's steps that are looked at.
        logged: epochs in the log.
        seconds: wall-clock time spent in the stage.
        spent: the same with the stage's validations.
        processor: processor time spent in the stage, in seconds.
        best: lowest validation loss of the stage.
        worse: epochs since then.
    """

    stage: int = 0
    seen: int = 0
    began: int = 0
    steps: int = 0
    sums: dict[str, float] = dataclasses.field(default_factory=dict)
    logged: int = 0
    seconds: float = 0.0
    spent: float = 0.0
    processor: float = 0.0
    best: float = float("inf")
    worse: int = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Checkpoint:
    """What the file holds.

    Attributes:
        progress: of the training.
        config: the settings, see :func:`plain`.
        random: of :func:`random.getstate`.
        values: arrays of the variables by their kind: ``weight``, ``optimizer``, ``average`` and
            ``adversary``.
    """

    progress: Progress
    config: dict[str, Any]
    random: tuple[Any, ...]
    values: Mapping[str, Sequence[NDArray[Any]]]


def plain(config: TrainConfig) -> dict[str, Any]:
    """The settings of :func:`eda_router.config.identity` as JSON has them."""
    values: dict[str, Any] = json.loads(json.dumps(identity(config)))
    return values


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint at ``path``.

    Raises:
        InputError: it cannot be written.
    """
    facts = {
        "format": FORMAT,
        "progress": dataclasses.asdict(checkpoint.progress),
        "config": checkpoint.config,
        "random": checkpoint.random,
        "counts": {kind: len(values) for kind, values in checkpoint.values.items()},
    }
    arrays: dict[str, Any] = {
        f"{kind}{i}": value
        for kind, values in checkpoint.values.items()
        for i, value in enumerate(values)
    }
    data = io.BytesIO()
    np.savez(data, facts=np.array(json.dumps(facts)), **arrays)
    write_atomically(path, data.getvalue())


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint at ``path``.

    Raises:
        InputError: there is none, or it is damaged.
    """
    try:
        # The mapping of an archive; a plain array, which np.load takes too, has no facts.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            stored = dict(file)
        facts = json.loads(str(stored["facts"]))
        if facts["format"] != FORMAT:
            raise InputError(path, None, f"format {facts['format']!r}", FORMAT)
        version, state, gauss = facts["random"]
        return Checkpoint(
            Progress(**facts["progress"]),
            dict(facts["config"]),
            (version, tuple(state), gauss),
            {k: [stored[f"{k}{i}"] for i in range(n)] for k, n in facts["counts"].items()},
        )
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}", "a checkpoint") from error
    except _DAMAGE as error:
        raise InputError(path, None, "damaged", "a checkpoint") from error


def check_fits(path: Path, checkpoint: Checkpoint, config: TrainConfig) -> None:
    """Make sure that a training of ``config`` may go on from a checkpoint.

    Raises:
        InputError: another network or optimiser was trained, or other variables of it.
    """
    later = {info.name: info.default for info in describe(TrainConfig) if info.later}
    theirs, ours = ({**later, **values} for values in (checkpoint.config, plain(config)))
    same = {*dataclasses.asdict(config.model()), "optimizer", "loss", "lock", "direct"} - {"sizes"}
    for name in sorted(same):
        if name not in theirs:
            raise InputError(path, None, f"no setting {name}", "a checkpoint of this version")
        if theirs[name] != ours[name]:
            raise InputError(path, None, f"{name} was {theirs[name]}", f"{ours[name]}")
    sizes, stage = theirs["sizes"], checkpoint.progress.stage
    begun = len(sizes) if stage == len(sizes) else stage + 1
    if ours["sizes"][:begun] != sizes[:begun] or (stage == len(sizes) != len(ours["sizes"])):
        raise InputError(path, None, f"sizes were {sizes}", f"{ours['sizes']}")


def restore(path: Path, kind: str, variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Give variables the values of a checkpoint.

    Raises:
        InputError: they are of other shapes.
    """
    if [tuple(v.shape) for v in variables] != [v.shape for v in values]:
        raise InputError(path, None, f"damaged: other shapes of {kind}", "a checkpoint")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
