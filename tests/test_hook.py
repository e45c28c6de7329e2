"""The look into a run: it shows what is there, ends a run when told to, and changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import eda_router
from eda_router.config import RouteConfig
from eda_router.routing import flow
from eda_router.routing.hook import STOP, PassState
from eda_router.routing.layered_flow import route_layered
from eda_router.routing.ledger import CapacityLedger
from eda_router.verification import verify
from tests.generators import random_design

DESIGN = random_design(7, nets=240, capacity=9)
CONFIGS = [
    RouteConfig(router="maze"),
    RouteConfig(router="neural"),
    RouteConfig(router="maze", time_limit=300),
]


@pytest.mark.parametrize("config", CONFIGS, ids=["maze", "neural", "time limit"])
def test_a_look_shows_what_is_there_and_changes_nothing(config: RouteConfig) -> None:
    seen = []

    def look(state: PassState) -> None:
        ledger = CapacityLedger.of(state.design, state.routes)
        assert np.array_equal(ledger.demand, state.demand)
        assert ledger.total_overflow == state.row.overflow
        assert state.routes.wirelength == state.row.wirelength
        assert np.array_equal(state.capacity, DESIGN.capacity)
        for array in (state.demand, state.capacity):
            with pytest.raises(ValueError, match="read-only"):
                array[0, 0, 0] = 5
        state.routes.edges[:] = 0  # a copy
        seen.append((state.number, state.row))

    result = flow.route(DESIGN, config, on_pass=look)
    alone = flow.route(DESIGN, config)
    assert np.array_equal(result.routes.edges, alone.routes.edges)
    assert [number for number, _ in seen] == list(range(1, len(seen) + 1))
    assert [row for _, row in seen] == result.passes
    assert "stopped" not in result.details


@pytest.mark.parametrize("config", CONFIGS, ids=["maze", "neural", "time limit"])
@pytest.mark.parametrize("last", [1, 2, 3])
def test_a_run_ends_after_the_pass_that_is_told_to(config: RouteConfig, last: int) -> None:
    numbers = []

    def look(state: PassState) -> object:
        numbers.append(state.number)
        return STOP if state.number == last else "stop"

    for effort in ("medium", "high"):
        numbers.clear()
        result = flow.route(DESIGN, replace(config, effort=effort), on_pass=look)
        assert numbers == list(range(1, last + 1))
        assert result.details["stopped"]
        assert not result.details["out_of_time"]
        names = [row.name for row in result.passes[last:]]
        assert all(name.removeprefix("quick ") == "legalise" for name in names)
        check = verify(DESIGN, result.routes)
        assert check.total_overflow == 0
        assert check.disconnected == len(result.unrouted)


def test_overflow_stays_where_it_is_allowed() -> None:
    config = RouteConfig(router="maze", allow_overflow=True)
    result = flow.route(DESIGN, config, on_pass=lambda state: STOP)
    assert [row.name for row in result.passes] == ["first"]
    assert result.total_overflow == result.passes[0].overflow > 0
    assert len(result.unrouted) == 0


def test_on_layers_too() -> None:
    design = eda_router.read("synth-chip")
    names = []

    def look(state: PassState) -> object:
        names.append(state.row.name)
        assert state.demand.shape == (design.height, design.width, 2)
        return STOP if len(names) == 2 else None

    done = route_layered(design, RouteConfig(router="maze"), on_pass=look)
    assert len(names) == 2
    assert done.result.details["stopped"]
    assert int(done.layered.overflow.sum()) == 0
