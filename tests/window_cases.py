"""Random windows for property tests, graphs of them for oracles, and what a label has to be."""

from __future__ import annotations

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from eda_router.dataset.teacher import LabelArray, tree_edges, tree_mask
from eda_router.neural.extract import TILE_MAP, Extraction, extract_surest
from eda_router.neural.tensors import StateArray, encode, free_tracks, pin_tiles


@st.composite
def states(draw: st.DrawFn, size: int = 5, max_free: int = 8, max_pins: int = 5) -> StateArray:
    """One window, ``(1, size, size)``."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, max_pins))
    pins = np.zeros(size * size, np.bool_)
    pins[rng.choice(size * size, count, replace=False)] = True
    low = draw(st.integers(0, 1))
    free = rng.integers(low, max_free + 1, (2, size, size))
    return encode(free[0], free[1], pins.reshape(size, size))[None]


def graph(state: StateArray, drawn: np.ndarray | None = None) -> nx.Graph:
    """Tiles as nodes, open edges with their free tracks and ids; only drawn tiles and pins."""
    size = state.shape[-1]
    free, pins = free_tracks(state), pin_tiles(state)
    result = nx.Graph()
    for r in range(size):
        for c in range(size):
            for direction, (nr, nc) in enumerate([(r, c + 1), (r + 1, c)]):
                inside = nr < size and nc < size
                if inside and free[r, c, direction] > 0:
                    tile, other = r * size + c, nr * size + nc
                    result.add_edge(
                        tile, other, free=int(free[r, c, direction]), id=2 * tile + direction
                    )
    if drawn is not None:
        hidden = np.flatnonzero(~(drawn | pins))
        result.remove_nodes_from(hidden.tolist())
    result.add_nodes_from(np.flatnonzero(pins).tolist())
    return result


def edge_graph(edges: np.ndarray, size: int) -> nx.Graph:
    """The graph of window edges."""
    result = nx.Graph()
    for edge in edges.tolist():
        tile = edge // 2
        result.add_edge(tile, tile + (size if edge % 2 else 1))
    return result


def extract_drawn(free: np.ndarray, pins: np.ndarray, drawn: np.ndarray) -> Extraction:
    """Trees over drawn tiles, bool ``(num_windows, height, width)``, and any open edge."""
    maps = np.ones((*drawn.shape, 3), np.float32)
    maps[..., TILE_MAP] = drawn
    return extract_surest(free, pins, maps, np.ones(1, np.float32))


def check_tree(state: StateArray, labels: LabelArray) -> None:
    """A label is a tree over the pins, without dead ends, through open edges."""
    size = state.shape[-1]
    edges = np.flatnonzero(tree_edges(labels))
    pins = set(np.flatnonzero(pin_tiles(state)).tolist())
    if len(pins) == 1:
        assert len(edges) == 0
        assert set(np.flatnonzero(tree_mask(labels)).tolist()) == pins
        return
    assert np.all(free_tracks(state).reshape(-1)[edges] > 0)
    tree = edge_graph(edges, size)
    assert nx.is_tree(tree)
    assert {tile for tile, degree in tree.degree if degree == 1} <= pins <= set(tree)
    assert set(tree) == set(np.flatnonzero(tree_mask(labels)).tolist())
