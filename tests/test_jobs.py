"""Jobs in worker processes: the same results as in one process, and errors as they are."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eda_router.errors import InputError
from eda_router.jobs import Workers, run_jobs


def where(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def refuse(number: int) -> int:
    if number == 1:
        raise InputError("a.def", 7, "no die", "DIEAREA")
    return number


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_every_job_is_done_once(workers: int) -> None:
    done = dict(run_jobs(where, [(number,) for number in range(5)], Workers(workers)))
    assert {number: result for number, (result, _) in done.items()} == {
        number: number * number for number in range(5)
    }
    elsewhere = {process for _, process in done.values()} - {os.getpid()}
    assert bool(elsewhere) == (workers > 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_error_of_a_job_arrives_as_it_is(workers: int) -> None:
    with pytest.raises(InputError) as caught:
        list(run_jobs(refuse, [(1,), (2,)], Workers(workers)))
    assert str(caught.value) == "a.def:7: no die, expected DIEAREA"
    assert (caught.value.path, caught.value.line) == ("a.def", 7)


def test_an_input_error_can_be_handed_over() -> None:
    error = pickle.loads(pickle.dumps(InputError(None, None, "option x", "y")))
    assert str(error) == "option x, expected y"
    assert error.path is None


def wait(folder: Path, number: int) -> None:
    """A job that takes longer than any test may, and removes its file when it is ended."""
    path = folder / str(number)
    try:
        path.write_text(str(os.getpid()))
        time.sleep(600)
    finally:
        path.unlink()


RUN = """
import sys
from pathlib import Path
from eda_router.jobs import Workers, run_jobs
from tests.test_jobs import wait

if __name__ == "__main__":
    list(run_jobs(wait, [(Path(sys.argv[1]), number) for number in range(4)], Workers(2)))
"""


def test_ctrl_c_ends_the_jobs_under_way(tmp_path: Path) -> None:
    script, folder = tmp_path / "run.py", tmp_path / "jobs"
    script.write_text(RUN)
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen(
        [sys.executable, script, folder], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        while len(list(folder.iterdir())) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        time.sleep(0.2)
        workers = [int(path.read_text()) for path in folder.iterdir()]
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        assert time.monotonic() - began < 5
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert process.returncode == -signal.SIGINT
    assert list(folder.iterdir()) == []
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_no_jobs_are_done_at_once() -> None:
    assert list(run_jobs(refuse, [], Workers(4))) == []
