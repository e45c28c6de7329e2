"""Route guides, as OpenROAD's global router writes them for a detailed router.

::

    net10130
    (
    57000 62700 62700 68400 metal1
    57000 62700 74100 68400 metal2
    )

Lines are boxes ``x1 y1 x2 y2 layer`` of whole GCells in database units. Boxes of one net hang
together where they touch on one layer or overlap on neighbouring layers. Nets stand in input order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, layers_of
from eda_router.errors import expect_type
from eda_router.files import write_packed
from eda_router.formats.lines import NetBlocks
from eda_router.formats.segments import layer_segments
from eda_router.formats.text import WHOLE_NUMBER, decode, read_bytes, shorten
from eda_router.layered_routes import LayeredRoutes
from eda_router.layers import Layers

_MAX_DIGITS = 12


@dataclass(frozen=True, eq=False)
class Guide:
    """The boxes of a guide, in the order in which they stand there.

    Attributes:
        nets: int32 ``(num_boxes,)``, number of the net of each box.
        boxes: int64 ``(num_boxes, 4)``, x1, y1, x2, y2 in database units.
        layers: int8 ``(num_boxes,)``.
    """

    nets: IntArray
    boxes: NDArray[np.int64] = field(repr=False)
    layers: NDArray[np.int8] = field(repr=False)


def guide_of(layered: LayeredRoutes) -> Guide:
    """The guide of layered routes, in order of net, then layer.

    A straight run of wire is one box. The tiles that a stack of vias passes on a layer without
    wire of the net there are boxes of one GCell. A net without wire has boxes if all its terminals
    lie in one tile.
    """
    design, layers = layered.design, layered.layers
    tiles, num_layers = design.num_tiles, layers.num_layers
    runs = layer_segments(layered)
    net = np.repeat(np.arange(design.num_nets, dtype=np.int64), layered.routes.lengths)
    group = (net * num_layers + layered.edge_layers) * tiles
    tile, vertical = np.divmod(layered.routes.edges.astype(np.int64), 2)
    wired = np.concatenate([group + tile, group + tile + np.where(vertical, design.width, 1)])

    stacks = layered.stacks
    heights = stacks.highs.astype(np.int64) - stacks.lows + 1
    above = np.arange(int(heights.sum())) - np.repeat(np.cumsum(heights) - heights, heights)
    layer = np.repeat(stacks.lows.astype(np.int64), heights) + above
    used = (np.repeat(stacks.nets.astype(np.int64), heights) * num_layers + layer) * tiles
    used += np.repeat(stacks.tiles, heights)
    lone = used[~np.isin(used, wired)]

    nets = np.concatenate([runs.nets, lone // tiles // num_layers])
    box_layers = np.concatenate([runs.layers, lone // tiles % num_layers])
    first = np.concatenate([runs.first, lone % tiles])
    last = np.concatenate([runs.last, lone % tiles])
    order = np.lexsort((first, box_layers, nets))
    y1, x1 = np.divmod(first[order], design.width)
    y2, x2 = np.divmod(last[order], design.width)
    boxes = [layers.xs[x1], layers.ys[y1], layers.xs[x2 + 1], layers.ys[y2 + 1]]
    return Guide(
        nets=nets[order].astype(np.int32),
        boxes=np.stack(boxes, axis=1),
        layers=box_layers[order].astype(np.int8),
    )


def format_guide(guide: Guide, design: Design) -> str:
    """The text of a guide of ``design``, which has layers; boxes of a net stand together."""
    assert design.layers is not None
    names = design.layers.names
    parts: list[str] = []
    current = -1
    for net, (x1, y1, x2, y2), layer in zip(
        guide.nets.tolist(), guide.boxes.tolist(), guide.layers.tolist(), strict=True
    ):
        if net != current:
            close = ")\n" if parts else ""
            parts.append(f"{close}{design.net_names[net]}\n(\n")
            current = net
        parts.append(f"{x1} {y1} {x2} {y2} {names[layer]}\n")
    return "".join(parts) + (")\n" if parts else "")


def write(guide: Guide, design: Design, path: str | Path) -> None:
    """Write a guide beside ``path`` and rename it, gzipped when ``path`` ends with ``.gz``.

    Raises:
        InputError: the file cannot be written; an existing one is as it was.
    """
    write_packed(path, format_guide(guide, design).encode())


def write_guide(layered: LayeredRoutes, path: str | Path) -> None:
    """Write the guide of layered routes, gzipped when ``path`` ends with ``.gz``.

    Args:
        layered: of :func:`eda_router.route_layered`.
        path: of the guide.

    Raises:
        TypeError: ``layered`` is of another type.
        InputError: the file cannot be written; an existing one is as it was.

    Example:
        >>> from eda_router import RouteConfig, read, route_layered
        >>> done = route_layered(read("synth-chip"), RouteConfig(router="maze"))
        >>> write_guide(done.layered, "synth-chip.guide")
    """
    expect_type("layered", layered, LayeredRoutes)
    write(guide_of(layered), layered.design, path)


def read_guide(path: str | Path, design: Design) -> Guide:
    """Read a guide of ``design``, which has layers; the file may be gzipped.

    Args:
        path: of the guide.
        design: that it is of.

    Returns:
        Its boxes, in database units.

    Raises:
        InputError: the file cannot be read, is not in the format or does not belong to the
            design; path and line are given.
        EdarouteError: the design has no layers.

    Example:
        >>> import eda_router
        >>> design = eda_router.read("synth-chip")
        >>> done = eda_router.route_layered(design, eda_router.RouteConfig(router="maze"))
        >>> eda_router.write_guide(done.layered, "chip.guide")
        >>> eda_router.verify_guide(design, eda_router.read_guide("chip.guide", design)).legal
        True
    """
    layers = layers_of(design)
    return _Parser(path, decode(path, read_bytes(path)), design, layers).parse()


class _Parser(NetBlocks):
    """Parses the blocks of a guide of one design."""

    def __init__(self, path: str | Path, text: str, design: Design, layers: Layers):
        super().__init__(path, text)
        self.design = design
        # A guide may spell a name without the backslashes of the DEF.
        self.nets = {name.replace("\\", ""): net for net, name in enumerate(design.net_names)}
        self.nets |= {name: net for net, name in enumerate(design.net_names)}
        self.layers = {name: layer for layer, name in enumerate(layers.names)}

    def parse(self) -> Guide:
        nets: list[int] = []
        boxes: list[tuple[int, ...]] = []
        box_layers: list[int] = []
        for net, line in self.blocks(")"):
            *box, layer = self.box(line)
            nets.append(net)
            boxes.append(tuple(box))
            box_layers.append(layer)
        return Guide(
            nets=np.array(nets, np.int32),
            boxes=np.array(boxes, np.int64).reshape(-1, 4),
            layers=np.array(box_layers, np.int8),
        )

    def head(self, line: str) -> tuple[str, int]:
        """Name and number of the net whose block begins with ``line`` and a line ``(``."""
        name = " ".join(line.split())
        net = self.nets.get(name, self.nets.get(name.replace("\\", "")))
        if net is None:
            self.fail(f"{shorten(name)} names no net of design {self.design.name}", "a net's name")
        name = self.design.net_names[net]
        self.once(name)
        opening = self.following()
        if not opening:
            self.ends_within(name, "(")
        if opening != "(":
            self.fail(f"{shorten(opening)} after the name of a net", "'('")
        return name, net

    def box(self, line: str) -> tuple[int, ...]:
        """Left, low, right and high side of a box, and its layer."""
        words = line.split()
        if len(words) != 5:
            self.fail(f"{shorten(line)} within a net", "a box 'x1 y1 x2 y2 layer' or ')'")
        for word in words[:4]:
            if not WHOLE_NUMBER.fullmatch(word) or len(word) > _MAX_DIGITS:
                self.fail(f"{shorten(word)} in a box", "a whole number of database units")
        x1, y1, x2, y2 = map(int, words[:4])
        if x1 >= x2 or y1 >= y2:
            self.fail(f"empty box {shorten(line)}", "x1 < x2 and y1 < y2")
        layer = self.layers.get(words[4])
        if layer is None:
            self.fail(f"{shorten(words[4])} is no routing layer", ", ".join(self.layers))
        return x1, y1, x2, y2, layer
