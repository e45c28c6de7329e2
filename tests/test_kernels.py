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
import os
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
for kind in (int, float)[:: int(os.environ.get("ORDER", "1"))]:
    print(*map(int, doubled(np.arange(4).astype(kind))))
print(compilations)
"""
MODULE = """
from eda_router.kernels import making_arrays
from module_that_it_calls import FACTOR, times

@making_arrays
def doubled(numbers):
    return times(numbers, FACTOR)
"""
CALLED = """
from eda_router.kernels import making_arrays
from numbers_of_it import FACTOR

@making_arrays
def times(numbers, factor):
    return numbers * factor
"""
NUMBERS = "FACTOR = 2"
TOTAL = """
from eda_router.kernels import kernel

@kernel
def total(numbers):
    found = numbers[0]
    for number in numbers[1:]:
        found += number
    return found
"""
TELLING = """
import sys
import numpy as np
from numba.core.cpu import CPUContext

prepare = CPUContext.refresh
def telling(context):
    print("prepares")
    prepare(context)
CPUContext.refresh = telling

from module_with_a_total import total
for kind in sys.argv[1:]:
    print(total(np.arange(4).astype(kind)))
"""


@pytest.fixture
def compilations(tmp_path: Path):
    """Run the kernel in a process of its own; how many functions it had to compile."""
    (tmp_path / "module_with_a_kernel.py").write_text(MODULE)
    (tmp_path / "module_that_it_calls.py").write_text(CALLED)
    (tmp_path / "numbers_of_it.py").write_text(NUMBERS)
    paths = [str(tmp_path), *sys.path, os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }

    def run(prefix: str = "", found: str = "0 2 4 6") -> int:
        command = f"{prefix} exec {sys.executable} -c '{PROGRAM}'"
        done = subprocess.run(
            ["bash", "-c", command], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        of_integers, of_floats, compilations = done.stdout.splitlines()
        assert of_integers == of_floats == found
        return int(compilations)

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


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_kernel_is_compiled_anew_when_one_that_it_calls_has_changed(
    compilations, tmp_path: Path
) -> None:
    compilations()
    rewrite(tmp_path / "module_that_it_calls.py", "numbers * factor", "numbers * factor + 1")
    assert compilations(found="1 3 5 7") > 0
    assert compilations(found="1 3 5 7") == 0


def test_a_kernel_is_compiled_anew_when_a_number_that_it_imports_has_changed(
    compilations, tmp_path: Path
) -> None:
    compilations()
    rewrite(tmp_path / "numbers_of_it.py", "2", "3")
    assert compilations(found="0 3 6 9") > 0


def test_processes_that_start_at_once_do_not_mix_up_code_for_different_types(
    compilations, tmp_path: Path
) -> None:
    compilations()
    indices = {path: path.read_bytes() for path in cache_files(tmp_path, "nbi")}
    for path in indices:
        path.unlink()
    # As if both had found no index, and the one above had written its own last.
    compilations("export ORDER=-1;")
    for path, data in indices.items():
        path.write_bytes(data)
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


def test_code_of_the_cache_needs_no_preparations_for_compiling(tmp_path: Path) -> None:
    (tmp_path / "module_with_a_total.py").write_text(TOTAL)
    paths = [str(tmp_path), *sys.path]
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }

    def run(*kinds: str) -> list[str]:
        command = [sys.executable, "-c", TELLING, *kinds]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    assert {"6", "prepares"} == set(run("int64"))
    assert run("int64") == ["6"]
    # What is compiled after that finds all it needs.
    first, *between, last = run("int64", "float64")
    assert (first, set(between), last) == ("6", {"prepares"}, "6.0")


def test_a_kernel_may_not_make_arrays_and_another_kind_may() -> None:
    @kernel
    def refused(count):
        return np.ones(count)

    @making_arrays
    def ones(count):
        return np.ones(count)

    @making_arrays
    def total(count):
        return ones(count).sum()

    with pytest.raises(TypingError, match="array"):
        refused(3)
    assert total(3) == 3
