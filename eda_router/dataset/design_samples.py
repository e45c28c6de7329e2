"""Data sets of designs that are given: one for each design and window size, ``<name>-<size>``.

Two rounds of jobs: each design is routed once (:mod:`eda_router.dataset.design_wires`), then the
shards of its windows are cut and labelled (:mod:`eda_router.dataset.design_windows`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from eda_router.dataset.config import DesignSampleConfig
from eda_router.dataset.design_windows import FACTS, make_shard, place, shard_nets
from eda_router.dataset.design_wires import (
    Wired,
    keep_wires,
    read_wires,
    wires_identity,
)
from eda_router.dataset.folders import dataset_path, wires_path
from eda_router.dataset.shards import (
    DESIGN_SOURCE,
    OWN_LICENSE,
    ROUTER,
    STATE,
    TEACHER,
    Kind,
    keep_shard,
    write_kind,
)
from eda_router.errors import InputError
from eda_router.formats.design_files import DesignFiles
from eda_router.jobs import Workers, run_jobs

UNKNOWN_LICENSE = "unknown"
"""What a data card says of designs whose licence nobody told."""

_MADE_UP = ("random", "ledger")


class WindowJob(NamedTuple):
    """One shard to be made: the arguments of :func:`write_window_shard`."""

    folder: Path
    kind: Kind
    config: DesignSampleConfig
    shard: int

    @property
    def place(self) -> Path:
        """The data set's folder."""
        return dataset_path(self.folder, self.kind.config["design"]["name"], self.kind.size)


def check_names(designs: Sequence[DesignFiles]) -> None:
    """Refuse designs that are called as a source of samples is.

    Raises:
        InputError: one is.
    """
    for files in designs:
        if files.name in _MADE_UP:
            raise InputError(
                files.path, None, f"a design named {files.name}", "NAME=PATH with another name"
            )


def route_designs(
    folder: Path,
    designs: Sequence[DesignFiles],
    config: DesignSampleConfig,
    workers: Workers | None = None,
) -> Iterator[tuple[DesignFiles, bool]]:
    """Route designs and keep their wires in ``folder``.

    Yields:
        (design, whether it had to be routed), as each is done.

    Raises:
        InputError: a design cannot be read, or a file not be written.
    """
    jobs = [(folder, files, config) for files in designs]
    for number, made in run_jobs(keep_wires, jobs, workers):
        yield designs[number], made


def window_jobs(
    folder: Path,
    files: DesignFiles,
    config: DesignSampleConfig,
    sizes: Sequence[int],
    license: str | None = None,
) -> list[WindowJob]:
    """Write the manifests of a routed design's data sets; give the shards that they want.

    Where no ``license`` is told, that of a bundled design is the package's, any other unknown.
    Sizes without a window get no data set.

    Raises:
        InputError: a folder holds a data set of another config, or cannot be written.
    """
    sizes = sorted(sizes)
    license = license or (OWN_LICENSE if files.bundled else UNKNOWN_LICENSE)
    wired = read_wires(wires_path(folder, files.name))
    places = place(wired, config, sizes)
    identity = {
        "source": DESIGN_SOURCE,
        **wires_identity(files, config),
        **dataclasses.asdict(config),
        "sizes": sizes,
    }
    jobs = []
    for size in sizes:
        shards = shard_nets(places, config, sizes, size)
        if shards:
            kind = Kind(size, identity, (STATE, TEACHER, ROUTER), FACTS, license)
            write_kind(dataset_path(folder, files.name, size), kind)
            jobs += [WindowJob(folder, kind, config, shard) for shard in shards]
    return jobs


def write_windows(
    jobs: Sequence[WindowJob], workers: Workers | None = None
) -> Iterator[tuple[WindowJob, bool]]:
    """Make shards; call again to go on after an interruption.

    Yields:
        (job, whether the shard had to be made), as each is done.

    Raises:
        InputError: a file cannot be read or written.
    """
    for number, made in run_jobs(write_window_shard, jobs, workers):
        yield jobs[number], made


def write_window_shard(folder: Path, kind: Kind, config: DesignSampleConfig, shard: int) -> bool:
    """Make a shard of a design's windows unless it is there; see :func:`keep_shard`."""
    name = kind.config["design"]["name"]
    path = wires_path(folder, name)
    sizes, size = kind.config["sizes"], kind.size
    return keep_shard(
        dataset_path(folder, name, size),
        kind,
        shard,
        lambda: make_shard(_wired(path, path.stat().st_mtime_ns), config, sizes, size, shard),
    )


@lru_cache(maxsize=1)
def _wired(path: Path, written: int) -> Wired:
    """The wires of the design that a worker is busy with, as of when they were written."""
    return read_wires(path)
