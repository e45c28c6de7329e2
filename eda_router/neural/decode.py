"""From an exit's maps to trees.

An exit draws three maps: tiles, right edges and upper edges. Touching tiles of two arms of a tree
look joined in the tile map alone, and a shortcut between them may cross a dear edge; the edge maps
tell. So trees are taken over drawn tiles and drawn edges: first over what is surer than
:data:`LEVELS`, one after the other, then over all that is drawn at the exit's threshold, and where
that does not join the pins, over drawn tiles and any open edge. Nothing but the drawing and which
edges are open decides: a drawing of every tile and edge gives a congestion-blind tree.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL
from eda_router.search.extract import Extraction, extract_trees

TILE_MAP, RIGHT_MAP, UP_MAP = 0, 1, 2
"""Channels of an exit's maps."""

LEVELS = (0.5, 0.25, 0.1)
"""Probabilities from which a tree is tried before the exit's threshold."""


def edges_drawn(maps: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Edges at least this probable, ``(..., size, size, 2)`` as in :mod:`eda_router.design`."""
    drawn = np.empty((*maps.shape[:-1], 2), np.bool_)
    drawn[..., HORIZONTAL] = maps[..., RIGHT_MAP] >= threshold
    drawn[..., VERTICAL] = maps[..., UP_MAP] >= threshold
    return drawn


def decode(
    free: NDArray[np.integer],
    pins: NDArray[np.bool_],
    maps: NDArray[np.float32],
    threshold: float,
) -> Extraction:
    """Take a tree from each net's maps.

    Args:
        free: integers ``(num_windows, size, size, 2)``, see
            :func:`eda_router.search.extract.extract_trees`.
        pins: bool ``(num_windows, size, size)``.
        maps: float32 ``(num_windows, size, size, 3)``, probabilities.
        threshold: from which a tile or an edge counts as drawn.
    """
    drawn = maps[..., TILE_MAP] >= threshold
    trees: Extraction | None = None
    missing = np.arange(len(maps))
    for level in (*(level for level in LEVELS if level > threshold), threshold, None):
        if level is None:
            found = extract_trees(free[missing], pins[missing], drawn[missing])
        else:
            part = maps[missing]
            open_edges = free[missing] * edges_drawn(part, level)
            found = extract_trees(open_edges, pins[missing], part[..., TILE_MAP] >= level)
        trees = found if trees is None else _joined(trees, missing, found)
        missing = np.flatnonzero(~trees.ok)
        if len(missing) == 0:
            break
    assert trees is not None
    drawn_tiles = np.count_nonzero(drawn | pins, axis=(1, 2)).astype(np.int32)
    return dataclasses.replace(trees, drawn_tiles=drawn_tiles)


def _joined(first: Extraction, failed: NDArray[np.int64], second: Extraction) -> Extraction:
    """``first`` with the trees of its failed windows from ``second``."""
    ok = first.ok.copy()
    ok[failed] = second.ok
    lengths = np.diff(first.offsets)
    window = np.repeat(np.arange(len(ok)), lengths)
    lengths[failed] = np.diff(second.offsets)
    window = np.concatenate([window, np.repeat(failed, np.diff(second.offsets))])
    edges = np.concatenate([first.edges, second.edges])[np.argsort(window, kind="stable")]
    offsets = np.zeros(len(ok) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return Extraction(ok, offsets, edges, first.drawn_tiles)
