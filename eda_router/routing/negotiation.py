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

import numpy as np

from eda_router.kernels import inlined, kernel
from eda_router.routing.costs import cost_of, update_cost
from eda_router.routing.pool import route_of, store
from eda_router.search.draw import draw_tree
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


@inlined
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


@inlined
def _is_better(costs, drawn, route, negotiating):
    """Whether a net that overflows nothing takes what was drawn instead of its route."""
    if negotiating:
        return cost_of(costs, drawn) <= cost_of(costs, route) - WORTH_MOVING
    if len(drawn) != len(route):
        return len(drawn) < len(route)
    return cost_of(costs, drawn) < cost_of(costs, route)


@kernel
def route_pass(costs, pool, work, nets, limits, order, longest, touched, negotiating):
    """Draw the nets of ``order`` anew, one after the other, where that is of use.

    In negotiation that are the nets that cross an overflowed edge, which take what is drawn, and
    those longer than ``longest`` (int32 ``(num_nets,)``, tile edges), which keep their route unless
    that saves WORTH_MOVING. Otherwise it is the nets without route, which get one if there is a
    way, and those longer than ``longest``, which take a shorter route, or an equally long one over
    freer edges, so that others find room.

    One kernel for both: most of what either compiles is the search.

    Args:
        costs: of the ledger.
        pool: the routes.
        work: scratch memory.
        nets: pins of all nets.
        limits: of the searches.
        order: int64, net numbers.
        longest: see above.
        touched: uint8 ``(num_nets,)``, gets a 1 for every net whose route changed.
        negotiating: bool, see above.

    Returns:
        (nets dealt with, nets rerouted, nets shortened, edges saved); nets that had no route count
        as shortened. Fewer are dealt with than all when the pool is full, a tree outgrew its
        fence, or ``work.box.stop`` is set.
    """
    rerouted = 0
    shortened = 0
    saved = 0
    for i in range(len(order)):
        if work.box.stop[0]:
            return i, rerouted, shortened, saved
        net = order[i]
        old_count = np.int64(pool.length[net])
        has_to_move = _overflows(costs, pool, net) if negotiating else old_count == 0
        if not has_to_move and old_count <= longest[net]:
            continue
        _set_fence(pool, work, nets, limits, net)
        _release(costs, pool, net)
        pins, route, tree = net_pins(nets, net), route_of(pool, net), work.tree.edges
        for j in range(old_count):
            tree[j] = route[j]
        count = draw_tree(costs.cost, work, pins, limits, old_count)
        is_whole = work.box.outgrown[0] == 0
        if is_whole and count > 0:
            drawn = tree[:count]
            if has_to_move or _is_better(costs, drawn, route, negotiating):
                is_whole = store(pool, net, drawn)
                if is_whole:
                    touched[net] = 1
                    rerouted += 1
                    if old_count == 0 or count < old_count:
                        shortened += 1
                        saved += old_count - count
        _commit(costs, pool, net)
        if not is_whole:
            return i, rerouted, shortened, saved
    return len(order), rerouted, shortened, saved
