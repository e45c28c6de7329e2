"""Symmetric views: an engine that draws each window turned and mirrored, and takes the mean.

A window's problem stays the same problem when it is mirrored or when its axes are exchanged; edges
move with their tiles, and an exchange of axes exchanges the directions. Eight views are all
symmetries of a square.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eda_router.neural.engines import Engine, FloatArray, Plans
from eda_router.neural.extract import RIGHT_MAP, TILE_MAP, UP_MAP

_IMAGE = (2, 1, 0)
"""Channels of an image that hold the tiles, the right edges and the upper edges."""
_MAPS = (TILE_MAP, RIGHT_MAP, UP_MAP)


class View(NamedTuple):
    """A symmetry of the square: axes exchanged first, then columns, then rows mirrored."""

    exchange: bool = False
    columns: bool = False
    rows: bool = False

    @property
    def back(self) -> View:
        """The symmetry that undoes this one."""
        if self.exchange:
            return View(True, self.rows, self.columns)
        return self


VIEWS = tuple(
    View(exchange, columns, rows)
    for exchange in (False, True)
    for columns in (False, True)
    for rows in (False, True)
)
"""All eight, the identity first."""


def turn_images(images: NDArray[np.float32], view: View) -> NDArray[np.float32]:
    """Images ``(count, size, size, 3)`` (:mod:`eda_router.neural.tensors`) seen in another view."""
    return _turn(images, view, _IMAGE)


def turn_maps(maps: NDArray[np.float32], view: View) -> NDArray[np.float32]:
    """Maps ``(count, size, size, 3)`` (:mod:`eda_router.neural.decode`) seen in another view."""
    return _turn(maps, view, _MAPS)


def turn_plans(plans: NDArray[np.bool_], view: View) -> NDArray[np.bool_]:
    """Plans ``(count, rows, rows)`` (:mod:`eda_router.neural.plans`) seen in another view."""
    if view.exchange:
        plans = plans.swapaxes(1, 2)
    return plans[:, :: -1 if view.rows else 1, :: -1 if view.columns else 1]


def _turned_plans(plans: Plans | None, view: View) -> Plans | None:
    return None if plans is None else np.ascontiguousarray(turn_plans(plans, view))


def _turn(values: FloatArray, view: View, channels: tuple[int, int, int]) -> FloatArray:
    tile, right, up = (values[..., channel] for channel in channels)
    if view.exchange:
        tile, right, up = (part.swapaxes(1, 2) for part in (tile, up, right))
    if view.columns:
        # The edge between two columns belongs to the one that is now on its right.
        tile, right, up = tile[:, :, ::-1], np.roll(right[:, :, ::-1], -1, 2), up[:, :, ::-1]
    if view.rows:
        tile, right, up = tile[:, ::-1], right[:, ::-1], np.roll(up[:, ::-1], -1, 1)
    turned = np.empty_like(values)
    for channel, part in zip(channels, (tile, right, up), strict=True):
        turned[..., channel] = part
    return turned


class ViewsEngine:
    """Draws all views of each window with another engine and takes the mean, turned back.

    Args:
        engine: that draws; exits, thresholds and latent are its own.
        views: number of views, the first of :data:`VIEWS`.
    """

    def __init__(self, engine: Engine, views: int = len(VIEWS)):
        self._engine, self._views = engine, VIEWS[:views]
        self.exits, self.further = engine.exits, engine.further
        self.thresholds = engine.thresholds
        self.latent, self.name, self.planned = engine.latent, engine.name, engine.planned
        self.precisions, self.batches = engine.precisions, engine.batches

    def draw(self, images: FloatArray, plans: Plans | None = None) -> FloatArray:
        """See :meth:`eda_router.neural.engines.Engine.draw`."""

        def drawing(turned: FloatArray, view: View) -> Iterator[FloatArray]:
            return iter([self._engine.draw(turned, _turned_plans(plans, view))])

        return self._mean(images, drawing)[0]

    def sample(
        self, images: FloatArray, count: int, seed: int, plans: Plans | None = None
    ) -> FloatArray:
        """See :meth:`eda_router.neural.engines.Engine.sample`; a sample's views share its noise."""

        def samples(turned: FloatArray, view: View) -> Iterator[FloatArray]:
            own = _turned_plans(plans, view)
            return iter(self._engine.sample(turned, count, seed, own).swapaxes(0, 1))

        return np.stack(self._mean(images, samples), axis=1)

    def _mean(
        self, images: FloatArray, draw: Callable[[FloatArray, View], Iterator[FloatArray]]
    ) -> list[FloatArray]:
        sums: list[FloatArray] = []
        for view in self._views:
            maps = [turn_maps(part, view.back) for part in draw(turn_images(images, view), view)]
            sums = [s + m for s, m in zip(sums, maps, strict=True)] if sums else maps
        return [s / np.float32(len(self._views)) for s in sums]
