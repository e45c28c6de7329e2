"""The drawer's ladder on engines whose drawings are known, beside its single steps."""

from __future__ import annotations

import itertools
from contextlib import contextmanager

import numpy as np
import pytest

from eda_router.neural.coarse import ScaledExit
from eda_router.neural.decode import decode
from eda_router.neural.drawer import (
    JOIN_SHARE,
    SAMPLED_AT_ONCE,
    Drawer,
    Drawing,
    FrozenWave,
    Joining,
    LatentSample,
)
from eda_router.neural.plans import halve
from eda_router.neural.tensors import encode
from eda_router.neural.waypoints import add_waypoints, show_waypoints
from eda_router.neural.windows import Windows, pool_images
from tests.known_engines import Blank, Hesitant, PinsOnly, Teacher


def far_pins(count, side=8, free=4):
    """Open windows with two pins in opposite corners."""
    pins = np.zeros((count, side, side), np.bool_)
    pins[:, 0, 0] = pins[:, side - 1, side - 1] = True
    tracks = np.full((count, side, side), free)
    return Windows.of_states(encode(tracks, tracks, pins))


def closed(windows, number):
    """The same windows with no open edge in one of them."""
    windows.free[number] = 0
    windows.images[number, ..., :2] = 0
    return windows


def attempts(engine, windows, **settings):
    wave = FrozenWave(windows)
    Drawer(engine, **settings).route(wave)
    return wave.attempts


def same_trees(one, other):
    return (
        np.array_equal(one.ok, other.ok)
        and np.array_equal(one.offsets, other.offsets)
        and np.array_equal(one.edges, other.edges)
    )


def steps(found):
    return [(type(attempt), attempt.positions.tolist()) for attempt in found]


def test_a_drawing_that_joins_the_pins_is_the_only_attempt():
    windows, engine = far_pins(3), Teacher()
    (first,) = attempts(engine, windows)
    assert first.is_first
    assert (first.source, first.number, first.again) == ("drawn", 1, False)
    assert first.positions.tolist() == [0, 1, 2]
    assert np.array_equal(first.maps, engine.draw(windows.images))
    assert same_trees(first.trees, decode(windows.free, windows.pins, first.maps, 0.5))
    assert first.trees.ok.all()
    assert not first.waypoints.any()


def test_a_hesitant_model_is_asked_again_by_waypoints():
    windows, engine = far_pins(3), Hesitant()
    windows.pins[1, 0, 7] = windows.images[1, 0, 7, 2] = True  # of three pins, drawn well at once
    first, second = attempts(engine, windows)
    assert first.trees.ok.tolist() == [False, True, False]
    assert (second.source, second.number, second.is_first) == ("redrawn", 2, False)
    assert second.positions.tolist() == [0, 2]
    rest = windows.at(np.array([0, 2]))
    waypoints = add_waypoints(rest.images, np.zeros_like(rest.pins), first.maps[[0, 2]])
    assert np.array_equal(second.waypoints, waypoints)
    assert second.waypoints.sum(axis=(1, 2)).tolist() == [1, 1]
    assert np.array_equal(second.maps, engine.draw(show_waypoints(rest.images, waypoints)))
    assert same_trees(second.trees, decode(rest.free, rest.pins, second.maps, 0.5))
    assert second.trees.ok.all()


class Planner(Teacher):
    """Draws 8x8 as the teacher does, 16x16 as faintly as ``drawn``; keeps what it is shown."""

    planned = frozenset({16})

    def __init__(self, drawn):
        super().__init__()
        self.drawn, self.asked = np.float32(drawn), []

    def draw(self, images, plans=None):
        self.asked.append((images.copy(), plans))
        return super().draw(images) * (self.drawn if images.shape[1] == 16 else 1)

    def sample(self, images, count, seed, plans=None):
        self.asked.append((images.copy(), plans))
        return np.repeat(super().draw(images)[:, None], count, axis=1)


