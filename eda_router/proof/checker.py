"""The checker of certificates: what prices prove, recomputed from them alone.

It shares no code with the prover, nor with the router: the design, the certificate and the formula
of :mod:`eda_router.proof.certificate` are all it takes. All sums are whole numbers of any size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design
from eda_router.errors import EdarouteError
from eda_router.proof.certificate import Certificate, digest_of
from eda_router.proof.dual_ascent import new_ascent
from eda_router.proof.least_trees import (
    Graph,
    free_parts,
    graph_of,
    least_trees,
    new_labels,
)

CHUNK = 16
"""Nets of one call of the kernel."""

LOOK_EVERY = 0.1
"""Seconds between two looks at the clock while a chunk runs."""


@dataclass(frozen=True)
class Proof:
    """What a certificate proves of a design.

    Attributes:
        kind: ``overflow`` or ``wirelength``.
        bound: least overflow of any routing, tracks, or least wirelength of any routing without
            overflow, tile edges.
        scaled: the sum before it was divided by the scale and rounded up.
        nets: nets with pins in more than one tile.
        exact_nets: nets of which the cheapest tree is known, not only a lower bound.
    """

    kind: str
    bound: int
    scaled: int
    nets: int
    exact_nets: int

    @property
    def claim(self) -> str:
        """What is proven, in words."""
        if self.kind == "overflow":
            return f"no routing has less than {self.bound} overflow"
        return f"no routing without overflow is shorter than {self.bound}"


def check_certificate(
    design: Design, certificate: Certificate, on_share: Callable[[float], None] | None = None
) -> Proof:
    """Recompute what a certificate proves.

    Args:
        design: what was routed.
        certificate: prices.
        on_share: called now and then with the share done; may raise.

    Raises:
        EdarouteError: the certificate is of another design, or claims more than its prices prove.
    """
    if certificate.prices.shape != design.capacity.shape:
        raise EdarouteError(
            f"certificate for a grid {certificate.prices.shape}, expected {design.capacity.shape}"
        )
    if certificate.digest != digest_of(design):
        raise EdarouteError("certificate of another design: the digests differ")
    proof = prove(design, certificate.kind, certificate.prices, certificate.scale, on_share)
    if certificate.bound > proof.bound:
        raise EdarouteError(
            f"certificate claims {certificate.bound}, its prices prove {proof.bound}"
        )
    return proof


def prove(
    design: Design,
    kind: str,
    prices: NDArray[np.int64],
    scale: int,
    on_share: Callable[[float], None] | None = None,
    deadline: float | None = None,
) -> Proof:
    """The bound that prices prove; see :func:`check_certificate`.

    From ``deadline`` on, on the monotonic clock, lower bounds take the place of exact trees that
    are not known yet: what is proven then is true all the same, but may be less.
    """
    graph, node_of = _priced_graph(design, prices, scale if kind == "wirelength" else 0)
    offsets, pins, members = _distinct_nets(design, node_of)
    costs = np.zeros(len(members), np.int64)
    exact = np.zeros(len(members), np.uint8)
    labels = new_labels(len(graph.x))
    stop = labels.stop
    memory = labels, new_ascent(graph, stop)

    def wait(chunk: Future[None], share: float) -> None:
        """Wait for a chunk: signals and the clock are seen meanwhile."""
        while not chunk.done():
            if deadline is not None and time.monotonic() >= deadline:
                stop[0] = 1
            if on_share is not None:
                on_share(share)
            with suppress(TimeoutError):
                chunk.result(LOOK_EVERY)
        chunk.result()

    with ThreadPoolExecutor(1) as pool:
        try:
            for first in range(0, len(members), CHUNK):
                last = min(first + CHUNK, len(members))
                chunk = pool.submit(
                    least_trees, graph, memory, (offsets, pins), first, last, costs, exact
                )
                wait(chunk, first / len(members))
                if on_share is not None:
                    on_share(last / len(members))
        except BaseException:
            # The pool waits for the chunk that runs.
            stop[0] = 1
            raise
    trees = sum(int(cost) * int(count) for cost, count in zip(costs, members, strict=True))
    priced = np.flatnonzero(prices)
    tracks = sum(
        int(price) * int(capacity)
        for price, capacity in zip(prices.flat[priced], design.capacity.flat[priced], strict=True)
    )
    scaled = trees - tracks
    return Proof(
        kind=kind,
        bound=max(0, -(-scaled // scale)),
        scaled=scaled,
        nets=len(design.routable),
        exact_nets=int(members[exact > 0].sum()),
    )


def _priced_graph(
    design: Design, prices: NDArray[np.int64], unit: int
) -> tuple[Graph, NDArray[np.int64]]:
    """The grid with what its edges cost, and the node of each tile.

    Tiles that edges without cost join are one node.
    """
    tiles = np.arange(design.num_tiles)
    x, y = tiles % design.width, tiles // design.width
    right, up = tiles[x < design.width - 1], tiles[y < design.height - 1]
    tails = np.concatenate((right, up))
    heads = np.concatenate((right + 1, up + design.width))
    flat = prices.reshape(-1, 2)
    costs = unit + np.concatenate((flat[right, HORIZONTAL], flat[up, VERTICAL]))
    free = costs == 0
    node_of = free_parts(heads[free], tails[free], design.num_tiles)
    ends = node_of[tails[~free]], node_of[heads[~free]]
    place = np.zeros(int(node_of.max()) + 1, np.int64)
    # Places count only where every edge costs something, and then nodes are tiles.
    place[node_of[::-1]] = tiles[::-1]
    return graph_of(ends, costs[~free], x[place], y[place], unit), node_of


def _distinct_nets(
    design: Design, node_of: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Nets as sets of nodes, each set once: offsets, nodes, and how many nets each stands for."""
    counts: dict[tuple[int, ...], int] = {}
    for nodes in _node_sets(design, node_of):
        counts[nodes] = counts.get(nodes, 0) + 1
    offsets = np.cumsum([0, *(len(nodes) for nodes in counts)])
    pins = np.array([node for nodes in counts for node in nodes], np.int32)
    return offsets, pins, np.array(list(counts.values()), np.int64)


def _node_sets(design: Design, node_of: NDArray[np.int64]) -> Iterator[tuple[int, ...]]:
    for net in design.routable.tolist():
        yield tuple(sorted(set(node_of[design.net_pins(net)].tolist())))
