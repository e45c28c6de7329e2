"""Small designs with layers, and trees on them, for property tests."""

from __future__ import annotations

import dataclasses

import networkx as nx
import numpy as np

from eda_router.design import HORIZONTAL, VERTICAL, Design, Routes
from eda_router.layers import Layers


def grid_graph(width: int, height: int) -> nx.Graph:
    """The grid with the id of each edge."""
    graph = nx.Graph()
    graph.add_nodes_from(range(width * height))
    for y in range(height):
        for x in range(width):
            tile = y * width + x
            if x < width - 1:
                graph.add_edge(tile, tile + 1, edge=2 * tile)
            if y < height - 1:
                graph.add_edge(tile, tile + width, edge=2 * tile + 1)
    return graph


def layered_design(
    seed: int,
    *,
    width: int = 4,
    height: int = 3,
    num_layers: int = 4,
    nets: int = 3,
    tracks: int = 2,
    terminals: tuple[int, int] = (1, 4),
    spanning: bool = False,
    clocks: bool = False,
) -> Design:
    """A random design.

    Its layers have 0 to ``tracks`` tracks an edge, the lowest is for pins alone. Nets have
    ``terminals``, the fewest and the most. With ``spanning`` some terminals have candidates in two
    tiles and on two layers, with ``clocks`` some nets are clocks, for which the first layer of
    signals is closed too.
    """
    rng = np.random.default_rng(seed)
    horizontal = (np.arange(num_layers) + rng.integers(2)) % 2 == 0
    capacity = rng.integers(0, tracks + 1, (num_layers, height, width)).astype(np.int32)
    capacity[horizontal, :, -1] = 0
    capacity[~horizontal, -1, :] = 0
    capacity[0] = 0
    pin_offsets, candidate_offsets, candidates, pins, offsets = [0], [0], [], [], [0]
    for _ in range(nets):
        tiles = set()
        for _ in range(int(rng.integers(terminals[0], terminals[1] + 1))):
            tile = int(rng.integers(width * height))
            layer = int(rng.integers(0, num_layers) * rng.integers(2))
            own = {(tile, layer)}
            if spanning and rng.integers(2):
                far = tile + 1 if tile % width < width - 1 else tile
                own |= {(far, layer), (tile, int(rng.integers(num_layers)))}
            candidates += sorted(own)
            candidate_offsets.append(len(candidates))
            tiles.add(tile)
        pin_offsets.append(len(candidate_offsets) - 1)
        pins += sorted(tiles)
        offsets.append(len(pins))
    layers = Layers(
        names=tuple(f"m{layer}" for layer in range(num_layers)),
        horizontal=horizontal,
        capacity=capacity,
        original=capacity + 1,
        signal=(1, num_layers - 1),
        clock=(2, num_layers - 1) if clocks else None,
        net_is_clock=rng.integers(2, size=nets).astype(bool) if clocks else np.zeros(nets, bool),
        pin_offsets=np.array(pin_offsets, np.int64),
        candidate_offsets=np.array(candidate_offsets, np.int64),
        candidate_tiles=np.array([tile for tile, _ in candidates], np.int32),
        candidate_layers=np.array([layer for _, layer in candidates], np.int8),
        xs=np.append(np.arange(width) * 10, 10 * width + 3).astype(np.int64) + 5,
        ys=np.append(np.arange(height) * 10, 10 * height + 4).astype(np.int64) + 7,
        dbu=1000,
    )
    return Design(
        name="layered",
        width=width,
        height=height,
        capacity=two_dimensional(layers),
        net_names=[f"n{net}" for net in range(nets)],
        net_ids=np.arange(nets, dtype=np.int64),
        pin_offsets=np.array(offsets, np.int64),
        pins=np.array(pins, np.int32),
        layers=layers,
    )


def two_dimensional(layers: Layers) -> np.ndarray:
    """The sum of the capacities of the layers of each direction."""
    capacity = np.zeros((*layers.capacity.shape[1:], 2), np.int32)
    capacity[..., HORIZONTAL] = layers.capacity[layers.horizontal].sum(axis=0)
    capacity[..., VERTICAL] = layers.capacity[~layers.horizontal].sum(axis=0)
    return capacity


def random_trees(design: Design, seed: int, *, legal: bool) -> Routes:
    """A random tree for every net, pruned to its pins; if ``legal`` none where nothing fits."""
    rng = np.random.default_rng(seed)
    free = design.capacity.reshape(-1).astype(int)
    nets = []
    for net in range(design.num_nets):
        graph = grid_graph(design.width, design.height)
        for *_, data in graph.edges(data=True):
            data["weight"] = rng.random()
            if legal and free[data["edge"]] <= 0:
                data["weight"] += 100
        tree = nx.minimum_spanning_tree(graph)
        pins = set(design.net_pins(net).tolist())
        while leaves := [tile for tile in tree if tree.degree(tile) <= 1 and tile not in pins]:
            tree.remove_nodes_from(leaves)
        edges = [data["edge"] for _, _, data in tree.edges(data=True)]
        if legal and any(free[edge] <= 0 for edge in edges):
            edges = []
        free[edges] -= 1
        nets.append(edges)
    return Routes.from_lists(nets)


def with_capacity(design: Design, capacity: np.ndarray) -> Design:
    """The design with other tracks on its layers, none across the border of the grid."""
    inside, horizontal = capacity.copy(), design.layers.horizontal
    inside[horizontal, :, -1] = 0
    inside[~horizontal, -1, :] = 0
    layers = dataclasses.replace(design.layers, capacity=inside)
    return dataclasses.replace(design, layers=layers, capacity=two_dimensional(layers))
