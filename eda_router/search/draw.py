"""The cheapest tree of one net: exact for few pins, grown and improved for more."""

from __future__ import annotations

from typing import Any, NamedTuple

from eda_router.kernels import inlined
from eda_router.search.box import CLOSED, new_box
from eda_router.search.grid import Grid
from eda_router.search.steiner import join_pins
from eda_router.search.tree import grow_tree, improve_tree, new_tree_scratch


class Workspace(NamedTuple):
    """What every search on one grid needs; allocate once with :func:`new_workspace`.

    Attributes:
        grid: :class:`~eda_router.search.grid.Grid`.
        box: :class:`~eda_router.search.box.Box`.
        tree: :class:`~eda_router.search.tree.TreeScratch`; ``tree.edges`` gets what is drawn.
    """

    grid: Any
    box: Any
    tree: Any


class Limits(NamedTuple):
    """How far a search goes.

    Attributes:
        exact_pins: nets up to this many pins get exact trees.
        margin: tiles around a net's pins that its tree may use.
        max_nodes: nodes of a two-pin search box, halved for every further pin; larger boxes are
            thinned out.
        rounds: passes over a grown tree's key tiles.
        least: no edge costs less; how far improvement has to look, follows from it.
    """

    exact_pins: Any
    margin: Any
    max_nodes: Any
    rounds: Any
    least: Any


def new_workspace(grid: Grid, exact_pins: int, field_entries: int) -> Workspace:
    """Scratch memory for nets of which those up to ``exact_pins`` pins get exact trees.

    ``field_entries``: see :func:`~eda_router.search.box.new_box`.
    """
    return Workspace(grid, new_box(grid, exact_pins, field_entries), new_tree_scratch(grid))


@inlined
def draw_tree(cost, work, pins, limits, count):
    """Cheapest tree over ``pins`` (at least two) under the cost of each edge.

    Writes to ``work.tree.edges``, which may hold ``count`` edges of a tree already: for more pins
    than are joined exactly, that tree is improved instead of a new one.

    Returns:
        the number of edges, or -1 if there is no way.
    """
    box, tree, grid, margin = work.box, work.tree, work.grid, limits.margin
    if len(pins) <= limits.exact_pins:
        nodes = limits.max_nodes >> len(pins) - 2
        total, found = join_pins(box, cost, grid, pins, margin, nodes)
        if total >= CLOSED:
            return -1
        for i in range(found):
            tree.edges[i] = box.out[i]
        return found
    if count == 0:
        count = grow_tree(box, tree, cost, grid, pins, margin, limits.max_nodes)
        if count < 0:
            return -1
    return improve_tree(box, tree, cost, grid, pins, count, margin, limits.rounds, limits.least)
