"""All trees over a net's pins on a tiny grid, as an oracle."""

from __future__ import annotations

import itertools

import networkx as nx

from eda_router.design import Design
from tests.layered import grid_graph


def all_trees(design: Design, net: int) -> list[tuple[int, ...]]:
    """The edges of all trees over a net's pins whose ends are pins."""
    grid = grid_graph(design.width, design.height)
    ends = {data["edge"]: (one, other) for one, other, data in grid.edges(data=True)}
    pins = set(design.net_pins(net).tolist())
    trees = []
    for count in range(len(pins) - 1, design.num_tiles):
        for edges in itertools.combinations(ends, count):
            tree = nx.Graph(ends[edge] for edge in edges)
            ends_at_pins = all(tree.degree(t) > 1 or t in pins for t in tree)
            if pins <= set(tree) and nx.is_tree(tree) and ends_at_pins:
                trees.append(edges)
    return trees