def test_a_first_drawing_is_made_by_a_coarse_one():
    windows, engine = far_pins(3, side=16), Planner(1)
    (first,) = attempts(engine, windows)
    (coarse, none), (fine, plans) = engine.asked
    assert none is None
    assert np.array_equal(coarse, pool_images(windows.images, 2))
    assert np.array_equal(fine, windows.images)
    # The teacher's tree of the pooled problem.
    assert np.array_equal(plans, Teacher().draw(coarse)[..., 0] > 0)
    assert plans.sum(axis=(1, 2)).tolist() == [15, 15, 15]
    assert first.trees.ok.all()


def test_a_further_drawing_is_made_by_the_one_before():
    windows, engine = far_pins(2, side=16), Planner(0.1)
    found = attempts(engine, windows, redraws=3, samples=0, join=False)
    assert [attempt.number for attempt in found] == [1, 2, 3, 4]
    before = Teacher().draw(windows.images)[..., 0] > 0
    own = before.reshape(2, 8, 2, 8, 2).any(axis=(2, 4))
    _, _, second, third, _ = engine.asked
    assert np.array_equal(second[0], windows.images)
    assert np.array_equal(second[1], own)
    assert not found[1].waypoints.any()
    # From the third on waypoints too.
    assert found[2].waypoints.any()
    assert np.array_equal(third[0], show_waypoints(windows.images, found[2].waypoints))
    assert third[1].any()


def test_samples_are_drawn_by_the_plan_of_the_first_drawing():
    windows, engine = far_pins(SAMPLED_AT_ONCE + 2, side=16), Planner(0.1)
    windows.pins[1:, 4, 4] = windows.images[1:, 4, 4, 2] = True  # nets whose trees differ
    found = attempts(engine, windows, redraws=0, samples=2, join=False)
    assert all(attempt.trees.ok.all() for attempt in found[1:])
    before = Teacher().draw(windows.images)[..., 0] > 0
    own = halve(before)
    assert (own[0] != own[1]).any()
    _, _, *samples = engine.asked
    assert [len(images) for images, _ in samples] == [SAMPLED_AT_ONCE, 2]
    assert np.array_equal(np.concatenate([images for images, _ in samples]), windows.images)
    assert np.array_equal(np.concatenate([plans for _, plans in samples]), own)


def test_samples_of_an_exit_without_plans_are_drawn_by_none():
    engine = Planner(0.1)
    windows = closed(far_pins(2), 0)
    attempts(engine, windows, redraws=0, samples=2, join=False)
    assert [plans for _, plans in engine.asked] == [None, None]


def test_nothing_is_drawn_by_an_empty_plan():
    windows, engine = closed(far_pins(2, side=16), 1), Planner(0.1)
    found = attempts(engine, windows, redraws=2, samples=0, join=False)
    assert [attempt.positions.tolist() for attempt in found] == [[0, 1], [0], [0]]
    assert not engine.asked[1][1][1].any()


def test_waypoints_gather_from_drawing_to_drawing():
    """They are shown to the model; the tree takes only what the model draws."""
    found = attempts(PinsOnly(drawn=0.05), far_pins(1), redraws=5, samples=0, join=False)
    assert [attempt.number for attempt in found] == [1, 2, 3, 4, 5, 6]
    assert not any(attempt.trees.ok.any() for attempt in found)
    for before, after in itertools.pairwise(found):
        assert (after.waypoints >= before.waypoints).all()
        assert after.waypoints.sum() > before.waypoints.sum()


def test_a_model_that_never_joins_climbs_the_whole_ladder():
    # A faint drawing has waypoints to give; where no edge is open there are none.
    windows = closed(far_pins(2), 1)
    found = attempts(PinsOnly(drawn=0.001), windows, redraws=2, samples=3)
    assert steps(found) == [
        (Drawing, [0, 1]),
        (Drawing, [0]),
        (Drawing, [0]),
        (LatentSample, [0]),
        (LatentSample, [1]),
        (Joining, [0, 1]),
    ]
    assert not any(attempt.trees.ok.any() for attempt in found)


