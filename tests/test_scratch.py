"""Kernels keep within their scratch memory, on grids that nets fill and on strips."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ROUTE = """
import sys
import numpy as np
from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.report.bounds import lower_bounds
from eda_router.routing.maze import route_maze
from eda_router.verification import verify

width, height, seed = map(int, sys.argv[1:])
rng = np.random.default_rng(seed)
tiles = [(x, y) for y in range(height) for x in range(width)]
nets = [("all", 0, tiles)]
for i, count in enumerate((len(tiles) - 1, len(tiles) // 2, 9, 8, 7, 6, 5, 4, 3, 2), 1):
    chosen = rng.permutation(len(tiles))[: max(1, count)].tolist()
    nets.append((f"n{i}", i, [tiles[c] for c in chosen]))
design = Design.from_pins("full", width, height, 11, 11, nets)
for effort in ("low", "high"):
    config = RouteConfig(router="maze", effort=effort, iterations=2)
    result = route_maze(design, config)
    assert verify(design, result.routes).legal
    assert result.routes.lengths[0] == len(tiles) - 1
assert np.all(lower_bounds(design) <= result.routes.lengths)
"""


BOUND = """
from eda_router.design import Design
from eda_router.report.bounds import lower_bounds

pins = [(int(i == 7), i * 11) for i in range(8)] + [(2, 3999)]
assert lower_bounds(Design.from_pins("d", 3, 4000, 1, 1, [("n", 0, pins)])).tolist() == [4001]
"""


def run_checked(code: str, *args: str) -> None:
    """Run kernels as plain Python, where NumPy checks every index; compiled, a fault may pass."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-c", code, *args]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("width", "height"), [(1, 2), (2, 2), (3, 3), (5, 4), (40, 1), (1, 40), (2, 30)]
)
def test_no_kernel_writes_past_its_memory(width: int, height: int) -> None:
    run_checked(ROUTE, str(width), str(height), "1")


def test_bounds_on_a_long_strip_keep_within_memory() -> None:
    run_checked(BOUND)
