"""What makes an overflowed design legal: take few nets out, and make room to bring them back.

Negotiation spreads overflow over many nets. :func:`remove_overflow` takes out the nets that cross
most of it first, so that few nets pay for all; :func:`bring_back` gives each of them the way that
displaces fewest others, and moves those through free tracks. A net that finds no room that way
leaves everything as it was, so the number of open nets only falls.
"""

from __future__ import annotations

import numpy as np

from eda_router.kernels import inlined, kernel, making_arrays
from eda_router.routing.costs import update_cost
from eda_router.routing.pool import route_of
from eda_router.search.draw import draw_tree
from eda_router.search.grid import net_pins


@making_arrays
def remove_overflow(costs, pool, order):
    """Take out nets until no edge overflows, always one that crosses most overflowed edges.

    Of equal ones the first of ``order`` goes. O(wirelength + overflow x log) time.

    Returns:
        int64, the nets that lost their route.
    """
    crossed = np.zeros(len(order), np.int64)
    most = 0
    for i in range(len(order)):
        crossed[i] = _overflowed_edges(costs, pool, order[i])
        most = max(most, crossed[i])
    # Buckets of nets by the count they last had, each in the order given; counts only fall.
    first = np.full(most + 1, -1, np.int64)
    following = np.full(len(order), -1, np.int64)
    for i in range(len(order) - 1, -1, -1):
        if crossed[i] > 0:
            following[i] = first[crossed[i]]
            first[crossed[i]] = i
    removed = np.empty(len(order), np.int64)
    count = 0
    for bucket in range(most, 0, -1):
        while first[bucket] >= 0:
            i = first[bucket]
            first[bucket] = following[i]
            now = _overflowed_edges(costs, pool, order[i])
            if now == bucket:
                _book(costs, costs, pool, order[i], -1)
                pool.length[order[i]] = 0
                removed[count] = order[i]
                count += 1
            elif now > 0:
                following[i] = first[now]
                first[now] = i
    return removed[:count].copy()


@kernel
def _overflowed_edges(costs, pool, net):
    count = 0
    for edge in route_of(pool, net):
        if costs.demand[edge] > costs.capacity[edge]:
            count += 1
    return count


@kernel
def _book(closed, soft, pool, net, tracks):
    """Add ``tracks`` to the demand along a net's route, and bring both costs up to date.

    Both views share one demand.
    """
    for edge in route_of(pool, net):
        closed.demand[edge] += tracks
        update_cost(closed, edge)
        update_cost(soft, edge)


@making_arrays
def bring_back(closed, soft, pool, work, nets, limits, order, open_nets, touched):
    """Route open nets over edges that others have filled, and move those others.

    Args:
        closed: the ledger's costs with full edges closed.
        soft: costs over the same demand in which full edges are dear but open.
        pool: of all nets' routes.
        work: scratch memory.
        nets: pins of all nets.
        limits: of every search.
        order: int64, all nets; those first in it are moved first.
        open_nets: int64, the nets to bring back.
        touched: gets a 1 for every net whose route changed.

    Returns:
        (nets dealt with, nets brought back); fewer dealt with than all when the pool is full or
        ``work.box.stop`` is set.
    """
    marked = np.zeros(len(closed.demand), np.bool_)
    back = 0
    for i in range(len(open_nets)):
        if work.box.stop[0]:
            return i, back
        net = open_nets[i]
        count = draw_tree(soft.cost, work, net_pins(nets, net), limits, np.int64(0))
        if count < 0:
            continue
        spare = _place(pool, net, work.tree.edges[:count])
        if spare < 0:
            return i, back
        _book(closed, soft, pool, net, 1)
        over = np.empty(count, np.int64)
        num_over = 0
        for edge in route_of(pool, net):
            if closed.demand[edge] > closed.capacity[edge]:
                over[num_over] = edge
                num_over += 1
                marked[edge] = True
        users, places = _users(pool, order, marked, net)
        undo = np.empty((num_over, 4), np.int64)
        moved = 0
        full = False
        for j in range(num_over):
            if closed.demand[over[j]] <= closed.capacity[over[j]]:
                continue
            done = False
            for k in range(len(users)):
                if places[k] != over[j] or work.box.stop[0]:
                    continue
                other = users[k]
                if not _crosses(pool, other, over[j]):
                    continue
                outcome = _move(closed, soft, pool, work, nets, limits, other, undo[moved])
                if outcome == MOVED:
                    moved += 1
                    done = True
                    break
                if outcome == POOL_FULL:
                    full = True
                    break
            if not done:
                break
        for j in range(num_over):
            marked[over[j]] = False
        if _overflowed_edges(closed, pool, net) > 0:
            for j in range(moved - 1, -1, -1):
                _book(closed, soft, pool, undo[j, 0], -1)
                pool.start[undo[j, 0]] = undo[j, 1]
                pool.length[undo[j, 0]] = undo[j, 2]
                pool.room[undo[j, 0]] = undo[j, 3]
                _book(closed, soft, pool, undo[j, 0], 1)
            _book(closed, soft, pool, net, -1)
            pool.length[net] = 0
            if full:
                return i, back
        else:
            for j in range(moved):
                touched[undo[j, 0]] = 1
            touched[net] = 1
            back += 1
    return len(open_nets), back


MOVED, STUCK, POOL_FULL = 0, 1, 2
"""What became of a net that was to make room."""


@kernel
def _move(closed, soft, pool, work, nets, limits, net, undo):
    """Reroute a net through free tracks; ``undo`` gets (net, start, length, room) of before."""
    _book(closed, soft, pool, net, -1)
    count = draw_tree(closed.cost, work, net_pins(nets, net), limits, np.int64(0))
    outcome = STUCK
    if count > 0:
        undo[0], undo[1], undo[2], undo[3] = net, pool.start[net], pool.length[net], pool.room[net]
        outcome = MOVED if _place(pool, net, work.tree.edges[:count]) >= 0 else POOL_FULL
    _book(closed, soft, pool, net, 1)
    return outcome


@kernel
def _place(pool, net, edges):
    """Give a net a new slot, so that the old one stays; returns -1 when the pool is full."""
    begin = pool.used[0]
    if begin + len(edges) > len(pool.edges):
        return -1
    for i in range(len(edges)):
        pool.edges[begin + i] = edges[i]
    pool.start[net] = begin
    pool.length[net] = len(edges)
    pool.room[net] = len(edges)
    pool.used[0] = begin + len(edges)
    return begin


@making_arrays
def _users(pool, order, marked, but):
    """The nets that cross marked edges, but one: int64 pairs of (net, edge), in the order given."""
    users = np.empty(64, np.int64)
    places = np.empty(64, np.int64)
    count = 0
    for net in order:
        if net == but:
            continue
        for edge in route_of(pool, net):
            if marked[edge]:
                if count == len(users):
                    users = np.concatenate((users, users))
                    places = np.concatenate((places, places))
                users[count] = net
                places[count] = edge
                count += 1
    return users[:count], places[:count]


@inlined
def _crosses(pool, net, wanted):
    crosses = False
    for edge in route_of(pool, net):
        if edge == wanted:
            crosses = True
            break
    return crosses
