"""Compiled kernels survive a damaged, full or missing cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core.errors import TypingError

from eda_router.kernels import kernel, making_arrays

PROGRAM = """
import numpy as np
from numba.core import event

compilations = 0
class Counter(event.Listener):
    def on_start(self, event):
        global compilations
        compilations += 1
    def on_end(self, event):
        pass
event.register("numba:compile", Counter())

from module_with_a_kernel import doubled
assert doubled(np.arange(4)).tolist() == [0, 2, 4, 6]
print(compilations)
"""
MODULE = """
from eda_router.kernels import making_arrays

@making_arrays
def doubled(numbers):
    return 2 * numbers
"""


@pytest.fixture
def compilations(tmp_path: Path):
    """Run the kernel in a process of its own; how many functions it had to compile."""
    (tmp_path / "module_with_a_kernel.py").write_text(MODULE)
    paths = [str(tmp_path), *sys.path, os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }

    def run(prefix: str = "") -> int:
        command = f"{prefix} exec {sys.executable} -c '{PROGRAM}'"
        done = subprocess.run(
            ["bash", "-c", command], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    return run


def cache_files(folder: Path, ending: str) -> list[Path]:
    return sorted((folder / "cache").glob(f"**/*doubled*.{ending}"))


def test_a_second_run_compiles_nothing(compilations) -> None:
    assert compilations() > 0
    assert compilations() == 0


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", ["emptied", "cut", "overwritten", "flipped", "gone"])
def test_a_damaged_file_is_compiled_and_written_anew(
    compilations, tmp_path: Path, ending: str, damage: str
) -> None:
    compilations()
    for path in cache_files(tmp_path, ending):
        data = bytearray(path.read_bytes())
        if damage == "gone":
            path.unlink()
            continue
        if damage == "emptied":
            data = bytearray()
        elif damage == "cut":
            data = data[:30]
        elif damage == "overwritten":
            data[:] = os.urandom(len(data))
        else:
            data[-len(data) // 3] ^= 0x10
        path.write_bytes(data)
    again = compilations()
    # A flipped bit of an index may be one that changes nothing.
    assert again > 0 or (damage, ending) == ("flipped", "nbi")
    assert compilations() == 0


def test_without_room_for_the_cache_the_kernel_runs_all_the_same(compilations) -> None:
    assert compilations("ulimit -f 1;") > 0


def test_without_any_folder_to_write_the_kernel_runs_all_the_same(
    compilations, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "from numba.core import caching\ncaching.CacheImpl._locator_classes = []\n"
    )
    assert compilations() > 0
    assert compilations() > 0


def test_a_kernel_may_not_make_arrays_and_another_kind_may() -> None:
    def ones(count):
        return np.ones(count)

    with pytest.raises(TypingError, match="array"):
        kernel(ones)(3)

    making = making_arrays(ones)

    def total(count):
        return making(count).sum()

    assert making_arrays(total)(3) == 3
