"""Heavy designs from the command line: the time limit and signals end kernels that run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eda_router.design import Design
from eda_router.formats import ispd98, read, route_file
from eda_router.verification import verify

EDAROUTE = [sys.executable, "-m", "eda_router.cli"]
SLACK = 3.0
"""Seconds beyond the limit that a busy machine may take."""


def pins(dice: random.Random, count: int, side: int) -> list[tuple[int, int]]:
    return [(tile % side, tile // side) for tile in dice.sample(range(side * side), count)]


def heavy_design(kind: str) -> Design:
    dice = random.Random(3)
    if kind == "many large nets":
        nets = [(f"m{i}", i, pins(dice, 12, 400)) for i in range(3000)]
        return Design.from_pins("heavy", 400, 400, 30, 30, nets)
    clock = [("clk", 0, pins(dice, 20000, 256))]
    return Design.from_pins("clock", 256, 256, 8, 8, clock)


@pytest.fixture(scope="module", params=["many large nets", "one net of 20000 pins"])
def heavy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("heavy") / "heavy.modified"
    ispd98.write(heavy_design(request.param), path)
    return path


@pytest.fixture(scope="module", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """All kernels in the cache, so that none is compiled against the clock."""
    out = tmp_path_factory.mktemp("compiled") / "out"
    for options in (["--time-limit", "60"], ["--effort", "high"]):
        command = [*EDAROUTE, "route", "synth-tiny", "-q", "-o", out, "--router", "maze", *options]
        subprocess.run(command, check=True)


def heed_interrupts() -> None:
    """A process started in the background of a shell would ignore them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("effort", ["low", "high"])
def test_a_time_limit_is_kept(heavy: Path, tmp_path: Path, effort: str) -> None:
    limit, out = 5.0, tmp_path / "out.route"
    command = [*EDAROUTE, "route", heavy, "-q", "-o", out, "--router", "maze", "--effort", effort]
    # What any run takes before and after routing, reading and verifying among it.
    began = time.monotonic()
    subprocess.run([*command, "--time-limit", "0"], check=False)
    around = time.monotonic() - began
    began = time.monotonic()
    run = subprocess.run([*command, "--time-limit", str(limit)], check=False)
    took = time.monotonic() - began
    print(f"{took - around:.2f} s of {limit} s, {around:.2f} s besides")
    assert run.returncode in (0, 1)
    assert took - around < 1.05 * limit + 1 + SLACK
    design = read(heavy)
    check = verify(design, route_file.read(out, design).routes)
    assert check.total_overflow == 0


@pytest.mark.parametrize(
    ("sent", "status", "threads"), [(signal.SIGINT, 130, 2), (signal.SIGTERM, 143, 1)]
)
def test_a_signal_in_the_middle_of_a_kernel(
    heavy: Path, tmp_path: Path, sent: int, status: int, threads: int
) -> None:
    out = tmp_path / "out.route"
    out.write_bytes(b"old")
    command = [*EDAROUTE, "route", heavy, "-o", out, "--json", tmp_path / "s.json"]
    process = subprocess.Popen(
        [*command, "--router", "maze", "--threads", str(threads)],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    waited = wait_for_kernel(process.pid)
    process.send_signal(sent)
    began = time.monotonic()
    _, errors = process.communicate(timeout=120)
    took = time.monotonic() - began
    print(f"{took:.2f} s after a signal, sent after {waited:.2f} s")
    assert process.returncode == status
    assert took < 1 + SLACK
    assert "Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["out.route"]
    assert out.read_bytes() == b"old"


def wait_for_kernel(pid: int) -> float:
    """Wait until the process has computed for longer than it takes to begin."""
    began = time.monotonic()
    while time.monotonic() - began < 120:
        user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        if int(user) + int(system) > 1.5 * os.sysconf("SC_CLK_TCK"):
            return time.monotonic() - began
        time.sleep(0.02)
    raise AssertionError("no kernel began")


@pytest.mark.parametrize("router", ["maze", "neural"])
def test_a_real_circuit_has_no_overflow_after_seconds(
    ispd98_path, tmp_path: Path, router: str
) -> None:
    bench, out = ispd98_path("ibm10"), tmp_path / "out.route"
    for limit in ("2", "4"):
        command = [*EDAROUTE, "route", bench, "-q", "-o", out, "--router", router]
        run = subprocess.run([*command, "--time-limit", limit], check=False)
        assert run.returncode in (0, 1)
        design = read(bench)
        check = verify(design, route_file.read(out, design).routes)
        print(f"{router}, {limit} s: {check.disconnected} nets not joined")
        assert check.total_overflow == 0
