"""Batches: rows as single runs tell them, failing designs, killed and interrupted commands."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eda_router.batch.config import BatchConfig
from eda_router.batch.row import Row, columns
from eda_router.batch.run import content_digest
from eda_router.cli import main
from eda_router.errors import InputError
from eda_router.formats.design_files import find_designs
from eda_router.resources import find_design
from tests.refusals import refused

DOCS = Path(__file__).parent.parent / "docs"
TIMES = ("cpu", "wall")
MAZE = ("--router", "maze", "--effort", "low")


def run(*args: object) -> int:
    return main(["batch", *map(str, args)])


def table(path: Path) -> list[dict[str, str]]:
    """The rows without the times."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if name not in TIMES} for row in rows]


def test_a_row_tells_what_a_single_run_does(tmp_path: Path) -> None:
    out, told = tmp_path / "t.csv", tmp_path / "s.json"
    assert run("synth-tiny", "synth-chip", *MAZE, "-o", out) == 0
    for row, ending in zip(table(out), ("route", "guide"), strict=True):
        alone = ["route", row["design"], *MAZE, "-o", str(tmp_path / f"a.{ending}")]
        assert main([*alone, "--json", str(told)]) == 0
        values = json.loads(told.read_text())
        assert row["wirelength"] == str(values["result"]["wirelength"])
        assert row["vias"] == str(values["result"].get("vias", ""))
        assert row["nets"] == str(values["design"]["nets"])
        assert (row["overflow"], row["unrouted"], row["status"]) == ("0", "0", "legal")
        assert 0 < int(row["bound"]) <= int(row["wirelength"])


def test_a_failing_design_is_a_row_and_stops_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.modified").write_text("grid 3 3\nvertical capacity x\n")
    missing = tmp_path / "missing.def"
    tables = []
    for jobs in (1, 2):
        out = tmp_path / f"{jobs}.csv"
        given = (tmp_path / "bad.modified", "synth-tiny", missing)
        assert run(*given, *MAZE, "--jobs", jobs, "-o", out) == 1
        tables.append(table(out))
        assert capsys.readouterr().err.count("\n") == 2
    assert tables[0] == tables[1]
    assert [row["status"] for row in tables[0]] == ["failed", "legal", "failed"]
    assert tables[0][0]["problem"].startswith(f"{tmp_path / 'bad.modified'}:2: ")
    assert tables[0][2]["problem"] == f"{missing}: cannot be read: No such file or directory"
    assert [bool(row["digest"]) for row in tables[0]] == [True, True, False]


def test_what_is_done_is_kept_by_content_and_settings(tmp_path: Path) -> None:
    out, runs = tmp_path / "t.csv", tmp_path / "runs"
    copy = tmp_path / "other.modified.gz"
    shutil.copy(find_design("synth-tiny"), copy)
    asked = (*MAZE, "--runs", runs, "-o", out)
    assert run("synth-tiny", *asked) == 0
    (kept,) = runs.iterdir()
    kept.write_text(kept.read_text().replace('"nets": ', '"nets": 9'))
    assert run(copy, *asked) == 0
    (row,) = table(out)
    assert row["design"] == "other"
    assert row["nets"].startswith("9")
    kept.write_text(kept.read_text()[:40])
    assert run(copy, *asked) == 0
    assert not table(out)[0]["nets"].startswith("9")
    assert run(copy, *asked, "--seed", "1,2") == 0
    assert len(list(runs.iterdir())) == 2
    assert [row["seed"] for row in table(out)] == ["1", "2"]


def test_content_counts_and_names_do_not(tmp_path: Path) -> None:
    copy = tmp_path / "other.modified.gz"
    shutil.copy(find_design("synth-tiny"), copy)
    first, second, third = find_designs(["synth-tiny", copy, "synth-small"])
    assert content_digest(first) == content_digest(second) != content_digest(third)


def test_every_way_once_in_order() -> None:
    config = BatchConfig(router=("maze", "neural", "maze"), effort=("low", "high"))
    ways = [(way.router, way.effort) for way in config.routes]
    assert ways == [(r, e) for r in ("maze", "neural") for e in ("low", "high")]
    with pytest.raises(InputError, match="option seed: nothing"):
        BatchConfig(seed=())


def begun(folder: Path, signalled: signal.Signals) -> tuple[subprocess.Popen[str], float]:
    """A batch of four runs, sent a signal once the first is kept; how long it then took."""
    process = subprocess.Popen(
        [sys.executable, "-m", "eda_router.cli", "batch", "synth-tiny", "synth-small", *MAZE,
         "--seed", "1,2", "-o", "t.csv"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(DOCS.parent)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("synth-tiny, maze, low, seed 1: ")
    process.send_signal(signalled)
    began = time.monotonic()
    process.wait(60)
    return process, time.monotonic() - began


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_batch_that_was_ended_goes_on(tmp_path: Path, sent: signal.Signals) -> None:
    process, took = begun(tmp_path, sent)
    assert process.stderr is not None
    if sent == signal.SIGINT:
        assert (process.returncode, process.stderr.read().strip()) == (130, "interrupted")
        assert took < 4
    assert not (tmp_path / "t.csv").exists()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "t.csv.runs").glob("*.json")}
    assert 1 <= len(kept) < 4
    asked = ("synth-tiny", "synth-small", *MAZE, "--seed", "1,2")
    assert run(*asked, "-o", tmp_path / "t.csv") == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert run(*asked, "-o", tmp_path / "whole.csv") == 0
    assert table(tmp_path / "t.csv") == table(tmp_path / "whole.csv")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "-"], "--runs too"),
        (["-o", "t.txt"], "t.txt: no table ends with '.txt'"),
        (["-o", "t.csv", "--router", "best"], "option router"),
        (["-o", "t.csv", "--lef", "x.lef"], "no design takes LEF files"),
    ],
)
def test_bad_usage_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, options: list[str], said: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert said in refused(["batch", "synth-tiny", *options], tmp_path, capsys)


def test_the_page_has_every_column() -> None:
    row = Row(design="a", digest=None, router="maze", effort="low", seed=1)
    page = (DOCS / "batch.md").read_text()
    for column in columns([row]):
        assert f"| `{column.name}` | {column.kind.__name__} | {column.meaning} |\n" in page
