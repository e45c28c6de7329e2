"""A training's folder: names of its files, its config and its log. Imports no Keras."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eda_router.config import load_config
from eda_router.errors import InputError
from eda_router.files import write_atomically
from eda_router.strict_json import dumps
from eda_router.training.config import TrainConfig

CHECKPOINT = "checkpoint.npz"
"""All that resuming needs (:mod:`eda_router.training.checkpoint`)."""

LOG = "log.jsonl"
"""One record a line for each epoch."""

CONFIG = "config.yaml"
"""Every setting of the training."""

METRICS = "metrics.json"
"""Figures of the published model (:mod:`eda_router.training.publish`)."""

_RECORD = ("stage", "size", "seen", "seconds", "loss", "training", "validation")


def refuse_used(folder: Path) -> None:
    """Make sure that a new training deletes no other one.

    Raises:
        InputError: the folder holds a training.
    """
    for name in (CHECKPOINT, LOG):
        if (folder / name).exists():
            raise InputError(
                folder / name, None, "of an earlier training", "--resume, or another folder"
            )


def write_config(folder: Path, config: TrainConfig) -> None:
    """Write every setting as YAML that :func:`eda_router.config.load_config` reads."""
    import yaml

    values = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in dataclasses.asdict(config).items()
    }
    text = yaml.safe_dump(values, sort_keys=False, explicit_end=True)
    write_atomically(folder / CONFIG, text.encode())


def check_config(folder: Path) -> Path:
    """The path of a training's config, which has to be whole: to end as :func:`write_config` does.

    Raises:
        InputError: it cannot be read, is damaged or cut short.
    """
    path = folder / CONFIG
    load_config(TrainConfig, path)
    if not path.read_text(encoding="utf-8").rstrip().endswith("\n..."):
        raise InputError(path, None, "cut short", "every setting of a training, then '...'")
    return path


def append_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Add an epoch to the log.

    Raises:
        InputError: the log cannot be written.
    """
    path = folder / LOG
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(dumps(record) + "\n")
    except OSError as error:
        raise InputError(path, None, f"cannot be written: {error.strerror}") from error


def cut_log(folder: Path, count: int) -> None:
    """Keep the first ``count`` records; what follows was written after the checkpoint.

    Raises:
        InputError: one of them is missing or damaged.
    """
    path = folder / LOG
    if count == 0:
        path.unlink(missing_ok=True)
        return
    lines = _lines(path)
    if len(lines) < count:
        raise InputError(path, None, f"{len(lines)} records", f"{count} as in {CHECKPOINT}")
    for number, line in enumerate(lines[:count], 1):
        _record(path, number, line)
    if len(lines) > count:
        write_atomically(path, "".join(f"{line}\n" for line in lines[:count]).encode())


def read_log(path: str | Path) -> list[dict[str, Any]]:
    """The records of a training, one an epoch.

    Args:
        path: of the log.

    Raises:
        InputError: the file cannot be read or a line is no record.
    """
    return [_record(path, number, line) for number, line in enumerate(_lines(path), 1)]


def _lines(path: str | Path) -> list[str]:
    try:
        # Not splitlines: a damaged line may hold other separators.
        return Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(path, None, "not a text file", "the log of a training") from error


def _record(path: str | Path, number: int, line: str) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(line)
        for key in _RECORD:
            record[key]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(path, number, f"no record of an epoch ({error})") from error
    return record
