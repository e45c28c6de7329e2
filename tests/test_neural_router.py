"""The flow of the neural router, with engines whose drawings are known."""

import itertools

import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError, InputError
from eda_router.neural.rudy import ExpectedDemand
from eda_router.neural.tensors import free_tracks, pin_tiles
from eda_router.neural.windows import Windows, cut_states, cut_windows, place_windows, shown_tracks
from eda_router.report.lines import model_lines
from eda_router.routing.ledger import CapacityLedger
from eda_router.routing.maze import route_maze
from eda_router.routing.model_share import same_wires
from eda_router.routing.neural import route_with
from eda_router.routing.result import RouteSource
from eda_router.verification import verify
from tests.generators import random_design
from tests.known_engines import Blank, Follower, Hesitant, PinsOnly, Teacher

BARE = RouteConfig(router="neural", fallback="none", negotiate=False, refine=False, samples=0)


def counts(result):
    return dict(
        zip(
            RouteSource, np.bincount(result.stage, minlength=len(RouteSource)).tolist(), strict=True
        )
    )


@pytest.fixture(scope="module")
def design():
    return random_design(4, width=24, height=20, nets=400, capacity=10, spread=4)


def test_a_perfect_model_routes_nearly_all_nets_and_every_commit_is_legal(design):
    result = route_with(Teacher(), design, BARE)
    check = verify(design, result.routes)
    assert check.total_overflow == 0
    assert check.cycles == check.stubs == 0
    routed = counts(result)[RouteSource.DRAWN]
    assert routed >= 0.95 * len(design.routable)
    assert routed + counts(result)[RouteSource.UNROUTED] == len(design.routable)
    assert check.disconnected == counts(result)[RouteSource.UNROUTED]
    assert result.details["model"]["routed"] == routed


def test_every_stage_finishes_what_the_model_left(design):
    result = route_with(Teacher(), design, RouteConfig(router="neural"))
    check = verify(design, result.routes)
    assert check.legal
    reference = route_maze(design, RouteConfig(router="maze"))
    assert result.wirelength <= 1.02 * reference.wirelength
    kept = result.details["model"]["kept"]
    assert kept == sum(exit_["kept"] for exit_ in result.details["exits"].values())
    assert (
        kept
        == counts(result)[RouteSource.DRAWN]
        + counts(result)[RouteSource.REDRAWN]
        + counts(result)[RouteSource.SAMPLED]
        + counts(result)[RouteSource.JOINED]
    )


def test_a_blind_model_routes_nothing_and_the_summary_says_so(design):
    bare = route_with(PinsOnly(), design, BARE)
    adjacent = counts(bare)[RouteSource.DRAWN]
    assert adjacent < 0.3 * len(design.routable)
    assert counts(bare)[RouteSource.UNROUTED] == len(design.routable) - adjacent
    finished = route_with(PinsOnly(), design, RouteConfig(router="neural", samples=0))
    assert verify(design, finished.routes).legal
    assert counts(finished)[RouteSource.MAZE] > 0
    assert finished.details["model"]["routed"] == adjacent


def test_samples_save_nets_whose_first_drawing_fails(design):
    settings = {"router": "neural", "fallback": "none", "negotiate": False, "refine": False}
    result = route_with(PinsOnly(sampled=1.0), design, RouteConfig(**settings, samples=4))
    assert counts(result)[RouteSource.SAMPLED] > 0.5 * len(design.routable)
    assert verify(design, result.routes).total_overflow == 0
    assert (
        sum(e["sampled"] for e in result.details["exits"].values())
        == (counts(result)[RouteSource.SAMPLED])
    )


def test_doubtful_nets_are_drawn_again_by_waypoints(design):
    result = route_with(Hesitant(), design, BARE)
    assert counts(result)[RouteSource.REDRAWN] > 0.2 * len(design.routable)
    assert counts(result)[RouteSource.DRAWN] + counts(result)[RouteSource.REDRAWN] > 0.9 * len(
        design.routable
    )
    exits = result.details["exits"].values()
    assert sum(e["redrawn"] for e in exits) == counts(result)[RouteSource.REDRAWN]
    assert sum(e["drawn"] for e in exits) == counts(result)[RouteSource.DRAWN]
    assert sum(e["nets"] for e in exits) == len(design.routable)
    check = verify(design, result.routes)
    assert check.total_overflow == check.cycles == check.stubs == 0
    again = route_with(Hesitant(), design, BARE)
    assert np.array_equal(result.routes.edges, again.routes.edges)


