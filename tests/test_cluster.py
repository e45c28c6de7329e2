"""Jobs on a Dask cluster: a real scheduler and two workers on loopback."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import eda_router
from eda_router.cli import main
from eda_router.cluster import run_checked
from eda_router.dataset.samples import SampleConfig, write_dataset
from eda_router.errors import EdarouteError, InputError
from eda_router.jobs import Workers, absolute, run_jobs
from tests.refusals import refused

pytest.importorskip("distributed")

START = """
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0",
        host="127.0.0.1", silence_logs=50,
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""
"""A scheduler with two worker processes, which end with its standard input."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("cluster")
    script = folder / "start.py"
    script.write_text(START)
    # Workers import edaroute, and the jobs of this file.
    tests = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": f"{tests.parent}{os.pathsep}{tests}"}
    with subprocess.Popen(
        [sys.executable, script],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate("", timeout=60)


def where(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def refuse(number: int) -> int:
    if number == 1:
        raise InputError("a.def", 7, "no die", "DIEAREA")
    return number


def die_once(number: int, mark: Path) -> int:
    """Kill the worker at the first call of job 3."""
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(number: int) -> None:
    """Kill whatever worker calls it."""
    os.kill(os.getpid(), signal.SIGKILL)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_jobs_run_in_the_workers(address: str) -> None:
    done = dict(run_jobs(where, [(number,) for number in range(8)], Workers(cluster=address)))
    assert {number: square for number, (square, _) in done.items()} == {n: n * n for n in range(8)}
    assert os.getpid() not in {process for _, process in done.values()}


def test_the_error_of_a_job_arrives_as_it_is(address: str) -> None:
    with pytest.raises(InputError) as caught:
        list(run_jobs(refuse, [(1,), (2,)], Workers(cluster=address)))
    assert str(caught.value) == "a.def:7: no die, expected DIEAREA"


def test_a_worker_that_dies_loses_nothing(address: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    jobs = [(number, mark) for number in range(6)]
    done = dict(run_jobs(die_once, jobs, Workers(cluster=address)))
    assert mark.exists()
    assert done == {number: number for number in range(6)}


def test_a_job_that_kills_its_workers_is_one_line(address: str) -> None:
    with pytest.raises(EdarouteError, match="workers were killed one after the other"):
        list(run_jobs(die, [(1,)], Workers(cluster=address)))


def test_samples_are_the_same_bytes_though_a_worker_is_killed(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a relative folder, which the workers do not stand in."""
    config = SampleConfig(source="random", shard_samples=2048)
    shards = range(8)
    list(write_dataset(tmp_path / "here", config, 8, shards))
    monkeypatch.chdir(tmp_path)
    there = Path("there")
    made = write_dataset(there, config, 8, shards, Workers(cluster=address))
    next(made)
    ((_, victim),) = [done for _, done in run_jobs(where, [(0,)], Workers(cluster=address))]
    os.kill(victim, signal.SIGKILL)
    assert len(list(made)) == len(shards) - 1
    assert digests(tmp_path / "there") == digests(tmp_path / "here")


def test_a_command_with_a_cluster_of_its_own(tmp_path: Path) -> None:
    """Of designs and made-up samples it makes the latter only: there are no jobs for designs."""
    asked = ["dataset", "--sizes", "8", "--shards", "2", "--source", "random", "-q"]
    asked += ["--shard-samples", "256"]
    assert main([*asked, str(tmp_path / "here")]) == 0
    assert main([*asked, str(tmp_path / "there"), "--cluster", "local", "--jobs", "2"]) == 0
    place = "random-8"
    assert digests(tmp_path / "there" / place) == digests(tmp_path / "here" / place)


def test_a_cluster_of_its_own(tmp_path: Path) -> None:
    assert list(run_jobs(where, [], Workers(2, "local"))) == []
    done = dict(run_jobs(where, [(number,) for number in range(4)], Workers(2, "local")))
    assert [done[number][0] for number in range(4)] == [0, 1, 4, 9]
    assert os.getpid() not in {process for _, process in done.values()}


def test_a_worker_of_another_version_is_refused() -> None:
    assert run_checked(eda_router.__version__, where, (3,), {})[0] == 9
    with pytest.raises(EdarouteError, match=r"has edaroute .*, expected 0\.0\.1"):
        run_checked("0.0.1", where, (3,), {})


def test_nobody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eda_router.cluster.CONNECT_SECONDS", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(EdarouteError, match="no scheduler answers at tcp://127"):
            list(run_jobs(where, [(1,)], Workers(cluster=address)))
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("address", ["nonsense://x:1", "tcp://", "tcp://127.0.0.1:99999999"])
def test_no_address_at_all(
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("eda_router.cluster.CONNECT_SECONDS", 1)
    asked = ["dataset", tmp_path / "out", "--sizes", "8", "--shards", "1", "--cluster", address]
    assert "no scheduler answers at" in refused(asked, tmp_path, capsys)


def test_paths_become_absolute() -> None:
    config = SampleConfig(source="random")
    here = Path.cwd()
    assert absolute((Path("a"), 3, ("b", Path("c")), config, None)) == (
        here / "a", 3, ("b", here / "c"), config, None,
    )  # fmt: skip
