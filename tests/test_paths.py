"""Paths that lead nowhere, of every command: one line, exit status 2, nothing written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eda_router.formats import ispd98, route_file
from tests.pictured import one_net
from tests.refusals import refused
from tests.unprivileged import unprivileged

READ = [
    "info {}",
    "route {} -o x",
    "route d.modified --router maze -o x --config {}",
    "route d.modified --model {} -o x",
    "verify {} d.route",
    "verify d.modified {}",
    "plot {} -o x.png",
    "plot d.modified {} -o x.png",
    "plot d.modified d.route --net solo --drawing --model {} -o x.png",
    "report {} d.route -o x",
    "report d.modified {} -o x",
    "report d.modified d.route --summary {} -o x",
    "compare {} d.route d.route",
    "compare d.modified {} d.route",
    "compare d.modified d.route {}",
    "nets {} -o x.csv",
    "nets d.modified {} -o x.csv",
    "nets d.modified d.route --summary {} -o x.csv",
    "maps {} -o x",
    "maps d.modified --route {} -o x",
    "maps d.modified -o x --config {}",
    "synth x --config {}",
    "dataset x --design {}",
    "dataset x --config {}",
    "train -o x --config {}",
    "evaluate {} --data d",
    "evaluate --data {}",
    "evaluate --bench {}",
    "study -o x --runs x --config {}",
    "study -o x --runs x --smoke --bench {}",
]
WRITTEN = [
    "info d.modified --json {}",
    "route d.modified --router maze -o {}",
    "route d.modified --router maze -o x --json {}",
    "verify d.modified d.route --json {}",
    "plot d.modified -o {}.png",
    "report d.modified d.route -o {}",
    "compare d.modified d.route d.route -o {}",
    "compare d.modified d.route d.route --json {}",
    "nets d.modified -o {}.csv",
    "maps d.modified -o {}",
    "synth {}",
    "dataset {} --design d.modified",
    "dataset {} --sizes 8 --shards 1",
    "train --smoke -q -o {}",
    "evaluate --bench d.modified --json {}",
    "study --smoke -q --runs x -o {}",
    "study --smoke -q -o x --runs {}",
    "study --smoke -q -o x --runs x --data {}",
]
NOWHERE = {
    "b" * 300 + ".x": "File name too long",
    "loop": "Too many levels of symbolic links",
    "d.modified/x": "Not a directory",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a design, its routes, a loop of links and a closed folder."""
    monkeypatch.chdir(tmp_path)
    design, routes = one_net()
    ispd98.write(design, "d.modified")
    route_file.write(design, routes, "d.route")
    Path("loop.png").symlink_to("loop")
    Path("loop.csv").symlink_to("loop")
    Path("loop").symlink_to("loop.png")
    Path("shut").mkdir(mode=0)
    return tmp_path


@pytest.mark.parametrize(("path", "reason"), NOWHERE.items())
@pytest.mark.parametrize("command", [*READ, *WRITTEN])
def test_a_path_that_leads_nowhere(
    folder: Path, command: str, path: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = refused(command.format(path).split(), folder, capsys)
    if command in WRITTEN:
        assert f"cannot be written: {reason}" in error
        assert error.startswith(path)
    else:
        assert reason in error
        assert path in error


ALL = """
import sys, traceback
from eda_router.cli import main
for line in sys.stdin.read().splitlines():
    print(main(line.split()), flush=True)
"""


def said_to_others(commands: list[str]) -> list[str]:
    """What commands say that an ordinary user runs and that all end with exit status 2."""
    run = subprocess.run(
        [*unprivileged(), sys.executable, "-c", ALL],
        input="\n".join(commands),
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert run.stdout.split() == ["2"] * len(commands), run.stderr
    return run.stderr.splitlines()


def test_folders_without_permission(folder: Path) -> None:
    commands = [c.format("shut/x") for c in READ + WRITTEN]
    told = [line for line in said_to_others(commands) if "Permission denied" in line]
    assert [line.startswith("shut/x") for line in told] == [True] * len(commands)


def test_inputs_without_permission(folder: Path) -> None:
    Path("secret").write_bytes(Path("d.modified").read_bytes())
    Path("secret").chmod(0)
    of_folders = ("--model {}", "evaluate {}", "--data {}")
    files = [c for c in READ if not any(part in c for part in of_folders)]
    commands = [c.format("secret") for c in files]
    assert said_to_others(commands) == ["secret: cannot be read: Permission denied"] * len(commands)


@pytest.mark.parametrize(
    "command", ["evaluate --data {}", "dataset {}", "train -o {}", "study -o {}"]
)
def test_a_file_where_a_folder_belongs(
    folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = refused(command.format("d.route").split(), folder, capsys)
    assert error.splitlines() == ["d.route: cannot be read: Not a directory"]
