"""Random designs of every shape, and smaller ones made from one that fails."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import numpy as np

from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray

SHAPES = ("tiny", "small", "line", "strip", "long strip", "large")
SHARES = (0.8, 0.16, 0.03, 0.008, 0.0006, 0.001)
"""Most designs are tiny, for they are fast and a fault in them is easy to see."""

Nets = list[list[int]]


def random_design(rng: np.random.Generator) -> Design:
    """A design of a random shape, with random capacities and nets."""
    width, height = _sides(rng)
    return make(width, height, _capacity(rng, width, height), _nets(rng, width, height))


def make(width: int, height: int, capacity: IntArray, nets: Nets) -> Design:
    """A design from the tiles of each net's pins; capacities across the border are dropped."""
    capacity = capacity.astype(np.int32)
    capacity[:, -1, HORIZONTAL] = 0
    capacity[-1, :, VERTICAL] = 0
    pins = [sorted(set(net)) for net in nets]
    offsets = np.zeros(len(pins) + 1, np.int64)
    np.cumsum([len(net) for net in pins], out=offsets[1:])
    return Design(
        name="fuzz",
        width=width,
        height=height,
        capacity=capacity,
        net_names=[f"n{net}" for net in range(len(pins))],
        net_ids=np.arange(len(pins), dtype=np.int64),
        pin_offsets=offsets,
        pins=np.array([tile for net in pins for tile in net], np.int32),
    )


def _sides(rng: np.random.Generator) -> tuple[int, int]:
    shape = rng.choice(SHAPES, p=np.array(SHARES) / sum(SHARES))
    if shape == "tiny":
        return int(rng.integers(1, 7)), int(rng.integers(1, 7))
    if shape == "small":
        return int(rng.integers(2, 20)), int(rng.integers(2, 20))
    if shape == "large":
        return int(rng.integers(30, 90)), int(rng.integers(30, 90))
    long, wide = {"line": (60, 1), "strip": (700, 4), "long strip": (5000, 3)}[str(shape)]
    long, wide = int(rng.integers(long // 3, long + 1)), int(rng.integers(1, wide + 1))
    return (long, wide) if rng.random() < 0.5 else (wide, long)


def _capacity(rng: np.random.Generator, width: int, height: int) -> IntArray:
    kind = rng.integers(5)
    most = int(rng.choice([1, 2, 3, 8, 30]))
    capacity = np.full((height, width, 2), int(rng.integers(0, most + 1)))
    if kind == 1:  # the two directions differ
        capacity[..., VERTICAL] = rng.integers(0, most + 1)
    elif kind == 2:  # every edge differs
        capacity = rng.integers(0, most + 1, capacity.shape)
    elif kind == 3:  # closed edges
        capacity[rng.random(capacity.shape) < rng.random()] = 0
    elif kind == 4:  # walls with one gap: long detours
        capacity[:] = most
        capacity[1::2, :, HORIZONTAL] = rng.integers(0, 2)
        capacity[:, :, VERTICAL] = 0
        for row in range(height):
            capacity[row, -1 if row % 2 else 0, VERTICAL] = most
    return capacity.astype(np.int32)


def _nets(rng: np.random.Generator, width: int, height: int) -> Nets:
    tiles = width * height
    count = int(rng.integers(0, 2 + min(40, tiles)) if tiles < 1000 else rng.integers(0, 25))
    if rng.random() < 0.05:
        count = 4 * count  # more nets than tracks
    nets = []
    for _ in range(count):
        kind = rng.random()
        if kind < 0.02:
            pins = np.arange(tiles) if tiles < 2500 else rng.integers(0, tiles, 300)  # every tile
        elif kind < 0.05:
            pins = rng.integers(0, tiles, int(rng.integers(1, 1 + min(tiles, 200))))
        elif kind < 0.1:
            pins = np.array([0, tiles - 1])  # from corner to corner
        elif kind < 0.55:
            pins = rng.integers(0, tiles, 1 + rng.geometric(0.4))
        else:
            pins = _near(rng, width, height, 1 + int(rng.geometric(0.35)))
        nets.append(pins.tolist())
    return nets


def _near(rng: np.random.Generator, width: int, height: int, count: int) -> IntArray:
    """Tiles near each other."""
    reach = int(rng.integers(1, 8))
    x = np.clip(rng.integers(width) + rng.integers(-reach, reach + 1, count), 0, width - 1)
    y = np.clip(rng.integers(height) + rng.integers(-reach, reach + 1, count), 0, height - 1)
    tiles: IntArray = (y * width + x).astype(np.int32)
    return tiles


def smaller(design: Design) -> Iterator[Design]:
    """Designs with a part of ``design`` left out, the largest parts first."""
    nets = [design.net_pins(net).tolist() for net in range(design.num_nets)]
    width, height, capacity = design.width, design.height, design.capacity
    size = len(nets)
    while size > 0:
        for begin in range(0, len(nets), size):
            yield make(width, height, capacity, nets[:begin] + nets[begin + size :])
        size //= 2
    for part in (np.s_[:, : width // 2], np.s_[: height // 2], np.s_[:, :-1], np.s_[:-1]):
        left = capacity[part]
        if 0 < left.size < capacity.size:
            yield make(left.shape[1], left.shape[0], left.copy(), _cropped(nets, design, left))
    for index, net in enumerate(nets):
        for pin in net if len(net) < 40 else ():
            fewer = [other for other in net if other != pin]
            yield make(width, height, capacity, [*nets[:index], fewer, *nets[index + 1 :]])
    even = make(width, height, np.full_like(capacity, capacity.max()), nets)
    if not np.array_equal(even.capacity, capacity):
        yield even


def _cropped(nets: Nets, design: Design, left: IntArray) -> Nets:
    """The pins that are still on the grid, by their new tiles."""
    rows, columns = left.shape[:2]
    places = [[divmod(tile, design.width) for tile in net] for net in nets]
    return [[y * columns + x for y, x in net if y < rows and x < columns] for net in places]


def to_json(design: Design) -> str:
    """A design as one line, for :func:`from_json`."""
    nets = [design.net_pins(net).tolist() for net in range(design.num_nets)]
    return json.dumps(
        {
            "width": design.width,
            "height": design.height,
            "capacity": design.capacity.reshape(-1).tolist(),
            "nets": nets,
        }
    )


def from_json(text: str) -> Design:
    """The design that :func:`to_json` wrote."""
    values = json.loads(text)
    width, height = values["width"], values["height"]
    capacity = np.array(values["capacity"], np.int32).reshape(height, width, 2)
    return make(width, height, capacity, values["nets"])


def with_capacity(design: Design, capacity: IntArray) -> Design:
    """The design with other tracks."""
    return dataclasses.replace(design, capacity=capacity.astype(np.int32))
