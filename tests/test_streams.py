"""Standard streams that are closed, full or in another encoding; strict JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from eda_router.cli import main
from eda_router.design import Design
from eda_router.formats import ispd98
from eda_router.strict_json import dumps, plain

EDAROUTE = f"{sys.executable} -m eda_router.cli"
TIGHT = Design.from_pins(
    "tight", 3, 1, 1, 1, [("цепь_大", 0, [(0, 0), (2, 0)]), ("ü", 1, [(0, 0), (1, 0)])]
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a design whose nets are not in ASCII, and routes of it that overflow."""
    ispd98.write(TIGHT, tmp_path / "tight.modified")
    wires = "цепь_大 0\n(0,0,1)-(2,0,1)\n!\nü 1\n(0,0,1)-(1,0,1)\n!\n"
    (tmp_path / "tight.route").write_text(wires, encoding="utf-8")
    return tmp_path


def shell(folder: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``edaroute`` with a shell's redirections."""
    return subprocess.run(
        ["bash", "-c", f"{EDAROUTE} {command}"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        errors="surrogateescape",
    )


ROUTE = "route tight.modified --router maze --allow-overflow"


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "--version",
        "config route",
        "info tight.modified",
        "info tight.modified --json -",
        "verify tight.modified tight.route",
        f"{ROUTE} -q -o -",
        f"{ROUTE} -q -o new.route --json -",
        f"{ROUTE} -o new.route",
        "plot tight.modified -o new.png",
        "synth new.modified --nets 9",
    ],
)
def test_a_full_standard_output_is_one_line_and_status_2(folder: Path, command: str) -> None:
    run = shell(folder, f"{command} >/dev/full")
    assert run.returncode == 2
    last = run.stderr.splitlines()[-1]
    assert re.fullmatch("(standard output|-): cannot be written: No space left on device", last)
    assert "Traceback" not in run.stderr
    assert len([line for line in run.stderr.splitlines() if "No space" in line]) == 1


def test_a_full_unbuffered_standard_output_is_named_too(folder: Path) -> None:
    run = shell(folder, "info tight.modified >/dev/full", PYTHONUNBUFFERED="1")
    assert run.returncode == 2
    assert run.stderr == "standard output: cannot be written: No space left on device\n"


@pytest.mark.parametrize(
    ("command", "status"),
    [("info tight.modified", 0), (f"{ROUTE} -q -o new.route", 1), (f"{ROUTE} -o new.route", 1)],
)
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_swallows_what_is_written(
    folder: Path, command: str, status: int, closed: str
) -> None:
    run = shell(folder, f"{command} {closed}")
    assert run.returncode == status
    assert "Traceback" not in run.stderr
    if "new.route" in command:
        wires = (folder / "new.route").read_text(encoding="utf-8")
        assert wires.startswith("цепь_大 0\n(0,0,1)-(2,0,1)\n!\n")


def test_a_full_standard_error_leaves_the_exit_status(folder: Path) -> None:
    for command in (f"{ROUTE} -o new.route", "info", "info no.file"):
        assert shell(folder, f"{command} 2>/dev/full").returncode == 2
    assert not (folder / "new.route").exists()


@pytest.mark.parametrize("encoding", ["latin-1", "cp437:strict", "cp437:surrogateescape", "utf-8"])
def test_every_name_can_be_printed(folder: Path, encoding: str) -> None:
    run = shell(folder, "verify tight.modified tight.route", PYTHONIOENCODING=encoding)
    assert run.returncode == 1, run.stderr
    assert run.stdout.splitlines()[-1] == "illegal"
    told = "цепь_大" if encoding == "utf-8" else "\\u0446\\u0435\\u043f\\u044c_\\u5927"
    assert told in run.stdout
    assert "Traceback" not in run.stderr


def test_a_route_file_on_standard_output_is_utf8_in_every_locale(folder: Path) -> None:
    for encoding in ("latin-1", "utf-8"):
        run = shell(folder, f"{ROUTE} -q -o -", PYTHONIOENCODING=encoding)
        assert run.stdout.startswith("цепь_大 0\n"), run.stderr


@pytest.mark.parametrize("locale", ["C.UTF-8", "POSIX"])
def test_file_names_of_any_bytes(folder: Path, locale: str) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra 'viz'")
    bench, route = (os.fsdecode(name) for name in (b"d\xe9.modified", b"r\xe9\xff.route"))
    os.link(folder / "tight.modified", folder / bench)
    os.link(folder / "tight.route", folder / route)
    for command, status in (
        (f"info {bench} --json i.json", 0),
        (f"verify {bench} {route} --json v.json", 1),
        (f"route {bench} --router maze --allow-overflow -o {route}2 --json s.json", 1),
        (f"report {bench} {route} -o p.html --title {route}", 0),
        (f"compare {bench} {route} tight.route --json c.json -o c.html", 0),
        (f"plot {bench} {route} -o p.svg", 0),
        (f"info {route}", 2),
        (f"verify {bench} no{route}", 2),
        (f"info {bench} --json {bench}", 2),
    ):
        strict = {"PYTHONIOENCODING": "utf-8:strict"} if locale != "POSIX" else {}
        run = shell(folder, command, LC_ALL=locale, **strict)
        assert run.returncode == status, run.stderr
        assert "Traceback" not in run.stderr
        assert (len(run.stderr.splitlines()) == 1) == (status == 2), run.stderr
    for name in ("i.json", "v.json", "s.json", "c.json"):
        assert "\\udc" not in (folder / name).read_text(encoding="utf-8")
    assert json.loads((folder / "s.json").read_text())["design"]["name"] == "d\ufffd"
    assert json.loads((folder / "c.json").read_text())["base"] == "r\ufffd\ufffd.route"
    assert "r\ufffd\ufffd.route ·" in (folder / "p.html").read_text(encoding="utf-8")
    assert "d\ufffd: 2 runs" in (folder / "c.html").read_text(encoding="utf-8")


def no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_json_holds_nothing_that_strict_parsers_refuse() -> None:
    nan, infinity = float("nan"), float("inf")
    value = {"a": [1.5, nan, (infinity, -infinity)], "b": {"c": "d\udce9", 3: True}, "e": None}
    assert plain(value) == {
        "a": [1.5, None, [None, None]],
        "b": {"c": "d\ufffd", 3: True},
        "e": None,
    }
    assert json.loads(dumps(value, 1), parse_constant=no_constant)["b"]["3"] is True
    assert dumps("大 😀") == json.dumps("大 😀")


@pytest.mark.parametrize("limit", ["inf", "-inf", "nan", "1e999"])
def test_numbers_without_end_are_refused(
    folder: Path, limit: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    (folder / "c.yaml").write_text("time_limit: .inf\n")
    assert main(["route", "tight.modified", "-o", "x", f"--time-limit={limit}"]) == 2
    assert "option time_limit: " in capsys.readouterr().err
    assert main(["route", "tight.modified", "-o", "x", "--config", "c.yaml"]) == 2
    assert "c.yaml:1: option time_limit: inf, expected a number" in capsys.readouterr().err
    assert main(["study", "--times", limit, "--list"]) == 2
    assert "--times" in capsys.readouterr().err
