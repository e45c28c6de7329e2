"""Global routing as an environment for reinforcement learning, with Gymnasium's interface [1].

One step routes one net. The agent sees the net's window of the capacity ledger as the bundled model
does, and answers with the edges of the window that the net takes. What an episode leaves behind is
the ledger, so that each answer narrows what the nets after it see.

[1] M. Towers et al.: Gymnasium: A Standard Interface for Reinforcement Learning Environments,
    2024, arXiv 2407.17032.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eda_router.design import HORIZONTAL, VERTICAL, Design, IntArray, Routes
from eda_router.errors import EdarouteError, expect_type
from eda_router.neural.tensors import IMAGE_CHANNELS, images
from eda_router.neural.windows import cut_states, grid_edges, place_windows
from eda_router.report.congestion import congestion_map
from eda_router.report.palette import LIGHT, congestion_colours
from eda_router.routing.ledger import CapacityLedger
from eda_router.verification import components

try:
    import gymnasium
except ImportError as error:
    raise EdarouteError(
        "NetEnv needs gymnasium, which is not installed: pip install 'edaroute[gym]'"
    ) from error

SIZES = 8, 256
"""Sides of the smallest and of the largest window that is chosen by itself, tiles: an observation
grows with the square."""

PIXELS = 8
"""Of a tile's side in a picture."""

Observation = NDArray[np.float32]
Action = NDArray[np.int8]


