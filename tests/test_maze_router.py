"""The deterministic router as a whole, judged by the independent evaluator."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.routing.bounds import steiner_bounds
from eda_router.routing.effort import LEVELS, effort_of
from eda_router.routing.maze import MazeRouter, finish, route_maze
from eda_router.routing.model_share import same_wires
from eda_router.routing.pool import new_pool
from eda_router.routing.result import RouteSource
from eda_router.routing.run import OutOfTime
from eda_router.verification import verify
from tests.generators import random_design


def test_the_last_pass_of_refinement_moves_no_net_that_it_does_not_shorten():
    design = random_design(3, width=24, height=24, nets=300, capacity=14)
    moved = []
    for passes in (1, 2):
        router = MazeRouter(design, RouteConfig(router="maze"))
        router.route_first()
        router.negotiate()
        assert router.total_overflow == 0
        before = router.routes()
        router.refine(passes)
        after = router.routes()
        changed = ~same_wires(before, after)
        assert changed.any()
        moved.append(int((changed & (after.lengths >= before.lengths)).sum()))
    # The first of two makes room.
    assert moved[0] == 0 < moved[1]


# Other seeds leave no overflow.
@pytest.mark.parametrize("seed", [0, 1, 2, 4, 7])
def test_refinement_shortens_wires_beside_overflow_that_stays(seed):
    design = random_design(seed, width=24, height=24, nets=300, capacity=4)
    asked = RouteConfig(router="maze", allow_overflow=True, iterations=30)
    before = route_maze(design, replace(asked, refine=False))
    after = route_maze(design, asked)
    assert len(after.unrouted) == 0
    check = verify(design, after.routes)
    assert check.disconnected == check.cycles == check.stubs == 0 < check.total_overflow
    assert after.wirelength < before.wirelength
    assert np.array_equal(after.ledger.overflow, before.ledger.overflow)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 10_000),
    capacity=st.integers(0, 30),
    effort=st.sampled_from(["low", "medium", "high"]),
)
def test_every_result_is_legal_or_says_what_is_missing(seed, capacity, effort):
    design = random_design(seed, nets=80, capacity=capacity)
    result = route_maze(design, RouteConfig(router="maze", effort=effort, iterations=15))
    check = verify(design, result.routes)
    assert check.total_overflow == 0
    assert check.cycles == check.stubs == check.repeated == 0
    assert check.disconnected == len(result.unrouted)
    assert np.array_equal(np.flatnonzero(result.stage == RouteSource.UNROUTED), result.unrouted)
    assert np.array_equal(result.stage == RouteSource.TRIVIAL, design.pin_counts < 2)
    assert np.all(
        (result.routes.lengths >= steiner_bounds(design, 8))
        | (result.stage == RouteSource.UNROUTED)
    )


def test_overflow_is_kept_only_when_asked_for():
    design = random_design(1, capacity=2)
    strict = route_maze(design, RouteConfig(router="maze", iterations=10))
    loose = route_maze(design, RouteConfig(router="maze", iterations=10, allow_overflow=True))
    assert strict.total_overflow == 0
    assert len(strict.unrouted) > 0
    assert loose.total_overflow > 0
    assert len(loose.unrouted) == 0


def test_negotiation_removes_overflow_and_refinement_only_shortens():
    design = random_design(7, nets=240, capacity=9)
    rows = []
    result = route_maze(
        design, RouteConfig(router="maze"), on_pass=lambda state: rows.append(state.row)
    )
    assert rows == result.passes
    assert rows[0].overflow > 0
    assert result.total_overflow == 0
    assert len(result.unrouted) == 0
    refined = [row.wirelength for row in rows if row.name.startswith("refine")]
    before = [row.wirelength for row in rows if not row.name.startswith("refine")][-1]
    assert refined
    assert all(b <= a for a, b in zip([before, *refined], refined, strict=False))


def test_more_effort_shortens_the_wires():
    design = random_design(3, width=24, height=24, nets=700, capacity=12)
    lengths = [
        route_maze(design, RouteConfig(router="maze", effort=effort)).wirelength
        for effort in ("low", "medium", "high")
    ]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[2] < lengths[0]


def test_the_same_seed_gives_the_same_wires_and_another_seed_others():
    design = random_design(5, nets=240, capacity=9)
    first, again, other = (
        route_maze(design, RouteConfig(router="maze", seed=seed)).routes for seed in (1, 1, 2)
    )
    assert np.array_equal(first.edges, again.edges)
    assert not np.array_equal(first.edges, other.edges)


def test_a_deadline_in_the_past_leaves_every_net_unrouted():
    design = random_design(2)
    result = route_maze(design, RouteConfig(router="maze"), deadline=0.0, clock=lambda: 1.0)
    assert len(result.unrouted) == len(design.routable)


def test_a_deadline_during_negotiation_keeps_a_legal_state():
    design = random_design(2, capacity=4, nets=300)
    now = 0.0
    config = RouteConfig(router="maze")
    router = MazeRouter(design, config, deadline=1.0, clock=lambda: now)
    router.route_first()
    assert router.total_overflow > 0
    now = 2.0
    with pytest.raises(OutOfTime):
        router.negotiate()
    with pytest.raises(OutOfTime):
        router.legalise()
    check = verify(design, router.routes())
    assert check.total_overflow == 0
    assert check.disconnected == len(router.result().unrouted)


def test_negotiation_leaves_time_to_remove_overflow():
    design = random_design(4, width=24, height=20, nets=400, capacity=5, spread=4)
    rows = []
    stopped = route_maze(
        design,
        RouteConfig(router="maze"),
        on_pass=lambda state: rows.append(state.row),
        deadline=5.0,
        clock=lambda: float(len(rows)),
    )
    names = [row.name for row in stopped.passes]
    assert names[:5] == ["first", "negotiate 1", "negotiate 2", "negotiate 3", "legalise"]
    assert verify(design, stopped.routes).total_overflow == 0
    legalised = stopped.passes[4]
    assert len(stopped.unrouted) < legalised.rerouted / 2


def test_the_pool_grows_when_wires_outgrow_it():
    design = random_design(7, nets=240, capacity=9)
    expected = route_maze(design, RouteConfig(router="maze")).routes
    router = MazeRouter(design, RouteConfig(router="maze"))
    router._pool = new_pool(design.num_nets, 200)
    router.route_first()
    router.negotiate()
    router.refine()
    assert np.array_equal(router.routes().edges, expected.edges)


def test_given_trees_are_booked_until_tracks_run_out():
    design = random_design(7, nets=100, capacity=20)
    result = route_maze(design, RouteConfig(router="maze"))
    tight = random_design(7, nets=100, capacity=5)
    router = MazeRouter(tight, RouteConfig(router="maze"))
    nets = np.arange(design.num_nets)
    committed = router.commit_free(
        nets, result.routes.offsets, result.routes.edges, RouteSource.DRAWN
    )
    assert np.array_equal(router.ledger.demand, router.result().ledger.demand)
    assert 0 < committed.sum() < len(design.routable)
    assert router.total_overflow == 0
    kept = router.routes()
    for net in nets:
        expected = result.routes.net_edges(net) if committed[net] else []
        assert kept.net_edges(net).tolist() == list(expected)
        refused = not committed[net] and design.pin_counts[net] > 1
        assert not refused or not router.ledger.fits(result.routes.net_edges(net))


def test_a_pool_that_is_full_again_at_the_same_net_gets_more_room():
    class Stingy(MazeRouter):
        """Asks for room for one more edge, whatever a net needs."""

        def _spare(self, wirelength):
            return 1

    design, config = random_design(7, nets=160, capacity=5), RouteConfig(router="maze")
    router = Stingy(design, config)
    router._pool = new_pool(design.num_nets, 0)
    router.route_first()
    finish(router)
    result = router.result()
    check = verify(design, result.routes)
    assert check.total_overflow == check.cycles == check.stubs == 0
    assert check.disconnected_nets.tolist() == result.unrouted.tolist()
    assert len(result.unrouted) > 0  # so that nets were to be brought back


def test_settings_depart_from_the_level_of_effort():
    config = RouteConfig(router="maze", effort="low", refinements=3, exact_pins=6)
    changed = effort_of(config)
    assert (changed.refinements, changed.exact_pins) == (3, 6)
    assert replace(changed, refinements=0, exact_pins=4) == LEVELS["low"]
    design = random_design(7, nets=240, capacity=9)
    assert any(row.name == "refine 1" for row in route_maze(design, config).passes)


def test_every_figure_of_every_level_is_a_value_of_its_setting():
    for name, level in LEVELS.items():
        assert effort_of(RouteConfig(effort="low", **asdict(level))) == level, name


def test_a_legal_first_pass_never_overflows():
    design = random_design(9, capacity=3)
    router = MazeRouter(design, RouteConfig(router="maze"))
    router.route_first(legally=True)
    assert router.total_overflow == 0
    assert 0 < len(router.result().unrouted) < len(design.routable)


def test_without_negotiation_the_first_pass_keeps_to_free_tracks():
    design = random_design(9, capacity=3)
    settings = {"router": "maze", "negotiate": False, "refine": False}
    strict = route_maze(design, RouteConfig(**settings))
    assert strict.total_overflow == 0
    assert [(row.name, row.overflow) for row in strict.passes] == [("first", 0)]
    assert len(strict.unrouted) > 0
    loose = route_maze(design, RouteConfig(**settings, allow_overflow=True))
    assert loose.total_overflow > 0
    assert len(loose.unrouted) == 0


def test_a_design_without_nets_and_a_single_tile():
    empty = Design.from_pins("empty", 4, 4, 1, 1, [])
    assert route_maze(empty, RouteConfig(router="maze")).wirelength == 0
    tile = Design.from_pins("tile", 1, 1, 1, 1, [("a", 0, [(0, 0)])])
    assert route_maze(tile, RouteConfig(router="maze")).exit_status == 0
