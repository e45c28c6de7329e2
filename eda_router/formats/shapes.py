"""Rectangles of LEF and DEF: polygons and paths cut into them, the eight orientations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Rect: TypeAlias = tuple[float, float, float, float]
"""Lowest x, lowest y, highest x, highest y."""

ORIENTATIONS = {
    "N": (1, 0, 0, 1),
    "W": (0, -1, 1, 0),
    "S": (-1, 0, 0, -1),
    "E": (0, 1, -1, 0),
    "FN": (-1, 0, 0, 1),
    "FW": (0, 1, 1, 0),
    "FS": (1, 0, 0, -1),
    "FE": (0, -1, -1, 0),
}
"""Matrices (a, b, c, d) of the orientations: (x, y) goes to (a x + b y, c x + d y). W turns by 90
degrees against the clock; F turns, then mirrors at the y axis."""


def ordered(x1: float, y1: float, x2: float, y2: float) -> Rect:
    """The rectangle between two corners, whichever they are."""
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def turned(rect: Rect, orientation: str) -> Rect:
    """``rect`` turned about the origin."""
    a, b, c, d = ORIENTATIONS[orientation]
    x1, y1, x2, y2 = rect
    return ordered(a * x1 + b * y1, c * x1 + d * y1, a * x2 + b * y2, c * x2 + d * y2)


def polygon_rects(points: Sequence[Point]) -> list[Rect]:
    """Cut a polygon into slabs from left to right.

    A polygon with a slanted side is taken as its bounding box.

    Raises:
        ValueError: it has fewer than three corners.
    """
    if len(points) < 3:
        raise ValueError
    xs = sorted({x for x, _ in points})
    sides = list(zip(points, [*points[1:], points[0]], strict=True))
    if any(x1 != x2 and y1 != y2 for (x1, y1), (x2, y2) in sides):
        ys = [y for _, y in points]
        return [(xs[0], min(ys), xs[-1], max(ys))]
    rects = []
    for left, right in pairwise(xs):
        crossed = sorted(
            y for (x1, y), (x2, _) in sides if min(x1, x2) <= left and max(x1, x2) >= right
        )
        rects += [
            (left, low, right, high) for low, high in zip(crossed[::2], crossed[1::2], strict=True)
        ]
    return rects


def path_rects(points: Sequence[Point], width: float) -> list[Rect]:
    """The stretches of a wire of this width, each longer by half the width at both ends.

    Raises:
        ValueError: it has no point.
    """
    if not points:
        raise ValueError
    half = width / 2
    rects = []
    for first, last in zip(points, points[1:] or points, strict=False):
        x1, y1, x2, y2 = ordered(*first, *last)
        rects.append((x1 - half, y1 - half, x2 + half, y2 + half))
    return rects
