"""In CI a skip for lack of what could have been installed is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
SKIPS = """
import pytest

def test_of_the_browser():
    pytest.skip("no chromium and chromedriver: apt-get install chromium chromium-driver")

def test_of_a_circuit():
    pytest.skip("no ibm02 in /nowhere: set EDAROUTE_ISPD98 to the ISPD98 circuits")

def test_of_a_package():
    pytest.importorskip("no_such_package")
"""
WHOLE_FILE = "import pytest\npytest.importorskip('no_such_package')\n"


def closing_line(folder: Path, *options: str, ci: str) -> str:
    """The last line of a run of pytest over ``folder`` with this project's hooks."""
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", folder, *options],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env={
            **os.environ,
            "CI": ci,
            "PYTHONPATH": f"{CHECKOUT}:{os.environ.get('PYTHONPATH', '')}",
        },
    )
    return run.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_skips_of_tests(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_some.py").write_text(SKIPS)
    options = (str(tmp_path), "-n", workers)
    assert "3 skipped" in closing_line(tmp_path, *options, ci="")
    line = closing_line(tmp_path, *options, ci="true")
    assert "2 failed, 1 skipped" in line


def test_a_skipped_file(tmp_path: Path) -> None:
    (tmp_path / "test_all.py").write_text(WHOLE_FILE)
    assert "1 skipped" in closing_line(tmp_path, str(tmp_path), ci="")
    assert "1 error" in closing_line(tmp_path, str(tmp_path), ci="true")
