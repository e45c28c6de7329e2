"""The trees that a master problem may choose among, each a column."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray


class Columns:
    """Trees of groups, none twice.

    They lie in arrays with room to grow, so that adding a few to many costs no copy of all.
    """

    def __init__(self) -> None:
        self._size = 0
        self._groups = np.zeros(64, np.int64)
        self._offsets = np.zeros(65, np.int64)
        self._edges: IntArray = np.zeros(1024, np.int32)
        self._places: dict[tuple[int, bytes], int] = {}

    def __len__(self) -> int:
        return self._size

    @property
    def groups(self) -> NDArray[np.int64]:
        """int64 ``(columns,)``: the group of each tree."""
        return self._groups[: self._size]

    @property
    def offsets(self) -> NDArray[np.int64]:
        """int64 ``(columns + 1,)``: tree j's edges are ``edges[offsets[j]:offsets[j + 1]]``."""
        return self._offsets[: self._size + 1]

    @property
    def edges(self) -> IntArray:
        """int32: edge ids, rising within a tree."""
        return self._edges[: self._offsets[self._size]]

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
            first, size = self._size, self._size + len(new)
            ends = self.offsets[-1] + np.cumsum([len(edges) for edges in new])
            used = self._offsets[first]
            self._groups = _with_room(self._groups, size)
            self._offsets = _with_room(self._offsets, size + 1)
            self._edges = _with_room(self._edges, int(ends[-1]))
            self._groups[first:size] = kept
            self._offsets[first + 1 : size + 1] = ends
            self._edges[used : ends[-1]] = np.concatenate(new)
            self._size = size
        return len(new)

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Forget all trees but some, which take the numbers from 0 in the same order.

        Args:
            kept: bool ``(columns,)``.
        """
        owner = np.repeat(kept, self.lengths)
        self._edges = self.edges[owner]
        self._groups, lengths = self.groups[kept], self.lengths[kept]
        self._offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
        self._size = len(lengths)
        known = zip(self._places, kept.tolist(), strict=True)
        self._places = {
            key: place for place, key in enumerate(key for key, stays in known if stays)
        }

    def entries(self, chosen: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The edges of some trees, tree after tree: each edge's place in ``chosen``, and its id."""
        first = self.offsets[chosen]
        lengths = self.offsets[chosen + 1] - first
        owner = np.repeat(np.arange(len(chosen)), lengths)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return owner, self.edges[first[owner] + within].astype(np.int64)

    def places(self) -> dict[tuple[int, bytes], int]:
        """The number of each tree, by its group and the bytes of its edges, rising."""
        return self._places

    def costs(self, edge_costs: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64 ``(columns,)``: what each tree costs, none of which is empty."""
        return np.add.reduceat(edge_costs[self.edges], self.offsets[:-1])

    def costs_of(
        self, chosen: NDArray[np.int64], edge_costs: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """int64: what each of some trees costs, in whole numbers below 2**53."""
        owner, edges = self.entries(chosen)
        totals = np.bincount(owner, weights=edge_costs[edges], minlength=len(chosen))
        return np.rint(totals).astype(np.int64)

    def cheapest(self, num_groups: int, edge_costs: NDArray[np.int64]) -> NDArray[np.int64]:
        """int64 ``(groups,)``: the least that a tree of each group costs; each has one."""
        least = np.full(num_groups, np.iinfo(np.int64).max)
        np.minimum.at(least, self.groups, self.costs(edge_costs))
        return least


def _with_room(array: NDArray[Any], size: int) -> NDArray[Any]:
    """An array with the same beginning and room for ``size`` entries."""
    if len(array) >= size:
        return array
    return np.concatenate((array, np.zeros(max(size - len(array), len(array) // 2), array.dtype)))
