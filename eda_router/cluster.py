"""The workers of a Dask cluster, as an executor of ``concurrent.futures``.

Workers need edaroute in this version, and the folders of the jobs under the same paths, as on the
shared file system of a compute cluster. docs/cluster.md tells how to start one.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any

import eda_router
from eda_router.errors import EdarouteError

LOCAL = "local"
"""Address that starts a scheduler and workers on this machine."""

MISSING = "--cluster needs Dask; pip install edaroute[cluster]"

CONNECT_SECONDS = 10
"""Time in which a scheduler must answer."""


@contextmanager
def cluster(address: str, processes: int = 1) -> Iterator[Executor]:
    """Connect to a scheduler for the time of the block.

    Args:
        address: of the scheduler, or :data:`LOCAL`.
        processes: workers of a local one.

    Raises:
        EdarouteError: Dask is not installed, nobody answers, there is no worker, or within the
            block the scheduler went away or a job's workers were killed.
    """
    try:
        dask: Any = importlib.import_module("dask")
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise EdarouteError(MISSING) from error

    # What goes wrong comes as one line of ours; theirs would go between the lines of a bar.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        stack.enter_context(dask.config.set({"distributed.comm.timeouts.connect": CONNECT_SECONDS}))
        if address == LOCAL:
            place: Any = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=processes,
                    threads_per_worker=1,
                    dashboard_address=":0",
                    silence_logs=50,
                )
            )
        else:
            place = address
        try:
            client = stack.enter_context(distributed.Client(place, timeout=CONNECT_SECONDS))
        except (OSError, ValueError) as error:
            raise EdarouteError(f"no scheduler answers at {address}") from error
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            raise EdarouteError(f"the scheduler at {address} has no workers") from error
        executor = _DaskExecutor(client)
        try:
            yield executor
        except distributed.KilledWorker as error:
            raise EdarouteError(
                "a job's workers were killed one after the other; what is done is kept"
            ) from error
        except (CancelledError, distributed.comm.CommClosedError) as error:
            raise EdarouteError(
                f"the scheduler at {address} is gone; what is done is kept"
            ) from error
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def check_cluster(address: str) -> None:
    """Raise what :func:`cluster` would, before any file is written."""
    if address != LOCAL:
        with cluster(address):
            pass
    elif find_spec("distributed") is None:
        raise EdarouteError(MISSING)


class _DaskExecutor(Executor):
    """An executor whose jobs check the worker's version, and whose errors are ours."""

    def __init__(self, client: Any):
        # Not looked up by its arguments: files that an equal job wrote may be gone since.
        self._pool = client.get_executor(pure=False)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """See :meth:`concurrent.futures.Executor.submit`."""
        future: Future[Any] = self._pool.submit(
            run_checked, eda_router.__version__, function, args, kwargs
        )
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See :meth:`concurrent.futures.Executor.shutdown`."""
        self._pool.shutdown(wait=wait and not cancel_futures)


def run_checked(
    version: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call a function in a worker.

    Raises:
        EdarouteError: the worker has another version than ``version``; its files might differ.
    """
    if version != eda_router.__version__:
        raise EdarouteError(
            f"a worker of the cluster has edaroute {eda_router.__version__}, expected {version}"
        )
    return function(*args, **kwargs)
