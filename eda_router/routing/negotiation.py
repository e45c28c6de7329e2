"""Rip-up and reroute: the passes over all nets of the deterministic router.

Searches read the costs of a ledger's edges (:mod:`eda_router.routing.ledger`), and every commit and
release keeps them up to date. Costs that rise with demand and with the history of overflow make
nets negotiate for edges, as in PathFinder [1] and in global routers after it [2, 3].

Nets are drawn in small batches that threads share, see :mod:`eda_router.routing.batches`.

[1] L. McMurchie, C. Ebeling: PathFinder: A Negotiation-Based Performance-Driven Router for FPGAs,
    FPGA 1995, doi 10.1145/201310.201328. [2] M. D. Moffitt: MaizeRouter: Engineering an Effective
    Global Router, IEEE TCAD 27 (2008). [3] Y.-J. Chang, Y.-T. Lee, T.-C. Wang: NTHU-Route 2.0: A
    Fast and Stable Global Router, ICCAD 2008.
"""

from __future__ import annotations

import numpy as np

from eda_router.atomics import meet
from eda_router.kernels import inlined, kernel
from eda_router.routing.batches import CHANGES, FULL, KEPT, NETS, SIZE, next_task, take_turns
from eda_router.routing.costs import cost_of, update_cost
from eda_router.routing.pool import route_of, store
from eda_router.search.box import CLOSED
from eda_router.search.draw import draw_tree
from eda_router.search.grid import TILE_EDGE, net_pins

NEGOTIATE, MAKE_ROOM, SHORTEN = range(3)
"""Aims of a pass, see :func:`route_pass`."""

WORTH_MOVING = 2 * TILE_EDGE
"""What a net without overflow must save to be rerouted in negotiation."""


@inlined
def _release(costs, pool, net):
    """Take a net's route out of the demand; the route itself stays in its slot."""
    for edge in route_of(pool, net):
        costs.demand[edge] -= 1
        update_cost(costs, edge)


@inlined
def _commit(costs, pool, net):
    """Add a net's route to the demand, the inverse of :func:`_release`."""
    for edge in route_of(pool, net):
        costs.demand[edge] += 1
        update_cost(costs, edge)


@inlined
def _overflows(costs, pool, net):
    overflows = False
    for edge in route_of(pool, net):
        if costs.demand[edge] > costs.capacity[edge]:
            overflows = True
            break
    return overflows


@kernel
def commit_free(costs, pool, nets, offsets, edges, committed):
    """Give nets the trees ``edges[offsets[i]:offsets[i + 1]]``, one after the other.

    A tree that needs an edge without a free track at that moment is refused whole, as is an empty
    one. ``committed`` gets a flag a net.

    Returns:
        how many nets were dealt with; fewer than all when the pool is full.
    """
    for i in range(len(nets)):
        tree = edges[offsets[i] : offsets[i + 1]]
        fits = len(tree) > 0
        for edge in tree:
            if costs.demand[edge] >= costs.capacity[edge]:
                fits = False
                break
        if fits:
            if not store(pool, nets[i], tree):
                return i
            _commit(costs, pool, nets[i])
        committed[i] = fits
    return len(nets)


@kernel
def route_pass(
    costs, pool, work, nets, limits, order, longest, touched, aim, batch, member, threads
):
    """Draw the nets of ``order`` anew where that is of use, and give them the better trees.

    Where the aim is to NEGOTIATE, that are the nets that cross an overflowed edge, which take what
    is no dearer, and those longer than ``longest`` (int32 ``(num_nets,)``, tile edges), which keep
    their route unless that saves WORTH_MOVING. Otherwise it is the nets without route, which get
    one if there is a way, and those longer than ``longest``, which take a shorter route, or, to
    MAKE_ROOM for others, an equally long one over freer edges.

    All threads of a pass call this at once. The first of them, member 0, settles on routes, which
    it alone changes; the others keep their costs as they are then.

    Args:
        costs: of the ledger; of another member a copy of the demand and the costs.
        pool: the routes.
        work: scratch memory of this member.
        nets: pins of all nets.
        limits: of the searches.
        order: int64, net numbers.
        longest: see above.
        touched: uint8 ``(num_nets,)``, gets a 1 for every net whose route changed.
        aim: NEGOTIATE, MAKE_ROOM or SHORTEN.
        batch: what the members share, see :class:`~eda_router.routing.batches.Batch`.
        member: the number of this member.
        threads: how many members there are.

    Returns:
        (nets of ``order`` looked at, nets rerouted, nets shortened, edges saved) of member 0; nets
        that had no route count as shortened. When the pool is full or ``work.box.stop`` is set,
        fewer are looked at than all, and the first ``batch.marks[KEPT]`` nets of the batch wait.
    """
    looked = 0
    rerouted = 0
    shortened = 0
    saved = 0
    while True:
        if member == 0:
            more, shorter, less = _settle(costs, pool, work, batch, touched, aim)
            rerouted += more
            shortened += shorter
            saved += less
            looked = _collect(costs, pool, work, nets, order, looked, longest, aim, batch)
        if not meet(batch.meeting, threads) or batch.marks[NETS] == 0:
            return looked, rerouted, shortened, saved
        if member != 0:
            _catch_up(costs, batch)
        while True:
            task = next_task(batch)
            if task < 0:
                break
            _draw(costs, pool, work, nets, limits, batch, task)
        if not meet(batch.meeting, threads):
            return looked, rerouted, shortened, saved


