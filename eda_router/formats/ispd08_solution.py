"""Solutions of the ISPD 2008 contest: straight segments on layers, and vias, of each net.

::

    net0 0
    (5,15,1)-(35,15,1)
    (35,15,1)-(35,15,2)
    (35,15,2)-(35,25,2)
    !

Points are x and y anywhere in a tile and a layer counted from 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.design import IntArray
from eda_router.files import write_text
from eda_router.formats.ispd08 import Problem
from eda_router.formats.lines import SolutionBlocks
from eda_router.formats.segments import layer_segments
from eda_router.formats.text import decode, read_bytes, shorten
from eda_router.layered_routes import LayeredRoutes

_SEGMENT = re.compile(
    r"\(\s*(-?[0-9]{1,15})\s*,\s*(-?[0-9]{1,15})\s*,\s*([0-9]{1,3})\s*\)\s*-"
    r"\s*\(\s*(-?[0-9]{1,15})\s*,\s*(-?[0-9]{1,15})\s*,\s*([0-9]{1,3})\s*\)"
)


@dataclass(frozen=True, eq=False)
class Solution:
    """The segments of a solution.

    Attributes:
        listed: bool ``(num_nets,)``: whether the net stands in the file.
        nets: int32 ``(num_segments,)``, number of the net of each segment.
        ends: int64 ``(num_segments, 2, 3)``, column, row and layer, from 0, of both ends, of which
            one at most differs; the lower end first.
    """

    listed: NDArray[np.bool_] = field(repr=False)
    nets: IntArray = field(repr=False)
    ends: NDArray[np.int64] = field(repr=False)


def format_solution(layered: LayeredRoutes) -> str:
    """The text of layered routes; nets within one tile, which need no wire, are left out."""
    design, layers = layered.design, layered.layers
    left, low = int(layers.xs[0]), int(layers.ys[0])
    tile_width, tile_height = int(layers.xs[1]) - left, int(layers.ys[1]) - low
    wires, stacks = layer_segments(layered), layered.stacks
    vias = stacks.highs > stacks.lows
    nets = np.concatenate([wires.nets, stacks.nets[vias]])
    order = np.argsort(nets, kind="stable")

    def points(tiles: IntArray, on: NDArray[np.int8]) -> list[str]:
        y, x = np.divmod(tiles[order].astype(np.int64), design.width)
        return [
            f"({x},{y},{layer})"
            for x, y, layer in zip(
                (left + x * tile_width + tile_width // 2).tolist(),
                (low + y * tile_height + tile_height // 2).tolist(),
                (on[order].astype(np.int64) + 1).tolist(),
                strict=True,
            )
        ]

    begins = points(
        np.concatenate([wires.first, stacks.tiles[vias]]),
        np.concatenate([wires.layers, stacks.lows[vias]]),
    )
    ends = points(
        np.concatenate([wires.last, stacks.tiles[vias]]),
        np.concatenate([wires.layers, stacks.highs[vias]]),
    )
    starts = np.searchsorted(nets[order], np.arange(design.num_nets + 1)).tolist()
    parts = []
    for net in np.flatnonzero((design.pin_counts > 1) | (layered.routes.lengths > 0)).tolist():
        parts.append(f"{design.net_names[net]} {design.net_ids[net]}\n")
        parts += [f"{begins[i]}-{ends[i]}\n" for i in range(starts[net], starts[net + 1])]
        parts.append("!\n")
    return "".join(parts)


def write(layered: LayeredRoutes, path: str | Path) -> None:
    """Write layered routes as a solution of the ISPD 2008 contest.

    Args:
        layered: of :func:`eda_router.route_layered`.
        path: of the file.

    Raises:
        InputError: the file cannot be written.

    Example:
        >>> import eda_router
        >>> eda_router.write(eda_router.read("synth-chip"), "chip.gr")
        >>> design = eda_router.read("chip.gr")
        >>> done = eda_router.route_layered(design, eda_router.RouteConfig(router="maze"))
        >>> eda_router.write_solution(done.layered, "chip.route")
    """
    write_text(path, format_solution(layered))


def read(path: str | Path, problem: Problem) -> Solution:
    """Read a solution of a problem of the ISPD 2008 contest; the file may be gzipped.

    Args:
        path: of the file.
        problem: of :func:`eda_router.read_problem`.

    Returns:
        Its wires and vias.

    Raises:
        InputError: the file cannot be read, is not in the format or does not belong to the
            problem; path and line are given.

    Example:
        >>> import eda_router
        >>> eda_router.write(eda_router.read("synth-chip"), "chip.gr")
        >>> design, problem = eda_router.read("chip.gr"), eda_router.read_problem("chip.gr")
        >>> done = eda_router.route_layered(design, eda_router.RouteConfig(router="maze"))
        >>> eda_router.write_solution(done.layered, "chip.route")
        >>> solution = eda_router.read_solution("chip.route", problem)
        >>> eda_router.verify_solution(problem, solution).legal
        True
    """
    return _Parser(path, decode(path, read_bytes(path)), problem).parse()


class _Parser(SolutionBlocks):
    """Parses the blocks of a solution of one problem."""

    def __init__(self, path: str | Path, text: str, problem: Problem):
        super().__init__(path, text, problem.name, problem.net_names, problem.net_ids)
        self.problem = problem

    def parse(self) -> Solution:
        nets: list[int] = []
        ends: list[list[tuple[int, int, int]]] = []
        for net, line in self.blocks("!"):
            nets.append(net)
            ends.append(self.segment(line))
        return Solution(
            listed=self.listed,
            nets=np.array(nets, np.int32),
            ends=np.array(ends, np.int64).reshape(-1, 2, 3),
        )

    def segment(self, line: str) -> list[tuple[int, int, int]]:
        match = _SEGMENT.fullmatch(line)
        if match is None:
            self.fail(f"{shorten(line)} within a net", "a segment (x1,y1,l1)-(x2,y2,l2) or '!'")
        x1, y1, layer1, x2, y2, layer2 = map(int, match.groups())
        ends = sorted([self.point(x1, y1, layer1, line), self.point(x2, y2, layer2, line)])
        if sum(one != other for one, other in zip(*ends, strict=True)) > 1:
            self.fail(f"segment {shorten(line)} is diagonal", "one of x, y and layer that changes")
        return ends

    def point(self, x: int, y: int, layer: int, line: str) -> tuple[int, int, int]:
        problem = self.problem
        column = (x - problem.origin[0]) // problem.tile[0]
        row = (y - problem.origin[1]) // problem.tile[1]
        if not (
            0 <= column < problem.width
            and 0 <= row < problem.height
            and 1 <= layer <= problem.num_layers
        ):
            self.fail(f"segment {shorten(line)} is off the grid", "tiles and layers of the grid")
        return column, row, layer - 1
