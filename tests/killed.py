"""Commands killed at random moments: ``python -m tests.killed --kills 200`` says what came of it.

Each job has a command that can be called again after any end. It is killed (SIGKILL, as by the
kernel when memory runs out) after a random part of the time that it takes as a whole, again and
again, and must then go on to the same end as without. After each kill nothing that was said to be
written may be missing, and nothing half may stand under a final name.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

EDAROUTE = [sys.executable, "-m", "eda_router.cli"]
CHECKOUT = Path(__file__).parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TF_CPP_MIN_LOG_LEVEL": "3"}
TIMINGS = ("seconds", "spent", "processor", "time", "cpu", "wall")
TINY = (
    "--sizes 8 --samples 256 --pretrain 64 --epoch 64 --batch 32 --validation 32 --core-channels 4 "
    "--core-blocks 2 --latent 4 --dense 16 --data-source random --data-samples 256 --threads 1"
)
"""A training of seconds, of five epochs: pictures of an epoch take longer than its steps."""


@dataclass
class Job:
    """A command and what must hold after it was killed.

    Attributes:
        name: of the command.
        command: arguments that begin the work in a folder, or go on.
        check: asserts that what lies there is whole, given what the command printed.
        result: what a finished folder holds, to compare.
        prepare: puts what must be there into an empty folder.
    """

    name: str
    command: Callable[[Path], str]
    check: Callable[[Path, str], None]
    result: Callable[[Path], Any]
    prepare: Callable[[Path], object] = lambda folder: None


@dataclass
class Account:
    """What became of the kills of a job.

    Attributes:
        kills: how many came in time.
        ends: how many runs ended before theirs.
        finished: how many times the job was brought to its end and compared.
        litter: files beside that a kill left.
    """

    kills: int = 0
    ends: int = 0
    finished: int = 0
    litter: int = 0
    moments: list[float] = field(default_factory=list)


def run(job: Job, folder: Path, seconds: float | None) -> tuple[int, str]:
    """Run a job's command, killed after some time; its exit status and standard output.

    Raises:
        AssertionError: some process of it lives on.
    """
    with open(folder.with_suffix(".out"), "w+") as out, open(folder.with_suffix(".err"), "w+") as e:
        process = subprocess.Popen(
            [*EDAROUTE, *job.command(folder).split()],
            cwd=folder,
            stdout=out,
            stderr=e,
            start_new_session=True,
            env=ENVIRONMENT,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        deadline = time.monotonic() + 30
        while (left := list(alive(process.pid))) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not left, f"{job.name}: processes {left} live on"
        for file in (out, e):
            file.seek(0)
        errors = e.read()
        # A worker whose parent is killed while it starts says so in multiprocessing's own words.
        assert process.returncode == -signal.SIGKILL or "Traceback" not in errors, errors
        assert process.returncode in (0, -signal.SIGKILL), errors
        return process.returncode, out.read()


def alive(session: int) -> Iterator[int]:
    """The processes of a session that still run."""
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, found = place.read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if int(found) == session and state != "Z":
            yield int(place.parent.name)


def compile_all() -> None:
    """Have all kernels compiled, as :func:`punish` needs it."""
    subprocess.run([*EDAROUTE, "compile", "--quiet"], check=True, env=ENVIRONMENT)


def punish(job: Job, kills: int, seed: int, place: Path) -> Account:
    """Kill a job so many times, and bring it to its end after every few kills.

    An undisturbed run before says how long it takes. One that compiled kernels would put most
    moments after the end of the others.
    """
    dice, account = random.Random(seed), Account()
    undisturbed = place / f"{job.name}-undisturbed"
    fresh(job, undisturbed)
    began = time.monotonic()
    status, _ = run(job, undisturbed, None)
    whole = time.monotonic() - began
    assert status == 0
    expected = job.result(undisturbed)
    while account.kills < kills:
        folder = place / f"{job.name}-{account.finished}"
        fresh(job, folder)
        for _ in range(min(dice.randint(1, 6), kills - account.kills)):
            moment = dice.uniform(0, whole)
            status, said = run(job, folder, moment)
            job.check(folder, said)
            account.kills += status != 0
            account.ends += status == 0
            account.moments.append(moment)
        status, said = run(job, folder, None)
        assert status == 0
        job.check(folder, said)
        found = job.result(folder)
        assert found == expected, f"{job.name}: another end than undisturbed"
        account.finished += 1
        account.litter += sum(1 for _ in folder.rglob(".edaroute-*"))
        shutil.rmtree(folder)
    return account


def fresh(job: Job, folder: Path) -> None:
    folder.mkdir(parents=True)
    job.prepare(folder)


# Routing: the file is the old one or the new one.


def _route_check(folder: Path, said: str) -> None:
    wires = (folder / "out.route").read_bytes()
    assert wires == b"old" or wires.endswith(b"!\n")
    assert wires != b"old" or "written" not in said
    if (folder / "s.json").exists():
        json.loads((folder / "s.json").read_text())


ROUTE = Job(
    name="route",
    prepare=lambda folder: (folder / "out.route").write_bytes(b"old"),
    command=lambda folder: "route synth02 --router maze --effort low -o out.route --json s.json",
    check=_route_check,
    result=lambda folder: (folder / "out.route").read_bytes(),
)


# Samples: what has a note is whole.


def _dataset_check(folder: Path, said: str) -> None:
    from eda_router.dataset.samples import Dataset

    for manifest in folder.glob("*/manifest.json"):
        for validation in (False, True):
            Dataset(manifest.parent, validation=validation)


DATASET = Job(
    name="dataset",
    command=lambda folder: (
        "dataset . --sizes 8 --shards 6 --shard-samples 4096 --source random --jobs 2"
    ),
    check=_dataset_check,
    result=lambda folder: {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    },
)


# Training: the checkpoint is whole, and the log holds all that it knows of.


def _train_check(folder: Path, said: str) -> None:
    from eda_router.training.checkpoint import read_checkpoint
    from eda_router.training.folder import CHECKPOINT, LOG

    if (folder / "m" / CHECKPOINT).exists():
        logged = read_checkpoint(folder / "m" / CHECKPOINT).progress.logged
        if logged:
            lines = (folder / "m" / LOG).read_text().splitlines()
            assert len([json.loads(line) for line in lines[:logged]]) == logged


def _train_result(folder: Path) -> Any:
    from eda_router.training.checkpoint import read_checkpoint
    from eda_router.training.folder import CHECKPOINT, LOG, METRICS

    values = read_checkpoint(folder / "m" / CHECKPOINT).values
    sums = {kind: [float(np.sum(v, dtype=np.float64)) for v in vs] for kind, vs in values.items()}
    records = [json.loads(line) for line in (folder / "m" / LOG).read_text().splitlines()]
    assert (folder / "m" / METRICS).exists()
    return sums, [_timeless(record) for record in records]


def _timeless(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in record.items() if not any(part in k for part in TIMINGS)}


TRAIN = Job(
    name="train",
    command=lambda folder: (
        f"train -q {TINY} -o m" + " --resume" * (folder / "m" / "checkpoint.npz").exists()
    ),
    check=_train_check,
    result=_train_result,
)


# Studies: trainings that are done stay done.


def _study_check(folder: Path, said: str) -> None:
    from eda_router.training.checkpoint import read_checkpoint

    for path in folder.rglob("rows.json"):
        assert json.loads(path.read_text())
    for path in folder.rglob("checkpoint.npz"):
        read_checkpoint(path)
    assert "written" not in said or (folder / "s" / "README.md").exists()


def _study_result(folder: Path) -> Any:
    rows = [row for path in folder.rglob("rows.json") for row in json.loads(path.read_text())]
    assert (folder / "s" / "README.md").exists()
    return [_timeless(row) for row in rows]


STUDY = Job(
    name="study",
    command=lambda folder: (
        "study --smoke -q -o s --runs r --threads 1 --sizes 8,16 --variant default"
    ),
    check=_study_check,
    result=_study_result,
)

JOBS = {job.name: job for job in (ROUTE, DATASET, TRAIN, STUDY)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", nargs="*", default=list(JOBS), help=f"of {', '.join(JOBS)}")
    parser.add_argument("--kills", type=int, default=50, help="of each job")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    compile_all()
    for name in args.jobs:
        with tempfile.TemporaryDirectory() as place:
            account = punish(JOBS[name], args.kills, args.seed, Path(place))
        print(
            f"{name}: killed {account.kills} times within {max(account.moments):.1f} s, "
            f"{account.ends} runs ended before; finished {account.finished} times, the same as "
            f"undisturbed; {account.litter} unfinished files left beside",
            flush=True,
        )


if __name__ == "__main__":
    main()
