"""Compiling all kernels ahead, so that no later run has to.

Numba compiles a kernel when it is first called, for the types of that call. So each job here does
in small what commands do. The jobs of one round run at once in processes of their own; those of the
second call kernels that the first has compiled, and take them from the cache.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.jobs import Workers, run_jobs


def search() -> None:
    """What the maze router calls where there is room."""
    from eda_router.routing.flow import route

    places = [(0, 0), (4, 1), (1, 4), (3, 3), (2, 0), (0, 2), (4, 4)]
    nets = [(f"n{pins}", pins, places[:pins]) for pins in range(2, 8)]
    route(Design.from_pins("search", 5, 5, 2, 2, nets), RouteConfig(router="maze"))


def samples() -> None:
    """What synthetic designs, made-up samples and the teacher take."""
    from eda_router.dataset.config import SampleConfig
    from eda_router.dataset.replay import Replay
    from eda_router.dataset.samples import make_samples

    make_samples(SampleConfig(shard_samples=8), 0, 16)
    replay = Replay(_small_design())
    replay.route(replay.smallest_first(), lambda wave: None)


def drawings() -> None:
    """What the neural router calls beside the model, which is not loaded."""
    from eda_router.routing.flow import route

    route(_small_design(), RouteConfig(engine="blank", effort="low"))


def crowds() -> None:
    """What the maze router calls beyond that."""
    from eda_router.routing.flow import load_kernels

    load_kernels()


def layers() -> None:
    """What brings routes of the plane to layers."""
    from eda_router.formats import read
    from eda_router.routing.layered_flow import route_layered

    route_layered(read("synth-chip"), RouteConfig(router="maze", effort="low"))


def bounds() -> None:
    """What finds bounds, but for the solver, and what checks them."""
    from eda_router.proof.checker import prove
    from eda_router.proof.groups import groups_of
    from eda_router.proof.pricing import SCALE, Pricer
    from eda_router.search.grid import Grid

    places = [(0, 0), (5, 1), (2, 5), (4, 4), (0, 3), (5, 5)]
    nets = [(f"n{pins}", pins, places[:pins]) for pins in range(2, 7)]
    design = Design.from_pins("bounds", 6, 6, 2, 2, nets)
    groups = groups_of(design)
    prices = np.zeros(design.capacity.shape, np.int64)
    prices[2:4, 2:4] = SCALE // 2
    costs = SCALE + prices.reshape(-1)
    Pricer(Grid(design.width, design.height), groups, SCALE).trees(costs, np.arange(len(groups)))
    prove(design, "wirelength", prices, SCALE)


def _small_design() -> Design:
    from eda_router.synthesis.designs import SynthConfig, synthesize

    return synthesize(SynthConfig(width=24, height=24, nets=300))


ROUNDS = (search, samples), (layers, bounds, drawings, crowds)
"""The jobs of each round, the longest first."""

JOBS = sum(map(len, ROUNDS))
"""How many jobs there are."""


def compile_kernels(workers: Workers | None = None) -> Iterator[None]:
    """Compile all kernels for this processor, and keep them on disk; yields after each job.

    Args:
        workers: where the jobs run; None: in this process.

    Raises:
        EdarouteError: a worker died.
    """
    for round_ in ROUNDS:
        for _ in run_jobs(_call, [(job.__name__,) for job in round_], workers):
            yield


def _call(name: str) -> None:
    globals()[name]()
