"""Windows from a design that a router has routed: what each net saw, and two trees for it.

A net goes to the smallest window that holds its pins, with the room for detours that routing gives
it, and its wire; nets that no window holds, or that have no wire, are left out. Windows lie as in
routing, pins in the middle.

What a net sees of the router's wires is the setting ``states``:

first
    Nets come smallest first, by half perimeter, in waves of :data:`WAVE`; a net sees the final
    wires of all nets of earlier waves, and a share of the expected demand of those to come.
full
    A net sees the final wires of all other nets, as if it alone were ripped up.

So the router's tree fits the free tracks that its net sees wherever the routes have no overflow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.dataset.config import DesignSampleConfig
from eda_router.dataset.design_wires import Wired, wire_boxes
from eda_router.dataset.labels import RIGHT_BIT, TILE_BIT, UP_BIT, LabelArray
from eda_router.dataset.samples import label_states
from eda_router.dataset.shards import VALIDATION_SHARD, ShardArrays
from eda_router.design import HORIZONTAL, VERTICAL, IntArray
from eda_router.neural.rudy import ExpectedDemand
from eda_router.neural.tensors import StateArray
from eda_router.neural.windows import choose_exits, cut_states, place_windows, shown_tracks

WAVE = 64
"""Nets that see the same state of the ledger, as in routing."""

FACTS = ("net", "x", "y")
"""Of each window: the net's number in the design, column and row of the lower-left tile."""

_SPLIT = 7
"""Tells the stream that chooses nets for validation from others of the seed."""


@dataclass(frozen=True, eq=False)
class Places:
    """Where the windows of a design's nets lie.

    Attributes:
        exits: int32 ``(num_nets,)``, index into the sizes, -1 for nets that are left out.
        origins: int32 ``(num_nets, 2)``, x and y of each window's lower-left tile.
        validation: bool ``(num_nets,)``, nets kept from training.
        order: int64, the nets that have wire, smallest first.
    """

    exits: IntArray
    origins: IntArray
    validation: NDArray[np.bool_]
    order: NDArray[np.int64]


def place(wired: Wired, config: DesignSampleConfig, sizes: Sequence[int]) -> Places:
    """Choose and place the window of every net; ``sizes`` rise."""
    design, routes = wired.design, wired.routes
    nets = design.routable[routes.lengths[design.routable] > 0]
    order = nets[np.argsort(design.half_perimeters[nets], kind="stable")]
    boxes, reach = design.net_boxes, wire_boxes(design, routes)
    wanted = choose_exits(boxes, sizes)
    exits = np.full(design.num_nets, -1, np.int32)
    origins = np.zeros((design.num_nets, 2), np.int32)
    for index, size in enumerate(sizes):
        open_nets = order[(exits[order] < 0) & (wanted[order] >= 0) & (wanted[order] <= index)]
        low = place_windows(boxes[open_nets], size, design.width, design.height)
        held = np.all(reach[open_nets, :2] >= low, axis=1)
        held &= np.all(reach[open_nets, 2:] < low + size, axis=1)
        exits[open_nets[held]] = index
        origins[open_nets[held]] = low[held]
    stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence([config.seed, _SPLIT])))
    validation = stream.random(design.num_nets) < config.validation_share
    return Places(exits, origins, validation, order)


def shard_nets(
    places: Places, config: DesignSampleConfig, sizes: Sequence[int], size: int
) -> dict[int, NDArray[np.int64]]:
    """The nets of each shard of windows of ``size``, by the shard's number."""
    mine = places.order[places.exits[places.order] == list(sizes).index(size)]
    count = config.count(size)
    parts = {}
    for first, kept in ((0, False), (VALIDATION_SHARD, True)):
        nets = mine[places.validation[mine] == kept]
        for number, begin in enumerate(range(0, len(nets), count)):
            parts[first + number] = nets[begin : begin + count]
    return parts


