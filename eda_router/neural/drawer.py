"""The drawer: how the model takes nets from windows to trees.

One drawing is three steps: the window's image, coarser where the net is wider than the largest
exit; the model's maps; a tree over what the maps draw (:mod:`eda_router.neural.decode`).
What one drawing does not join goes on up a ladder:

1. *Draw*: the first drawing, the latent at its mean, by a plan that the exit of half the size draws
   (:mod:`eda_router.neural.plans`).
2. *Redraw*: by a plan that the drawing before makes, then also by its waypoints
   (:mod:`eda_router.neural.waypoints`), as often as those settle anything.
3. *Sample*: drawings with the latent drawn from the prior, by a plan that the first drawing makes;
   the shortest tree.
4. *Join*: the first drawing again, at the highest level below the threshold that joins the pins.

The drawer knows nothing of ledgers. A :class:`Wave` cuts the windows and says which trees became
wire: the router's wave commits them to the ledger, which changes from tree to tree; a
:class:`FrozenWave` takes every tree that joins its pins, for evaluation and pictures.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eda_router.config import RouteConfig
from eda_router.neural.coarse import ScaledExit
from eda_router.neural.decode import decode
from eda_router.neural.engines import Engine
from eda_router.neural.extract import Extraction
from eda_router.neural.plans import doubtful_trees, halve, tree_tiles
from eda_router.neural.waypoints import add_waypoints, show_waypoints
from eda_router.neural.windows import Windows, pool_images

JOIN_SHARE = 1 / 64
"""Share of the threshold down to which a tree joins what was drawn in pieces."""

SAMPLED_AT_ONCE = 32
"""Nets whose samples are drawn in one batch; more only take memory."""

Flags = NDArray[np.bool_]
Maps = NDArray[np.float32]
Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Attempt(ABC):
    """Trees of some nets of a wave, all found in the same way.

    Attributes:
        positions: int64 ``(count,)``, of the nets in their wave, rising.
        windows: in which the trees were taken.
        maps: float32 ``(count, size, size, 3)``, the exit's, over which they were taken.
        trees: one for each net, not ``ok`` where the pins are not joined.
    """

    positions: Positions
    windows: Windows
    maps: Maps
    trees: Extraction

    @property
    @abstractmethod
    def source(self) -> str:
        """What nets with such a wire are: ``drawn``, ``redrawn``, ``sampled`` or ``joined``."""

    @property
    def is_first(self) -> bool:
        """Whether these are the first trees of first drawings, one for each net of the wave."""
        return False


@dataclass(frozen=True, eq=False)
class Drawing(Attempt):
    """Trees of drawings with the latent at its mean.

    Attributes:
        number: of the drawing: 1, and from 2 on with help of the one before.
        waypoints: bool ``(count, size, size)``, tiles of the images that were shown as pins.
        again: whether these drawings gave trees before that lost an edge to another net.
    """

    number: int
    waypoints: Flags
    again: bool

    @property
    def source(self) -> str:
        """See :attr:`Attempt.source`."""
        return "drawn" if self.number == 1 else "redrawn"

    @property
    def is_first(self) -> bool:
        """See :attr:`Attempt.is_first`."""
        return self.number == 1 and not self.again


@dataclass(frozen=True, eq=False)
class LatentSample(Attempt):
    """The shortest tree that the samples of one net give.

    Attributes:
        best: number of that sample, from 0.
        joining: samples that join the pins.
        drawn: samples in all.
    """

    best: int
    joining: int
    drawn: int

    @property
    def source(self) -> str:
        """See :attr:`Attempt.source`."""
        return "sampled"


@dataclass(frozen=True, eq=False)
class Joining(Attempt):
    """Trees of first drawings below the exit's threshold."""

    @property
    def source(self) -> str:
        """See :attr:`Attempt.source`."""
        return "joined"


class Wave(Protocol):
    """Nets that are drawn together, numbered from 0.

    Attributes:
        exit: through which they are drawn.
    """

    exit: ScaledExit

    def __len__(self) -> int:
        """Number of nets."""
        ...

    def cut(self, positions: Positions) -> Windows:
        """The windows of these nets as they are now."""
        ...

    def commit(self, attempt: Attempt) -> Flags:
        """Make wires of trees where that is possible.

        Returns:
            bool ``(count,)``: which trees of the attempt became wire. A tree that is ``ok`` and did
            not has lost an edge to another net since its window was cut.
        """
        ...


