"""Jobs that workers share: one function, called with each of many lists of arguments.

Workers are processes of this machine, or those of a Dask cluster; both speak the protocol of
``concurrent.futures``, and one code path serves both. A job must be a pure function of its
arguments, so that neither order nor worker changes a byte; one whose worker dies is done again.

Processes are started anew (``spawn``), because Keras is not fork-safe and the caller may have
loaded it.
"""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any, TypeVar

from eda_router.errors import EdarouteError

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Workers:
    """Where jobs run.

    Attributes:
        processes: of this machine; 1 works in this one. Never more than there are jobs.
        cluster: address of a Dask scheduler, whose workers are used instead, such as
            ``tcp://10.0.0.1:8786``; ``local`` starts a scheduler and so many workers here.

    Example:
        >>> import eda_router
        >>> eda_router.Workers(4)
        Workers(processes=4, cluster=None)
    """

    processes: int = 1
    cluster: str | None = None


def run_jobs(
    function: Callable[..., T], jobs: Sequence[tuple[Any, ...]], workers: Workers | None = None
) -> Iterator[tuple[int, T]]:
    """Call ``function`` with the arguments of each job.

    Args:
        function: of a module, so that workers can import it.
        jobs: the arguments of each call; they and the results go between processes.
        workers: where they run; None: in this process.

    Yields:
        (number of the job, result), as each is done.

    Raises:
        EdarouteError: there is no such cluster, or its workers cannot do the jobs.
        Exception: that of the first job that failed; jobs not yet begun are dropped.
    """
    workers = workers or Workers()
    processes = min(workers.processes, len(jobs))
    if workers.cluster is None and processes <= 1:
        for number, job in enumerate(jobs):
            yield number, function(*job)
        return
    if workers.cluster is None:
        pool: Any = _processes(processes)
    else:
        from eda_router.cluster import cluster

        pool = cluster(workers.cluster, processes)
        jobs = [absolute(job) for job in jobs]
    with pool as executor:
        running = {executor.submit(function, *job): number for number, job in enumerate(jobs)}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
        except BrokenExecutor as error:
            raise EdarouteError("a worker process was killed; what is done is kept") from error


def absolute(value: Any) -> Any:
    """The same with absolute paths, in tuples and dataclasses too; a worker has its own folder."""
    if isinstance(value, Path):
        return value.absolute()
    if isinstance(value, tuple):
        return tuple(map(absolute, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: absolute(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **fields)
    return value


@contextmanager
def _processes(count: int) -> Iterator[Executor]:
    spawn = get_context("spawn")
    with ProcessPoolExecutor(count, spawn, initializer=_end_with_parent) as pool:
        try:
            yield pool
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
