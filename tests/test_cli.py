from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from eda_router.cli import COMMANDS, main
from eda_router.cli.options import RouteSettings
from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.formats import ispd98, route_file
from eda_router.routing import flow as router
from eda_router.routing.result import RoutingResult
from tests.generators import spines
from tests.refusals import refused

EDAROUTE = [sys.executable, "-m", "eda_router.cli"]
# Two nets want the one horizontal track of a grid of one row.
TIGHT = Design.from_pins(
    "tight", 4, 1, 1, 1, [("left", 0, [(0, 0), (2, 0)]), ("right", 1, [(1, 0), (3, 0)])]
)


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A design of a few nets with room enough."""
    random = np.random.default_rng(1)
    nets = [
        (f"net{net}", net, [tuple(random.integers(0, 9, 2)) for _ in range(random.integers(1, 5))])
        for net in range(30)
    ]
    path = tmp_path / "easy.modified.txt"
    ispd98.write(Design.from_pins("easy", 9, 9, 9, 9, nets), path)
    return path


@pytest.fixture
def tight(tmp_path: Path) -> Path:
    path = tmp_path / "tight.modified.txt"
    ispd98.write(TIGHT, path)
    return path


def run(*args: object) -> int:
    return main([str(arg) for arg in args])


def test_route_and_verify(bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, summary_path = tmp_path / "out.route", tmp_path / "out.json"
    assert run("route", bench, "-o", out, "--json", summary_path, "--effort", "low") == 0
    shown = capsys.readouterr()
    assert "overflow   total 0" in shown.out
    assert str(out) in shown.out
    assert "pass  " in shown.err
    assert "draw" in shown.err

    assert run("verify", bench, out, "--json", tmp_path / "check.json") == 0
    assert "legal" in capsys.readouterr().out
    summary = json.loads(summary_path.read_text())
    check = json.loads((tmp_path / "check.json").read_text())
    for figure in ("wirelength", "total_overflow", "max_overflow", "disconnected", "legal"):
        assert summary["result"][figure] == check[figure]
    assert summary["config"]["effort"] == "low"
    assert summary["config"]["seed"] == 1
    assert summary["result"]["exit_status"] == 0
    assert {"start", "import", "read", "write", "verify"} < set(summary["phases"])
    assert summary["passes"][0]["name"] == "draw"
    assert summary["stages"]["drawn"] > 0
    assert sum(summary["stages"].values()) == summary["design"]["nets"] == 30
    assert {"edaroute", "python", "numpy", "numba"} <= set(summary["versions"])


def test_runs_with_one_seed_are_equal_to_the_byte(bench: Path, tmp_path: Path) -> None:
    outs = [tmp_path / f"{n}.route" for n in range(2)]
    for n, out in enumerate(outs):
        environment = {**os.environ, "PYTHONHASHSEED": str(n)}
        subprocess.run([*EDAROUTE, "route", bench, "-o", out, "-q"], check=True, env=environment)
    assert outs[0].read_bytes() == outs[1].read_bytes() != b""


def test_default_output_and_quiet(
    bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("route", bench, "-q") == 0
    assert (tmp_path / "easy.route").is_file()
    assert capsys.readouterr() == ("", "")


def test_route_to_standard_output(bench: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("route", bench, "-o", "-") == 0
    shown = capsys.readouterr()
    design = ispd98.read(bench)
    found = route_file.parse(shown.out.encode(), "-", design)
    assert found.listed.sum() == len(design.routable)
    assert "wirelength" in shown.err


def test_json_to_standard_output(
    bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("route", bench, "-o", tmp_path / "o", "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["design"]["name"] == "easy"
    assert run("verify", bench, tmp_path / "o", "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["legal"] is True
    assert run("info", bench, "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["nets"] == 30


def test_what_is_not_routed_is_named(
    tight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.route"
    assert run("route", tight, "-o", out, "--json", tmp_path / "s.json") == 1
    shown = capsys.readouterr().out
    summary = json.loads((tmp_path / "s.json").read_text())
    (net,) = summary["unrouted"]
    assert net["name"] in ("left", "right")
    assert f"unrouted: net {net['name']}, pins from " in shown
    assert "hint: --effort high" in shown
    assert summary["result"]["total_overflow"] == 0
    assert run("verify", tight, out) == 1
    shown = capsys.readouterr().out
    assert f"disconnected: net {net['name']}" in shown
    assert shown.endswith("illegal\n")


def test_overflow_is_named_with_its_place(
    tight: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.route"
    assert run("route", tight, "-o", out, "--allow-overflow", "--json", tmp_path / "s.json") == 1
    place = "overflow: edge (1,0)-(2,0), 2 nets on 1 tracks: left, right"
    assert place in capsys.readouterr().out
    assert json.loads((tmp_path / "s.json").read_text())["overflow"] == [
        {"edge": [[1, 0], [2, 0]], "capacity": 1, "demand": 2, "nets": ["left", "right"]}
    ]
    assert run("verify", tight, out) == 1
    assert place in capsys.readouterr().out


def test_time_limit_keeps_the_best_legal_state(bench: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.route"
    assert run("route", bench, "-o", out, "--time-limit", 0, "--json", tmp_path / "s.json") in (
        0,
        1,
    )
    result = json.loads((tmp_path / "s.json").read_text())["result"]
    assert result["total_overflow"] == 0
    assert result["legal"] == (result["unrouted"] == 0)
    assert out.read_text().endswith("!\n")


def test_config_file_and_command_line(
    bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("config", "route") == 0
    template = capsys.readouterr().out
    assert RouteSettings(**yaml.safe_load(template)) == RouteSettings()
    path, summary = tmp_path / "c.yaml", tmp_path / "s.json"
    path.write_text("effort: low\nseed: 5\nallow_overflow: true\n")
    options = ["--config", path, "--json", summary, "--seed", 7, "--no-allow-overflow"]
    assert run("route", bench, "-o", tmp_path / "o", *options) == 0
    config = json.loads(summary.read_text())["config"]
    assert (config["effort"], config["seed"], config["allow_overflow"]) == ("low", 7, False)


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["miss.ing", "-o", "out"], "miss.ing: cannot be read: No such file or directory"),
        (["bad", "-o", "out"], "bad:2: vertical capacity -1, expected 0 to 1000000000 tracks"),
        ([".", "-o", "out"], ".: cannot be read: Is a directory"),
        (["easy", "-o", "."], ".: is a folder, expected the name of a file to write"),
        (["easy", "-o", "no/out"], "no/out: cannot be written: no folder"),
        (["easy", "-o", "easy"], "easy: is easy too, expected different files"),
        (["easy", "-o", "out", "--json", "out"], "out: is out too, expected different files"),
        (["easy", "-o", "out", "--json", "no/s"], "no/s: cannot be written: no folder"),
        (["easy", "-o", "out", "--config", "c"], "c:1: unknown option 'sede' (did you mean seed?)"),
        (["easy", "-o", "out", "--config", "no"], "no: cannot be read: No such file or directory"),
        (["easy", "-o", "out", "--seed", "-1"], "error: option seed: -1, expected a whole number"),
        (["easy", "-o", "out", "--time-limit", "nan"], "error: option time_limit: nan"),
    ],
)
def test_bad_input_is_one_line_and_touches_nothing(
    bench: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    bench.rename("easy")
    Path("bad").write_text("grid 3 3\nvertical capacity -1\n")
    Path("c").write_text("sede: 1\n")
    Path("out").write_text("old")
    assert refused(["route", *args], tmp_path, capsys).startswith(problem)


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["route"],
        ["routes"],
        ["route", "a", "b"],
        ["route", "a", "--seed", "x"],
        ["route", "--x"],
    ],
)
def test_bad_usage(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*args) == 2
    assert "Usage: edaroute" in capsys.readouterr().err


def test_verify_explains_a_bad_route_file(
    bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    route = tmp_path / "bad.route"
    route.write_text("net0 0\n(0,0,1)-(9,0,1)\n!\n")
    assert run("verify", bench, route) == 2
    assert f"{route}:" in capsys.readouterr().err


def test_info(bench: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info", bench) == 0
    assert "9 x 9 tiles" in capsys.readouterr().out


def test_a_router_that_miscounts_is_found_out(
    tight: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Liar(RoutingResult):
        total_overflow = 0

    def route(design: Design, config: RouteConfig, **_: object) -> RoutingResult:
        return Liar(design, spines(design), np.zeros(2, np.uint8), {}, [], config)

    monkeypatch.setattr(router, "load_router", lambda config: route)
    assert run("route", tight, "-o", tmp_path / "out") == 2
    assert "the router says overflow 0 and 0 unrouted nets, the evaluator 1" in (
        capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()


# A router that stops in the middle of its work, so that a signal arrives there for certain.
STUCK = """
import sys, time
from eda_router.routing import flow as router
from eda_router.cli import main

