"""Neighbourhoods of whole routings beside the best routings of tiny designs, by SciPy."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from eda_router.config import RouteConfig
from eda_router.design import Design, Routes
from eda_router.proof import neighbourhoods
from eda_router.proof.generation import Generation
from eda_router.proof.master import choose_trees, nearest_routing, price_part
from eda_router.proof.neighbourhoods import (
    DIFFERENCES,
    DISTANCES,
    FIRST_BOXES,
    JUDGED,
    LAST_BOXES,
    Neighbourhoods,
)
from eda_router.routing.flow import route
from eda_router.verification import verify
from tests.generators import random_design
from tests.simple_trees import all_trees


def routing(design: Design, seed: int | None) -> Routes | None:
    """A routing without overflow, None if there is none: the shortest, or one at random costs."""
    nets = design.routable.tolist()
    trees = [(place, tree) for place, net in enumerate(nets) for tree in all_trees(design, net)]
    use = np.zeros((2 * design.num_tiles, len(trees)))
    joined = np.zeros((len(nets), len(trees)))
    for column, (place, tree) in enumerate(trees):
        use[list(tree), column] = 1
        joined[place, column] = 1
    costs = np.array([len(tree) for _, tree in trees], float)
    if seed is not None:
        costs = np.random.default_rng(seed).random(len(trees))
    found = milp(
        costs,
        constraints=[
            LinearConstraint(use, ub=design.capacity.reshape(-1)),
            LinearConstraint(joined, 1, 1),
        ],
        bounds=Bounds(0, 1),
        integrality=1,
    )
    if not found.success:
        return None
    chosen: list[list[int]] = [[] for _ in range(design.num_nets)]
    for (place, tree), amount in zip(trees, found.x, strict=True):
        if amount > 0.5:
            chosen[nets[place]] = list(tree)
    return Routes.from_lists(chosen)


def roomy(seed: int) -> Design:
    return random_design(seed, width=3, height=3, nets=7, capacity=2 + seed % 2, spread=2)


ROUTABLE = sorted({*range(15)} - {4, 6, 10, 12})
"""Seeds of :func:`roomy` that can be routed."""


@pytest.mark.parametrize("without", [[], ["DIFFERENCES"], ["FIRST_BOXES", "LAST_BOXES"]])
@pytest.mark.parametrize("seed", ROUTABLE)
def test_a_long_routing_becomes_as_short_as_the_shortest_but_for_one_edge(
    seed: int, without: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Passes over boxes, and those over differences, do it alone too.
    for name in without:
        monkeypatch.setattr(neighbourhoods, name, ())
    design = roomy(seed)
    best, start = routing(design, None), routing(design, seed)
    assert best is not None
    assert start is not None
    generation = Generation(design, "wirelength", start)
    generation.run(20)
    near = Neighbourhoods(generation, start)
    near.improve()
    check = verify(design, near.routes())
    assert check.legal
    assert check.wirelength == near.length
    # Only trees that are nearly the cheapest are chosen from, which may miss the last edge.
    assert 0 <= near.length - best.lengths.sum() <= 1


@pytest.mark.parametrize("seed", ROUTABLE)
def test_the_nearest_fractional_routing_costs_what_another_solver_finds(seed: int) -> None:
    design = roomy(seed)
    start = routing(design, seed)
    assert start is not None
    generation = Generation(design, "wirelength", start)
    generation.run(20)
    columns, groups = generation.columns, generation.groups
    amounts = Neighbourhoods(generation, start).amounts
    trees = np.arange(len(columns))
    use = np.zeros((len(generation.capacity), len(trees)))
    joined = np.zeros((len(groups), len(trees)))
    for tree in trees:
        use[columns.edges[columns.offsets[tree] : columns.offsets[tree + 1]], tree] = 1
        joined[columns.groups[tree], tree] = 1
    for distance in (0.0, *DISTANCES, 2.0):
        found = nearest_routing(columns, trees, amounts, generation.capacity, distance)
        assert found is not None
        assert np.all(use @ found.amounts <= generation.capacity + 1e-6)
        assert joined @ found.amounts == pytest.approx(groups.members)
        costs = columns.lengths + distance * (1 - amounts / groups.members[columns.groups])
        best = linprog(costs, use, generation.capacity, joined, groups.members)
        assert costs @ found.amounts == pytest.approx(best.fun)
        assert found.value == pytest.approx(best.fun)


def test_a_net_leaves_its_tree_only_where_that_saves_what_it_costs() -> None:
    design = Design.from_pins("pair", 2, 2, 1, 1, [("around", 0, [(0, 0), (1, 0)])])
    start = Routes.from_lists([[1, 3, 4]])
    assert verify(design, start).legal
    generation = Generation(design, "wirelength", start)
    amounts = Neighbourhoods(generation, start).amounts
    trees = np.arange(len(generation.columns))

    def nearest(distance: float) -> float:
        found = nearest_routing(generation.columns, trees, amounts, generation.capacity, distance)
        assert found is not None
        return float(found.amounts @ generation.columns.lengths)

    assert nearest(1.9) == pytest.approx(1)
    assert nearest(2.1) == pytest.approx(3)


def test_a_deadline_in_the_past_changes_nothing() -> None:
    design = roomy(1)
    start = routing(design, 1)
    assert start is not None
    near = Neighbourhoods(Generation(design, "wirelength", start), start)
    near.improve(deadline=time.monotonic())
    assert np.array_equal(near.routes().edges, start.edges)


@pytest.mark.parametrize("pins", [2, 3])
def test_passes_end_where_the_bound_is_reached_and_sure(pins: int) -> None:
    # The third pin is close: its nets' trees are as cheap as they are found.
    nets = [[(0, row), (5, row), (1, row)][:pins] for row in range(4)]
    named = [(f"n{row}", row, net) for row, net in enumerate(nets)]
    design = Design.from_pins("rows", 6, 4, 2, 2, named)
    best = route(design, RouteConfig(router="maze", effort="low")).routes
    generation = Generation(design, "wirelength", best)
    generation.run(20)
    assert generation.bound == best.wirelength == 20
    passes: list[int] = []
    Neighbourhoods(generation, best).improve(on_pass=lambda number, _: passes.append(number))
    assert (len(passes) > 0) == (pins > 2)


@pytest.mark.parametrize("seed", [8, 9])
def test_passes_end_where_they_gain_too_little(seed: int) -> None:
    design = roomy(seed)
    best = routing(design, None)
    assert best is not None
    # Without column generation the bound is below the best: only a lack of gain ends the passes.
    generation = Generation(design, "wirelength", best)
    assert generation.bound < best.lengths.sum()
    shown: list[tuple[int, int]] = []
    near = Neighbourhoods(generation, best)
    near.improve(on_pass=lambda *row: shown.append(row))
    boxes = len(FIRST_BOXES) + len(LAST_BOXES)
    # The nearest fractional routings save less than a tile edge: no programme, and no larger ones.
    passes = JUDGED * boxes + len(DISTANCES) - 1
    assert generation.bound < best.lengths.sum()
    assert shown == [(number + 1, best.lengths.sum()) for number in range(passes)]


@pytest.mark.parametrize("gain", [0, 1])
def test_differences_grow_only_where_they_gain_a_little(
    gain: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = routing(roomy(8), None)
    assert best is not None
    near = Neighbourhoods(Generation(roomy(8), "wirelength", best), best)
    lengths, asked = [1_000_000], list[int]()

    def differences(_: Neighbourhoods, most: int, *__: object) -> bool:
        asked.append(most)
        lengths[0] -= gain * (len(asked) == len(DISTANCES))
        return True

    monkeypatch.setattr(Neighbourhoods, "length", property(lambda _: lengths[0]))
    monkeypatch.setattr(Neighbourhoods, "_boxes", lambda *_: True)
    monkeypatch.setattr(Neighbourhoods, "_differences", differences)
    near.improve()
    # All of the next size gain nothing again.
    assert asked == [most for most in DIFFERENCES[: 1 + gain] for _ in DISTANCES]


def test_the_same_design_takes_the_same_passes_to_the_same_wires() -> None:
    design = random_design(0, width=14, height=12, nets=110, capacity=6, spread=4)
    start = route(design, RouteConfig(router="maze", effort="low")).routes

    def shortened() -> tuple[list[tuple[int, int]], bytes]:
        generation = Generation(design, "wirelength", start)
        generation.run(20)
        near = Neighbourhoods(generation, start)
        shown: list[tuple[int, int]] = []
        near.improve(on_pass=lambda *row: shown.append(row))
        return shown, near.routes().edges.tobytes()

    assert shortened() == shortened()
    assert shortened()[0]


def test_of_too_many_trees_the_cheapest_and_those_held_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(neighbourhoods, "KEPT_TREES", 1)
    design = roomy(1)
    start = routing(design, 1)
    assert start is not None
    generation = Generation(design, "wirelength", start)
    generation.run(20)
    sizes: list[int] = []
    forget = Neighbourhoods._forget

    def counted(near: Neighbourhoods) -> None:
        forget(near)
        sizes.append(len(generation.columns))
        assert len(near.amounts) == len(generation.columns)

    monkeypatch.setattr(Neighbourhoods, "_forget", counted)
    near = Neighbourhoods(generation, start)
    near.improve()
    assert verify(design, near.routes()).legal
    assert near.length <= start.lengths.sum()
    assert max(sizes) <= len(generation.groups) + len(design.routable)


def test_no_choice_gains_more_than_the_prices_leave_it() -> None:
    """So a part that is passed over is one that nothing could be gained from."""
    gains = []
    for seed in (0, 1, 2, 3, 5, 7, 8, 9):
        design = roomy(seed)
        start = routing(design, seed)
        assert start is not None
        generation = Generation(design, "wirelength", start)
        generation.run(20)
        near, columns = Neighbourhoods(generation, start), generation.columns
        for chosen in np.random.default_rng(seed).random((20, len(generation.groups))) < 0.7:
            trees = near._trees(chosen)
            if len(trees) == 0:
                continue
            held, spare = near.amounts[trees], near._spare(trees)
            members = np.bincount(columns.groups[trees], held, len(chosen)).astype(np.int64)
            priced = price_part(columns, trees, members, spare, 1000.0)
            assert priced is not None
            gains.append(held @ columns.lengths[trees] - priced.value)
            assert gains[-1] <= near._most_gain(trees, spare) + 1e-6
    assert max(gains) >= 1


@pytest.mark.parametrize("seed", range(6))
def test_a_part_is_worth_what_scipys_fractions_are(seed: int) -> None:
    design = roomy(seed)
    generation = Generation(design, "wirelength")
    generation.run(20)
    columns, members = generation.columns, generation.groups.members
    trees = np.flatnonzero(np.random.default_rng(seed).random(len(columns)) < 0.8)
    trees = np.union1d(trees, np.unique(columns.groups, return_index=True)[1])
    use = np.zeros((len(generation.capacity), len(trees)))
    for place, tree in enumerate(trees.tolist()):
        use[columns.edges[columns.offsets[tree] : columns.offsets[tree + 1]], place] = 1
    joined = columns.groups[trees] == np.arange(len(members))[:, None]
    over = np.eye(len(use))
    found = milp(
        np.concatenate((columns.lengths[trees], np.full(len(use), 5.0))),
        constraints=[
            LinearConstraint(np.hstack((use, -over)), ub=generation.capacity),
            LinearConstraint(np.hstack((joined, 0 * over[: len(members)])), members, members),
        ],
        bounds=Bounds(0, np.inf),
    )
    priced = price_part(columns, trees, members, generation.capacity, 5.0)
    assert priced is not None
    value, prices = priced.value, priced.prices
    # Edges without a row are worth nothing, and by duality prices give the same value.
    costs = (1 + prices) @ use
    least = [costs[joined[group]].min() for group in range(len(members))]
    assert value == pytest.approx(found.fun)
    assert least @ members - prices @ generation.capacity == pytest.approx(found.fun)


@pytest.mark.parametrize(("seed", "capacity"), [(0, 10), (4, 12), (6, 10), (10, 10)])
def test_a_choice_from_what_is_held_is_as_short_as_scipys(seed: int, capacity: int) -> None:
    # Where several nets have the same pins, presolve of HiGHS 1.16 took what is held for shorter.
    rng, nets = np.random.default_rng(seed), []
    for _ in range(150):
        here = rng.integers(0, 10, 2)
        pins = [here.tolist(), np.clip(here + rng.integers(-4, 5, 2), 0, 9).tolist()]
        nets += [[(x, y) for x, y in pins]] * int(rng.integers(1, 4))
    named = [(f"n{number}", number, pins) for number, pins in enumerate(nets)]
    design = Design.from_pins("twins", 10, 10, capacity, capacity, named)
    start = route(design, RouteConfig(router="maze", effort="low")).routes
    assert verify(design, start).legal
    generation = Generation(design, "wirelength", start)
    generation.run(20)
    columns, tracks = generation.columns, generation.capacity
    amounts = Neighbourhoods(generation, start).amounts
    use = np.zeros((len(tracks), len(columns)))
    use[columns.edges, np.repeat(np.arange(len(columns)), columns.lengths)] = 1
    joined = columns.groups == np.arange(len(generation.groups))[:, None]
    members = generation.groups.members
    best = milp(
        columns.lengths,
        constraints=[
            LinearConstraint(use, ub=capacity),
            LinearConstraint(joined, members, members),
        ],
        bounds=Bounds(0, np.inf),
        integrality=1,
    )
    found = choose_trees(columns, np.arange(len(columns)), amounts, tracks)
    assert found is not None
    assert found @ columns.lengths < amounts @ columns.lengths
    assert found @ columns.lengths == pytest.approx(best.fun)
