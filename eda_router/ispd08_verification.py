"""An independent evaluator of solutions of the ISPD 2008 contest, by its rules [1].

A net takes the larger of its own and the layer's wire width, and one spacing, from the capacity of
each edge that it crosses on a layer. Overflow is measured in the same lengths, so it is even where
width and spacing are 1. Wirelength is the number of edges between tiles and of vias between
neighbouring layers, each once a net. Nets within one tile and nets of more than 1000 pins need no
wire.

[1] https://www.ispd.cc/contests/08/ispd08rc.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eda_router.formats.ispd08 import Problem
from eda_router.formats.ispd08_solution import Solution
from eda_router.verification import components, distinct

LARGEST_NET = 1000
"""Pins of the largest net that has to be routed."""


@dataclass(frozen=True, eq=False)
class SolutionVerification:
    """What an evaluation found.

    Attributes:
        nets_to_route: nets with pins in several tiles, but not more than 1000 of them.
        disconnected_nets: indices of the nets to route whose pins the wires do not join, sorted.
        total_overflow: sum over all edges, in units of capacity.
        max_overflow: the largest of an edge.
        wires: edges between tiles, each once a net and layer.
        vias: between neighbouring layers, each once a net and tile.
    """

    nets_to_route: int
    disconnected_nets: NDArray[np.int64] = field(repr=False)
    total_overflow: int
    max_overflow: int
    wires: int
    vias: int

    @property
    def wirelength(self) -> int:
        """Wires and vias."""
        return self.wires + self.vias

    @property
    def legal(self) -> bool:
        """Whether every net to route is connected and no edge overflows."""
        return not len(self.disconnected_nets) and not self.total_overflow


def verify_solution(problem: Problem, solution: Solution) -> SolutionVerification:
    """Evaluate a solution of ``problem``; nothing is repaired or refused.

    Lengths are in tile edges, overflow in units of the problem's capacity.

    Args:
        problem: of :func:`eda_router.read_problem`.
        solution: of :func:`eda_router.read_solution`, for the same problem.

    Returns:
        The figures.

    Example:
        >>> import eda_router
        >>> eda_router.write(eda_router.read("synth-chip"), "chip.gr")
        >>> design, problem = eda_router.read("chip.gr"), eda_router.read_problem("chip.gr")
        >>> done = eda_router.route_layered(design, eda_router.RouteConfig(router="maze"))
        >>> eda_router.write_solution(done.layered, "chip.route")
        >>> check = eda_router.verify_solution(
        ...     problem, eda_router.read_solution("chip.route", problem)
        ... )
        >>> check.wires == done.result.wirelength, check.total_overflow
        (True, 0)
    """
    plane = problem.width * problem.height
    volume = plane * problem.num_layers
    steps = np.array([1, problem.width, plane])
    cell, axis = solution_units(problem, solution)
    net, place = np.divmod(cell, volume)

    wire = axis < 2
    layer = place // plane
    width = np.maximum(problem.net_widths[net], problem.layer_widths[layer])
    use = np.zeros(problem.capacity.size, np.int64)
    np.add.at(use, place[wire] * 2 + axis[wire], (width + problem.layer_spacings[layer])[wire])
    over = np.maximum(use - problem.capacity.reshape(-1), 0)

    pin_net = np.repeat(np.arange(problem.num_nets), np.diff(problem.pin_offsets))
    pins = pin_net * volume + problem.pin_layers.astype(np.int64) * plane + problem.pin_tiles
    cells, index = np.unique(np.concatenate([cell, cell + steps[axis], pins]), return_inverse=True)
    parts = components(len(cells), index[: len(cell)], index[len(cell) : 2 * len(cell)])
    pin_parts = parts[index[2 * len(cell) :]]
    to_route = _to_route(problem, pin_net)
    apart = (np.diff(pin_net) == 0) & (np.diff(pin_parts) != 0) & to_route[pin_net[1:]]
    return SolutionVerification(
        nets_to_route=int(to_route.sum()),
        disconnected_nets=distinct(pin_net[1:][apart]),
        total_overflow=int(over.sum()),
        max_overflow=int(over.max(initial=0)),
        wires=int(wire.sum()),
        vias=int(np.sum(~wire)),
    )


def solution_units(
    problem: Problem, solution: Solution
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The edges between tiles and the vias of a solution, each once a net.

    Returns:
        int64, sorted: the lower cell ``(net * num_layers + layer) * num_tiles + tile`` of each,
        and the axis on which the other cell lies: 0 to the right, 1 above, 2 on the next layer.
    """
    plane = problem.width * problem.height
    steps = np.array([1, problem.width, plane])
    lengths = solution.ends[:, 1] - solution.ends[:, 0]
    counts = lengths.sum(axis=1)
    piece = np.repeat(np.arange(len(counts)), counts)
    along = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
    axis = np.argmax(lengths > 0, axis=1)[piece]
    first = solution.nets.astype(np.int64) * plane * problem.num_layers
    first += solution.ends[:, 0] @ steps
    units = distinct(np.sort((first[piece] + along * steps[axis]) * 3 + axis))
    cell, axis = np.divmod(units, 3)
    return cell, axis


def _to_route(problem: Problem, pin_net: NDArray[np.int64]) -> NDArray[np.bool_]:
    tiles = problem.width * problem.height
    places = distinct(np.sort(pin_net * tiles + problem.pin_tiles))
    spread = np.bincount(places // tiles, minlength=problem.num_nets) > 1
    return spread & (np.diff(problem.pin_offsets) <= LARGEST_NET)
