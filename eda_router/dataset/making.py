"""Making data sets: what ``edaroute dataset`` does, in one call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

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

Show = Callable[[Iterable[Any], int, str, str], Iterable[Any]]


def make(
    folder: str | Path,
    designs: Sequence[DesignFiles] = (),
    config: DatasetConfig | None = None,
    *,
    license: str | None = None,
    workers: Workers | None = None,
    show: Show = lambda done, total, name, unit: done,
    tell: Callable[[str], object] = lambda line: None,
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
        show: puts a bar around what is done, given their total, the name of the work and the unit.
        tell: called with a line for each data set.

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
    _cut(folder, designs, config, workers, license, show, tell)
    if config.source is not None or not designs:
        _make_up(folder, config, workers, show, tell)
    if places := find_sets(folder):
        write_card(folder)
    return places


def _cut(
    folder: Path,
    designs: Sequence[DesignFiles],
    config: DatasetConfig,
    workers: Workers | None,
    license: str | None,
    show: Show,
    tell: Callable[[str], object],
) -> None:
    """Route designs and cut windows from them."""
    cut = config.of_designs
    for _ in show(route_designs(folder, designs, cut, workers), len(designs), "routing", "designs"):
        pass
    jobs = []
    for files in designs:
        wanted = window_jobs(folder, files, cut, config.sizes, license)
        if not wanted:
            tell(f"{files.name}: no net with a wire that a window holds")
        jobs += wanted
    made = dict.fromkeys((job.place for job in jobs), 0)
    for job, is_new in show(write_windows(jobs, workers), len(jobs), "windows", "shards"):
        made[job.place] += is_new
    for place, new in made.items():
        tell(f"{place}: {sum(job.place == place for job in jobs)} shards, {new} new")


def _make_up(
    folder: Path,
    config: DatasetConfig,
    workers: Workers | None,
    show: Show,
    tell: Callable[[str], object],
) -> None:
    """Make samples up, of each source and size."""
    shards = [*range(config.first, config.first + config.shards)]
    shards += range(VALIDATION_SHARD, VALIDATION_SHARD + config.validation_shards)
    for size in config.sizes:
        for samples in config.sources:
            place = dataset_path(folder, samples.source, size)
            done = write_dataset(place, samples, size, shards, workers)
            made = sum(new for _, new in show(done, len(shards), place.name, "shards"))
            tell(f"{place}: {len(shards)} shards of {samples.count(size)} samples, {made} new")