def test_without_redraws_doubtful_nets_are_left(design):
    result = route_with(Hesitant(), design, RouteConfig(**{**vars(BARE), "redraws": 0}))
    assert counts(result)[RouteSource.REDRAWN] == 0
    assert counts(result)[RouteSource.DRAWN] < 0.8 * len(design.routable)


def test_pieces_are_joined_at_lower_thresholds(design):
    result = route_with(PinsOnly(drawn=0.2), design, BARE)
    assert counts(result)[RouteSource.JOINED] > 0.5 * len(design.routable)
    assert verify(design, result.routes).total_overflow == 0


@pytest.mark.parametrize("wave", [1, 7, 1000])
def test_every_wave_is_deterministic_and_legal(design, wave):
    config = RouteConfig(**{**vars(BARE), "wave": wave})
    first, second = (route_with(Teacher(), design, config) for _ in range(2))
    assert np.array_equal(first.routes.edges, second.routes.edges)
    assert verify(design, first.routes).total_overflow == 0


def test_waves_grow_with_the_batches_that_the_engine_wants(design):
    class OnGpu(Teacher):
        batches = 4

    def waves(engine, **settings):
        result = route_with(engine, design, RouteConfig(**{**vars(BARE), **settings}))
        assert verify(design, result.routes).total_overflow == 0
        return [exit_["wave"] for exit_ in result.details["exits"].values()]

    assert waves(OnGpu()) == [4 * wave for wave in waves(Teacher())]
    assert waves(OnGpu(), wave=7) == waves(Teacher(), wave=7) == [7, 7]


def test_a_sequential_wave_never_races(design):
    result = route_with(Teacher(), design, RouteConfig(**{**vars(BARE), "wave": 1}))
    assert all(count["races"] == 0 for count in result.details["exits"].values())


def test_a_lost_net_gets_another_tree_from_its_drawing_before_it_is_drawn_again(design):
    engine = Blank()
    result = route_with(engine, design, RouteConfig(**{**vars(BARE), "wave": 1000}))
    exits = result.details["exits"].values()
    nets, races, retaken = (sum(e[name] for e in exits) for name in ("nets", "races", "retaken"))
    assert 0 < retaken <= races
    assert engine.asked == nets + races - retaken
    assert counts(result)[RouteSource.DRAWN] == sum(e["drawn"] for e in exits)
    assert verify(design, result.routes).total_overflow == 0


def test_nets_wider_than_the_largest_exit_are_drawn_coarsely():
    design = Design.from_pins(
        "wide", 60, 40, 5, 5, [("a", 0, [(1, 1), (58, 37)]), ("b", 1, [(0, 20), (59, 20), (30, 3)])]
    )
    result = route_with(Teacher(), design, BARE)
    assert list(result.details["exits"]) == ["8 (1:8)"]
    assert counts(result)[RouteSource.DRAWN] == 2
    assert verify(design, result.routes).legal


def strip():
    """A net along a strip of 1 x 5000 tiles and one between neighbours."""
    nets = [("end2end", 0, [(0, 0), (0, 4999)]), ("short", 1, [(0, 0), (0, 1)])]
    return Design.from_pins("strip", 1, 5000, 2, 2, nets)


def test_nets_whose_window_would_dwarf_the_grid_are_left_to_the_maze_router():
    design = strip()
    bare = route_with(Teacher(), design, RouteConfig(**{**vars(BARE), "explain": "end2end"}))
    assert bare.unrouted.tolist() == [0]
    assert bare.details["too_wide"] == 1
    assert list(bare.details["exits"]) == ["8"]
    assert bare.details["story"] == ["no exit: it is too wide for the windows that the model draws"]
    lines = model_lines(bare.details, verbose=True)
    assert "drew 1 at the first try" in lines[0]
    assert "by joining, not 0, and was not asked for 1 wider;" in lines[0]
    assert "no exit       1 nets, too wide" in lines[2]
    result = route_with(Teacher(), design, RouteConfig(router="neural"))
    assert verify(design, result.routes).legal
    assert counts(result)[RouteSource.MAZE] == counts(result)[RouteSource.DRAWN] == 1


def test_a_fixed_window_uses_that_exit_alone(design):
    result = route_with(Teacher(), design, RouteConfig(**{**vars(BARE), "window": 16}))
    assert list(result.details["exits"]) == ["16"]
    with pytest.raises(EdarouteError, match="no exit for windows of 32"):
        route_with(Teacher(), design, RouteConfig(**{**vars(BARE), "window": 32}))


