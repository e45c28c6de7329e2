"""The command that compiles ahead: afterwards no command compiles anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unprivileged import unprivileged

COMPILED = "EDAROUTE_TEST_COMPILED"
"""In the environment: a folder that holds what the command has compiled, and nothing else."""

PROGRAM = """
import sys
from numba.core import event

class Names(event.Listener):
    def on_start(self, event):
        print("compiles", event.data["dispatcher"].py_func.__name__)
    def on_end(self, event):
        pass
event.register("numba:compile", Names())

from eda_router.cli import main
assert main(sys.argv[1:]) == 0
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the command writes: ``kernels`` and ``bytecode``.

    `make test` has compiled a moment ago and kept a copy, from which the command goes on here.
    """
    cache = tmp_path_factory.mktemp("cache")
    if COMPILED in os.environ:
        shutil.copytree(os.environ[COMPILED], cache / "kernels")
    environment = os.environ | {
        "NUMBA_CACHE_DIR": str(cache / "kernels"),
        "PYTHONPYCACHEPREFIX": str(cache / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "eda_router.cli", "compile"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("compiled   all kernels, in ")
    assert done.stderr == "compiling all kernels: one or two minutes with two processors\n"
    return cache


@pytest.mark.parametrize(
    "command",
    [
        "route synth-small --router maze -o out.route",
        "route synth-small --router maze --threads 2 --effort high -o out.route",
        "route synth-tiny --time-limit 60 -o out.route",
        "route synth-tiny --control --effort high -o out.route",
        "route synth-chip -o out.guide",
        "bound synth-tiny -o out.npz",
        "synth out.modified --nets 500",
        "dataset out --design synth-tiny --sizes 8,16",
        "dataset out --sizes 16 --shard-samples 20 --shards 1 --labels random_ties",
        "maps synth-tiny -o out",
    ],
)
def test_nothing_is_left_to_compile(compiled: Path, tmp_path: Path, command: str) -> None:
    # Bytecode is where it always is: in that folder there is none of the libraries.
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command.split(), "-q"],
        env=os.environ | {"NUMBA_CACHE_DIR": str(compiled / "kernels")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "compiles" not in done.stdout


def test_bytecode_is_there_even_where_runs_may_not_write_it(compiled: Path) -> None:
    written = (compiled / "bytecode").glob("**/*.pyc")
    assert {"route", "maze", "negotiation"} <= {path.name.partition(".")[0] for path in written}


def test_without_a_folder_for_kernels_nothing_is_compiled_in_vain(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    done = subprocess.run(
        [*unprivileged(), sys.executable, "-m", "eda_router.cli", "compile"],
        env=os.environ | {"NUMBA_CACHE_DIR": str(closed)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {closed}: cannot be written, expected a folder for compiled kernels in "
        "NUMBA_CACHE_DIR\n"
    )
