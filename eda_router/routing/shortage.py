"""How many tracks a design lacks whatever the routing: a lower bound on overflow.

Wires need as many tracks as they are long, and every net with pins on both sides of a closed line
crosses it, so a line that more nets must cross than it has tracks overflows by the difference.
Lines that share no edge add up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray


def missing_tracks(design: Design) -> int:
    """Lower bound on the total overflow of any routing that joins all nets of ``design``.

    The largest of what these show, the families of cuts each with no edge in two cuts:

    - the tracks of the whole grid beside the least length of all nets;
    - all straight lines across the whole grid;
    - the borders of every second square of a chequerboard, for squares of 1, 2, 4 ... tiles.

    O(pins x log(pins) x log(side)) time.

    Returns:
        tracks; 0 says nothing.
    """
    most = max(_in_all(design), _across(design))
    side = 1
    while side < max(design.width, design.height):
        most = max(most, _around_squares(design, side))
        side *= 2
    return most


def _in_all(design: Design) -> int:
    """Tracks missing for wires that are as short as each net alone could have them, at least."""
    shortest = np.maximum(design.half_perimeters, design.pin_counts - 1)
    return max(0, int(shortest.sum(dtype=np.int64)) - int(design.capacity.sum(dtype=np.int64)))


def _across(design: Design) -> int:
    """Tracks missing across all straight lines."""
    boxes = design.net_boxes[design.routable]
    capacity = design.capacity.astype(np.int64)
    missing = 0
    for axis, tracks in (
        (0, capacity[:, :-1, HORIZONTAL].sum(axis=0)),
        (1, capacity[:-1, :, VERTICAL].sum(axis=1)),
    ):
        size = len(tracks) + 1
        begun = np.bincount(boxes[:, axis], minlength=size)
        ended = np.bincount(boxes[:, axis + 2], minlength=size)
        missing += _lacking(np.cumsum(begun - ended)[:-1], tracks)
    return missing


def _around_squares(design: Design, side: int) -> int:
    """Tracks missing around the squares of one colour, whichever colour misses more."""
    rows, columns = -(-design.height // side), -(-design.width // side)
    row, column = design.pins // design.width // side, design.pins % design.width // side
    squares = rows * columns
    net_of_pin = np.repeat(np.arange(design.num_nets), design.pin_counts)
    keys = np.unique(net_of_pin * squares + row * columns + column)
    leaves = np.bincount(keys // squares, minlength=design.num_nets) > 1
    wanted = np.bincount(keys[leaves[keys // squares]] % squares, minlength=squares)
    tracks = _border_tracks(design.capacity, side, rows, columns)
    black = np.add.outer(np.arange(rows), np.arange(columns)) % 2 == 0
    wanted = wanted.reshape(rows, columns)
    return max(_lacking(wanted[colour], tracks[colour]) for colour in (black, ~black))


def _border_tracks(capacity: IntArray, side: int, rows: int, columns: int) -> NDArray[np.int64]:
    """int64 ``(rows, columns)``: tracks that lead out of each square."""
    height, width, _ = capacity.shape
    tracks = np.zeros((rows, columns), np.int64)
    right = capacity[:, side - 1 : width - 1 : side, HORIZONTAL].astype(np.int64)
    right = np.add.reduceat(right, np.arange(0, height, side), axis=0)
    tracks[:, :-1] += right
    tracks[:, 1:] += right
    up = capacity[side - 1 : height - 1 : side, :, VERTICAL].astype(np.int64)
    up = np.add.reduceat(up, np.arange(0, width, side), axis=1)
    tracks[:-1] += up
    tracks[1:] += up
    return tracks


def _lacking(wanted: NDArray[np.int64], tracks: NDArray[np.int64]) -> int:
    return int(np.maximum(wanted - tracks, 0).sum())
