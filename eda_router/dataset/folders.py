"""A folder of data sets: one for each source and window size, named ``<source>-<size>``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eda_router.dataset.samples import Dataset, Samples
from eda_router.errors import InputError, reason


def dataset_path(folder: Path, source: str, size: int) -> Path:
    """Where the data set of a source and window size lies."""
    return folder / f"{source}-{size}"


def find_datasets(folder: Path, size: int) -> list[Path]:
    """The data sets of a window size, sorted by source."""
    return sorted(folder.glob(f"*-{size}"))


def held_out(folder: Path, size: int, count: int) -> Samples:
    """About ``count`` validation samples of a size, the sources in turn.

    Raises:
        InputError: there are none, or the folder cannot be read.
    """
    try:
        folder.stat()
    except OSError as error:
        raise InputError(folder, None, f"cannot be read: {reason(error)}") from error
    found = [Dataset(path, validation=True) for path in find_datasets(folder, size)]
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