@pytest.mark.parametrize(
    ("settings", "kinds"),
    [
        ({"redraws": 0, "samples": 0}, [Drawing, Joining]),
        ({"redraws": 0, "samples": 1, "join": False}, [Drawing, LatentSample]),
        ({"redraws": 1, "samples": 0}, [Drawing, Drawing, Joining]),
        ({"redraws": 0, "samples": 0, "join": False}, [Drawing]),
    ],
)
def test_each_step_can_be_left_out(settings, kinds):
    found = attempts(PinsOnly(drawn=0.001), far_pins(1), **settings)
    assert [type(attempt) for attempt in found] == kinds


def test_pieces_are_joined_at_the_first_level_that_is_low_enough():
    windows = far_pins(3)
    maps = np.full_like(windows.images, 0.2)
    maps[1], maps[2] = 0.04, 0.001
    wave = FrozenWave(windows)
    Drawer(Teacher(), redraws=0, samples=0).route_drawn(wave, windows, maps)
    assert steps(wave.attempts) == [(Drawing, [0, 1, 2]), (Joining, [0, 1, 2])]
    joining = wave.attempts[1]
    assert joining.source == "joined"
    assert joining.trees.ok.tolist() == [True, True, False]
    lowest = 0.5 * JOIN_SHARE
    assert same_trees(joining.trees, decode(windows.free, windows.pins, maps, lowest))
    for drawn, level in zip((0.2, 0.04), joining.trees.taken_levels, strict=False):
        assert 0.8 * drawn < level <= np.float32(drawn)


class Sampler(PinsOnly):
    """Samples: nothing, a detour along the border, everything, everything."""

    def sample(self, images, count, seed, plans=None):
        self.calls.append((len(images), count, seed))
        samples = np.ones((len(images), count, *images.shape[1:]), np.float32)
        samples[:, 0] = 0
        samples[:, 1] = 0
        samples[:, 1, :, [0, -2]] = samples[:, 1, [0, -1], :] = 1
        return samples

    def __init__(self):
        super().__init__()
        self.calls = []


def test_the_shortest_tree_of_the_samples_is_taken():
    windows = far_pins(2)
    windows.pins[:, 7, 7] = windows.images[:, 7, 7, 2] = False
    windows.pins[:, 7, 4] = windows.images[:, 7, 4, 2] = True
    windows.free[1, 3, :, 1] = 0  # nothing leads up past the fourth row
    engine = Sampler()
    found = attempts(engine, windows, redraws=0, samples=4, seed=9, join=False)
    assert engine.calls == [(2, 4, 9)]
    _, first, second = found
    sampled = engine.sample(windows.images, 4, 9)
    copies = windows.at(np.zeros(4, np.int64))
    trees = decode(copies.free, copies.pins, sampled[0], 0.5)
    assert (first.source, first.positions.tolist()) == ("sampled", [0])
    assert (first.joining, first.drawn) == (trees.ok.sum(), 4) == (3, 4)
    assert trees.ok[first.best]
    assert len(first.trees.edges) == trees.lengths[trees.ok].min() == 7 + 4
    assert np.array_equal(first.trees.edges, trees.tree(first.best))
    assert np.array_equal(first.maps[0], sampled[0, first.best])
    assert (second.positions.tolist(), second.joining) == ([1], 0)
    assert not second.trees.ok.any()


def test_samples_of_many_nets_come_in_batches():
    engine, count = Sampler(), SAMPLED_AT_ONCE + 3
    found = attempts(engine, far_pins(count), redraws=0, samples=3, seed=2)
    assert engine.calls == [(SAMPLED_AT_ONCE, 3, 2), (3, 3, 2)]
    assert [a.positions.tolist() for a in found[1:]] == [[net] for net in range(count)]
    assert all(attempt.trees.ok.all() for attempt in found[1:])


