"""Fixtures that all tests share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.placed import real_designs

if TYPE_CHECKING:
    from eda_router.training.data import StageData

# Kernels compile at their first call, and the machine may be busy.
settings.register_profile("edaroute", deadline=None, print_blob=True)
settings.load_profile("edaroute")

# A shell starts what it puts in the background deaf to Ctrl-C, and tests send it to themselves.
signal.signal(signal.SIGINT, signal.default_int_handler)

CHECKOUT = Path(__file__).parent.parent
ALONE = "EDAROUTE_TEST_ALONE"
"""Set in the environment of a process that runs one test."""

CIRCUITS = ("ibm01", "ibm02", "ibm04", "ibm06", "ibm08", "ibm10")
NOT_TO_BE_HAD = (
    "EDAROUTE_ISPD98", "EDAROUTE_LEFDEF", "no evaluator", "no bfloat16", "no PyTorch"
)  # fmt: skip
"""Parts of the reasons for which a test may be skipped where CI=true: what nothing installs."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "own_process: runs in a process of its own")


def alone(item: pytest.Item) -> bool:
    """Whether a test is to run in a process of its own, which this one is not."""
    return item.get_closest_marker("own_process") is not None and ALONE not in os.environ


def pytest_itemcollected(item: pytest.Item) -> None:
    """Make no fixtures here for a test that makes them in its own process."""
    if isinstance(item, pytest.Function) and alone(item):
        item.fixturenames = []


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test with the marker ``own_process`` in one.

    Ctrl-C that is sent to a process of many tests may come while Python runs a callback of
    another library, where it is swallowed, or end all of them.
    """
    if not alone(pyfuncitem):
        return None
    pytest_alone = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*pytest_alone, f"{pyfuncitem.path}::{pyfuncitem.name}"],
        env={**os.environ, ALONE: "1"},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that is skipped for lack of what CI could have installed."""
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a file that is skipped as a whole."""
    report = yield
    refuse_skip(report)
    return report


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure where CI=true, but for reasons of :data:`NOT_TO_BE_HAD`."""
    if os.environ.get("CI") != "true" or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not any(part in reason for part in NOT_TO_BE_HAD):
        report.outcome = "failed"
        report.longrepr = f"{reason}; CI installs all that a test needs"


@pytest.fixture(scope="session")
def ispd98_path() -> Callable[[str], Path]:
    """Path of an ISPD98 circuit by its name; the test is skipped where the files are not found."""
    folder = Path(os.environ.get("EDAROUTE_ISPD98") or CHECKOUT.parent / "shared" / "ispd98")

    def find(circuit: str) -> Path:
        for ending in (".modified.txt", ".modified", ".modified.txt.gz"):
            if (path := folder / (circuit + ending)).is_file():
                return path
        pytest.skip(f"no {circuit} in {folder}: set EDAROUTE_ISPD98 to the ISPD98 circuits")

    return find


@pytest.fixture(scope="session")
def judge(ispd98_path: Callable[[str], Path]) -> Path:
    """A stand-alone evaluator beside the circuits; the test is skipped where there is none."""
    path = ispd98_path("ibm01").parent.parent / "tools" / "judge98.py"
    if not path.is_file():
        pytest.skip(f"no evaluator {path}")
    return path


@pytest.fixture(scope="session")
def lefdef_path() -> Callable[[str], Path]:
    """Path of a real LEF or DEF file within their folder; skips the test where there is none."""
    folder = real_designs()

    def find(name: str) -> Path:
        path = folder / name
        if not path.is_file():
            pytest.skip(f"no {name} in {folder}: set EDAROUTE_LEFDEF to the LEF and DEF files")
        return path

    return find


@pytest.fixture(scope="session")
def judge_guide(lefdef_path: Callable[[str], Path]) -> Path:
    """A stand-alone evaluator of guides beside the designs; skips the test where there is none."""
    path = lefdef_path("gcd-nangate45/gcd.def").parents[2] / "tools" / "judge_guide.py"
    if not path.is_file():
        pytest.skip(f"no evaluator {path}")
    return path


@pytest.fixture(scope="session")
def training_data() -> dict[int, StageData]:
    """Samples of 8x8, 16x16 and 32x32 tiles for trainings of seconds."""
    from tests.trainings import stage_data  # with it comes TensorFlow

    return stage_data()
