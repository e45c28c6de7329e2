"""From a design with layers to a guide."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError
from eda_router.formats.guide import guide_of
from eda_router.guide_verification import verify_guide
from eda_router.layered_routes import wire_ranges
from eda_router.routing.flow import route
from eda_router.routing.layered_flow import route_layered
from eda_router.routing.layers import assign_layers
from eda_router.verification import verify
from tests.layered import layered_design, with_capacity

MAZE = RouteConfig(router="maze", effort="low")


def wide_open(seed: int, *, clocks: bool) -> Design:
    """Some nets on a grid with enough tracks for all of them."""
    size = {"width": 9, "height": 8, "num_layers": 5, "nets": 25}
    design = layered_design(seed, **size, terminals=(2, 5), spanning=True, clocks=clocks)
    return with_capacity(design, 6 * (design.layers.capacity > 0).astype(np.int32) + 3)


@pytest.mark.parametrize("clocks", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_the_guide_of_a_routed_design_is_legal(seed: int, clocks: bool) -> None:
    design = wide_open(seed, clocks=clocks)
    done = route_layered(design, MAZE)
    check = verify_guide(design, guide_of(done.layered))
    assert check.legal
    assert check.nets_to_route == design.num_nets
    assert np.array_equal(check.demand, done.layered.demand)
    flat = verify(done.result.design, done.result.routes)
    assert flat.legal
    assert flat.wirelength == check.wirelength == done.result.wirelength
    assert len(done.result.unrouted) == 0
    assert done.result.phases["layers"].wall > 0
    net = np.repeat(np.arange(design.num_nets), done.layered.routes.lengths)
    first, last = wire_ranges(design.layers)
    assert (done.layered.edge_layers >= first[net]).all()
    assert (done.layered.edge_layers <= last[net]).all()


@pytest.mark.parametrize("clocks", [False, True])
def test_against_the_clock_layers_get_a_quick_run_first(clocks: bool) -> None:
    design = wide_open(3, clocks=clocks)
    config = dataclasses.replace(MAZE, effort="medium", time_limit=300)
    done = route_layered(design, config)
    names = [row.name for row in done.result.passes]
    assert names[0] == "quick first"
    assert names.count("first") == names.count("quick first") == 1 + clocks
    assert verify_guide(design, guide_of(done.layered)).legal
    assert not done.result.details["out_of_time"]


def test_at_effort_high_layers_get_the_lower_efforts_too() -> None:
    size = {"width": 9, "height": 8, "num_layers": 3, "nets": 90}
    design = layered_design(3, **size, terminals=(2, 5), spanning=True, clocks=False)
    tight = with_capacity(design, (design.layers.capacity > 0).astype(np.int32))
    open_nets = {}
    for effort in ("low", "medium", "high"):
        done = route_layered(tight, dataclasses.replace(MAZE, effort=effort))
        open_nets[effort] = len(done.result.unrouted)
    assert 0 < open_nets["high"] <= min(open_nets["low"], open_nets["medium"])
    assert any(row.name.startswith("low ") for row in done.result.passes)


@pytest.mark.parametrize("seed", range(4))
def test_without_layers_for_clocks_it_is_the_plane_router(seed: int) -> None:
    design = wide_open(seed, clocks=False)
    done, flat = route_layered(design, MAZE), route(design, MAZE)
    assert done.result.wirelength <= flat.wirelength
    assert np.array_equal(done.result.stage, flat.stage)
    assert done.result.passes[-1].wirelength == flat.wirelength


def two_clocks_on_a_row() -> Design:
    """Two clocks from end to end of a row, where clocks have one track and signals many."""
    design = layered_design(2, width=6, height=3, num_layers=5, nets=2, clocks=True)
    horizontal = np.array([False, True, False, True, False])
    capacity = np.full((5, 3, 6), 5, np.int32)
    capacity[0] = 0
    capacity[3] = 1
    capacity[horizontal, :, -1] = 0
    capacity[~horizontal, -1, :] = 0
    layers = dataclasses.replace(
        design.layers,
        horizontal=horizontal,
        net_is_clock=np.ones(2, bool),
        pin_offsets=np.array([0, 2, 4]),
        candidate_offsets=np.arange(5),
        candidate_tiles=np.array([6, 11, 6, 11], np.int32),
        candidate_layers=np.zeros(4, np.int8),
    )
    ends = {"pin_offsets": np.array([0, 2, 4]), "pins": np.array([6, 11, 6, 11], np.int32)}
    return with_capacity(dataclasses.replace(design, layers=layers, **ends), capacity)


def test_clocks_share_out_the_tracks_of_their_own_layers() -> None:
    design = two_clocks_on_a_row()
    together = assign_layers(design, Routes.from_lists(2 * [[12, 14, 16, 18, 20]]))
    assert together.overflow.sum() == 5
    done = route_layered(design, MAZE)
    assert not done.layered.overflow.any()
    assert (done.layered.edge_layers >= 2).all()
    assert done.result.wirelength == 5 + 7


def test_a_design_without_layers_is_refused() -> None:
    with pytest.raises(EdarouteError, match="has no layers"):
        route_layered(dataclasses.replace(two_clocks_on_a_row(), layers=None), MAZE)
