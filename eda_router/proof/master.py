"""The master problem: how much of each known tree the best fractional routing uses.

A linear programme, solved by HiGHS [1]: every group of nets divides its members among its trees;
an edge may be overfilled at a price a track. Its dual values are the prices of tracks. Interior
point without crossover: the prices it ends with lie in the middle of all optimal ones, which new
trees are found with best, and are ready sooner than a vertex.

[1] Q. Huangfu, J. A. J. Hall: Parallelizing the dual revised simplex method. Mathematical
    Programming Computation 10 (2018), 119-142; https://highs.dev
"""

from __future__ import annotations

import threading
import time
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.errors import EdarouteError
from eda_router.proof.columns import Columns
from eda_router.proof.odd_cuts import OddCuts

SETTINGS: dict[str, Any] = {
    "output_flag": False,
    "solver": "ipm",
    "run_crossover": "off",
    "threads": 1,
}

NEAREST_SETTINGS: dict[str, Any] = {**SETTINGS, "run_crossover": "on"}
"""Ends at a vertex, where most nets are whole."""

PART_SETTINGS: dict[str, Any] = {"output_flag": False, "solver": "simplex", "threads": 1}

WHOLE_SETTINGS: dict[str, Any] = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 1,
    # What a bounded search does is counted, not timed: the same input gives the same answer.
    "mip_max_nodes": 5,
    "mip_heuristic_effort": 0.02,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 0.99,
    # HiGHS 1.16 forgets in the presolved programme what presolve has fixed of the length of the
    # solution to begin with: that would seem too short to improve on.
    "presolve": "off",
}


_KEPT = threading.local()
"""The solver of each thread."""


class Solution(NamedTuple):
    """The best fractional routing from known trees.

    Attributes:
        value: of the objective.
        prices: float64, per edge, what one more track would save.
        worths: float64, per odd cut, what one more crossing would save.
        amounts: float64, nets on each tree.
    """

    value: float
    prices: NDArray[np.float64]
    worths: NDArray[np.float64]
    amounts: NDArray[np.float64]


class _Part(NamedTuple):
    """What a programme is about.

    Attributes:
        trees: int64, to choose among.
        edges: int64, rising, those which these could overfill.
        room: float64, tracks of each that other nets leave.
        cuts: of all, or None.
        crossed: int64, rising, the odd cuts whose borders they could cross too often.
        left: float64, crossings of each that other nets leave.
    """

    trees: NDArray[np.int64]
    edges: NDArray[np.int64]
    room: NDArray[np.float64]
    cuts: OddCuts | None
    crossed: NDArray[np.int64]
    left: NDArray[np.float64]


def solve_master(
    columns: Columns,
    members: NDArray[np.int64],
    capacity: NDArray[np.int64],
    length_cost: float,
    overflow_cost: float,
    deadline: float | None = None,
    cuts: OddCuts | None = None,
) -> Solution | None:
    """Minimise ``length_cost`` x length + ``overflow_cost`` x overflow over known trees.

    Groups with one tree have no choice, and edges that all trees together cannot overfill need no
    row: neither is in the programme that HiGHS gets.

    Args:
        columns: the trees, at least one a group.
        members: int64 ``(groups,)``, nets of each group.
        capacity: int64, tracks of each edge.
        length_cost: of a tile edge of wire.
        overflow_cost: of a track beyond an edge's capacity.
        deadline: when to give up, on the monotonic clock, or None.
        cuts: to obey, or None; beyond them a crossing costs as much as a track.

    Returns:
        the optimum, or None at the deadline.

    Raises:
        EdarouteError: HiGHS finds no optimum.
    """
    fixed = np.bincount(columns.groups, minlength=len(members))[columns.groups] == 1
    amounts = np.where(fixed, members[columns.groups], 0).astype(np.float64)
    free = np.flatnonzero(~fixed)
    spare = capacity - _use(columns, amounts, len(capacity))
    part = _part(columns, free, members, spare, cuts)
    alone = np.ones(len(capacity), bool)
    alone[part.edges] = False
    prices = np.where(alone & (spare < 0), overflow_cost, 0.0)
    value = length_cost * float(amounts @ columns.lengths)
    value += overflow_cost * float(np.maximum(-spare[alone], 0).sum())
    if len(free) == 0:
        return Solution(value, prices, np.zeros(0 if cuts is None else len(cuts)), amounts)
    lp = _programme(columns, members, part, length_cost, overflow_cost)
    highs = _solved(lp, SETTINGS, deadline)
    solution = highs.getSolution()
    if not solution.dual_valid:
        if deadline is not None and time.monotonic() >= deadline:
            return None
        state = highs.getModelStatus().name
        raise EdarouteError(f"HiGHS cannot solve the master problem: {state}")
    found, worths = _prices(solution, part, len(capacity), overflow_cost)
    amounts[free] = np.array(solution.col_value)[: len(free)]
    value += highs.getInfo().objective_function_value
    return Solution(value, np.where(alone, prices, found), worths, amounts)


