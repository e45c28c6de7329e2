"""The flag that ends kernels: raised by the deadline and by signals, and by nothing afterwards."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from eda_router.kernels import kernel
from eda_router.routing.watch import watched


@kernel
def spin(flag, most, counts):
    """Count until ``flag`` is raised, or to ``most``.

    Like a search it writes other memory all the while, so that the flag is read every time.
    """
    counts[0] = 0
    while flag[0] == 0 and counts[0] < most:
        counts[0] += 1
    return counts[0]


def spun(flag: np.ndarray, most: int) -> int:
    return int(spin(flag, most, np.zeros(1, np.int64)))


MOST = 10**12
"""Takes longer than any test may."""


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    spun(np.zeros(1, np.int32), 10)


@pytest.fixture
def flag() -> np.ndarray:
    return np.zeros(1, np.int32)


def interrupt() -> None:
    """Ctrl-C, and time for its handler to run."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)


def test_the_deadline_ends_a_kernel(flag: np.ndarray) -> None:
    began = time.monotonic()
    with watched(flag, 0.2):
        assert spun(flag, MOST) < MOST
    assert 0.2 <= time.monotonic() - began < 5
    assert flag[0] == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_deadline_that_has_passed_ends_it_at_once(flag: np.ndarray, seconds: float) -> None:
    with watched(flag, seconds):
        assert spun(flag, MOST) == 0


def test_the_flag_is_lowered_at_the_beginning_and_stays_down_without_reason(
    flag: np.ndarray,
) -> None:
    flag[0] = 1
    with watched(flag, None):
        assert spun(flag, 1000) == 1000
    with watched(flag, 0.2):
        assert spun(flag, 1000) == 1000
    time.sleep(0.4)
    assert flag[0] == 0


@pytest.mark.own_process
def test_a_signal_ends_a_kernel_and_its_handler_runs(flag: np.ndarray) -> None:
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    began = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt), watched(flag, None):
        spun(flag, MOST)
    assert flag[0] == 1
    assert time.monotonic() - began < 5
    timer.join()


@pytest.mark.own_process
def test_a_signal_after_the_block_does_not_raise_the_flag(flag: np.ndarray) -> None:
    with watched(flag, None):
        pass
    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert flag[0] == 0


def test_an_exception_in_the_block_passes_and_leaves_nothing_behind(flag: np.ndarray) -> None:
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        with pytest.raises(RuntimeError, match="inside"), watched(flag, 60):
            raise RuntimeError("inside")
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_other_threads_see_the_clock_and_leave_signals_alone() -> None:
    flags = np.zeros((2, 1), np.int32)
    counts = []

    def work(flag: np.ndarray, seconds: float | None, most: int) -> None:
        with watched(flag, seconds):
            counts.append(spun(flag, most))

    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    late = threading.Thread(target=work, args=(flags[0], 0.2, MOST))
    free = threading.Thread(target=work, args=(flags[1], None, 10**6))
    for thread in (late, free):
        thread.start()
    for thread in (late, free):
        thread.join(30)
    assert flags[:, 0].tolist() == [1, 0]
    assert 10**6 in counts
    now = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(now)
    assert now == before


@pytest.mark.own_process
def test_signals_in_a_nested_block_raise_both_flags(flag: np.ndarray) -> None:
    inner = np.zeros(1, np.int32)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt), watched(flag, None), watched(inner, None):
        spun(inner, MOST)
    timer.join()
    assert (flag[0], inner[0]) == (1, 1)


@pytest.mark.own_process
@pytest.mark.filterwarnings("error")
def test_a_wakeup_descriptor_of_others_is_given_back(flag: np.ndarray) -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    before = signal.set_wakeup_fd(write)
    inner = np.zeros(1, np.int32)
    try:
        with watched(flag, None):
            with watched(inner, None):
                pass
            with pytest.raises(KeyboardInterrupt):
                interrupt()
            # Whoever listened before hears of the signal too.
            assert os.read(read, 1)[0] == signal.SIGINT
            assert (flag[0], inner[0]) == (1, 0)
        assert signal.set_wakeup_fd(-1) == write
    finally:
        signal.set_wakeup_fd(before)
        os.close(read)
        os.close(write)
