"""A box: the part of the grid that one search looks at, copied into small dense arrays.

A box is a set of columns ``xs`` and rows ``ys`` of the grid, usually all between two corners. A
large box may keep only some of them; the cost of a step between neighbouring kept lines then is the
sum over the edges in between, so a search in the box is exact for the routes that bend on kept
lines only. A node of the box is ``row * width + column``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from eda_router.kernels import inlined, kernel
from eda_router.search.grid import (
    Grid,
    direction_of,
    neighbour,
    owner_of,
    stays_inside,
    stretched,
    tile_window,
    with_margin,
)

CLOSED = np.int32(1 << 28)
"""Cost of an edge that must not be used; a path at or above it means 'no way'."""

UNREACHED = np.int32(1 << 29)
"""Value of a distance field where no route has arrived yet."""


class Box(NamedTuple):
    """Scratch memory of one search; allocate once with :func:`new_box` and reuse.

    Attributes:
        xs: int32, grid column of each box column.
        ys: int32, grid row of each box row.
        right: int32, cost of the step from a node to its right neighbour.
        up: int32, cost of the step from a node to its upper neighbour.
        fields: int32, distance fields, one after the other.
        owner: int32, terminal that a node belongs to, or -1.
        terminal_nodes: int32, nodes of all terminals, terminal after terminal.
        terminal_offsets: int32, where each terminal's nodes begin.
        stack: int32, work list of the trace: pairs of a subset and a node.
        marks: uint8, one flag a line, used to choose lines.
        out: int32, edges found by the last search.
        stop: int32 ``(1,)``; another thread makes it 1 to have searches end early.
    """

    xs: Any
    ys: Any
    right: Any
    up: Any
    fields: Any
    owner: Any
    terminal_nodes: Any
    terminal_offsets: Any
    stack: Any
    marks: Any
    out: Any
    stop: Any


MAX_PARTS = 5
"""Terminals of the search that mends a tree around one tile: four key paths, and the tile."""


def new_box(grid: Grid, most_pins: int = 8, field_entries: int = 1 << 20) -> Box:
    """Scratch memory for searches on a grid.

    Args:
        grid: its size.
        most_pins: pins of the largest net that is joined exactly.
        field_entries: wanted for distance fields; (number of fields) x (nodes of the box) never
            exceeds what is there. There is always room for the two fields that join two parts
            on the whole grid, and for those of a box thinned out to the lines of ``most_pins``
            pins.
    """
    tiles = grid.width * grid.height
    terminals = max(most_pins, MAX_PARTS)
    thinnest = thinned_nodes(terminals) << terminals - 1
    return Box(
        xs=np.zeros(grid.width, np.int32),
        ys=np.zeros(grid.height, np.int32),
        right=np.zeros(tiles, np.int32),
        up=np.zeros(tiles, np.int32),
        fields=np.zeros(max(field_entries, 2 * tiles, thinnest), np.int32),
        owner=np.full(tiles, -1, np.int32),
        # Terminals share no node.
        terminal_nodes=np.zeros(tiles, np.int32),
        terminal_offsets=np.zeros(terminals + 1, np.int32),
        # Each subset on it holds terminals that no other one holds.
        stack=np.zeros(2 * terminals, np.int32),
        marks=np.zeros(max(grid.width, grid.height), np.uint8),
        # A tree has fewer edges than tiles.
        out=np.zeros(tiles, np.int32),
        stop=np.zeros(1, np.int32),
    )


def thinned_nodes(pins: int) -> int:
    """Most nodes of a box that is thinned out as far as possible: the pins' lines and three."""
    return (pins + 3) ** 2


@kernel
def choose_lines(lines, marks, low, high, wanted):
    """Write lines ``low..high`` into ``lines``: all, or the marked ones and others in between.

    ``marks`` flags the lines that must be kept and is cleared. About ``wanted`` lines are kept.
    Returns their number.
    """
    span = high - low + 1
    count = 0
    if span <= wanted:
        for line in range(low, high + 1):
            lines[count] = line
            count += 1
            marks[line] = 0
        return count
    stride = span / wanted
    following = np.float64(low)
    for line in range(low, high + 1):
        if marks[line] != 0 or line >= following or line == high:
            lines[count] = line
            count += 1
            marks[line] = 0
            if line >= following:
                following += stride
    return count


@kernel
def load_costs(box, cost, grid_width, w, h):
    """Fill ``box.right`` and ``box.up`` from the per-edge ``cost`` for the box's lines."""
    for j in range(h):
        row = box.ys[j] * grid_width
        base = j * w
        for i in range(w - 1):
            total = np.int32(0)
            for x in range(box.xs[i], box.xs[i + 1]):
                total += cost[2 * (row + x)]
            box.right[base + i] = min(total, CLOSED)
        box.right[base + w - 1] = CLOSED
        if j < h - 1:
            for i in range(w):
                total = np.int32(0)
                for y in range(box.ys[j], box.ys[j + 1]):
                    total += cost[2 * (y * grid_width + box.xs[i]) + 1]
                box.up[base + i] = min(total, CLOSED)
        else:
            for i in range(w):
                box.up[base + i] = CLOSED