def _use(columns: Columns, amounts: NDArray[np.float64], num_edges: int) -> NDArray[np.float64]:
    """float64, per edge: tracks taken where so many nets are on each tree."""
    weights = np.repeat(amounts, columns.lengths)
    return np.bincount(columns.edges, weights=weights, minlength=num_edges).astype(np.float64)


def load_solver() -> Any:
    """The module ``highspy``.

    Raises:
        EdarouteError: it is not installed.
    """
    try:
        import highspy
    except ImportError:
        raise EdarouteError(
            "column generation needs HiGHS, expected: pip install 'edaroute[proof]'"
        ) from None
    return highspy


def _silent_solver() -> Any:
    """The thread's solver, which writes nothing: one for all programmes.

    What a solver with callbacks takes is never given back whole, so thousands of them would take
    gigabytes. A new one greets on standard output as it gets callbacks.
    """
    solver = getattr(_KEPT, "solver", None)
    if solver is not None:
        return solver
    base = load_solver().Highs

    def silence_first(solver: Any) -> None:
        solver.setOptionValue("output_flag", False)
        base.enableCallbacks(solver)

    _KEPT.solver = type("SilentHighs", (base,), {"enableCallbacks": silence_first})()
    return _KEPT.solver


def _run(highs: Any) -> None:
    """Run HiGHS so that an interrupt ends it within an iteration: it sees no signals itself."""
    highs.HandleUserInterrupt = True
    highs.startSolve()
    try:
        while not highs.wait(0.1)[0]:
            pass
    except BaseException:
        highs.cancelSolve()
        highs.wait()
        _KEPT.solver = None  # One that was interrupted stays so.
        raise


def _part(
    columns: Columns,
    trees: NDArray[np.int64],
    members: NDArray[np.int64],
    spare: NDArray[np.float64],
    cuts: OddCuts | None = None,
) -> _Part:
    """What so many nets of each group could overfill by some trees, and cross too often."""
    owner, edges = columns.entries(trees)
    pairs = np.unique(columns.groups[trees][owner] * len(spare) + edges)
    group, edge = np.divmod(pairs, len(spare))
    most = np.bincount(edge, weights=members[group], minlength=len(spare))
    contested = np.flatnonzero((most > 0) & (most > spare))
    if cuts is None or len(cuts) == 0:
        return _Part(trees, contested, spare[contested], None, contested[:0], spare[:0])
    tree, cut, times = cuts.crossings(owner, edges)
    pairs, place = np.unique(columns.groups[trees][tree] * len(cuts) + cut, return_inverse=True)
    often = np.zeros(len(pairs))
    np.maximum.at(often, place, times)
    group, cut = np.divmod(pairs, len(cuts))
    most = np.bincount(cut, weights=often * members[group], minlength=len(cuts))
    left = cuts.room(spare)
    crossed = np.flatnonzero((most > 0) & (most > left))
    return _Part(trees, contested, spare[contested], cuts, crossed, left[crossed])


