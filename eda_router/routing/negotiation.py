"""Rip-up and reroute: the passes over all nets of the deterministic router.

Searches read the costs of a ledger's edges (:mod:`eda_router.routing.ledger`), and every commit and
release keeps them up to date. Costs that rise with demand and with the history of overflow make
nets negotiate for edges, as in PathFinder [1] and in global routers after it [2, 3].

[1] L. McMurchie, C. Ebeling: PathFinder: A Negotiation-Based Performance-Driven Router for FPGAs,
    FPGA 1995, doi 10.1145/201310.201328. [2] M. D. Moffitt: MaizeRouter: Engineering an Effective
    Global Router, IEEE TCAD 27 (2008). [3] Y.-J. Chang, Y.-T. Lee, T.-C. Wang: NTHU-Route 2.0: A
    Fast and Stable Global Router, ICCAD 2008.
"""

from __future__ import annotations

from eda_router.kernels import inlined, kernel
from eda_router.routing.costs import cost_of, update_cost
from eda_router.routing.pool import route_of, store
from eda_router.search.draw import draw_tree, improve_drawn
from eda_router.search.grid import (
    TILE_EDGE,
    edge_tiles,
    net_pins,
    stretched,
    tile_window,
    with_margin,
)

WORTH_MOVING = 2 * TILE_EDGE
"""What a net without overflow must save to be rerouted in negotiation."""


@inlined
def pin_window(nets, net, grid):
    """The window of a net's pins."""
    pins = net_pins(nets, net)
    window = tile_window(pins[0], grid.width)
    for pin in pins:
        window = stretched(window, pin, grid.width)
    return window


@inlined
def footprint(pool, nets, grid, limits, net):
    """A window that holds all edges which drawing a net anew reads or changes.

    Of a net that is drawn exactly, that is the box of the search, and the route it has; a grown
    tree is improved up to ``limits.reach`` tiles from these.
    """
    window = pin_window(nets, net, grid)
    exact = nets.offsets[net + 1] - nets.offsets[net] <= limits.exact_pins
    if exact:
        window = with_margin(window, limits.margin, grid)
    for edge in route_of(pool, net):
        for tile in edge_tiles(edge, grid.width):
            window = stretched(window, tile, grid.width)
    if not exact:
        window = with_margin(window, limits.reach, grid)
    return window


@kernel
def _set_fence(pool, work, nets, limits, net):
    """Keep what improving the tree of a net looks at within the net's footprint."""
    grid, fence = work.grid, work.box.fence
    work.box.outgrown[0] = 0
    if nets.offsets[net + 1] - nets.offsets[net] <= limits.exact_pins:
        return
    if limits.reach >= max(grid.width, grid.height):
        fence[0], fence[1], fence[2], fence[3] = 0, 0, grid.width - 1, grid.height - 1
    else:
        window = footprint(pool, nets, grid, limits, net)
        fence[0], fence[1], fence[2], fence[3] = window


@kernel
def release(costs, pool, net):
    """Take a net's route out of the demand; the route itself stays in its slot."""
    for edge in route_of(pool, net):
        costs.demand[edge] -= 1
        update_cost(costs, edge)


@kernel
def commit(costs, pool, net):
    """Add a net's route to the demand, the inverse of :func:`release`."""
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
            commit(costs, pool, nets[i])
        committed[i] = fits
    return len(nets)


@kernel
def first_pass(costs, pool, work, nets, limits, order):
    """Route the nets of ``order``, overflow at a cost but allowed.

    Returns:
        (nets dealt with,); fewer than all when the pool is full, a tree outgrew its fence, or
        ``work.box.stop`` is set.
    """
    for i in range(len(order)):
        if work.box.stop[0]:
            return (i,)
        net = order[i]
        _set_fence(pool, work, nets, limits, net)
        count = draw_tree(costs.cost, work, net_pins(nets, net), limits)
        if work.box.outgrown[0]:
            return (i,)
        if count > 0:
            if not store(pool, net, work.tree.edges[:count]):
                return (i,)
            commit(costs, pool, net)
    return (len(order),)


@inlined
def _draw_again(costs, pool, work, nets, limits, net):
    """Draw a released net: few pins anew, of a larger tree only what pays to change.

    Writes to ``work.tree.edges`` and returns the number of edges, or -1 if there is no way.
    """
    pins = net_pins(nets, net)
    count = pool.length[net]
    if len(pins) <= limits.exact_pins or count == 0:
        return draw_tree(costs.cost, work, pins, limits)
    route = route_of(pool, net)
    for i in range(count):
        work.tree.edges[i] = route[i]
    return improve_drawn(costs.cost, work, pins, count, limits)


@kernel
def negotiate_pass(costs, pool, work, nets, limits, order, longest, touched):
    """Rip up and reroute, in order, the nets of ``order`` that cross an overflowed edge.

    So are nets longer than ``longest`` (int32 ``(num_nets,)``, tile edges), but these keep their
    route unless that saves WORTH_MOVING. ``touched`` gets a 1 for every net rerouted.

    Returns:
        (nets dealt with, nets rerouted); fewer dealt with than all as in :func:`first_pass`.
    """
    rerouted = 0
    for i in range(len(order)):
        if work.box.stop[0]:
            return i, rerouted
        net = order[i]
        overflowed = _overflows(costs, pool, net)
        if not overflowed and pool.length[net] <= longest[net]:
            continue
        _set_fence(pool, work, nets, limits, net)
        release(costs, pool, net)
        count = _draw_again(costs, pool, work, nets, limits, net)
        if work.box.outgrown[0]:
            commit(costs, pool, net)
            return i, rerouted
        if count > 0:
            drawn, route = work.tree.edges[:count], route_of(pool, net)
            if overflowed or cost_of(costs, drawn) <= cost_of(costs, route) - WORTH_MOVING:
                if not store(pool, net, drawn):
                    commit(costs, pool, net)
                    return i, rerouted
                touched[net] = 1
                rerouted += 1
        commit(costs, pool, net)
    return len(order), rerouted


@kernel
def refine_pass(costs, pool, work, nets, limits, order, bounds, touched):
    """Look for a shorter legal route for each net of ``order`` that is longer than its bound.

    Costs must close full edges. A net without route gets one if there is a way. An equally long
    route over freer edges is taken too, so that others find room. ``touched`` gets a 1 for every
    net whose route changed.

    Returns:
        (nets dealt with, nets shortened, edges saved); fewer dealt with than all as in
        :func:`first_pass`.
    """
    shortened = 0
    saved = 0
    for i in range(len(order)):
        if work.box.stop[0]:
            return i, shortened, saved
        net = order[i]
        old_count = pool.length[net]
        if 0 < old_count <= bounds[net]:
            continue
        _set_fence(pool, work, nets, limits, net)
        release(costs, pool, net)
        count = _draw_again(costs, pool, work, nets, limits, net)
        if work.box.outgrown[0]:
            commit(costs, pool, net)
            return i, shortened, saved
        if count > 0:
            drawn = work.tree.edges[:count]
            shorter = old_count == 0 or count < old_count
            if shorter or (
                count == old_count and cost_of(costs, drawn) < cost_of(costs, route_of(pool, net))
            ):
                if not store(pool, net, drawn):
                    commit(costs, pool, net)
                    return i, shortened, saved
                touched[net] = 1
                if shorter:
                    shortened += 1
                    saved += old_count - count
        commit(costs, pool, net)
    return len(order), shortened, saved
