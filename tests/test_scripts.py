"""What the scripts that measure and write documents share."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).parent.parent
SCRIPTS = CHECKOUT / "scripts"


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("common")


def test_paragraphs_are_wrapped_and_keep_code_together(common: ModuleType) -> None:
    words = "a word or two " * 6 + "`edaroute route ibm02.modified -o ibm02.route` " + "more " * 20
    lines = common.paragraph(words).splitlines()
    assert " ".join(lines) == words.strip()
    assert max(map(len, lines)) <= common.LINE
    assert any("`edaroute route ibm02.modified -o ibm02.route`" in line for line in lines)


def test_list_items_are_indented(common: ModuleType) -> None:
    first, *rest = common.bullets(["word " * 40]).splitlines()
    assert first.startswith("- word")
    assert rest
    assert all(line.startswith("  word") for line in rest)


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.name)
def test_a_script_runs_from_anywhere_and_says_what_it_does(script: Path, tmp_path: Path) -> None:
    source = script.read_text()
    assert source.startswith('"""')
    if "__main__" not in source:
        return
    assert f"python scripts/{script.name}" in source.split('"""')[1]
    command = [sys.executable, script, "--help"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert source[3:40] in " ".join(run.stdout.split())


def test_one_run_is_measured_anew_and_the_others_are_kept(tmp_path: Path) -> None:
    circuits, out = tmp_path / "circuits", tmp_path / "docs"
    circuits.mkdir()
    shutil.copy(CHECKOUT / "data" / "synth-tiny.modified.gz", circuits)
    command = [sys.executable, SCRIPTS / "benchmark.py", "--router", "maze", "--out", out]
    for effort in ("low", "medium", "low"):
        subprocess.run(
            [*command, "--effort", effort],
            env={**os.environ, "EDAROUTE_ISPD98": str(circuits)},
            check=True,
            capture_output=True,
        )
        lines = (out / "measured" / "routing.jsonl").read_text().splitlines()
        rows = {json.loads(line)["run"]: json.loads(line) for line in lines}
        assert len(rows) == len(lines)
        if effort == "medium":
            first = rows["maze, low"]
    assert set(rows) == {"help", "maze, low", "maze, medium"}
    assert rows["maze, low"]["wirelength"] == first["wirelength"]
    assert rows["maze, low"]["wall"] != first["wall"]
    text = (out / "benchmark.md").read_text()
    assert f"| sum | 500 | {first['nets_to_route']} | {first['wirelength']} |" in text


def test_without_circuits_nothing_is_measured(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, SCRIPTS / "waves.py", "--out", tmp_path],
        env={**os.environ, "EDAROUTE_ISPD98": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert "EDAROUTE_ISPD98" in run.stderr
    assert not list(tmp_path.iterdir())