def test_the_control_costs_more_than_the_teachers_trees(design):
    result = route_with(Teacher(), design, RouteConfig(**{**vars(BARE), "control": True}))
    for exit_ in result.details["exits"].values():
        assert 0 < exit_["cost"] < exit_["control_cost"]
    without = route_with(Teacher(), design, BARE)
    assert all(exit_["control_cost"] == 0 for exit_ in without.details["exits"].values())
    assert np.array_equal(result.routes.edges, without.routes.edges)


def test_the_pyramid_can_be_cut_short(design):
    small = route_with(Teacher(), design, RouteConfig(**{**vars(BARE), "largest_window": 8}))
    assert all(name.startswith("8") for name in small.details["exits"])
    assert any("1:2" in name for name in small.details["exits"])
    full = route_with(Teacher(), design, RouteConfig(**{**vars(BARE), "largest_window": 16}))
    assert {"8", "16"} <= set(full.details["exits"])


def test_further_exits_draw_wide_nets_as_fine_as_the_grid():
    class Further(Teacher):
        further = (32,)

        def __init__(self):
            self.thresholds = dict.fromkeys((8, 16, 32), 0.5)
            self.precisions = dict.fromkeys((8, 16, 32), "float32")

    design = random_design(5, width=48, height=40, nets=150, capacity=40, spread=36)
    whole = RouteConfig(**{**vars(BARE), "largest_window": None})
    coarse = route_with(Teacher(), design, whole).details["exits"]
    fine = route_with(Further(), design, whole).details["exits"]
    assert set(coarse) == {"8", "16", "16 (1:2)", "16 (1:4)"}
    assert set(fine) == {"8", "16", "32", "32 (1:2)"}
    # The teacher's tree itself, not blocks of two by two tiles around it.
    assert fine["32"]["ink"] == 1.0 < coarse["16 (1:2)"]["ink"]
    narrow = RouteConfig(**{**vars(BARE), "largest_window": 8})
    assert set(route_with(Further(), design, narrow).details["exits"]) == {
        *("8", "8 (1:2)", "8 (1:4)", "8 (1:8)")
    }


def test_nets_too_wide_for_the_coarsest_windows_are_left_to_the_maze_router():
    design = random_design(5, width=48, height=40, nets=150, capacity=40, spread=36)
    sides = np.max(design.net_boxes[:, 2:] - design.net_boxes[:, :2], axis=1)[design.routable] + 1
    assert 0 < (sides > 32).sum() < (sides > 16).sum() < (sides > 8).sum()
    for given, most in (({}, 16), ({"coarsest": 1}, 8), ({"coarsest": 4}, 32)):
        result = route_with(Teacher(), design, RouteConfig(router="neural", **given))
        assert result.details["too_wide"] == (sides > most).sum()
        assert verify(design, result.routes).legal
    # Where nobody else takes them, every net is the model's.
    assert route_with(Teacher(), design, BARE).details["too_wide"] == 0
    alone = route_with(Teacher(), design, RouteConfig(**{**vars(BARE), "coarsest": 2}))
    assert alone.details["too_wide"] == (sides > 16).sum()


def test_what_the_clock_leaves_undrawn_goes_to_the_maze_router(design):
    class Slow(Teacher):
        """Takes a second of a clock of its own for every wave."""

        now = 0.0

        def draw(self, images, plans=None):
            self.now += 1
            return super().draw(images)

    slow = Slow()
    config = RouteConfig(router="neural", wave=16)
    result = route_with(slow, design, config, deadline=12.0, clock=lambda: slow.now)
    assert verify(design, result.routes).legal
    drawn = result.details["model"]["routed"]
    assert 5 * 16 < drawn <= 6 * 16
    assert result.passes[0].name == "first"


def story(engine, design, net, **settings):
    config = RouteConfig(**{**vars(BARE), **settings, "explain": design.net_names[net]})
    result = route_with(engine, design, config)
    return result.details["story"], RouteSource(result.stage[net])


def test_the_story_tells_of_a_drawing_by_a_plan(design):
    boxes = design.net_boxes
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) + 1
    net = int(np.flatnonzero((sides > 4) & (sides < 8))[0])
    lines, source = story(Follower(), design, net, wave=1, samples=0, window=16)
    assert source == RouteSource.REDRAWN
    assert lines[-1].endswith("drawn again by a plan: committed")


