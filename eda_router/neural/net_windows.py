"""Windows of given nets, as the model is shown them, and what it draws in them.

For whoever works with the model by hand; the router cuts windows wave by wave as its ledger fills.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eda_router.config import RouteConfig
from eda_router.design import Design, IntArray
from eda_router.errors import expect_type
from eda_router.neural.coarse import ScaledExit, assign_exits
from eda_router.neural.drawer import Drawer, FrozenWave, Maps
from eda_router.neural.engines import Engine
from eda_router.neural.windows import Windows, cut_windows, grid_edges, place_windows


@dataclass(frozen=True, eq=False, repr=False)
class NetWindows:
    """Windows of some nets of a design, all of one size.

    Row r and column c of an image is tile ``(x + c, y + r)`` of the grid, at scale 1.

    Attributes:
        design: of the nets.
        nets: int64 ``(count,)``, their numbers, rising.
        origins: int32 ``(count, 2)``, x and y of each window's lower-left tile; below 0 where the
            grid is smaller than the window.
        exit: through which a model draws them: ``exit.size`` tiles of the image along a side, each
            ``exit.scale`` tiles of the grid.
        windows: ``images`` float32 ``(count, size, size, 3)``, what the model is shown: free tracks
            above and to the right of each tile, over 8, then pins; ``free`` uint8 ``(count, side,
            side, 2)``, free tracks 0..8, to the right first; ``pins`` bool ``(count, side, side)``.
    """

    design: Design
    nets: NDArray[np.int64]
    origins: IntArray
    exit: ScaledExit
    windows: Windows

    def __repr__(self) -> str:
        return f"NetWindows({self.design.name!r}, {len(self)} nets, {self.exit.title})"

    def __len__(self) -> int:
        return len(self.nets)

    @property
    def images(self) -> NDArray[np.float32]:
        """float32 ``(count, size, size, 3)``: what the model is shown."""
        return self.windows.images


def net_windows(
    design: Design, nets: ArrayLike, sizes: Sequence[int], *, free: IntArray | None = None
) -> list[NetWindows]:
    """Cut windows of nets out of a grid, as routing does.

    Each net goes to the smallest size that holds its pins with a tile around them, one wider than
    the largest to the largest on a coarser grid.

    Args:
        design: the grid and its nets.
        nets: numbers of nets, in any order; those given twice count once.
        sizes: of windows, rising powers of two, tiles: the ``exits`` of a model.
        free: int32 ``(height, width, 2)``, free tracks, as :attr:`CapacityLedger.free`; all tracks
            when None. They are shown as they are, without demand expected of other nets.

    Returns:
        One entry for each size and scale that any net has, the smallest first. A net that would
        need a window of more than four times the tiles of the grid is in none.

    Raises:
        TypeError: an argument is of another type.
        IndexError: there is no net of such a number.
        ValueError: ``free`` has another shape.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-tiny")
        >>> small, large = eda_router.net_windows(design, range(100), [8, 16])
        >>> small
        NetWindows('synth-tiny', 77 nets, exit 8)
        >>> large.images.shape
        (23, 16, 16, 3)
    """
    expect_type("design", design, Design)
    numbers = np.unique(np.asarray(nets))
    if len(numbers) and not np.issubdtype(numbers.dtype, np.integer):
        raise TypeError(f"nets: {numbers.dtype}, expected whole numbers")
    numbers = numbers.astype(np.int64)
    if len(numbers) and not 0 <= numbers[0] <= numbers[-1] < design.num_nets:
        raise IndexError(f"nets {numbers[0]} to {numbers[-1]}, expected 0 to {design.num_nets - 1}")
    free = design.capacity if free is None else free
    if free.shape != design.capacity.shape:
        raise ValueError(f"free {free.shape}, expected {design.capacity.shape}")
    unexpecting = np.zeros(free.shape, np.float32)
    found = []
    for exit_, places in assign_exits(design.net_boxes[numbers], sizes, design.num_tiles):
        chosen = numbers[places]
        boxes = design.net_boxes[chosen]
        origins = place_windows(boxes, exit_.side, design.width, design.height)
        offsets, pins = design.pins_of(chosen)
        windows = cut_windows(free, unexpecting, origins, offsets, pins, exit_.side, exit_.scale)
        found.append(NetWindows(design, chosen, origins, exit_, windows))
    return found


@dataclass(frozen=True, eq=False, repr=False)
class DrawnNets:
    """What a model drew in windows of nets.

    Attributes:
        nets: int64 ``(count,)``, their numbers.
        maps: float32 ``(count, size, size, 3)``, the first drawings: probability that the route
            takes the tile, the edge to its right, the edge above.
        trees: for each net the int32 edge ids of the grid of the first tree that joins its pins
            through free tracks, sorted; None where there is none.
        sources: for each net ``drawn``, ``redrawn``, ``sampled`` or ``joined``, as
            :class:`~eda_router.routing.result.RouteSource`; empty without a tree.
    """

    nets: NDArray[np.int64]
    maps: Maps
    trees: list[IntArray | None]
    sources: list[str]

    def __repr__(self) -> str:
        joined = sum(tree is not None for tree in self.trees)
        return f"DrawnNets({len(self.nets)} nets, {joined} joined)"


def draw_windows(
    model: Engine,
    cut: NetWindows,
    *,
    redraws: int = RouteConfig.redraws,
    samples: int = RouteConfig.samples,
    seed: int = RouteConfig.seed,
) -> DrawnNets:
    """Let a model draw nets in their windows, each as if it were the only one.

    Args:
        model: of :func:`eda_router.load_model`.
        cut: windows of one of its exits.
        redraws: most times a net is drawn again where its drawing does not join it.
        samples: drawings sampled from the latent where that did not help.
        seed: of their noise.

    Returns:
        For each net the first drawing and the tree, in order of ``cut.nets``.

    Raises:
        ValueError: the model has no exit of that size.

    Example:
        >>> import eda_router
        >>> model = eda_router.load_model()
        >>> design = eda_router.read("synth-tiny")
        >>> cut, *_ = eda_router.net_windows(design, [2, 3, 5], model.exits)
        >>> drawn = eda_router.draw_windows(model, cut)
        >>> drawn.maps.shape == cut.images.shape, drawn.sources[0], len(drawn.trees[0])
        (True, 'drawn', 4)
    """
    wave = FrozenWave(cut.windows)
    if cut.exit.size not in model.exits:
        raise ValueError(f"no exit for windows of {cut.exit.size} tiles, only {model.exits}")
    Drawer(model, redraws=redraws, samples=samples, seed=seed).route(wave)
    trees: list[IntArray | None] = [None] * len(cut)
    sources = [""] * len(cut)
    for attempt in wave.attempts:
        found = attempt.trees
        edges = grid_edges(
            found.edges,
            found.offsets,
            cut.origins[attempt.positions],
            cut.exit.side,
            cut.design.width,
        )
        for i, position in enumerate(attempt.positions.tolist()):
            if found.ok[i] and trees[position] is None:
                trees[position] = np.sort(edges[found.offsets[i] : found.offsets[i + 1]])
                sources[position] = attempt.source
    return DrawnNets(cut.nets, wave.attempts[0].maps, trees, sources)
