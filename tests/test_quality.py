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

# Legal routes of ISPD98 circuits: (effort, least, most wirelength).
GOLDEN = {
    "ibm01": [("low", 62500, 63583), ("medium", 61500, 62133), ("high", 61000, 61500)],
    "ibm02": [("low", 169000, 171605), ("medium", 167700, 168964)],
    "ibm10": [("medium", 576200, 579661)],
}


@pytest.mark.parametrize(
    ("circuit", "effort", "least", "most"),
    [(circuit, *golden) for circuit, goldens in GOLDEN.items() for golden in goldens],
)
def test_real_circuits(
    ispd98_path, tmp_path: Path, circuit: str, effort: str, least: int, most: int
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


def test_a_real_circuit_is_routed_the_same_to_the_byte(ispd98_path, tmp_path: Path) -> None:
    path = ispd98_path("ibm02")
    for n in range(2):
        command = [sys.executable, "-m", "eda_router.cli", "route", path, "-o", tmp_path / str(n)]
        command += ["-q", "--router", "maze", "--effort", "low"]
        environment = {**os.environ, "PYTHONHASHSEED": str(n)}
        subprocess.run(list(map(str, command)), check=True, env=environment)
    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()
