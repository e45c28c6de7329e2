"""Trees of groups beside a plain list of them, and the solver that all programmes share."""

from __future__ import annotations

import signal
import threading
import time
from itertools import pairwise

import numpy as np
import pytest

from eda_router.proof import master
from eda_router.proof.columns import Columns
from eda_router.proof.master import choose_trees, price_part


@pytest.mark.parametrize("seed", range(5))
def test_columns_hold_what_a_list_holds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns, told = Columns(), []
    costs = rng.integers(0, 10**9, 50)
    for _ in range(30):
        groups = rng.integers(0, 6, rng.integers(1, 40))
        trees = [rng.permutation(50)[: rng.integers(1, 5)].astype(np.int32) for _ in groups]
        before = len(told)
        for group, tree in zip(groups.tolist(), trees, strict=True):
            one = group, tuple(np.sort(tree).tolist())
            if one not in told:
                told.append(one)
        assert columns.add(groups, trees) == len(told) - before
        if rng.random() < 0.3:
            kept = rng.random(len(told)) < 0.7
            columns.keep(kept)
            told = [one for one, stays in zip(told, kept, strict=True) if stays]
        ends = columns.offsets.tolist()
        assert columns.groups.tolist() == [group for group, _ in told]
        assert [tuple(columns.edges[first:last].tolist()) for first, last in pairwise(ends)] == [
            tree for _, tree in told
        ]
        assert [
            (group, tuple(np.frombuffer(tree, np.int32).tolist()))
            for group, tree in columns.places()
        ] == told
        assert list(columns.places().values()) == list(range(len(told)))
        chosen = np.flatnonzero(rng.random(len(told)) < 0.5)
        owner, edges = columns.entries(chosen)
        assert list(zip(owner.tolist(), edges.tolist(), strict=True)) == [
            (place, edge) for place, one in enumerate(chosen.tolist()) for edge in told[one][1]
        ]
        assert np.array_equal(columns.costs_of(chosen, costs), columns.costs(costs)[chosen])


def two_ways() -> Columns:
    """Two nets of one group, a short tree and a long one."""
    columns = Columns()
    columns.add(np.array([0, 0]), [np.array([0], np.int32), np.array([1, 2], np.int32)])
    return columns


def test_programmes_share_a_solver_and_their_limits_do_not_add_up() -> None:
    members, spare, trees = np.array([2]), np.array([1, 2, 2]), np.array([0, 1])
    solver = master._silent_solver()
    for _ in range(3):
        # The solver counts its time from programme to programme; so short a limit would soon be up.
        left = 0.05
        while solver.getRunTime() < left:
            assert price_part(two_ways(), trees, members, spare, 9.0) is not None
        priced = price_part(two_ways(), trees, members, spare, 9.0, time.monotonic() + 30 * left)
        assert priced is not None
        assert priced.value == pytest.approx(3)
    found = choose_trees(two_ways(), trees, np.array([0, 2]), spare)
    assert found is not None
    assert found.tolist() == [1, 1]
    assert master._silent_solver() is solver


def test_each_thread_has_its_own_solver() -> None:
    solvers = [master._silent_solver()]
    thread = threading.Thread(target=lambda: solvers.append(master._silent_solver()))
    thread.start()
    thread.join()
    assert solvers[0] is not solvers[1]


def test_a_limit_and_an_interrupt_end_a_programme_and_the_next_is_solved() -> None:
    rng = np.random.default_rng(1)
    columns = Columns()
    groups = np.repeat(np.arange(60), 30)
    columns.add(groups, [rng.permutation(120)[:20].astype(np.int32) for _ in groups])
    lengths = rng.integers(1, 10**6, len(columns)).astype(float)
    members = np.ones(60, np.int64)
    part = master._part(columns, np.arange(len(columns)), members, np.full(120, 9.0))
    assert len(part.edges) == 120
    lp = master._programme(columns, members, part, 1.0, 1e7)
    lp.col_cost_ = np.concatenate((lengths, np.full(120, 1e7)))
    lp.integrality_ = [master.load_solver().HighsVarType.kInteger] * lp.num_col_
    easy = two_ways(), np.array([0, 1]), np.array([2]), np.array([1, 2, 2]), 9.0
    settings = {"output_flag": False, "threads": 1}
    limited = master._solved(lp, settings, time.monotonic() + 0.2)
    assert limited.getModelStatus().name == "kTimeLimit"
    assert price_part(*easy) is not None

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            master._solved(lp, settings, None)
        assert time.monotonic() - began < 5
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    priced = price_part(*easy)
    assert priced is not None
    assert priced.value == pytest.approx(3)