class NetEnv(gymnasium.Env[Observation, Action]):
    """Route a design net by net, one a step, the shortest first.

    *Observation*: float32 ``(size, size, 3)``, the window of the net to route: free tracks above
    each tile and to its right, at most 8, over 8; then 1 on tiles with a pin of the net. Row r and
    column c are tile ``(x + c, y + r)`` of the grid, where ``info["origin"]`` is ``(x, y)``. What
    lies beyond the grid is 0; so is all of it after the last net.

    *Action*: 0 or 1, ``(size, size, 2)``: whether the net takes the edge to the right of a tile
    (``[..., 0]``) and the edge above it (``[..., 1]``). Edges that leave the window or the grid are
    ignored. Where the edges join the pins they all become wire, free or not; else none does, and
    the net stays open.

    *Reward*: ``-(edges + overflow_cost * tracks)`` of a wire, ``tracks`` being those above capacity
    that it adds, and ``-open_cost * half perimeter`` where the pins are not joined.

    *Episode*: ends (``terminated``) after the last net; it is never truncated. Only nets that need
    a wire and fit the window take part. The seed orders nets of equal half perimeter.

    *Info*: ``net``, number of the net to route, -1 after the last; ``origin`` of its window;
    ``connected``, whether the last action joined its pins; ``wirelength`` of all wires, tile
    edges; ``overflow``, tracks; ``open_nets``, how many of those that had their turn have no wire.

    Args:
        design: the grid and its nets; one with layers is routed on the plane.
        size: side of the windows, tiles; None: the smallest power of two that holds every net, from
            8 to 256.
        overflow_cost: what a track above capacity costs, in tile edges.
        open_cost: what a net without wire costs, as a multiple of its half perimeter.
        render_mode: ``rgb_array`` or None.

    Attributes:
        design: as given.
        ledger: capacity and demand: all that the steps have changed.
        nets: int64, numbers of the nets of the episode in the order of their turns.
        too_wide: int64, numbers of the nets that need a wire and fit no window of the size.

    Raises:
        TypeError: an argument is of another type.
        ValueError: ``size`` holds no net that needs a wire, or there is no such render mode.

    Example:
        >>> import eda_router
        >>> nets = [("a", 0, [(0, 0), (2, 0)]), ("b", 1, [(0, 1), (0, 3)])]
        >>> env = eda_router.NetEnv(eda_router.Design.from_pins("two", 4, 4, 1, 1, nets))
        >>> window, info = env.reset(seed=1)
        >>> window.shape, info["origin"], env.design.net_names[info["net"]]
        ((8, 8, 3), (-2, -3), 'a')
        >>> edges = np.zeros((8, 8, 2), np.int8)
        >>> edges[3, 2:4, 0] = 1  # the two edges from (0, 0) to (2, 0)
        >>> window, reward, terminated, truncated, info = env.step(edges)
        >>> float(reward), info["connected"], terminated
        (-2.0, True, False)
    """

    # Gymnasium declares it of instances, so that ClassVar will not do.
    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(
        self,
        design: Design,
        size: int | None = None,
        *,
        overflow_cost: float = 10.0,
        open_cost: float = 10.0,
        render_mode: str | None = None,
    ):
        expect_type("design", design, Design)
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode {render_mode!r}, expected 'rgb_array' or None")
        boxes = design.net_boxes[design.routable]
        sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0) + 1
        if size is None:
            size = int(np.clip(1 << (int(sides.max(initial=1)) - 1).bit_length(), *SIZES))
        expect_type("size", size, (int, np.integer))
        if not np.any(sides <= size):
            raise ValueError(f"size {size} holds no net of design {design.name}")
        self.design, self.size, self.render_mode = design, int(size), render_mode
        self.too_wide = design.routable[sides > size]
        self._fitting = design.routable[sides <= size]
        self._costs = float(overflow_cost), float(open_cost)
        shape = self.size, self.size
        self.observation_space = gymnasium.spaces.Box(0, 1, (*shape, IMAGE_CHANNELS), np.float32)
        self.action_space = gymnasium.spaces.MultiBinary((*shape, 2))
        self._begin(self._fitting)

    @property
    def routes(self) -> Routes:
        """The wires so far; nets without one have no edges."""
        none = np.empty(0, np.int32)
        return Routes.from_lists(
            self._wires.get(net, none).tolist() for net in range(self.design.num_nets)
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode with an empty ledger.

        Args:
            seed: orders nets of equal half perimeter; None goes on with the random numbers there.
            options: none are known, and any are ignored.

        Returns:
            The window of the first net, and info.
        """
        super().reset(seed=seed, options=options)
        jitter = self.np_random.random(len(self._fitting))
        lengths = self.design.half_perimeters[self._fitting]
        self._begin(self._fitting[np.lexsort((jitter, lengths))])
        return self._window(), self._info(connected=False)

    def step(self, edges: ArrayLike) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Give the net shown these edges, and show the next.

        Args:
            edges: the action, integers or flags ``(size, size, 2)``.

        Returns:
            The window of the next net, the reward, terminated, truncated, info.

        Raises:
            ValueError: the action has another shape, or the episode is over.
        """
        mask = np.asarray(edges)
        if mask.shape != (self.size, self.size, 2):
            raise ValueError(f"edges {mask.shape}, expected {(self.size, self.size, 2)}")
        if self._turn >= len(self.nets):
            raise ValueError("the episode is over, expected reset() before step()")
        net, wire = int(self.nets[self._turn]), self._edges(mask)
        overflow_cost, open_cost = self._costs
        connected = self._joins(net, wire)
        if connected:
            self.ledger.commit(wire, allow_overflow=True)
            self._wires[net] = wire
            demand, capacity = self.ledger.demand.reshape(-1), self.design.capacity.reshape(-1)
            added = int(np.count_nonzero(demand[wire] > capacity[wire]))
            self._wirelength += len(wire)
            self._overflow += added
            reward = -(len(wire) + overflow_cost * added)
        else:
            reward = -open_cost * int(self.design.half_perimeters[net])
        self._turn += 1
        over = self._turn == len(self.nets)
        return self._window(), float(reward), over, False, self._info(connected=connected)

    def render(self) -> NDArray[np.uint8] | None:
        """A picture of the ledger: uint8 ``(8 * height, 8 * width, 3)``, or None without a mode.

        Each tile has the colour of its fullest edge, row 0 at the bottom; pins of the net to route
        are black.
        """
        if self.render_mode is None:
            return None
        colours = np.rint(255 * congestion_colours(congestion_map(self.ledger, "worst"), LIGHT))
        picture = np.kron(colours, np.ones((PIXELS, PIXELS, 1)))
        if self._turn < len(self.nets):
            edge = PIXELS // 4
            for tile in self.design.net_pins(int(self.nets[self._turn])).tolist():
                y, x = (PIXELS * place for place in divmod(tile, self.design.width))
                picture[y + edge : y + PIXELS - edge, x + edge : x + PIXELS - edge] = 0
        return np.ascontiguousarray(picture[::-1], np.uint8)

    def _begin(self, nets: NDArray[np.int64]) -> None:
        """Empty the ledger for an episode of these nets."""
        self.nets = nets
        self.ledger = CapacityLedger.of(self.design)
        self._turn = 0
        self._wires: dict[int, IntArray] = {}
        self._wirelength = self._overflow = 0
        boxes = self.design.net_boxes[nets]
        self._origins = place_windows(boxes, self.size, self.design.width, self.design.height)

    def _window(self) -> Observation:
        """The observation of the net whose turn it is."""
        if self._turn == len(self.nets):
            return np.zeros((self.size, self.size, IMAGE_CHANNELS), np.float32)
        # Only this part of the ledger is looked at, so that a step takes no longer on a large grid.
        origin = self._origins[self._turn]
        low = np.maximum(origin, 0)
        high = np.minimum(origin + self.size, (self.design.width, self.design.height))
        part = slice(low[1], high[1]), slice(low[0], high[0])
        free = self.design.capacity[part] - self.ledger.demand[part]
        y, x = np.divmod(self.design.net_pins(int(self.nets[self._turn])), self.design.width)
        pins = ((y - low[1]) * free.shape[1] + x - low[0]).astype(np.int32)
        offsets = np.array([0, len(pins)], np.int64)
        states = cut_states(free, (origin - low)[None], offsets, pins, self.size)
        window: Observation = images(states)[0]
        return window

    def _info(self, *, connected: bool) -> dict[str, Any]:
        over = self._turn == len(self.nets)
        origin = (0, 0) if over else tuple(self._origins[self._turn].tolist())
        return {
            "net": -1 if over else int(self.nets[self._turn]),
            "origin": origin,
            "connected": connected,
            "wirelength": self._wirelength,
            "overflow": self._overflow,
            "open_nets": self._turn - len(self._wires),
        }

    def _edges(self, mask: NDArray[Any]) -> IntArray:
        """Edges of the grid that an action takes, without those that leave window or grid."""
        origin = self._origins[self._turn]
        rows, columns = origin[1] + np.arange(self.size), origin[0] + np.arange(self.size)
        width, height = self.design.width, self.design.height
        there = np.zeros(mask.shape, np.bool_)
        for direction in (HORIZONTAL, VERTICAL):
            beyond = (1, 0) if direction == HORIZONTAL else (0, 1)
            in_x = (columns >= 0) & (columns + beyond[0] < width)
            in_y = (rows >= 0) & (rows + beyond[1] < height)
            there[..., direction] = in_y[:, None] & in_x
        there[:, -1, HORIZONTAL] = there[-1, :, VERTICAL] = False
        taken = np.flatnonzero((mask != 0) & there).astype(np.int32)
        offsets = np.array([0, len(taken)], np.int64)
        return np.sort(grid_edges(taken, offsets, origin[None], self.size, width))

    def _joins(self, net: int, wire: IntArray) -> bool:
        """Whether edges join all pins of a net."""
        tile, vertical = np.divmod(wire.astype(np.int64), 2)
        far = tile + np.where(vertical, self.design.width, 1)
        touched = np.concatenate([tile, far, self.design.net_pins(net)])
        nodes, place = np.unique(touched, return_inverse=True)
        first, second, pins = np.split(place, [len(wire), 2 * len(wire)])
        parts = components(len(nodes), first, second)
        return len(np.unique(parts[pins])) == 1