@kernel
def open_box(box, cost, grid, pins, margin, max_nodes, num_fields):
    """Make ``box`` the bounding box of ``pins`` plus ``margin`` tiles, with its costs loaded.

    The box keeps every line if it has at most ``max_nodes`` nodes, else the pins' lines and about
    as many others as fit; in any case so few that ``num_fields`` distance fields fit. Pin t's node
    is written to ``box.terminal_nodes[t]``.

    Returns:
        (width, height) of the box in nodes.
    """
    window = tile_window(pins[0], grid.width)
    for pin in pins:
        window = stretched(window, pin, grid.width)
    x0, y0, x1, y1 = with_margin(window, margin, grid)
    wanted_x = x1 - x0 + 1
    wanted_y = y1 - y0 + 1
    if wanted_x * wanted_y > max_nodes:
        shrink = np.sqrt(max_nodes / (wanted_x * wanted_y))
        wanted_x = max(2, int(wanted_x * shrink))
        wanted_y = max(2, int(wanted_y * shrink))
    while True:
        for pin in pins:
            box.marks[pin % grid.width] = 1
        w = choose_lines(box.xs, box.marks, x0, x1, wanted_x)
        for pin in pins:
            box.marks[pin // grid.width] = 1
        h = choose_lines(box.ys, box.marks, y0, y1, wanted_y)
        if w * h * num_fields <= len(box.fields):
            break
        # A long and narrow box: its short side cannot shrink with the long one.
        wanted_x = max(2, wanted_x // 2)
        wanted_y = max(2, wanted_y // 2)
    load_costs(box, cost, grid.width, w, h)
    for t in range(len(pins)):
        i = _position(box.xs, w, pins[t] % grid.width)
        j = _position(box.ys, h, pins[t] // grid.width)
        box.terminal_nodes[t] = j * w + i
    return w, h


@inlined
def _position(lines, count, line):
    """Where ``line`` stands in ``lines[:count]``, which rise."""
    low = 0
    high = count - 1
    while low < high:
        middle = (low + high) // 2
        if lines[middle] < line:
            low = middle + 1
        else:
            high = middle
    return low


@inlined
def step_cost(box, node, step, w):
    """Cost of a step from ``node`` that stays in a box of ``w`` columns."""
    owner = owner_of(node, step, w)
    return box.up[owner] if direction_of(step) else box.right[owner]


@inlined
def step_towards(box, base, node, w, h, heading):
    """The step over which the value of a node in the field at ``base`` came about, or -1.

    The step ``heading`` is tried first, unless it is -1, then the steps by their numbers.
    """
    field = box.fields
    value = field[base + node]
    x = node % w
    y = node // w
    for attempt in range(-1, 4):
        step = heading if attempt < 0 else attempt
        if (
            step >= 0
            and stays_inside(x, y, step, w, h)
            and field[base + neighbour(node, step, w)] + step_cost(box, node, step, w) == value
        ):
            return step
    return -1


@kernel
def emit_step(box, node, step, w, grid_width, edges, count):
    """Append the grid edges that a step from ``node`` crosses.

    Returns:
        the new number of edges.
    """
    owner = owner_of(node, step, w)
    i = owner % w
    j = owner // w
    if direction_of(step):
        for y in range(box.ys[j], box.ys[j + 1]):
            edges[count] = 2 * (y * grid_width + box.xs[i]) + 1
            count += 1
    else:
        for x in range(box.xs[i], box.xs[i + 1]):
            edges[count] = 2 * (box.ys[j] * grid_width + x)
            count += 1
    return count


@kernel
def sweep(field, base, right, up, w, h):
    """Relax a distance field in place until no step makes any node cheaper.

    ``field[base : base + w * h]`` holds upper bounds of the distances; after the call it holds the
    cheapest distances, exactly those of Dijkstra's algorithm seeded with the same values. Rows are
    swept upwards and downwards in turn, each row left to right and back, which follows a route
    around k turns back in y within k + 1 sweeps [1]; boxes are small and routes nearly monotone,
    so three sweeps are typical and no heap is needed.

    [1] S. Lin, J. Liu, E. F. Y. Young, M. D. F. Wong: GAMER: GPU-Accelerated Maze Routing,
        ICCAD 2021, section III; H. Zhao: A fast sweeping method for Eikonal equations, 2005.
    """
    first = True
    while True:
        changed = 0
        for y in range(h):
            r = base + y * w
            p = y * w
            row_changed = 0
            if y > 0:
                for x in range(w):
                    old = field[r + x]
                    new = min(old, field[r - w + x] + up[p - w + x])
                    row_changed |= old ^ new
                    field[r + x] = new
            if first or row_changed != 0:
                row_changed |= _scan(field, right, r, p, w)
            changed |= row_changed
        if changed == 0 and not first:
            return
        first = False
        changed = 0
        for y in range(h - 2, -1, -1):
            r = base + y * w
            p = y * w
            row_changed = 0
            for x in range(w):
                old = field[r + x]
                new = min(old, field[r + w + x] + up[p + x])
                row_changed |= old ^ new
                field[r + x] = new
            if row_changed != 0:
                row_changed |= _scan(field, right, r, p, w)
            changed |= row_changed
        if changed == 0:
            return


@inlined
def _scan(field, right, r, p, w):
    changed = 0
    best = field[r]
    for x in range(1, w):
        old = field[r + x]
        best = min(old, best + right[p + x - 1])
        changed |= old ^ best
        field[r + x] = best
    for x in range(w - 2, -1, -1):
        old = field[r + x]
        best = min(old, best + right[p + x])
        changed |= old ^ best
        field[r + x] = best
    return changed
