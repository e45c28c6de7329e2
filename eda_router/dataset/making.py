"""Making data sets: what ``edaroute dataset`` does, in one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from eda_router.dataset.card import check_card, write_card
from eda_router.dataset.config import DatasetConfig
from eda_router.dataset.design_samples import (
    check_names,
    route_designs,
    window_jobs,
    write_windows,
)
from eda_router.dataset.folders import dataset_path
from eda_router.dataset.opened import find_sets
from eda_router.dataset.samples import VALIDATION_SHARD, write_dataset
from eda_router.files import check_folder
from eda_router.formats.design_files import DesignFiles
from eda_router.jobs import Workers


def make(
    folder: str | Path,
    designs: Sequence[DesignFiles] = (),
    config: DatasetConfig | None = None,
    *,
    license: str | None = None,
    workers: Workers | None = None,
) -> list[Path]:
    """Make training and validation samples; call again to go on where it was interrupted.

    Without designs samples are made up; with them each design is routed and every net becomes a
    window. Shards that are there and whole are kept.

    Args:
        folder: of the data sets, made if missing.
        designs: of :func:`eda_router.find_designs`, with different names.
        config: sizes, sources and numbers of samples; the defaults when None.
        license: of the designs, as data hubs call it; for the data card.
        workers: where that is done; None: in this process.

    Returns:
        The folder of each data set there, one for each source and size, sorted.

    Raises:
        InputError: a design cannot be read, is called as a source of samples is, or a file cannot
            be written.

    Example:
        >>> import eda_router
        >>> from eda_router.dataset.config import DatasetConfig
        >>> config = DatasetConfig(sizes=(8, 16))
        >>> designs = eda_router.find_designs(["synth-tiny"])
        >>> places = eda_router.dataset.make("samples", designs, config)
        >>> [place.name for place in places]
        ['synth-tiny-16', 'synth-tiny-8']
        >>> eda_router.dataset.open("samples", size=8)
        SampleSet(synth-tiny-8: 246 samples)
    """
    folder = Path(folder)
    config = DatasetConfig() if config is None else config
    check_names(designs)
    check_folder(folder)
    check_card(folder)
    cut = config.of_designs
    _finish(route_designs(folder, designs, cut, workers))
    jobs = [
        job for files in designs for job in window_jobs(folder, files, cut, config.sizes, license)
    ]
    _finish(write_windows(jobs, workers))
    if config.source is not None or not designs:
        _make_up(folder, config, workers)
    if places := find_sets(folder):
        write_card(folder)
    return places


def _make_up(folder: Path, config: DatasetConfig, workers: Workers | None) -> None:
    """Make samples up, of each source and size."""
    shards = [*range(config.first, config.first + config.shards)]
    shards += range(VALIDATION_SHARD, VALIDATION_SHARD + config.validation_shards)
    for size in config.sizes:
        for samples in config.sources:
            place = dataset_path(folder, samples.source, size)
            _finish(write_dataset(place, samples, size, shards, workers))


def _finish(made: Iterable[object]) -> None:
    """Wait for all that an iterator makes."""
    for _ in made:
        pass
