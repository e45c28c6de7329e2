"""Peak memory grows with the grid, not with the square of its longer side."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.neural.engines import BlankEngine
from eda_router.process import peak_megabytes
from eda_router.routing.neural import route_with
from eda_router.verification import verify

width, height = {width}, {height}
ends = [(0, 0), (width - 1, height - 1)]
half = [(0, 0), (0, height // 2)]
nets = [("end2end", 0, ends), ("short", 1, [(0, 0), (0, 1)]), ("half", 2, half)]
design = Design.from_pins("strip", width, height, 4, 4, nets)
zeros = {{8: 0, 16: 0}}
engine = BlankEngine({{"exits": (8, 16), "thresholds": zeros, "latent": zeros}})
result = route_with(engine, design, RouteConfig(router="neural"))
assert verify(design, result.routes).legal
print(int(peak_megabytes()))
"""


@pytest.mark.parametrize(("width", "height"), [(1, 5000), (3, 3000), (4, 32768)])
def test_a_long_strip_takes_a_few_hundred_megabytes(width: int, height: int) -> None:
    program = PROGRAM.format(width=width, height=height)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # Python with the kernels takes about 200; a window as wide as the net would take gigabytes.
    assert int(done.stdout) < 450
