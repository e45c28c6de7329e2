"""Nets with the same pins count as one group: any tree of one is a tree of the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, Routes
from eda_router.proof.columns import Columns


@dataclass(frozen=True, eq=False)
class Groups:
    """The nets to route, those with the same pins together.

    Attributes:
        offsets: int64 ``(groups + 1,)``, group g's pins are ``pins[offsets[g]:offsets[g + 1]]``.
        pins: int32, tiles, rising within a group.
        members: int64 ``(groups,)``, nets of each group.
        group_of: int64 ``(nets,)``, the group of each net, -1 for a net that needs no wire.
    """

    offsets: NDArray[np.int64]
    pins: IntArray
    members: NDArray[np.int64]
    group_of: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.members)

    @property
    def pin_counts(self) -> NDArray[np.int64]:
        """int64 ``(groups,)``: pins of each group."""
        return np.diff(self.offsets)

    def routes(self, columns: Columns, amounts: NDArray[np.int64]) -> Routes:
        """A routing: the nets of each group take its trees in order.

        Args:
            columns: trees of the groups.
            amounts: int64 ``(columns,)``, nets on each tree, as many as its group has.
        """
        waiting: dict[int, list[int]] = {}
        for column in np.flatnonzero(amounts).tolist():
            group = int(columns.groups[column])
            waiting.setdefault(group, []).extend([column] * int(amounts[column]))
        offsets = np.zeros(len(self.group_of) + 1, np.int64)
        parts = []
        for net, group in enumerate(self.group_of.tolist()):
            if group >= 0:
                column = waiting[group].pop(0)
                parts.append(columns.edges[columns.offsets[column] : columns.offsets[column + 1]])
                offsets[net + 1] = len(parts[-1])
        edges = np.concatenate(parts) if parts else np.zeros(0, np.int32)
        return Routes(np.cumsum(offsets), edges)


def groups_of(design: Design) -> Groups:
    """The groups of a design's nets, in order of their first nets."""
    places: dict[bytes, int] = {}
    group_of = np.full(design.num_nets, -1, np.int64)
    first: list[int] = []
    for net in design.routable:
        key = design.net_pins(net).tobytes()
        group = places.setdefault(key, len(first))
        if group == len(first):
            first.append(int(net))
        group_of[net] = group
    offsets, pins = design.pins_of(np.array(first, np.int64))
    members = np.bincount(group_of[design.routable], minlength=len(first)).astype(np.int64)
    return Groups(offsets, pins, members, group_of)