def _prices(
    solution: Any, part: _Part, num_edges: int, most: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What one more track of each edge, and one more crossing of each cut, would save by HiGHS."""
    num = len(part.edges)
    duals = np.clip(-np.array(solution.row_dual)[: num + len(part.crossed)], 0, most)
    prices, worths = np.zeros(num_edges), np.zeros(0 if part.cuts is None else len(part.cuts))
    prices[part.edges], worths[part.crossed] = duals[:num], duals[num:]
    return prices, worths


def _programme(
    columns: Columns,
    members: NDArray[np.int64],
    part: _Part,
    length_cost: float,
    overflow_cost: float,
) -> Any:
    """The programme of a part for HiGHS.

    Columns: the amounts of trees, then what is beyond the room of edges and cuts. Rows: the edges,
    the cuts, then the groups.
    """
    highspy = load_solver()
    chosen, num = part.trees, len(part.trees)
    groups, group_row = np.unique(columns.groups[chosen], return_inverse=True)
    owner, edges = columns.entries(chosen)
    meets, row = _rows(edges, part.edges)
    column, row, value = owner[meets], row[meets], np.ones(meets.sum())
    if part.cuts is not None:
        owner, cut, times = part.cuts.crossings(owner, edges)
        meets, place = _rows(cut, part.crossed)
        column = np.concatenate((column, owner[meets]))
        row = np.concatenate((row, len(part.edges) + place[meets]))
        value = np.concatenate((value, times[meets]))
    limits = len(part.edges) + len(part.crossed)
    entries = np.concatenate((value, np.ones(num), np.full(limits, -1.0)))
    row = np.concatenate((row, limits + group_row, np.arange(limits)))
    column = np.concatenate((column, np.arange(num + limits)))
    order = np.lexsort((row, column))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = num + limits, limits + len(groups)
    lp.col_cost_ = np.concatenate(
        (length_cost * columns.lengths[chosen], np.full(limits, overflow_cost))
    )
    lp.col_lower_ = np.zeros(lp.num_col_)
    lp.col_upper_ = np.full(lp.num_col_, highspy.kHighsInf)
    wanted = members[groups].astype(np.float64)
    lp.row_lower_ = np.concatenate((np.full(limits, -highspy.kHighsInf), wanted))
    lp.row_upper_ = np.concatenate((part.room, part.left, wanted))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.searchsorted(column[order], np.arange(lp.num_col_ + 1))
    lp.a_matrix_.index_ = row[order]
    lp.a_matrix_.value_ = entries[order]
    return lp


def _rows(
    met: NDArray[np.int64], chosen: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Whether each id is among those chosen, which rise, and its place there."""
    place = np.searchsorted(chosen, met)
    among = np.zeros(len(met), bool)
    within = place < len(chosen)
    among[within] = chosen[place[within]] == met[within]
    return among, place


def _solved(
    lp: Any,
    settings: dict[str, Any],
    deadline: float | None,
    start: NDArray[np.float64] | None = None,
) -> Any:
    """HiGHS once it has solved a programme, or given up at the deadline.

    What it found is its own, and is gone once the next programme is solved.

    Args:
        lp: the programme.
        settings: of HiGHS.
        deadline: when to give up, on the monotonic clock, or None.
        start: float64 ``(columns,)``, a solution to begin with, or None.
    """
    highs = _silent_solver()
    highs.clearModel()
    highs.resetOptions()
    for name, setting in settings.items():
        highs.setOptionValue(name, setting)
    if deadline is not None:
        # The solver counts what all its programmes have taken.
        left = max(0.0, deadline - time.monotonic())
        highs.setOptionValue("time_limit", highs.getRunTime() + left)
    highs.passModel(lp)
    if start is not None:
        places = np.arange(lp.num_col_, dtype=np.int32)
        highs.setSolution(lp.num_col_, places, start)
    _run(highs)
    return highs


def price_part(
    columns: Columns,
    trees: NDArray[np.int64],
    members: NDArray[np.int64],
    spare: NDArray[np.int64],
    overflow_cost: float,
    deadline: float | None = None,
    cuts: OddCuts | None = None,
) -> Solution | None:
    """The least length of some trees in fractions.

    Args:
        columns: all trees.
        trees: int64, those to choose among, rising.
        members: int64 ``(groups,)``, nets of each group to choose for.
        spare: int64, per edge, tracks that all other nets leave.
        overflow_cost: of a track beyond them, tile edges.
        deadline: when to give up, on the monotonic clock, or None.
        cuts: to obey, or None.

    Returns:
        the optimum, with the amounts of ``trees``, or None at the deadline.
    """
    part = _part(columns, trees, members, spare.astype(np.float64), cuts)
    lp = _programme(columns, members, part, 1.0, overflow_cost)
    highs = _solved(lp, PART_SETTINGS, deadline)
    solution = highs.getSolution()
    if not solution.dual_valid or highs.getModelStatus().name != "kOptimal":
        return None
    prices, worths = _prices(solution, part, len(spare), overflow_cost)
    amounts = np.array(solution.col_value)[: len(trees)]
    return Solution(highs.getInfo().objective_function_value, prices, worths, amounts)


def nearest_routing(
    columns: Columns,
    trees: NDArray[np.int64],
    amounts: NDArray[np.int64],
    capacity: NDArray[np.int64],
    distance_cost: float,
    deadline: float | None = None,
    cuts: OddCuts | None = None,
) -> Solution | None:
    """A short fractional routing that has much in common with a whole one.

    Its length and ``distance_cost`` for each net that leaves its tree are the least together.

    Args:
        columns: all trees.
        trees: int64, those to choose among, rising, with all that nets are on.
        amounts: int64 ``(columns,)``, nets on each tree in the whole routing, which fits.
        capacity: int64, tracks of each edge.
        distance_cost: tile edges.
        deadline: when to give up, on the monotonic clock, or None.
        cuts: to obey, or None.

    Returns:
        the optimum, with the amounts of ``trees``, or None at the deadline.
    """
    held = amounts[trees]
    members = np.bincount(columns.groups[trees], weights=held).astype(np.int64)
    part = _part(columns, trees, members, capacity.astype(np.float64), cuts)
    lp = _programme(columns, members, part, 1.0, 0.0)
    # No edge may overflow. Which net of a group leaves makes no difference, so a tree costs the
    # less, the more of its group hold it.
    most = np.zeros(lp.num_col_)
    most[: len(trees)] = np.inf
    lp.col_upper_ = most
    costs = np.array(lp.col_cost_)
    costs[: len(trees)] += distance_cost * (1 - held / members[columns.groups[trees]])
    lp.col_cost_ = costs
    highs = _solved(lp, NEAREST_SETTINGS, deadline)
    if highs.getModelStatus().name != "kOptimal":
        return None
    solution = highs.getSolution()
    prices, worths = _prices(solution, part, len(capacity), np.inf)
    amounts_found = np.array(solution.col_value)[: len(trees)]
    return Solution(highs.getInfo().objective_function_value, prices, worths, amounts_found)


def choose_trees(
    columns: Columns,
    trees: NDArray[np.int64],
    amounts: NDArray[np.int64],
    spare: NDArray[np.int64],
    deadline: float | None = None,
    cuts: OddCuts | None = None,
) -> NDArray[np.int64] | None:
    """Whole amounts of some trees with the least length that fits.

    Args:
        columns: all trees.
        trees: int64, those to choose among, rising.
        amounts: int64, nets on each of them now, which fits; groups keep their numbers of nets.
        spare: int64, per edge, tracks that all other nets leave.
        deadline: when to give up, on the monotonic clock, or None.
        cuts: which whole routings obey anyway, or None.

    Returns:
        int64 amounts, or None where none were found in a bounded search.
    """
    members = np.bincount(columns.groups[trees], weights=amounts).astype(np.int64)
    part = _part(columns, trees, members, spare.astype(np.float64), cuts)
    lp = _programme(columns, members, part, 1.0, 0.0)
    most = np.zeros(lp.num_col_)
    most[: len(trees)] = members[columns.groups[trees]]
    lp.col_upper_ = most
    lp.integrality_ = [load_solver().HighsVarType.kInteger] * lp.num_col_
    # What fits now is an incumbent: the search for one is spared, and it ends once none is shorter.
    start = np.zeros(lp.num_col_)
    start[: len(trees)] = amounts
    highs = _solved(lp, WHOLE_SETTINGS, deadline, start)
    solution = highs.getSolution()
    if not solution.value_valid:
        return None
    found = np.rint(np.array(solution.col_value)[: len(trees)]).astype(np.int64)
    owner, edges = columns.entries(trees)
    use = np.bincount(edges, weights=found[owner], minlength=len(spare))
    kept = np.bincount(columns.groups[trees], weights=found, minlength=len(members))
    return found if np.all(use <= np.maximum(spare, 0)) and np.all(kept == members) else None
