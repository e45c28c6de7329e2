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
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from eda_router.errors import EdarouteError

T = TypeVar("T")

GRACE = 0.3
"""Seconds in which a worker that is to end removes what it has half written."""


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
    if not jobs:
        return
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
    told, tell = spawn.Pipe(duplex=False)
    with _Pool(count, spawn, initializer=_be_worker, initargs=(told,)) as pool:
        try:
            yield pool
        except BaseException:
            # Whoever waits no longer waits for jobs that are under way either.
            tell.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _be_worker(told: connection.Connection) -> None:
    """End when the parent does, even killed, or closes its end of ``told``.

    A Ctrl-C in the terminal comes to all processes; what follows is the parent's to decide.
    """
    parent = parent_process()
    assert parent is not None
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)

    def end() -> None:
        connection.wait([parent.sentinel, told])
        # An exception in the job lets half-written files be removed; kernels do not hear of it.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def _leave(signum: int, frame: FrameType | None) -> None:
    _LEAVING.set()
    sys.exit(1)


_LEAVING = threading.Event()
"""Set in a worker that is to end."""


class _Pool(ProcessPoolExecutor):
    """Processes that begin no job once they are to end."""

    def submit(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        return super().submit(_begin, function, args, kwargs)


def _begin(function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    if _LEAVING.is_set():
        sys.exit(1)
    return function(*args, **kwargs)
