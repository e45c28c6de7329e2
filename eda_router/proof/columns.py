"""The trees that a master problem may choose among, each a column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray


class Columns:
    """Trees of groups, none twice.

    Attributes:
        groups: int64 ``(columns,)``, the group of each tree.
        offsets: int64 ``(columns + 1,)``, tree j's edges are ``edges[offsets[j]:offsets[j + 1]]``.
        edges: int32, edge ids, rising within a tree.
    """

    def __init__(self) -> None:
        self.groups = np.zeros(0, np.int64)
        self.offsets = np.zeros(1, np.int64)
        self.edges: IntArray = np.zeros(0, np.int32)
        self._places: dict[tuple[int, bytes], int] = {}

    def __len__(self) -> int:
        return len(self.groups)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """int64 ``(columns,)``: edges of each tree."""
        return np.diff(self.offsets)

    def add(self, groups: NDArray[np.int64], trees: list[IntArray]) -> int:
        """Add the trees that are new, each of a group; returns how many were."""
        kept, new = [], []
        for group, tree in zip(groups.tolist(), trees, strict=True):
            edges = np.sort(tree)
            key = group, edges.tobytes()
            if key not in self._places:
                self._places[key] = len(self._places)
                kept.append(group)
                new.append(edges)
        if new:
            ends = self.offsets[-1] + np.cumsum([len(edges) for edges in new])
            self.groups = np.concatenate((self.groups, kept))
            self.offsets = np.concatenate((self.offsets, ends))
            self.edges = np.concatenate((self.edges, *new))
        return len(new)

    def places(self) -> dict[tuple[int, bytes], int]:
        """The number of each tree, by its group and the bytes of its edges, rising."""
        return self._places

    def costs(self, edge_costs: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64 ``(columns,)``: what each tree costs, none of which is empty."""
        return np.add.reduceat(edge_costs[self.edges], self.offsets[:-1])

    def cheapest(self, num_groups: int, edge_costs: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64 ``(groups,)``: the least that a tree of each group costs; each has one."""
        least = np.full(num_groups, np.iinfo(np.int64).max)
        np.minimum.at(least, self.groups, self.costs(edge_costs))
        return least