class FrozenWave:
    """Windows that no wire changes: every tree that joins its pins counts as wire.

    Args:
        windows: of the nets.

    Attributes:
        attempts: all that were made, in order.
    """

    def __init__(self, windows: Windows):
        self.windows = windows
        self.exit = ScaledExit(windows.images.shape[1], windows.scale)
        self.attempts: list[Attempt] = []

    def __len__(self) -> int:
        return len(self.windows)

    def cut(self, positions: Positions) -> Windows:
        """See :meth:`Wave.cut`."""
        return self.windows.at(positions)

    def commit(self, attempt: Attempt) -> Flags:
        """See :meth:`Wave.commit`."""
        self.attempts.append(attempt)
        return attempt.trees.ok


class Drawer:
    """Draws waves of nets with a model.

    Args:
        engine: the model.
        redraws: most further drawings of a net.
        samples: of a net that no drawing joins; 0: none.
        seed: of their noise.
        join: whether the threshold is lowered for what no sample joins.
        thresholds: by exit, instead of the engine's.
        phase: called with the name of each phase, ``network`` or ``decoding``; the phase runs in
            the context it gives.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        redraws: int = RouteConfig.redraws,
        samples: int = RouteConfig.samples,
        seed: int = RouteConfig.seed,
        join: bool = True,
        thresholds: Mapping[int, float] | None = None,
        phase: Callable[[str], AbstractContextManager[Any]] = nullcontext,
    ):
        self.thresholds = engine.thresholds if thresholds is None else thresholds
        self._engine = engine
        self._redraws = redraws
        self._samples = samples
        self._seed = seed
        self._joins = join
        self._phase = phase

    def route(self, wave: Wave) -> None:
        """Draw the nets of a wave, and go on with those that do not join their pins."""
        windows = wave.cut(np.arange(len(wave)))
        self.route_drawn(wave, windows, self.draw(windows.images))

    def route_drawn(self, wave: Wave, windows: Windows, maps: Maps) -> None:
        """As :meth:`route`, where the first drawings are there already.

        Args:
            wave: the nets.
            windows: of all its nets, as they are now.
            maps: float32 ``(count, size, size, 3)``, drawn from them.
        """
        everything = np.arange(len(wave))
        first = self._drawing(
            wave, everything, windows, maps, 1, np.zeros(maps.shape[:3], np.bool_)
        )
        self._commit(wave, first)
        rest = everything[~first.trees.ok]
        rest = self._redraw(wave, rest, maps)
        rest = self._sample(wave, rest, maps)
        self._join(wave, rest, maps)

    def draw(self, images: NDArray[np.float32]) -> Maps:
        """First drawings of windows' images ``(count, size, size, 3)``; maps of the same shape.

        By a plan where the exit takes one.
        """
        if images.shape[1] not in self._engine.planned:
            return self._run(images)
        coarse = pool_images(images, 2)
        maps = self._run(coarse)
        return self._run(images, self._plan(coarse, maps))

    def _run(self, images: NDArray[np.float32], plans: Flags | None = None) -> Maps:
        with self._phase("network"):
            return self._engine.draw(images, plans)

    def _plan(self, images: NDArray[np.float32], maps: Maps) -> Flags:
        """The doubtful trees of drawings as tiles, bool ``(count, size, size)``."""
        with self._phase("decoding"):
            pins = images[..., 2] > 0
            return tree_tiles(doubtful_trees(images, pins, maps), pins)

    def _plan_from(self, images: NDArray[np.float32], maps: Maps) -> Flags | None:
        """What drawings are as plans of further ones; None where the exit takes none."""
        if images.shape[1] not in self._engine.planned:
            return None
        return halve(self._plan(images, maps))

    # The ladder: each step takes the positions of nets without a wire and returns those left.

    def _redraw(self, wave: Wave, rest: Positions, maps: Maps) -> Positions:
        """Draw again by what the drawing before tells, as long as that is anything new."""
        maps = maps[rest]
        waypoints = np.zeros(maps.shape[:3], np.bool_)
        settled = []
        for number in range(2, 2 + self._redraws):
            if len(rest) == 0:
                break
            windows = wave.cut(rest)
            more, plans, new = self._hints(windows.images, maps, waypoints, number)
            settled.append(rest[~new])
            rest, windows, waypoints = rest[new], windows.at(new), more[new]
            if len(rest) == 0:
                break
            shown = show_waypoints(windows.images, waypoints)
            maps = self._run(shown, None if plans is None else plans[new])
            drawing = self._drawing(wave, rest, windows, maps, number, waypoints)
            left = ~self._commit(wave, drawing)
            rest, maps, waypoints = rest[left], maps[left], waypoints[left]
        return np.sort(np.concatenate([*settled, rest]))

    def _hints(
        self, images: NDArray[np.float32], maps: Maps, waypoints: Flags, number: int
    ) -> tuple[Flags, Flags | None, Flags]:
        """What drawings that do not join their pins tell the next ones.

        A plan, where the exit takes one. By it alone the second drawing is made, which costs less
        and joins as often as with waypoints.

        Args:
            images: of the windows, without waypoints.
            maps: the drawings.
            waypoints: bool ``(count, size, size)``, which they were made with.
            number: of the next ones.

        Returns:
            waypoints, old and new ones; plans, bool ``(count, size / 2, size / 2)``, or None; bool
            ``(count,)``, of which nets the next drawing would be another.
        """
        plans = self._plan_from(images, maps)
        if plans is not None and number == 2:
            return waypoints, plans, np.any(plans, axis=(1, 2))
        with self._phase("decoding"):
            more = add_waypoints(images, waypoints, maps)
        return more, plans, np.any(more != waypoints, axis=(1, 2))

    def _sample(self, wave: Wave, rest: Positions, first: Maps) -> Positions:
        """Draw samples of each net and take the shortest tree.

        By the tree of its first drawing as a plan, where the exit takes one: without it most
        samples hesitate between the same ways as the mean does.
        """
        if self._samples == 0 or len(rest) == 0:
            return rest
        routed = np.zeros(len(rest), np.bool_)
        images = wave.cut(rest).images
        samples = self._samples_of(images, self._plan_from(images, first[rest]))
        for number, maps in enumerate(samples):
            position = rest[number : number + 1]
            window = wave.cut(position)
            trees = self._decode(wave, window.at(np.zeros(len(maps), np.int64)), maps)
            best = int(np.argmin(np.where(trees.ok, trees.lengths, np.iinfo(np.int32).max)))
            joining = int(trees.ok.sum())
            shortest = maps[best : best + 1], trees.only(best)
            attempt = LatentSample(position, window, *shortest, best, joining, len(maps))
            routed[number] = wave.commit(attempt)[0]
        return rest[~routed]

    def _join(self, wave: Wave, rest: Positions, maps: Maps) -> None:
        """Take trees of the first drawings at lower levels, again where they lose an edge."""
        while self._joins and len(rest):
            windows = wave.cut(rest)
            trees = self._decode(wave, windows, maps[rest], JOIN_SHARE)
            committed = wave.commit(Joining(rest, windows, maps[rest], trees))
            rest = rest[trees.ok & ~committed]

    # Their parts

    def _commit(self, wave: Wave, drawing: Drawing) -> Flags:
        """Commit trees; where one lost an edge to another net, take the next without that edge.

        The network takes a thousand times as long as the decoding, so a drawing is good as long as
        it joins the pins over free edges.

        Returns:
            bool ``(count,)``: which nets got a wire.
        """
        routed = wave.commit(drawing).copy()
        lost = np.flatnonzero(drawing.trees.ok & ~routed)
        while len(lost):
            again = self._drawing(
                wave,
                drawing.positions[lost],
                wave.cut(drawing.positions[lost]),
                drawing.maps[lost],
                drawing.number,
                drawing.waypoints[lost],
                again=True,
            )
            committed = wave.commit(again)
            routed[lost[committed]] = True
            lost = lost[again.trees.ok & ~committed]
        return routed

    def _drawing(
        self,
        wave: Wave,
        positions: Positions,
        windows: Windows,
        maps: Maps,
        number: int,
        waypoints: Flags,
        *,
        again: bool = False,
    ) -> Drawing:
        trees = self._decode(wave, windows, maps)
        return Drawing(positions, windows, maps, trees, number, waypoints, again)

    def _samples_of(self, images: NDArray[np.float32], plans: Flags | None) -> Iterator[Maps]:
        """The samples of each image in turn, float32 ``(samples, size, size, 3)``."""
        for start in range(0, len(images), SAMPLED_AT_ONCE):
            part = slice(start, start + SAMPLED_AT_ONCE)
            own = None if plans is None else plans[part]
            with self._phase("network"):
                sampled = self._engine.sample(images[part], self._samples, self._seed, own)
            yield from sampled

    def _decode(self, wave: Wave, windows: Windows, maps: Maps, share: float = 1.0) -> Extraction:
        """Trees at a share of the exit's threshold."""
        threshold = share * self.thresholds[wave.exit.size]
        with self._phase("decoding"):
            return decode(windows.free, windows.pins, maps, threshold)
