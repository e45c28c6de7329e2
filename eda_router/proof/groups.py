"""Nets with the same pins count as one group: any tree of one is a tree of the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray


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
