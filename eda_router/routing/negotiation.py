"""Rip-up and reroute under prices: the passes over all nets of the deterministic router.

The price of an edge is what one more net on it would cost:

    price = base[d] + history * slope[d],    d = demand + 1 - capacity

with two small tables over d. A gentle logistic slope, scaled by a history that grows where overflow
stays, gives PathFinder's negotiation [1, 2]; a base of CLOSED for d > 0 gives a search that keeps
to free tracks. Prices are kept up to date with every commit and release, so a search only reads
them.

[1] L. McMurchie, C. Ebeling: PathFinder: A Negotiation-Based Performance-Driven Router for FPGAs,
    FPGA 1995. [2] M. D. Moffitt: MaizeRouter / Y.-J. Chang et al.: NTHU-Route 2.0, ICCAD 2008.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from eda_router.search.box import CLOSED
from eda_router.search.steiner import join_pins
from eda_router.search.tree import grow_tree, improve_tree

UNIT = 1000
"""Price of a tile edge with tracks to spare."""

WORTH_MOVING = 2 * UNIT
"""What a net without overflow must save to be rerouted in negotiation."""

SPAN = 24
"""Tables cover d = -SPAN .. SPAN; beyond, the last entry holds."""


class Market(NamedTuple):
    """Demand and price of every edge.

    Attributes:
        capacity: int32 ``(2 * tiles,)``, tracks.
        demand: int32, nets that use the edge.
        history: float32, how long the edge has overflowed.
        price: int32, see the module's head.
        base: int32 ``(2 * SPAN + 1,)``, first table.
        slope: float32 ``(2 * SPAN + 1,)``, second table.
    """

    capacity: Any
    demand: Any
    history: Any
    price: Any
    base: Any
    slope: Any


class Wires(NamedTuple):
    """The nets' edges in one pool, each net with a slot that moves when it gets too small.

    Attributes:
        start: int64 ``(nets,)``, where a net's slot begins in the pool.
        length: int32 ``(nets,)``, edges of the net; 0 when it has no wire.
        room: int32 ``(nets,)``, size of the slot.
        pool: int32, edge ids.
        used: int64 ``(1,)``, where the unused end of the pool begins.
    """

    start: Any
    length: Any
    room: Any
    pool: Any
    used: Any


MAX_HISTORY = np.float32(250.0)
"""History stays at or below this, so that sums of prices fit 32 bits."""


@njit(cache=True, nogil=True, inline="always")
def _update_price(market, edge):
    d = market.demand[edge] + 1 - market.capacity[edge]
    d = min(max(d, -SPAN), SPAN) + SPAN
    market.price[edge] = market.base[d] + np.int32(market.history[edge] * market.slope[d])


@njit(cache=True, nogil=True)
def update_prices(market):
    """Recompute every edge's price, after the tables or the history changed."""
    for edge in range(len(market.price)):
        _update_price(market, edge)


@njit(cache=True, nogil=True)
def raise_history(market, amount):
    """Add ``amount`` to the history of every overflowed edge and reprice it."""
    for edge in range(len(market.price)):
        if market.demand[edge] > market.capacity[edge]:
            market.history[edge] = min(market.history[edge] + amount, MAX_HISTORY)
            _update_price(market, edge)


@njit(cache=True, nogil=True)
def overflow_figures(market):
    """(total overflow, largest overflow, number of overflowed edges)."""
    total = 0
    largest = 0
    count = 0
    for edge in range(len(market.price)):
        over = market.demand[edge] - market.capacity[edge]
        if over > 0:
            total += over
            largest = max(largest, over)
            count += 1
    return total, largest, count


@njit(cache=True, nogil=True)
def release(market, wires, net):
    """Take net's wire out of the demand; the wire itself stays in its slot."""
    first = wires.start[net]
    for i in range(first, first + wires.length[net]):
        edge = wires.pool[i]
        market.demand[edge] -= 1
        _update_price(market, edge)


@njit(cache=True, nogil=True)
def commit(market, wires, net):
    """Add net's wire to the demand, the inverse of :func:`release`."""
    first = wires.start[net]
    for i in range(first, first + wires.length[net]):
        edge = wires.pool[i]
        market.demand[edge] += 1
        _update_price(market, edge)


