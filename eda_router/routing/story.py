"""The story of one net: what ``--explain`` tells of its drawings."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray
from eda_router.errors import InputError
from eda_router.neural.coarse import ScaledExit
from eda_router.neural.drawer import Attempt, Drawing, Joining, LatentSample


@dataclass(frozen=True)
class Story:
    """What the model's attempts to draw one net came to, line by line.

    Attributes:
        net: its number; None where nobody asked.
        lines: so far.
    """

    net: int | None
    lines: list[str] = field(default_factory=list)

    @staticmethod
    def of(design: Design, name: str | None) -> Story:
        """The story of the net called ``name``; None: of no net.

        Raises:
            InputError: no net is called so.
        """
        if name is None:
            return Story(None)
        names = list(design.net_names)
        if name not in names:
            raise InputError(None, None, f"no net {name!r} in {design.name}", "a net's name")
        return Story(names.index(name))

    def tell_too_wide(self, nets: NDArray[np.int64]) -> None:
        """Say so where the net is one of ``nets``, which no exit takes."""
        if self.net is not None and self.net in nets:
            self.lines.append("no exit: it is too wide for the windows that the model draws")

    def tell(
        self,
        nets: NDArray[np.int64],
        origins: IntArray,
        exit_: ScaledExit,
        threshold: float,
        attempt: Attempt,
        committed: NDArray[np.bool_],
    ) -> None:
        """Add what an attempt came to, if the net is part of it.

        Args:
            nets: int64 ``(count,)``, the nets of the attempt.
            origins: int32 ``(count, 2)``, x and y of their windows.
            exit_: that drew them.
            threshold: of the exit.
            attempt: with their trees.
            committed: bool ``(count,)``, which trees became wire.
        """
        if self.net is None:
            return
        for i in np.flatnonzero(nets == self.net).tolist():
            if attempt.is_first:
                x, y = origins[i]
                where = f"{exit_.title}, window at ({x},{y}), threshold {threshold:.3g}"
                self.lines.append(f"{where}: {_first_drawing(attempt, i, committed[i])}")
            elif line := _further_attempt(attempt, i, committed[i]):
                self.lines.append(line)


def _first_drawing(first: Attempt, i: int, committed: np.bool_) -> str:
    trees = first.trees
    drew = f"drew {trees.taken_tiles[i]} of {trees.drawn_tiles[i]} tiles"
    if not trees.ok[i]:
        return f"{drew}, which do not join the pins"
    outcome = "committed" if committed else "but another net of the wave was faster"
    return f"{drew}, a tree of {trees.lengths[i]} edges, {outcome}"


def _further_attempt(attempt: Attempt, i: int, committed: np.bool_) -> str | None:
    """What a later attempt came to; None where the next one tells."""
    if isinstance(attempt, LatentSample):
        return f"{attempt.joining} of {attempt.drawn} samples join the pins"
    if isinstance(attempt, Joining):
        level = attempt.trees.taken_levels[i]
        return f"joined at threshold {level:.3g}" if committed else None
    assert isinstance(attempt, Drawing)
    if attempt.number == 1:
        return "another tree from the same drawing" if committed else None
    if attempt.trees.ok[i] and not committed:
        return None
    outcome = "committed" if committed else "does not join the pins"
    waypoints = int(attempt.waypoints[i].sum())
    by = f"{waypoints} waypoints" if waypoints else "a plan"
    return f"drawn again by {by}: {outcome}"
