"""How good routes are: ranges that a change must not leave, on the way down or up.

A wirelength below its range is no failure of the router but a golden figure to renew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Legal routes of ISPD98 circuits: (effort, least, most wirelength, most CPU seconds). The bound on
# time leaves room for a busy machine, it only catches what became several times slower.
GOLDEN = {
    "ibm01": [("low", 62500, 63583, 8), ("medium", 61500, 62133, 12), ("high", 61000, 61500, 30)],
    "ibm02": [("low", 169000, 171605, 8), ("medium", 167700, 168964, 12)],
    "ibm10": [("medium", 576200, 579661, 24)],
}


@pytest.fixture(scope="module")
def compiled_kernels(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a first run would compile, so that times are those of the router alone."""
    out = tmp_path_factory.mktemp("warm") / "out"
    command = [sys.executable, "-m", "eda_router.cli", "route", "synth-tiny", "-o", out, "-q"]
    for effort in ("low", "medium", "high"):
        subprocess.run([*command, "--router", "maze", "--effort", effort], check=True)


@pytest.mark.usefixtures("compiled_kernels")
@pytest.mark.parametrize(
    ("circuit", "effort", "least", "most", "seconds"),
    [(circuit, *golden) for circuit, goldens in GOLDEN.items() for golden in goldens],
)
def test_real_circuits(
    ispd98_path, tmp_path: Path, circuit: str, effort: str, least: int, most: int, seconds: float
) -> None:
    path, summary = ispd98_path(circuit), tmp_path / "s.json"
    command = [sys.executable, "-m", "eda_router.cli", "route", path, "-o", tmp_path / "out", "-q"]
    command += ["--router", "maze", "--effort", effort, "--json", summary]
    subprocess.run(list(map(str, command)), check=True)
    found = json.loads(summary.read_text())
    assert found["result"]["legal"]
    assert not any(found["result"][waste] for waste in ("repeated", "cycles", "stubs"))
    assert least <= found["result"]["wirelength"] <= most
    assert found["process"]["peak_mb"] < 500
    assert found["process"]["cpu"] < seconds


def test_a_real_circuit_is_routed_the_same_to_the_byte(ispd98_path, tmp_path: Path) -> None:
    path = ispd98_path("ibm02")
    for n in range(2):
        command = [sys.executable, "-m", "eda_router.cli", "route", path, "-o", tmp_path / str(n)]
        command += ["-q", "--router", "maze", "--effort", "low"]
        environment = {**os.environ, "PYTHONHASHSEED": str(n)}
        subprocess.run(list(map(str, command)), check=True, env=environment)
    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()
