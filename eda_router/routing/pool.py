"""The route pool: the edges of all nets in one array that kernels write."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eda_router.design import Routes
from eda_router.kernels import inlined


class RoutePool(NamedTuple):
    """The nets' edges, each net with a slot that moves when it gets too small.

    Attributes:
        start: int64 ``(nets,)``, where a net's slot begins in ``edges``.
        length: int32 ``(nets,)``, edges of the net; 0 when it has no route.
        room: int32 ``(nets,)``, size of the slot.
        edges: int32, edge ids.
        used: int64 ``(1,)``, where the unused end of ``edges`` begins.
    """

    start: Any
    length: Any
    room: Any
    edges: Any
    used: Any


def new_pool(num_nets: int, size: int) -> RoutePool:
    """A pool without routes, with room for ``size`` edges."""
    return RoutePool(
        start=np.zeros(num_nets, np.int64),
        length=np.zeros(num_nets, np.int32),
        room=np.zeros(num_nets, np.int32),
        edges=np.zeros(max(size, 1), np.int32),
        used=np.zeros(1, np.int64),
    )


def pool_of(routes: Routes, spare: int) -> RoutePool:
    """A pool that holds ``routes``, with room for ``spare`` edges behind them."""
    wires = routes.wirelength
    pool = new_pool(routes.num_nets, wires + spare)
    pool.used[0] = wires
    pool.start[:] = routes.offsets[:-1]
    pool.length[:] = routes.lengths
    pool.room[:] = routes.lengths
    pool.edges[:wires] = routes.edges
    return pool


def snapshot(pool: RoutePool) -> RoutePool:
    """A copy; unlike :func:`routes_of` without sorting, for most are thrown away."""
    return pool._replace(
        start=pool.start.copy(),
        length=pool.length.copy(),
        edges=pool.edges[: pool.used[0]].copy(),
    )


def routes_of(pool: RoutePool, num_edges: int) -> Routes:
    """The routes, each net's edges sorted.

    Args:
        pool: holds them.
        num_edges: edge ids are less than this.
    """
    lengths = pool.length.astype(np.int64)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    keys = pool.edges[np.repeat(pool.start, lengths) + within].astype(np.int64)
    keys += np.repeat(np.arange(len(lengths)), lengths) * num_edges
    keys.sort()
    return Routes(offsets, (keys % num_edges).astype(np.int32))


@inlined
def route_of(pool, net):
    """The edges of a net, a view."""
    return pool.edges[pool.start[net] : pool.start[net] + pool.length[net]]


@inlined
def store(pool, net, edges):
    """Make ``edges`` the route of a net. Returns False when the pool is full."""
    count = len(edges)
    if count > pool.room[net]:
        if pool.used[0] + count > len(pool.edges):
            return False
        pool.start[net] = pool.used[0]
        pool.room[net] = count
        pool.used[0] += count
    first = pool.start[net]
    for i in range(count):
        pool.edges[first + i] = edges[i]
    pool.length[net] = count
    return True
