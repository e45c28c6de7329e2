"""``edaroute batch``: a table of runs that goes on where it was."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from eda_router import batch, read
from eda_router.batch import COLUMNS
from eda_router.cli import main
from eda_router.config import RouteConfig
from eda_router.resources import find_design
from eda_router.routing.flow import route
from tests.refusals import refused

TIMES = ("cpu", "wall")


def run(*args: object) -> int:
    return main(["batch", *map(str, args), "-q"])


def table(path: Path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def without_times(path: Path) -> list[dict[str, str]]:
    return [{k: v for k, v in row.items() if k not in TIMES} for row in table(path)]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.modified"
    path.write_text("grid 4 4\nvertical capacity 1\nhorizontal capacity 1\nnum net 7\n")
    return path


def test_a_row_for_each_design_and_way_as_route_gives_it(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    ways = ["--router", "maze", "--effort", "low,medium", "--seed", "1"]
    assert run("synth-tiny", "synth-chip", *ways, "-o", path) == 0
    rows = table(path)
    assert list(rows[0]) == list(COLUMNS)
    assert [(row["design"], row["effort"]) for row in rows] == [
        ("synth-tiny", "low"), ("synth-tiny", "medium"),
        ("synth-chip", "low"), ("synth-chip", "medium"),
    ]  # fmt: skip
    assert {row["status"] for row in rows} == {"legal"}
    assert [bool(row["vias"]) for row in rows] == [False, False, True, True]
    design = read(find_design("synth-tiny"))
    for row in rows[:2]:
        result = route(design, RouteConfig(router="maze", effort=row["effort"]))
        assert int(row["wirelength"]) == result.wirelength
        assert int(row["bound"]) <= result.wirelength
        assert (row["overflow"], row["unrouted"]) == ("0", "0")
    assert len({row["run"] for row in rows}) == len(rows)


def test_a_design_that_fails_does_not_stop_the_others(
    broken: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "runs.csv"
    assert main(["batch", str(broken), "synth-tiny", "--router", "maze", "-o", str(path)]) == 1
    failed, good = table(path)
    assert failed["status"] == "failed"
    assert failed["problem"].startswith(f"{broken}:")
    assert failed["wirelength"] == ""
    assert good["status"] == "legal"
    assert failed["problem"] in capsys.readouterr().out


def test_runs_that_are_there_are_not_repeated(
    broken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = tmp_path / "runs.csv", []
    route_one = batch.route_one

    def counted(files, config):
        asked.append((files.name, config.effort))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return route_one(files, config)

    monkeypatch.setattr(batch, "route_one", counted)
    args = [broken, "synth-tiny", "--router", "maze", "--effort", "low,medium", "-o", path]
    assert run(*args) == 130
    assert [row["status"] for row in table(path)] == ["failed", "failed"]
    # Those that failed are tried again, the interrupted ones are made.
    assert run(*args) == 1
    assert asked[3:] == [
        ("broken", "low"), ("broken", "medium"), ("synth-tiny", "low"), ("synth-tiny", "medium"),
    ]  # fmt: skip
    whole = table(path)
    assert run(*args) == 1
    assert asked[7:] == [("broken", "low"), ("broken", "medium")]
    assert table(path)[2:] == whole[2:]
    # Another batch keeps what it shares, and another content of a design is another run.
    broken.write_text(gzip.decompress(find_design("synth-tiny").read_bytes()).decode())
    assert run(broken, "synth-tiny", "--router", "maze", "--effort", "low", "-o", path) == 0
    assert asked[9:] == [("broken", "low")]
    first, second, *others = table(path)
    assert second == whole[2]
    assert others == [*whole[:2], whole[3]]
    assert first["wirelength"] == second["wirelength"]


def test_workers_make_the_same_table(tmp_path: Path) -> None:
    asked = ["synth-tiny", "synth-chip", "--router", "maze", "--effort", "low,medium"]
    for jobs in (1, 2):
        assert run(*asked, "-o", tmp_path / f"{jobs}.csv", "--jobs", jobs) == 0
    assert without_times(tmp_path / "1.csv") == without_times(tmp_path / "2.csv")


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--router", "steiner"], "router"),
        (["--effort", "low,low"], "a second run"),
        (["--seed", "one"], "seed one, expected whole numbers"),
        (["-o", "-"], "standard output"),
    ],
)
def test_what_cannot_be_run_is_refused(
    args: list[str], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["batch", "synth-tiny", "-o", tmp_path / "runs.csv", *args]
    assert problem in refused(asked, tmp_path, capsys)


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", ",".join(COLUMNS) + "\nx,maze\n", "", "\x00", ",".join(COLUMNS) + ",x\n"]
)
def test_another_file_is_not_taken_for_a_table(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "runs.csv"
    path.write_text(text)
    assert str(path) in refused(["batch", "synth-tiny", "-o", path], tmp_path, capsys)