def test_wide_windows_are_drawn_on_a_coarser_grid():
    fine, engine = far_pins(2, side=32), Hesitant()
    windows = Windows(pool_images(fine.images, 4), fine.free, fine.pins)
    first, second = attempts(engine, windows)
    assert first.maps.shape == (2, 8, 8, 3)
    assert np.array_equal(first.maps, engine.draw(windows.images))
    assert second.waypoints.shape == (2, 8, 8)
    shown = show_waypoints(windows.images, second.waypoints)
    assert np.array_equal(second.maps, engine.draw(shown))
    # A drawn tile is a corridor four tiles wide, with all edges inside.
    corridor = second.maps[..., :1].repeat(4, axis=1).repeat(4, axis=2).repeat(3, axis=3)
    assert same_trees(second.trees, decode(windows.free, windows.pins, corridor, 0.5))
    assert second.trees.ok.all()


def test_other_thresholds_go_before_the_engines():
    windows = far_pins(1)
    maps = np.full_like(windows.images, 0.3)
    for threshold, joined in ((0.2, True), (0.4, False)):
        wave = FrozenWave(windows)
        drawer = Drawer(Teacher(), redraws=0, samples=0, join=False, thresholds={8: threshold})
        drawer.route_drawn(wave, windows, maps)
        assert wave.attempts[0].trees.ok[0] == joined


class OneTrack(FrozenWave):
    """Nets in one place: a tree takes its edges away from those that come after it."""

    def cut(self, positions):
        windows = super().cut(positions)
        return Windows(windows.images, windows.free.copy(), windows.pins)

    def commit(self, attempt):
        super().commit(attempt)
        committed = np.zeros(len(attempt.positions), np.bool_)
        for i in np.flatnonzero(attempt.trees.ok):
            tile, direction = attempt.trees.tree(i) // 2, attempt.trees.tree(i) % 2
            rows, columns = tile // 8, tile % 8
            if (self.windows.free[:, rows, columns, direction] > 0).all():
                self.windows.free[:, rows, columns, direction] -= 1
                committed[i] = True
        return committed


def test_a_tree_that_lost_its_edges_is_taken_again_from_the_same_drawing():
    windows, engine = far_pins(4, free=1), Blank()
    wave = OneTrack(windows)
    Drawer(engine, redraws=1, samples=0, join=False).route(wave)
    first, *others = wave.attempts
    # Two trees leave a corner; the nets that come after find it closed, and are not drawn again,
    # as they did not fail but lose.
    assert engine.asked == 4
    assert first.trees.ok.all()
    assert [a.positions.tolist() for a in others] == [[1, 2, 3], [2, 3]]
    assert all(a.again and not a.is_first and a.source == "drawn" for a in others)
    assert others[0].trees.ok.all()
    assert not others[1].trees.ok.any()
    # No edge is used twice.
    taken = np.concatenate([first.trees.tree(0), others[0].trees.tree(0)])
    assert len(set(taken.tolist())) == len(taken)


def test_what_joins_but_lost_its_edges_is_joined_anew():
    windows = far_pins(3, free=1)
    wave = OneTrack(windows)
    maps = np.full_like(windows.images, 0.1)
    Drawer(Teacher(), redraws=0, samples=0).route_drawn(wave, windows, maps)
    # The corner is closed for the third.
    assert steps(wave.attempts) == [
        (Drawing, [0, 1, 2]),
        (Joining, [0, 1, 2]),
        (Joining, [1, 2]),
        (Joining, [2]),
    ]


def test_phases_are_named_in_order():
    ran = []

    @contextmanager
    def phase(name):
        ran.append(name)
        yield

    attempts(Hesitant(), far_pins(1), phase=phase)
    assert list(dict.fromkeys(ran)) == ["network", "decoding"]
    assert ran.count("network") == 2


def test_a_wave_knows_its_exit():
    fine = far_pins(2, side=32)
    assert FrozenWave(fine).exit == ScaledExit(32)
    pooled = Windows(pool_images(fine.images, 4), fine.free, fine.pins)
    assert FrozenWave(pooled).exit == ScaledExit(8, 4)
    assert len(FrozenWave(far_pins(2))) == 2