@njit(cache=True, nogil=True)
def store(wires, net, edges, count):
    """Make ``edges[:count]`` the wire of a net. Returns False when the pool is full."""
    if count > wires.room[net]:
        if wires.used[0] + count > len(wires.pool):
            return False
        wires.start[net] = wires.used[0]
        wires.room[net] = count
        wires.used[0] += count
    first = wires.start[net]
    for i in range(count):
        wires.pool[first + i] = edges[i]
    wires.length[net] = count
    return True


@njit(cache=True, nogil=True, inline="always")
def _overflows(market, wires, net):
    first = wires.start[net]
    for i in range(first, first + wires.length[net]):
        edge = wires.pool[i]
        if market.demand[edge] > market.capacity[edge]:
            return True
    return False


@njit(cache=True, nogil=True)
def commit_free(market, wires, nets, offsets, edges, committed):
    """Give nets the trees ``edges[offsets[i]:offsets[i + 1]]``, one after the other.

    A tree that needs an edge without a free track at that moment is refused whole, as is an empty
    one. ``committed`` gets a flag a net.

    Returns:
        how many nets were dealt with; fewer than all when the pool is full.
    """
    for i in range(len(nets)):
        first = offsets[i]
        count = offsets[i + 1] - first
        fits = count > 0
        for j in range(first, first + count):
            edge = edges[j]
            if market.demand[edge] >= market.capacity[edge]:
                fits = False
                break
        if fits:
            if not store(wires, nets[i], edges[first : first + count], count):
                return i
            commit(market, wires, nets[i])
        committed[i] = fits
    return len(nets)


@njit(cache=True, nogil=True)
def draw_tree(market, box, scratch, width, height, pins, exact_pins, margin, max_nodes, rounds):
    """Cheapest tree over ``pins``: exact for few pins, grown and improved for more.

    Writes to ``scratch.edges`` and returns the number of edges, or -1 if there is no way.
    """
    if len(pins) <= exact_pins:
        cost, count = join_pins(
            box, market.price, width, height, pins, margin, max_nodes >> len(pins) - 2
        )
        if cost >= CLOSED:
            return -1
        for i in range(count):
            scratch.edges[i] = box.out[i]
        return count
    count = grow_tree(box, scratch, market.price, width, height, pins, margin, max_nodes)
    if count < 0:
        return -1
    return improve_tree(box, scratch, market.price, width, height, pins, count, margin, rounds)


@njit(cache=True, nogil=True)
def first_pass(
    market, wires, box, scratch, width, height, nets, pin_offsets, pins,
    exact_pins, margin, max_nodes, rounds,
):  # fmt: skip
    """Route ``nets`` in order, overflow priced but allowed.

    Returns:
        how many nets of the list were dealt with; fewer than all when the pool is full.
    """
    for i in range(len(nets)):
        net = nets[i]
        net_pins = pins[pin_offsets[net] : pin_offsets[net + 1]]
        count = draw_tree(
            market, box, scratch, width, height, net_pins, exact_pins, margin, max_nodes, rounds
        )
        if count > 0:
            if not store(wires, net, scratch.edges, count):
                return i
            commit(market, wires, net)
    return len(nets)


@njit(cache=True, nogil=True)
def negotiate_pass(
    market, wires, box, scratch, width, height, nets, pin_offsets, pins, longest, touched,
    exact_pins, margin, max_nodes, rounds,
):  # fmt: skip
    """Rip up and reroute, in order, those of ``nets`` that cross an overflowed edge.

    So are nets longer than ``longest`` (int32, tile edges), but these keep their wire unless that
    saves the price of WORTH_MOVING. Nets of few pins are routed anew; of larger trees only what
    pays to change is changed.

    Returns:
        (nets dealt with, nets rerouted); fewer dealt with than all when the pool is full.
    """
    rerouted = 0
    for i in range(len(nets)):
        net = nets[i]
        overflowed = _overflows(market, wires, net)
        if not overflowed and wires.length[net] <= longest[net]:
            continue
        net_pins = pins[pin_offsets[net] : pin_offsets[net + 1]]
        release(market, wires, net)
        first = wires.start[net]
        old_count = wires.length[net]
        if len(net_pins) <= exact_pins:
            count = draw_tree(
                market, box, scratch, width, height, net_pins, exact_pins, margin, max_nodes, 0
            )
        else:
            count = old_count
            for e in range(count):
                scratch.edges[e] = wires.pool[first + e]
            count = improve_tree(
                box, scratch, market.price, width, height, net_pins, count, margin, rounds
            )
        if count > 0 and (
            overflowed
            or _price_of(market, scratch.edges, 0, count)
            <= _price_of(market, wires.pool, first, old_count) - WORTH_MOVING
        ):
            if not store(wires, net, scratch.edges, count):
                commit(market, wires, net)
                return i, rerouted
            touched[net] = 1
            rerouted += 1
        commit(market, wires, net)
    return len(nets), rerouted