@inlined
def _collect(costs, pool, work, nets, order, looked, longest, aim, batch):
    """Fill the batch, behind the nets that wait in it; returns up to where ``order`` is looked at.

    A batch without nets ends the pass.
    """
    marks = batch.marks
    marks[NETS] = 0
    if work.box.stop[0] or marks[FULL]:
        return looked
    count = marks[KEPT]
    while count < SIZE and looked < len(order):
        net = order[looked]
        looked += 1
        has_to_move = _overflows(costs, pool, net) if aim == NEGOTIATE else pool.length[net] == 0
        if has_to_move or pool.length[net] > longest[net]:
            batch.nets[count] = net
            count += 1
    marks[NETS] = count
    marks[KEPT] = 0
    take_turns(batch, nets)
    return looked


@inlined
def _draw(costs, pool, work, nets, limits, batch, task):
    """Draw a net of the batch as if it were taken out."""
    net = batch.nets[task]
    _release(costs, pool, net)
    route, tree = route_of(pool, net), work.tree.edges
    for i in range(len(route)):
        tree[i] = route[i]
    count = draw_tree(costs.cost, work, net_pins(nets, net), limits, np.int64(len(route)))
    _commit(costs, pool, net)
    batch.counts[task] = count
    for i in range(count):
        batch.edges[task, i] = tree[i]


@kernel
def _settle(costs, pool, work, batch, touched, aim):
    """Give the nets of the batch what was drawn for them, one after the other, where it is of use.

    A net for which another one has closed the way waits for the next batch, at the front. All wait
    where the pool has no room for what was drawn, or searches were told to end: then they are drawn
    again in the same batch, so that room, or a signal that ends nothing, changes no wire.

    Returns:
        (nets rerouted, nets shortened, edges saved), see :func:`route_pass`.
    """
    rerouted = 0
    shortened = 0
    saved = 0
    marks = batch.marks
    marks[CHANGES] = 0
    if not _has_room(pool, batch):
        marks[FULL] = 1
    if marks[FULL] or work.box.stop[0]:
        marks[KEPT] = marks[NETS]
        return rerouted, shortened, saved
    for task in range(marks[NETS]):
        net = batch.nets[task]
        drawn = batch.edges[task, : max(0, batch.counts[task])]
        route = route_of(pool, net)
        has_to_move = _overflows(costs, pool, net) if aim == NEGOTIATE else len(route) == 0
        _release(costs, pool, net)
        if len(drawn) > 0 and _is_better(costs, drawn, route, has_to_move, aim):
            # Nothing has changed since the first net was drawn, so it never waits.
            if task > 0 and aim != NEGOTIATE and cost_of(costs, drawn) >= CLOSED:
                batch.nets[marks[KEPT]] = net
                marks[KEPT] += 1
            else:
                before = len(route)
                _note(batch, route, -1)
                _note(batch, drawn, 1)
                store(pool, net, drawn)
                touched[net] = 1
                rerouted += 1
                if before == 0 or len(drawn) < before:
                    shortened += 1
                    saved += before - len(drawn)
        _commit(costs, pool, net)
    return rerouted, shortened, saved


@inlined
def _has_room(pool, batch):
    """Whether the pool has room for all that was drawn."""
    room = len(pool.edges) - pool.used[0]
    for task in range(batch.marks[NETS]):
        if batch.counts[task] > pool.room[batch.nets[task]]:
            room -= batch.counts[task]
    return room >= 0


@inlined
def _is_better(costs, drawn, route, has_to_move, aim):
    """Whether a net takes what was drawn instead of its route; both are without its demand."""
    if len(route) == 0:
        return True
    if aim == NEGOTIATE:
        gain = cost_of(costs, route) - cost_of(costs, drawn)
        return gain >= (0 if has_to_move else WORTH_MOVING)
    if len(drawn) != len(route):
        return len(drawn) < len(route)
    return aim == MAKE_ROOM and cost_of(costs, drawn) < cost_of(costs, route)


@inlined
def _note(batch, edges, amount):
    """Add the change of the demand of some edges to the changes of the batch."""
    marks = batch.marks
    for edge in edges:
        batch.changes[marks[CHANGES]] = edge if amount > 0 else ~edge
        marks[CHANGES] += 1


@kernel
def _catch_up(costs, batch):
    """Bring costs up to date with what the last batch changed."""
    for i in range(batch.marks[CHANGES]):
        edge = batch.changes[i]
        if edge < 0:
            edge = ~edge
            costs.demand[edge] -= 1
        else:
            costs.demand[edge] += 1
        update_cost(costs, edge)
