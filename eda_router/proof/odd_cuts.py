"""Odd cuts: borders of tiles on which one track stays free in every whole routing.

A path between two pins crosses the border of a set of tiles an odd number of times where one of the
pins lies inside, and an even number of times otherwise. So where all nets have two pins, the tracks
in use on a border are odd or even as the pins inside are. Where the border has an odd number of
tracks more, one of them at least stays free. Fractional routings need not obey, which is most of
what makes them shorter than whole ones where tracks are scarce.

The edges with an odd number of free tracks are a T-join of the tiles at which such a number is odd,
and all odd cuts together describe the T-joins [1]. Cuts that a fractional routing violates are
found among the sets of tiles that hang together by edges with more free tracks than so many, as
the exact search [2] would after shrinking.

Trees of nets with more pins may cross any border once more: there are no odd cuts then.

[1] J. Edmonds, E. L. Johnson: Matching, Euler tours and the Chinese postman. Mathematical
    Programming 5 (1973), 88-124.
[2] M. W. Padberg, M. R. Rao: Odd minimum cut-sets and b-matchings. Mathematics of Operations
    Research 7 (1982), 67-80.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design
from eda_router.proof.groups import Groups

HANGING = 0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9
"""Free tracks beyond which an edge joins its two tiles, in turn."""

VIOLATED = 0.01
"""How far below one the free tracks of a border have to be."""

NOTHING = 1e-6
"""What a solver may be off, tracks."""


class OddCuts:
    """The odd cuts that are known of a design.

    Args:
        design: grid and tracks.
        groups: its nets to route.

    Attributes:
        possible: whether there are any, since all nets have two pins.
    """

    def __init__(self, design: Design, groups: Groups):
        # On layers a net may choose the tiles of its terminals.
        two_pins = len(groups) > 0 and bool(np.all(groups.pin_counts == 2))
        self.possible = two_pins and design.layers is None
        tiles = np.arange(design.num_tiles)
        capacity = design.capacity.reshape(-1).astype(np.int64)
        # Edge 2 t leads from tile t to the right, 2 t + 1 up; some lead nowhere.
        self._from = np.repeat(tiles, 2)
        self._to = self._from + np.tile([1, design.width], design.num_tiles)
        inside = np.ones((design.num_tiles, 2), bool)
        inside[tiles % design.width == design.width - 1, 0] = False
        inside[tiles // design.width == design.height - 1, 1] = False
        self._real = inside.reshape(-1) & (capacity > 0)
        self._to[~self._real] = self._from[~self._real]
        sums = np.bincount(groups.pins, np.repeat(groups.members, groups.pin_counts), len(tiles))
        for ends in (self._from, self._to):
            sums += np.bincount(ends[self._real], capacity[self._real], len(tiles))
        self._odd = sums.astype(np.int64) % 2
        self._known: set[bytes] = set()
        self._offsets = np.zeros(1, np.int64)
        self._edges = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def find(self, free: NDArray[np.float64]) -> int:
        """Add cuts that a fractional routing violates; returns how many.

        Args:
            free: float64, per edge, tracks that it leaves.
        """
        new: list[NDArray[np.int64]] = []
        for beyond in HANGING if self.possible else ():
            parts = self._parts(free > beyond + NOTHING)
            crossed = np.flatnonzero(parts[self._from] != parts[self._to])
            left = np.zeros(len(parts))
            for ends in (self._from, self._to):
                left += np.bincount(parts[ends[crossed]], free[crossed], len(parts))
            odd = np.bincount(parts, self._odd, len(parts)) % 2 == 1
            for part in np.flatnonzero(odd & (left < 1 - VIOLATED)).tolist():
                ends_inside = parts[self._from] == part, parts[self._to] == part
                border = np.flatnonzero(ends_inside[0] != ends_inside[1])
                if border.tobytes() not in self._known:
                    self._known.add(border.tobytes())
                    new.append(border)
        if new:
            ends = self._offsets[-1] + np.cumsum([len(border) for border in new])
            self._offsets = np.concatenate((self._offsets, ends))
            self._edges = np.concatenate((self._edges, *new))
        return len(new)

    def _parts(self, joins: NDArray[np.bool_]) -> NDArray[np.int64]:
        """int64, per tile: the least tile that it hangs together with by some edges."""
        joins = joins & self._real
        ones, others = self._from[joins], self._to[joins]
        parts = np.arange(len(self._odd))
        while True:
            low = np.minimum(parts[ones], parts[others])
            known = parts.copy()
            for ends in (ones, others):
                np.minimum.at(parts, known[ends], low)
            while not np.array_equal(parts, parts[parts]):
                parts = parts[parts]
            if np.array_equal(parts, known):
                return parts

    def room(self, spare: NDArray[np.float64]) -> NDArray[np.float64]:
        """float64, per cut: crossings of its border for which there is room.

        Args:
            spare: float64, per edge, tracks that other nets leave.
        """
        return (
            np.add.reduceat(spare[self._edges], self._offsets[:-1]) - 1 if len(self) else spare[:0]
        )

    def crossings(
        self, owner: NDArray[np.int64], edges: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """How often trees cross borders: a tree, a cut and a number for each pair that meets.

        Args:
            owner: int64, the tree of each edge, rising.
            edges: int64.
        """
        order = np.argsort(self._edges, kind="stable")
        cuts = np.repeat(np.arange(len(self)), np.diff(self._offsets))[order]
        first = np.searchsorted(self._edges[order], edges)
        counts = np.searchsorted(self._edges[order], edges, "right") - first
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        met = cuts[np.repeat(first, counts) + within]
        keys, times = np.unique(
            np.repeat(owner, counts) * max(1, len(self)) + met, return_counts=True
        )
        trees, cuts = np.divmod(keys, max(1, len(self)))
        return trees, cuts, times

    def prices(self, worths: NDArray[np.float64], num_edges: int) -> NDArray[np.float64]:
        """float64, per edge: what a track costs for the cuts whose borders it crosses.

        Args:
            worths: what one more crossing of each cut would save; of later cuts nothing.
            num_edges: of the design.
        """
        worths = np.pad(worths, (0, len(self) - len(worths)))
        shares = np.repeat(worths, np.diff(self._offsets))
        return np.bincount(self._edges, shares, num_edges).astype(np.float64)
