"""A routing run in which the teacher draws every net, with all states it saw.

The flow is that of the neural router with the teacher in the model's place: the nets of a wave see
the same state of the ledger, their trees are committed one after the other, and a net that lost a
track to another one comes again in the next wave (:mod:`eda_router.neural.waves`). The states of a
wave and the trees drawn in them are training samples; on a benchmark they are the states that a
model is evaluated on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.config import RouteConfig
from eda_router.dataset.teacher import EXACT_PINS, LabelArray, label, route_box, tree_edges
from eda_router.design import Design, IntArray, Routes
from eda_router.neural.rudy import ExpectedDemand
from eda_router.neural.tensors import StateArray
from eda_router.neural.waves import in_waves
from eda_router.neural.windows import (
    choose_exits,
    cut_states,
    grid_edges,
    place_windows,
    shown_tracks,
)
from eda_router.routing.ledger import CapacityLedger

SIZES = (8, 16, 32, 64)
"""Sizes of the windows, in tiles."""

WAVES_A_STRETCH = 8
"""A stretch of the order has so many full waves; within it nets are sorted by window size."""

QUICK_EXACT_PINS = 3
"""Pins up to which trees are optimal where they are no samples; above, they are grown only."""

WIDE_MARGIN = 4
"""Tiles around the boxes of nets that are wider than the largest window."""


@dataclass(frozen=True, eq=False)
class Wave:
    """What one wave of nets saw, and what the teacher drew.

    Attributes:
        size: of the windows, in tiles.
        nets: int64 ``(num_nets,)``, numbers in the design.
        origins: int32 ``(num_nets, 2)``, x and y of each window's lower-left tile.
        states: uint8 ``(num_nets, size, size)``, what each net saw before any net of the wave was
            committed (:mod:`eda_router.neural.tensors`).
        labels: uint8 of the same shape, the teacher's trees (:mod:`eda_router.dataset.teacher`),
            0 where ``ok`` is False.
        ok: bool ``(num_nets,)``, False where the teacher found no way.
        committed: bool ``(num_nets,)``, whether the tree was booked: False where ``ok`` is, where
            another net of the wave took the last track, and where nothing is to be booked
            (:meth:`Replay.see_alone`).
    """

    size: int
    nets: NDArray[np.int64]
    origins: IntArray
    states: StateArray
    labels: LabelArray
    ok: NDArray[np.bool_]
    committed: NDArray[np.bool_]


class Replay:
    """A design being routed by the teacher.

    Args:
        design: to be routed.
        sizes: of the windows, rising.
        wave: most nets that see the same state of the ledger.
        margin: see :func:`eda_router.neural.windows.choose_exits`.
        best: sizes of the windows that get the teacher's best trees, None for all; nets of other
            sizes and nets wider than the largest window get quick ones.
        exact_pins: pins up to which the best trees are optimal.
        expected_demand: share of the expected demand of nets still to come that the windows show
            as used; at least one track is left where one is free.
        offsets: a generator puts half of the windows at a random place around the net's box
            instead of centring them; None centres all.

    Attributes:
        design: what is routed.
        ledger: the state of the run.
        trees: int32 edge ids of each net that has wire, by its number.
        exits: int32 ``(num_nets,)``, index into ``sizes``, -1 for nets wider than the largest.
    """

    def __init__(
        self,
        design: Design,
        *,
        sizes: Sequence[int] = SIZES,
        wave: int = 64,
        margin: int = 1,
        best: Sequence[int] | None = None,
        exact_pins: int = EXACT_PINS,
        expected_demand: float = RouteConfig.expected_demand,
        offsets: np.random.Generator | None = None,
    ):
        self.design = design
        self.ledger = CapacityLedger.of(design)
        self.trees: dict[int, IntArray] = {}
        self.exits = choose_exits(design.net_boxes, sizes, margin)
        self._sizes = tuple(sizes)
        self._wave = wave
        self._best = self._sizes if best is None else tuple(best)
        self._exact_pins = exact_pins
        self._offsets = offsets
        self._expected = ExpectedDemand(
            design.net_boxes, design.routable, design.width, design.height, expected_demand
        )
        self._awaited = np.zeros(design.num_nets, np.bool_)
        self._awaited[design.routable] = True

    def smallest_first(self) -> NDArray[np.int64]:
        """The nets that need wire, by rising half perimeter of their boxes."""
        nets = self.design.routable
        return nets[np.argsort(self.design.half_perimeters[nets], kind="stable")]

    def take(self, net: int, tree: IntArray) -> None:
        """Book a tree that another router drew for ``net``.

        Raises:
            CapacityError: an edge has no free track.
        """
        self.ledger.commit(tree)
        self.trees[net] = tree
        self._expect_no_more(np.array([net]))

    def release(self, nets: NDArray[np.int64]) -> None:
        """Rip up those of ``nets`` that have wire."""
        for net in nets.tolist():
            if net in self.trees:
                self.ledger.release(self.trees.pop(net))

    def route(self, nets: NDArray[np.int64], on_wave: Callable[[Wave], None]) -> None:
        """Route nets without wire, in this order but for the sizes of their windows.

        The order is cut into stretches; in each, nets wider than the largest window come first and
        are in no wave, then the nets of each window size, smallest first.

        Args:
            nets: int64, their numbers.
            on_wave: gets each wave as soon as its trees are committed.
        """
        stretch = WAVES_A_STRETCH * self._wave
        for begin in range(0, len(nets), stretch):
            some = nets[begin : begin + stretch]
            for net in some[self.exits[some] < 0].tolist():
                self._route_wide(net)
            for index, size in enumerate(self._sizes):
                self._route_exit(some[self.exits[some] == index], size, on_wave)

    def see_alone(self, nets: NDArray[np.int64], size: int) -> Wave:
        """The states of nets that have wire, each as if it alone were ripped up."""
        origins = self._place(nets, size)
        states = np.empty((len(nets), size, size), np.uint8)
        for i, net in enumerate(nets.tolist()):
            tree = self.trees[net]
            self.ledger.release(tree)
            states[i] = self._see(nets[i : i + 1], origins[i : i + 1], size)[0]
            self.ledger.commit(tree)
        labels, ok = label(states, self._exact_pins)
        return Wave(size, nets, origins, states, labels, ok, np.zeros(len(nets), np.bool_))

    def _route_exit(
        self, nets: NDArray[np.int64], size: int, on_wave: Callable[[Wave], None]
    ) -> None:
        def run(positions: NDArray[np.int64]) -> NDArray[np.bool_]:
            wave = self._route_wave(nets[positions], size)
            on_wave(wave)
            lost: NDArray[np.bool_] = wave.ok & ~wave.committed
            return lost

        in_waves(len(nets), self._wave, run)

    def _route_wave(self, nets: NDArray[np.int64], size: int) -> Wave:
        origins = self._place(nets, size)
        states = self._see(nets, origins, size)
        if size in self._best:
            labels, ok = label(states, self._exact_pins)
        else:
            labels, ok = label(states, QUICK_EXACT_PINS, 0)
        window, found = np.nonzero(tree_edges(labels).reshape(len(nets), -1))
        offsets = np.zeros(len(nets) + 1, np.int64)
        np.cumsum(np.bincount(window, minlength=len(nets)), out=offsets[1:])
        edges = grid_edges(found.astype(np.int32), offsets, origins, size, self.design.width)
        committed = np.zeros(len(nets), np.bool_)
        for i in np.flatnonzero(ok).tolist():
            committed[i] = self._commit(int(nets[i]), edges[offsets[i] : offsets[i + 1]])
        self._expect_no_more(nets[committed | ~ok])
        return Wave(size, nets, origins, states, labels, ok, committed)

    def _route_wide(self, net: int) -> None:
        box = self.design.net_boxes[net]
        low, high = np.maximum(box[:2] - WIDE_MARGIN, 0), box[2:] + WIDE_MARGIN + 1
        inside = np.s_[low[1] : high[1], low[0] : high[0]]
        pins = np.zeros((self.design.height, self.design.width), np.bool_)
        pins.reshape(-1)[self.design.net_pins(net)] = True
        self._expect_no_more(np.array([net]))
        edges = route_box(self.ledger.free[inside], pins[inside], QUICK_EXACT_PINS, 0)
        if edges is None:
            return
        tile, direction = edges // 2, edges % 2
        columns = pins[inside].shape[1]
        tile = (low[1] + tile // columns) * self.design.width + low[0] + tile % columns
        self._commit(net, (2 * tile + direction).astype(np.int32))

    def _commit(self, net: int, tree: IntArray) -> bool:
        """Book a tree if there is still a free track on all of its edges."""
        if not self.ledger.fits(tree):
            return False
        self.ledger.commit(tree)
        self.trees[net] = tree
        return True

    def _expect_no_more(self, nets: NDArray[np.int64]) -> None:
        """Expect no demand from ``nets`` any more, because they are routed or given up."""
        self._expected.remove(nets[self._awaited[nets]])
        self._awaited[nets] = False

    def _see(self, nets: NDArray[np.int64], origins: IntArray, size: int) -> StateArray:
        """The windows of nets, with expected demand shown as used."""
        shown = shown_tracks(self.ledger.free, self._expected.per_edge)
        return cut_states(shown, origins, *self.design.pins_of(nets), size)

    def _place(self, nets: NDArray[np.int64], size: int) -> IntArray:
        """Origins of the windows of nets."""
        boxes = self.design.net_boxes[nets]
        width, height = self.design.width, self.design.height
        origins = place_windows(boxes, size, width, height)
        if self._offsets is None:
            return origins
        lowest = np.maximum(boxes[:, 2:] - size + 1, -size // 4)
        highest = np.minimum(boxes[:, :2], np.array([width, height]) - size + size // 4)
        moved = self._offsets.integers(lowest, np.maximum(highest, lowest), endpoint=True)
        keep = self._offsets.random(len(boxes)) < 0.5
        return np.where(keep[:, None], origins, moved).astype(np.int32)


def bench_waves(
    design: Design,
    routes: Routes | None = None,
    *,
    sizes: Sequence[int] = SIZES,
    wave: int = 64,
    margin: int = 1,
    expected_demand: float = RouteConfig.expected_demand,
) -> list[Wave]:
    """The states of a design, smallest boxes first, windows centred as in routing.

    Without ``routes`` these are the states of a first pass from an empty ledger; a net that lost a
    track to another one appears again in a later wave. With ``routes``, a router's legal wires of
    all nets, each net is ripped up alone and seen among all others: a full ledger for every net, in
    which the teacher's trees are not committed.

    Raises:
        CapacityError: ``routes`` overflow an edge.
    """
    replay = Replay(design, sizes=sizes, wave=wave, margin=margin, expected_demand=expected_demand)
    order = replay.smallest_first()
    waves: list[Wave] = []
    if routes is None:
        replay.route(order, waves.append)
        return waves
    for net in order.tolist():
        replay.take(net, routes.net_edges(net))
    for index, size in enumerate(sizes):
        nets = order[replay.exits[order] == index]
        for begin in range(0, len(nets), wave):
            waves.append(replay.see_alone(nets[begin : begin + wave], size))
    return waves