def test_the_story_tells_each_step_and_ends_with_what_became_wire(design):
    last = {
        "edges, committed": RouteSource.DRAWN,
        "another tree from the same drawing": RouteSource.DRAWN,
        "drawn again by 1 waypoints: committed": RouteSource.REDRAWN,
        "1 of 4 samples join the pins": RouteSource.SAMPLED,
        "joined at threshold 0.164": RouteSource.JOINED,
    }
    engines = (Blank(), Hesitant(), PinsOnly(sampled=1.0), PinsOnly(drawn=0.2))
    ends = set()
    for engine, net in itertools.product(engines, design.routable[::40].tolist()):
        lines, source = story(engine, design, net, wave=1000, samples=4, largest_window=16)
        assert lines[0].startswith("exit ")
        assert ", threshold 0.5: drew " in lines[0]
        for end, meant in last.items():
            if lines[-1].endswith(end):
                assert source == meant
                ends.add(end)
    assert ends == set(last)


def test_a_coarse_exits_story_names_its_scale():
    design = Design.from_pins("wide", 60, 40, 5, 5, [("a", 0, [(1, 1), (58, 37)])])
    (line,), _ = story(Teacher(), design, 0)
    assert line.startswith("exit 8 at 1:8, window at (-2,-12), threshold 0.5: drew ")
    assert line.endswith(" edges, committed")


def test_the_demand_shown_is_a_setting(design):
    class Witness(Teacher):
        """Remembers the least free capacity that it was shown of any open edge, wave by wave."""

        def __init__(self):
            super().__init__()
            self.least = []

        def draw(self, images, plans=None):
            shown = images[..., :2]
            self.least.append(shown[shown > 0].min())
            return super().draw(images)

    def first_wave(share):
        engine = Witness()
        route_with(engine, design, RouteConfig(**{**vars(BARE), "expected_demand": share}))
        return engine.least[0]

    assert first_wave(1.0) < first_wave(0.2) <= first_wave(0.0) == 1


def test_explain_tells_one_nets_story(design):
    name = design.net_names[int(design.routable[0])]
    result = route_with(Teacher(), design, RouteConfig(**{**vars(BARE), "explain": name}))
    assert any("committed" in line for line in result.details["story"])
    with pytest.raises(InputError, match="no net 'nobody'"):
        route_with(Teacher(), design, RouteConfig(**{**vars(BARE), "explain": "nobody"}))


def test_expected_demand_sums_to_the_half_perimeters():
    design = random_design(5)
    boxes = design.net_boxes
    everybody = np.arange(len(boxes))
    expected = ExpectedDemand(boxes, everybody, design.width, design.height)
    wide, high = (boxes[:, 2:] - boxes[:, :2]).sum(axis=0)
    assert expected.per_edge[..., 0].sum() == pytest.approx(wide, rel=1e-4)
    assert expected.per_edge[..., 1].sum() == pytest.approx(high, rel=1e-4)
    outside = CapacityLedger.of(design).capacity == 0
    assert not expected.per_edge[outside].any()
    expected.remove(everybody)
    assert np.allclose(expected.per_edge, 0, atol=1e-4)


@pytest.mark.parametrize(("size", "scale"), [(8, 1), (16, 1), (32, 1), (32, 2), (32, 4)])
def test_windows_cut_in_one_pass_equal_those_made_from_states(design, size, scale):
    rng = np.random.default_rng(2)
    free = design.capacity - rng.integers(0, 12, design.capacity.shape).astype(np.int32)
    boxes = design.net_boxes
    nets = np.flatnonzero((boxes[:, 2:] - boxes[:, :2]).max(axis=1) < size)[:50]
    origins = place_windows(boxes[nets], size, design.width, design.height)
    pins = [design.net_pins(net) for net in nets]
    offsets = np.concatenate([[0], np.cumsum([len(p) for p in pins])])
    arguments = (origins, offsets, np.concatenate(pins), size)
    expected = rng.random(free.shape).astype(np.float32) * 3
    windows = cut_windows(free, expected, *arguments, scale)
    states = cut_states(free, *arguments)
    assert np.array_equal(windows.free, free_tracks(states))
    assert np.array_equal(windows.pins, pin_tiles(states))
    shown = shown_tracks(free, expected)
    assert np.array_equal(
        windows.images, Windows.of_states(cut_states(shown, *arguments), scale).images
    )


def test_same_wires_compares_net_by_net():
    first = Routes.from_lists([[1, 2], [3], [], [4, 5]])
    second = Routes.from_lists([[1, 2], [7], [], [4]])
    assert same_wires(first, second).tolist() == [True, False, True, False]
