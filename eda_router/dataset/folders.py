"""A folder of data sets: one for each source and window size, named ``<source>-<size>``.

A source is ``random``, ``ledger``, or the name of a design that was given.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eda_router.dataset.samples import Dataset, Samples
from eda_router.dataset.shards import DESIGN_SOURCE, read_kind
from eda_router.errors import InputError, reason


def dataset_path(folder: Path, source: str, size: int) -> Path:
    """Where the data set of a source and window size lies."""
    return folder / f"{source}-{size}"


def wires_path(folder: Path, name: str) -> Path:
    """Where the wires of a design that was given lie."""
    return folder / "wires" / f"{name}.npz"


def find_datasets(folder: Path, size: int) -> list[Path]:
    """The data sets of a window size that are made up, sorted by source.

    Those of designs that were given are left out, so that no model is trained on a benchmark by
    accident.
    """
    return [place for place in sorted(folder.glob(f"*-{size}")) if not _is_of_design(place)]


def _is_of_design(place: Path) -> bool:
    try:
        return read_kind(place).source == DESIGN_SOURCE
    except InputError:
        return False  # whoever opens it says what is wrong


def held_out(folder: str | Path, size: int, count: int, source: str | None = None) -> Samples:
    """About ``count`` validation samples of a size, the sources in turn.

    Args:
        folder: of data sets that are made up; those of designs are left out.
        size: of the windows, tiles.
        count: of samples wanted.
        source: that alone; None: all.

    Returns:
        States and labels, uint8 ``(count, size, size)`` (:mod:`eda_router.neural.tensors`,
        :mod:`eda_router.dataset.teacher`).

    Raises:
        InputError: there are none, or the folder cannot be read.

    Example:
        >>> import eda_router
        >>> from eda_router.dataset.config import DatasetConfig
        >>> config = DatasetConfig(sizes=(8,), shards=1, shard_samples=20, source="random")
        >>> made = eda_router.dataset.make("samples", config=config)
        >>> eda_router.held_out("samples", 8, 10).states.shape
        (10, 8, 8)
    """
    folder = Path(folder)
    try:
        folder.stat()
    except OSError as error:
        raise InputError(folder, None, f"cannot be read: {reason(error)}") from error
    places = find_datasets(folder, size)
    if source is not None:
        places = [place for place in places if place == dataset_path(folder, source, size)]
    found = [Dataset(place, validation=True) for place in places]
    sets = [part for part in found if len(part)]
    if not sets:
        raise InputError(folder, None, f"no validation samples of {size}x{size} tiles")
    each = min(-(-count // len(sets)), *(len(part) for part in sets))
    parts = [part.take(np.arange(each)) for part in sets]
    shape = (-1, size, size)
    return Samples(
        np.stack([part.states for part in parts], axis=1).reshape(shape),
        np.stack([part.labels for part in parts], axis=1).reshape(shape),
    )
