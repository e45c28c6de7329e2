"""A routing run by the teacher alone, wave by wave, with every state it saw.

The same flow as the neural router's, with the teacher in the model's place: nets of one exit see
the same ledger, their trees are committed one after the other, and a net that lost a race waits
for the next wave. What a wave saw, with the trees it drew, are training samples; on a benchmark
they are the states that a model is evaluated on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.dataset.teacher import EXACT_PINS, LabelArray, label, route_box, tree_edges
from eda_router.design import Design, IntArray, Routes
from eda_router.neural.rudy import ExpectedDemand
from eda_router.neural.tensors import StateArray
from eda_router.neural.windows import (
    choose_exits,
    cut_states,
    grid_edges,
    place_windows,
    shown_tracks,
)
from eda_router.routing.ledger import CapacityLedger

SIZES = (8, 16, 32, 64)
QUICK_EXACT_PINS = 3
"""Pins up to which trees are optimal where they are no samples; above, they are grown only."""
FORESIGHT = 0.4
"""What neural routing shows the model of expected demand."""
WIDE_MARGIN = 4
"""Tiles around the boxes of such nets."""


@dataclass(frozen=True, eq=False)
class Wave:
    """What one wave of nets saw, and what the teacher drew.

    Attributes:
        size: of the windows.
        nets: int64 ``(num_nets,)``, numbers in the design.
        origins: int32 ``(num_nets, 2)``, x and y of each window's lower-left tile.
        states: uint8 ``(num_nets, size, size)``.
        labels: uint8 of the same shape.
        ok: bool ``(num_nets,)``, False where the teacher found no way.
        committed: bool ``(num_nets,)``, False also where another net of the wave was faster.
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
        wave: most nets that see the same ledger.
        margin: see :func:`eda_router.neural.windows.choose_exits`.
        best: sizes of the windows that get the teacher's best trees, None for all; nets of other
            sizes and nets wider than the largest window get quick ones.
        exact_pins: pins up to which the best trees are optimal.
        foresight: how much of the expected demand of nets without wire the windows show as used, at
            least one track left where one is free, as in neural routing.
        offsets: a generator puts half of the windows at a random place around the net's box
            instead of centring them; None centres all.

    Attributes:
        ledger: the state of the run.
        trees: the edges each routed net has, by its number.
        exits: int32 ``(num_nets,)``, index into ``sizes`` or -1, 0 for nets within one tile.
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
        foresight: float = 0.0,
        offsets: np.random.Generator | None = None,
    ):
        self.design = design
        self.ledger = CapacityLedger.of(design)
        self.trees: dict[int, IntArray] = {}
        self._sizes = tuple(sizes)
        self._wave = wave
        self._best = self._sizes if best is None else tuple(best)
        self._exact_pins = exact_pins
        self._offsets = offsets
        self._boxes = design.net_boxes
        self.exits = choose_exits(self._boxes, sizes, margin)
        self._expected = ExpectedDemand(
            self._boxes, design.routable, design.width, design.height, foresight
        )
        self._awaited = np.zeros(design.num_nets, np.bool_)
        self._awaited[design.routable] = True

    def smallest_first(self) -> NDArray[np.int64]:
        """The nets that need wire, by rising half perimeter of their boxes."""
        nets = self.design.routable
        spans = self._boxes[nets, 2:] - self._boxes[nets, :2]
        return nets[np.argsort(spans.sum(axis=1), kind="stable")]

    def take(self, net: int, tree: IntArray) -> None:
        """Book a tree that another router drew for ``net``.

        Raises:
            CapacityError: an edge has no free track.
        """
        self.ledger.commit(tree)
        self.trees[net] = tree
        self._arrived(np.array([net]))

    def release(self, nets: NDArray[np.int64]) -> None:
        """Rip up those of ``nets`` that have wire."""
        for net in nets.tolist():
            if net in self.trees:
                self.ledger.release(self.trees.pop(net))

    def route(self, nets: NDArray[np.int64]) -> Iterator[Wave]:
        """Route nets without wire in about this order, one exit's nets of a stretch at a time.

        Nets wider than the largest window are routed too, but are in no wave.
        """
        stretch = max(1, 8 * self._wave)
        for begin in range(0, len(nets), stretch):
            some = nets[begin : begin + stretch]
            for net in some[self.exits[some] < 0].tolist():
                self._route_wide(net)
            for exit, size in enumerate(self._sizes):
                waiting = some[self.exits[some] == exit]
                while len(waiting):
                    wave = self._route_wave(waiting[: self._wave], size)
                    yield wave
                    lost = wave.nets[wave.ok & ~wave.committed]
                    waiting = np.concatenate([lost, waiting[self._wave :]])

    def see_alone(self, nets: NDArray[np.int64], size: int) -> Wave:
        """The states of nets that have wire, each as if it alone were ripped up."""
        origins = self._place(self._boxes[nets], size)
        states = np.empty((len(nets), size, size), np.uint8)
        for i, net in enumerate(nets.tolist()):
            tree = self.trees[net]
            self.ledger.release(tree)
            one = slice(i, i + 1)
            states[i] = cut_states(self._shown(), origins[one], *self._pins_of(nets[one]), size)[0]
            self.ledger.commit(tree)
        labels, ok = label(states, self._exact_pins)
        return Wave(size, nets, origins, states, labels, ok, np.zeros(len(nets), np.bool_))

    def _pins_of(self, nets: NDArray[np.int64]) -> tuple[NDArray[np.int64], IntArray]:
        starts, counts = self.design.pin_offsets[nets], self.design.pin_counts[nets]
        offsets = np.zeros(len(nets) + 1, np.int64)
        np.cumsum(counts, out=offsets[1:])
        index = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], counts)
        return offsets, self.design.pins[index]

    def _route_wave(self, nets: NDArray[np.int64], size: int) -> Wave:
        origins = self._place(self._boxes[nets], size)
        pin_offsets, pins = self._pins_of(nets)
        states = cut_states(self._shown(), origins, pin_offsets, pins, size)
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
            tree = edges[offsets[i] : offsets[i + 1]]
            committed[i] = self._commit(int(nets[i]), tree)
        self._arrived(nets[committed | ~ok])
        return Wave(size, nets, origins, states, labels, ok, committed)

    def _shown(self) -> IntArray:
        """Free tracks as the windows show them."""
        return shown_tracks(self.ledger.free, self._expected.per_edge)

    def _arrived(self, nets: NDArray[np.int64]) -> None:
        """Expect no demand from ``nets`` any more, because they are routed or given up."""
        self._expected.remove(nets[self._awaited[nets]])
        self._awaited[nets] = False

    def _commit(self, net: int, tree: IntArray) -> bool:
        if not self.ledger.fits(tree):
            return False
        self.ledger.commit(tree)
        self.trees[net] = tree
        return True

    def _place(self, boxes: IntArray, size: int) -> IntArray:
        width, height = self.design.width, self.design.height
        origins = place_windows(boxes, size, width, height)
        if self._offsets is None:
            return origins
        lowest = np.maximum(boxes[:, 2:] - size + 1, -size // 4)
        highest = np.minimum(boxes[:, :2], np.array([width, height]) - size + size // 4)
        moved = self._offsets.integers(lowest, np.maximum(highest, lowest), endpoint=True)
        keep = self._offsets.random(len(boxes)) < 0.5
        return np.where(keep[:, None], origins, moved).astype(np.int32)

    def _route_wide(self, net: int) -> None:
        low = np.maximum(self._boxes[net, :2] - WIDE_MARGIN, 0)
        high = self._boxes[net, 2:] + WIDE_MARGIN + 1
        box = np.s_[low[1] : high[1], low[0] : high[0]]
        pins = np.zeros((self.design.height, self.design.width), np.bool_)
        pins.reshape(-1)[self.design.net_pins(net)] = True
        self._arrived(np.array([net]))
        edges = route_box(self.ledger.free[box], pins[box], QUICK_EXACT_PINS, 0)
        if edges is None:
            return
        tile, direction = edges // 2, edges % 2
        columns = pins[box].shape[1]
        tile = (low[1] + tile // columns) * self.design.width + low[0] + tile % columns
        self._commit(net, (2 * tile + direction).astype(np.int32))


def bench_waves(
    design: Design,
    routes: Routes | None = None,
    *,
    sizes: Sequence[int] = SIZES,
    wave: int = 64,
    margin: int = 1,
    foresight: float = FORESIGHT,
) -> Iterator[Wave]:
    """The states of a design, smallest boxes first, windows centred as in routing.

    Without ``routes`` these are the states of a first pass from an empty ledger; a net that lost a
    race appears again in a later wave. With ``routes``, a router's legal wires of all nets, each
    net is ripped up alone and seen among all others: a full ledger for every net, in which the
    teacher's trees are not committed.

    Raises:
        CapacityError: ``routes`` overflow an edge.
    """
    replay = Replay(design, sizes=sizes, wave=wave, margin=margin, foresight=foresight)
    order = replay.smallest_first()
    if routes is None:
        yield from replay.route(order)
        return
    for net in order.tolist():
        replay.take(net, routes.net_edges(net))
    for exit, size in enumerate(sizes):
        nets = order[replay.exits[order] == exit]
        for begin in range(0, len(nets), wave):
            yield replay.see_alone(nets[begin : begin + wave], size)
