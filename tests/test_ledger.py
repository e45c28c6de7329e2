from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from eda_router.design import Design, Routes, uniform_capacity
from eda_router.errors import CapacityError
from eda_router.routing.ledger import SPAN, CapacityLedger
from tests.generators import grid_edges

GRID = Design.from_pins("grid", 4, 3, 2, 1, [])
EDGES = grid_edges(GRID)


class LedgerMachine(RuleBasedStateMachine):
    """The ledger beside a plain list of booked trees."""

    trees = Bundle("trees")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = CapacityLedger.of(GRID)
        self.booked: list[frozenset[int]] = []

    def demand(self) -> np.ndarray:
        demand = np.zeros(2 * GRID.num_tiles, np.int32)
        for tree in self.booked:
            demand[list(tree)] += 1
        return demand

    @rule(target=trees, tree=st.frozensets(st.sampled_from(EDGES)), force=st.booleans())
    def commit(self, tree: frozenset[int], force: bool) -> frozenset[int] | None:
        edges = np.array(sorted(tree), np.int32)
        fits = bool(np.all((self.demand() < GRID.capacity.reshape(-1))[edges]))
        assert self.ledger.fits(edges) == fits
        if fits or force:
            self.ledger.commit(edges, allow_overflow=force)
            self.booked.append(tree)
            return tree
        with pytest.raises(CapacityError):
            self.ledger.commit(edges)
        return None

    @rule(tree=consumes(trees))
    def release(self, tree: frozenset[int] | None) -> None:
        if tree is not None:
            self.ledger.release(np.array(sorted(tree), np.int32))
            self.booked.remove(tree)

    @rule(tree=st.frozensets(st.sampled_from(EDGES), min_size=1))
    def release_what_is_not_booked(self, tree: frozenset[int]) -> None:
        edges = np.array(sorted(tree), np.int32)
        if np.all(self.demand()[edges] > 0):
            return
        with pytest.raises(CapacityError):
            self.ledger.release(edges)

    @invariant()
    def counts_agree(self) -> None:
        demand = self.demand()
        over = np.maximum(demand - GRID.capacity.reshape(-1), 0)
        assert np.array_equal(self.ledger.demand.reshape(-1), demand)
        assert np.array_equal(self.ledger.free.reshape(-1), GRID.capacity.reshape(-1) - demand)
        assert self.ledger.total_overflow == over.sum()
        assert self.ledger.max_overflow == over.max()


TestLedger = LedgerMachine.TestCase


def test_demand_is_seen_without_copies() -> None:
    ledger = CapacityLedger.of(GRID)
    horizontal, vertical = ledger.horizontal_demand, ledger.vertical_demand
    assert horizontal.shape == (3, 3)
    assert vertical.shape == (2, 4)
    ledger.commit(np.array([2 * 5, 2 * 5 + 1]))
    assert horizontal[1, 1] == vertical[1, 1] == 1
    assert ledger.demand.sum() == 2
    assert ledger.free[1, 1].tolist() == [0, 1]


def test_routes_are_booked_whole() -> None:
    ledger = CapacityLedger.of(GRID, Routes.from_lists([[0, 2], [0], [0, 9]]))
    assert ledger.demand.reshape(-1)[[0, 2, 9]].tolist() == [3, 1, 1]
    assert (ledger.total_overflow, ledger.max_overflow) == (2, 2)


def test_no_edge_leaves_the_grid() -> None:
    capacity = uniform_capacity(4, 3, 2, 1)
    assert set(np.flatnonzero(capacity).tolist()) == set(EDGES)
    with pytest.raises(CapacityError):
        CapacityLedger(capacity).commit(np.array([2 * 3]))


@given(st.lists(st.tuples(st.integers(0, len(EDGES) - 1), st.booleans()), max_size=40), st.data())
def test_costs_follow_every_change(changes: list[tuple[int, bool]], data: st.DataObject) -> None:
    ledger = CapacityLedger.of(GRID)
    base = np.array(data.draw(st.lists(st.integers(1, 9), min_size=2 * SPAN + 1, max_size=49)))
    slope = np.linspace(0, 50, 2 * SPAN + 1)
    ledger.set_costs(base, slope)
    history = np.ones(2 * GRID.num_tiles)
    for index, takes in changes:
        edges = np.array([EDGES[index]])
        if takes:
            ledger.commit(edges, allow_overflow=True)
        elif ledger.demand.reshape(-1)[edges[0]]:
            ledger.release(edges)
        else:
            ledger.raise_history(3.0)
            history[(ledger.overflow > 0).reshape(-1)] += 3.0
    for edge in EDGES:
        d = int(ledger.demand.reshape(-1)[edge]) + 1 - int(GRID.capacity.reshape(-1)[edge])
        at = min(max(d, -SPAN), SPAN) + SPAN
        expected = base[at] + int(np.float32(history[edge]) * np.float32(slope[at]))
        assert ledger.costs is not None
        assert ledger.costs.cost[edge] == expected
