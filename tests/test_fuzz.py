"""A short run of each fuzzer, and that a fault is found, made small and told; see tests/fuzz/."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.fuzz.random_designs import from_json, make, random_design, smaller, to_json
from tests.generators import same_design

CHECKOUT = Path(__file__).parent.parent


def fuzz(what: str, *arguments: str) -> str:
    """What ``python -m tests.fuzz.WHAT`` prints; it must find nothing."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.fuzz.{what}", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": f"{CHECKOUT}:{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    return done.stdout


def test_random_designs_do_no_harm() -> None:
    # What takes time is to compile the kernels with bounds checks, which each process would do.
    said = fuzz("designs", "--designs", "400", "--seconds", "600", "--processes", "1")
    assert said.startswith("400 designs in ")
    for flow in ("maze", "cramped", "neural", "layered", "windows", "bounds"):
        assert f"{flow} " in said


def test_damaged_texts_do_no_harm() -> None:
    pytest.importorskip("atheris", reason="Atheris is for Linux")
    assert " texts in " in fuzz("texts", "--runs", "3000", "--processes", "1")


def test_a_design_is_a_function_of_its_seed_and_travels_as_json() -> None:
    for seed in range(50):
        design = random_design(np.random.default_rng(seed))
        assert same_design(design, random_design(np.random.default_rng(seed)))
        assert same_design(design, from_json(to_json(design)))


def test_a_fault_is_told_with_the_smallest_design(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow that dislikes nets of three pins in the first column."""
    from tests.fuzz import designs, flows

    def picky(design, rng):
        for net in range(design.num_nets):
            assert (design.net_pins(net) % design.width == 0).sum() < 3

    monkeypatch.setattr(flows, "FLOWS", {"picky": picky})
    monkeypatch.setattr(flows, "SHARES", (1,))
    told = None
    for seed in range(200):
        told = told or designs.try_seed(seed, designs.collections.Counter())
    assert told is not None
    smallest = from_json(told.split("smallest design found:\n")[1].splitlines()[0])
    assert smallest.num_nets == 1
    assert len(smallest.pins) == 3
    assert (smallest.width, smallest.height) == (1, int(smallest.pins[-1]) + 1)
    assert "AssertionError" in told
    assert "--replay picky:" in told


def test_smaller_designs_lack_something() -> None:
    design = make(3, 2, np.full((2, 3, 2), 2), [[0, 5], [1, 2, 4]])
    found = list(smaller(design))
    assert len(found) > 8
    assert not any(same_design(design, other) for other in found)