def make_shard(
    wired: Wired, config: DesignSampleConfig, sizes: Sequence[int], size: int, shard: int
) -> ShardArrays:
    """The windows of one shard: planes state, teacher, router, and :data:`FACTS`.

    Nets for which the teacher finds no way are left out; where the routes have no overflow there
    are none.
    """
    places = place(wired, config, sizes)
    nets = shard_nets(places, config, sizes, size)[shard]
    states = np.zeros((len(nets), size, size), np.uint8)
    see = _first_states if config.states == "first" else _full_states
    for rows, seen in see(wired, places, nets, config, size):
        states[rows] = seen
    labels, ok = label_states(config, shard, states)
    trees = tree_planes(wired, nets, places.origins[nets], size)
    windows = np.stack([states, labels, trees], axis=1)[ok]
    facts = np.concatenate([nets[:, None], places.origins[nets]], axis=1)[ok]
    return ShardArrays(windows, facts.astype(np.int32))


def tree_planes(wired: Wired, nets: NDArray[np.int64], origins: IntArray, size: int) -> LabelArray:
    """The router's trees of nets within their windows, written as labels are.

    Returns:
        uint8 ``(len(nets), size, size)``, see :mod:`eda_router.dataset.labels`.
    """
    routes, width = wired.routes, wired.design.width
    lengths = routes.lengths[nets]
    window = np.repeat(np.arange(len(nets)), lengths)
    within = np.arange(len(window)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    edges = routes.edges[routes.offsets[nets][window] + within]
    tile, direction = np.divmod(edges, 2)
    x, y = tile % width - origins[window, 0], tile // width - origins[window, 1]
    planes = np.zeros((len(nets), size, size), np.uint8)
    across, upward = direction == HORIZONTAL, direction == VERTICAL
    for chosen, bit in ((across, RIGHT_BIT), (upward, UP_BIT)):
        np.bitwise_or.at(planes, (window[chosen], y[chosen], x[chosen]), bit | TILE_BIT)
    planes[window[across], y[across], x[across] + 1] |= TILE_BIT
    planes[window[upward], y[upward] + 1, x[upward]] |= TILE_BIT
    return planes


Seen = Iterator[tuple[NDArray[np.int64], StateArray]]
"""Rows of a shard, and their states."""


def _first_states(
    wired: Wired, places: Places, nets: NDArray[np.int64], config: DesignSampleConfig, size: int
) -> Seen:
    """States with the wires of the nets before each wave."""
    design, routes = wired.design, wired.routes
    row_of = np.full(design.num_nets, -1, np.int64)
    row_of[nets] = np.arange(len(nets))
    expected = ExpectedDemand(
        design.net_boxes, places.order, design.width, design.height, config.expected_demand
    )
    free = design.capacity.copy()
    flat = free.reshape(-1)
    for begin in range(0, len(places.order), WAVE):
        wave = places.order[begin : begin + WAVE]
        mine = wave[row_of[wave] >= 0]
        if len(mine):
            shown = shown_tracks(free, expected.per_edge)
            seen = cut_states(shown, places.origins[mine], *design.pins_of(mine), size)
            yield row_of[mine], seen
        for net in wave.tolist():
            flat[routes.net_edges(net)] -= 1
        expected.remove(wave)


def _full_states(
    wired: Wired, places: Places, nets: NDArray[np.int64], config: DesignSampleConfig, size: int
) -> Seen:
    """States with the wires of all other nets."""
    design, routes = wired.design, wired.routes
    demand = np.bincount(routes.edges, minlength=2 * design.num_tiles)
    free = design.capacity - demand.astype(np.int32).reshape(design.capacity.shape)
    flat = free.reshape(-1)
    for row, net in enumerate(nets.tolist()):
        flat[routes.net_edges(net)] += 1
        one = nets[row : row + 1]
        seen = cut_states(free, places.origins[one], *design.pins_of(one), size)
        flat[routes.net_edges(net)] -= 1
        yield np.array([row]), seen