@njit(cache=True, nogil=True, inline="always")
def _price_of(market, edges, first, count):
    total = 0
    for i in range(first, first + count):
        total += market.price[edges[i]]
    return total


@njit(cache=True, nogil=True)
def remove_overflow(market, wires, nets):
    """Take nets off overflowed edges, the last of ``nets`` first, until none overflows.

    Returns:
        number of nets that lost their wire.
    """
    removed = 0
    for i in range(len(nets) - 1, -1, -1):
        if _overflows(market, wires, nets[i]):
            release(market, wires, nets[i])
            wires.length[nets[i]] = 0
            removed += 1
    return removed


@njit(cache=True, nogil=True)
def refine_pass(
    market, wires, box, scratch, width, height, nets, pin_offsets, pins, bounds, touched,
    exact_pins, margin, max_nodes, rounds,
):  # fmt: skip
    """Look for a shorter legal wire for each of ``nets`` that is longer than its bound.

    Prices must close full edges. A net without wire gets one if there is a way. An equally long
    wire over freer edges is taken too, so that others find room.

    Returns:
        (nets dealt with, nets shortened, edges saved).
    """
    shortened = 0
    saved = 0
    for i in range(len(nets)):
        net = nets[i]
        old_length = wires.length[net]
        if old_length > 0 and old_length <= bounds[net]:
            continue
        net_pins = pins[pin_offsets[net] : pin_offsets[net + 1]]
        release(market, wires, net)
        if len(net_pins) <= exact_pins or old_length == 0:
            count = draw_tree(
                market, box, scratch, width, height, net_pins, exact_pins, margin, max_nodes, rounds
            )
        else:
            first = wires.start[net]
            count = old_length
            for e in range(count):
                scratch.edges[e] = wires.pool[first + e]
            count = improve_tree(
                box, scratch, market.price, width, height, net_pins, count, margin, rounds
            )
        if count > 0 and (
            old_length == 0
            or count < old_length
            or (
                count == old_length
                and _price_of(market, scratch.edges, 0, count)
                < _price_of(market, wires.pool, wires.start[net], old_length)
            )
        ):
            if not store(wires, net, scratch.edges, count):
                commit(market, wires, net)
                return i, shortened, saved
            touched[net] = 1
            if count < old_length or old_length == 0:
                shortened += 1
                saved += old_length - count
        commit(market, wires, net)
    return len(nets), shortened, saved


@njit(cache=True, nogil=True)
def steiner_bounds(box, width, height, nets, pin_offsets, pins, unit_price, exact_pins, bounds):
    """Lower bound of each net's length: the optimal rectilinear Steiner tree up to ``exact_pins``
    pins, half the bounding box's perimeter above. Written to ``bounds`` (int32)."""
    for i in range(len(nets)):
        net = nets[i]
        net_pins = pins[pin_offsets[net] : pin_offsets[net + 1]]
        x0 = width
        x1 = 0
        y0 = height
        y1 = 0
        for pin in net_pins:
            x0 = min(x0, pin % width)
            x1 = max(x1, pin % width)
            y0 = min(y0, pin // width)
            y1 = max(y1, pin // width)
        bounds[net] = x1 - x0 + y1 - y0
        if 3 < len(net_pins) <= exact_pins:
            cost, _ = join_pins(box, unit_price, width, height, net_pins, 0, 1)
            bounds[net] = cost