def route(design, config, **_):
    print("routing", flush=True)
    time.sleep(60)

router.load_router = lambda config: route
sys.exit(main(sys.argv[1:]))
"""


def heed_interrupts() -> None:
    """A process started in the background of a shell would ignore them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_writes_nothing(bench: Path, tmp_path: Path, sent: int, status: int) -> None:
    out = tmp_path / "out.route"
    out.write_text("old")
    before = sorted(tmp_path.iterdir())
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, "route", bench, "-o", out, "--json", tmp_path / "s.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "routing\n"
    process.send_signal(sent)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == status
    assert "Traceback" not in errors
    assert sorted(tmp_path.iterdir()) == before
    assert out.read_text() == "old"


def test_an_interrupt_of_the_real_router(ispd98_path, tmp_path: Path) -> None:
    out = tmp_path / "out.route"
    process = subprocess.Popen(
        # Drawn at once, negotiated long.
        [
            *(*EDAROUTE, "route", ispd98_path("ibm10"), "-o", out),
            *("--effort", "high", "--largest-window", "8"),
        ],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith("draw"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - start < 20
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


def test_the_progress_bar_vanishes_on_a_terminal(bench: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    run = subprocess.run(
        [*EDAROUTE, "route", bench, "-o", tmp_path / "out"],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        check=True,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert b"rerouted" not in shown
    # What is left on the last line after the last return is blank.
    assert shown.replace(b"\x1b[A", b"").rpartition(b"\r")[2].strip() == b""
    assert "wirelength" in run.stdout


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    for name, text in COMMANDS.items():
        assert name in shown
        assert text.rstrip(".")[:40] in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "-h") == 0
    assert f"Usage: edaroute {command}" in capsys.readouterr().out


def test_shell_completion() -> None:
    environment = {**os.environ, "_EDAROUTE_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
    for typed, expected in [
        ("edaroute ver", "plain,verify\n"),
        ("edaroute --ver", "plain,--version\n"),
    ]:
        environment["COMP_WORDS"] = typed
        run = subprocess.run(EDAROUTE, env=environment, capture_output=True, text=True)
        assert run.stdout == expected
