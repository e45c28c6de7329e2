"""Jobs that worker processes share: one function, called with each of many lists of arguments.

Workers are started anew (``spawn``), because Keras is not fork-safe and the caller may have loaded
it. A job must be a pure function of its arguments, so that neither order nor worker changes a byte.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import connection, get_context, parent_process
from typing import Any, TypeVar

T = TypeVar("T")


def run_jobs(
    function: Callable[..., T], jobs: Sequence[tuple[Any, ...]], workers: int = 1
) -> Iterator[tuple[int, T]]:
    """Call ``function`` with the arguments of each job.

    Args:
        function: of a module, so that workers can import it.
        jobs: the arguments of each call; they and the results go between processes.
        workers: processes to work in; 1 works in this one. Never more than there are jobs.

    Yields:
        (number of the job, result), as each is done.

    Raises:
        Exception: that of the first job that failed; jobs not yet begun are dropped.
    """
    workers = min(workers, len(jobs))
    if workers <= 1:
        for number, job in enumerate(jobs):
            yield number, function(*job)
        return
    spawn = get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, initializer=_end_with_parent) as pool:
        running = {pool.submit(function, *job): number for number, job in enumerate(jobs)}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
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
