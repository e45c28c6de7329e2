"""A placed design from LEF and DEF: its GCells, the tracks of its layers, its nets.

The grid and its capacities are those of OpenROAD's FastRoute, so that results compare: tracks are
counted where they cross a GCell; obstructions and pins of cells, power straps and blockages take
tracks away; adjustments come last. Nets are those of NETS with two or more terminals, supply left
out; wires that they have already are read over.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.design import HORIZONTAL, MAX_TILES, VERTICAL, Design
from eda_router.errors import InputError
from eda_router.formats import def_file
from eda_router.formats.capacities import adjust, adjust_region, take_tracks
from eda_router.formats.cells import SUPPLY, Cells
from eda_router.formats.def_file import DefFile, Net, sniff
from eda_router.formats.gcells import Lines, even_lines, given_lines, tile_side, tracks_between
from eda_router.formats.lef import Library
from eda_router.formats.lef import read as read_library
from eda_router.formats.lefdef_config import LefDefConfig
from eda_router.formats.stack import Stack, layer_range
from eda_router.formats.statements import LARGEST
from eda_router.formats.terminals import candidates, choose_tiles
from eda_router.formats.text import shorten
from eda_router.layers import Layers
from eda_router.resources import bundled_lef

__all__ = ["build", "read", "sniff"]


def read(
    path: str | Path,
    lef: str | Path | Iterable[str | Path] = (),
    config: LefDefConfig | None = None,
) -> Design:
    """Read a placed design.

    Args:
        path: of the DEF file.
        lef: the LEF files, technology first; a bundled design brings its own. Every file may be
            gzipped.
        config: layers and adjustments.

    Returns:
        A design with layers, whose 2-D capacity is the sum over the layers of signals.

    Raises:
        InputError: a file cannot be read or is not in its format, files do not fit one another,
            or a setting names what the design does not have.

    Example:
        >>> from eda_router.resources import find_design
        >>> config = LefDefConfig(signal_layers="lane2-lane5")
        >>> design = read(find_design("synth-chip"), config=config)
        >>> design
        Design('synth-chip', 24 x 24 tiles, 1501 nets)
        >>> design.layers.names[design.layers.signal[1]]
        'lane5'
    """
    if not isinstance(lef, (str, Path)):
        lef = tuple(lef)
        if not lef and (own := bundled_lef(path)) is not None:
            lef = (own,)
        if not lef:
            raise InputError(path, None, "DEF without LEF", "the LEF files of its technology too")
    library = read_library(lef)
    return build(library, def_file.read(path, library.vias), config or LefDefConfig())


def build(library: Library, source: DefFile, config: LefDefConfig) -> Design:
    """Make a design of what the files hold.

    Raises:
        InputError: as for :func:`read`.
    """
    stack = Stack.of(library, source, config)
    cells = Cells(library, source, stack)
    xs, ys = _grid_lines(source, stack, config)
    width, height = len(xs) - 1, len(ys) - 1
    if width * height > MAX_TILES:
        raise InputError(
            source.source.path, None, f"a grid of {width} x {height} tiles", f"up to {MAX_TILES}"
        )

    original = _original_capacity(source, stack, cells, xs, ys)
    capacity = _adjusted(original, source, stack, config, xs, ys)
    nets = [net for net in source.nets if _is_routed(net, source)]
    pin_offsets = np.zeros(len(nets) + 1, np.int64)
    np.cumsum([len(net.pins) for net in nets], out=pin_offsets[1:])
    shapes, owners = cells.terminal_shapes(nets)
    offsets, tiles, layers = candidates(shapes, owners, int(pin_offsets[-1]), xs, ys)

    chosen = choose_tiles(pin_offsets, offsets, tiles, width)
    net_of = np.repeat(np.arange(len(nets)), np.diff(pin_offsets))
    keys = np.unique(net_of * (width * height) + chosen)
    position = {net.name: number for number, net in enumerate(source.nets)}
    return Design(
        name=source.name or Path(source.source.path).stem,
        width=width,
        height=height,
        capacity=_flat_capacity(capacity, stack),
        net_names=[net.name for net in nets],
        net_ids=np.array([position[net.name] for net in nets], np.int64),
        pin_offsets=np.searchsorted(keys, np.arange(len(nets) + 1) * (width * height)),
        pins=(keys % (width * height)).astype(np.int32),
        layers=Layers(
            names=tuple(stack.names),
            horizontal=stack.horizontal,
            capacity=capacity,
            original=original,
            signal=stack.signal,
            clock=stack.clock,
            net_is_clock=np.array([net.use == "CLOCK" for net in nets], np.bool_),
            pin_offsets=pin_offsets,
            candidate_offsets=offsets,
            candidate_tiles=tiles,
            candidate_layers=layers,
            xs=xs,
            ys=ys,
            dbu=source.dbu,
            cells=cells.placed(),
        ),
    )


def _is_routed(net: Net, source: DefFile) -> bool:
    return len(net.pins) > 1 and net.use not in SUPPLY and net.name not in source.supply


def _grid_lines(source: DefFile, stack: Stack, config: LefDefConfig) -> tuple[Lines, Lines]:
    """Borders of the columns and rows of GCells."""
    x1, y1, x2, y2 = source.die
    if config.gcell_grid:
        if {line.axis for line in source.gcells} != {"X", "Y"}:
            raise InputError(source.source.path, None, "no GCELLGRID", "GCELLGRID X and Y")
        return given_lines(source.gcells, "X", x1, x2), given_lines(source.gcells, "Y", y1, y2)
    tile = config.tile
    if tile is None:
        top = stack.signal[1]
        layers = [1, 2, 3] if top >= 3 else [top]
        patterns = [stack.patterns[layer] for layer in layers]
        steps = [pattern.step for pattern in patterns if pattern is not None]
        if len(steps) < len(layers):
            layer = layers[patterns.index(None)]
            raise InputError(
                source.source.path,
                None,
                f"no TRACKS across layer {stack.names[layer]}, which the size of a GCell needs",
                "TRACKS, or the option tile",
            )
        tile = tile_side(steps)
    return even_lines(x1, x2, tile), even_lines(y1, y2, tile)


def _along(image: NDArray[np.int32], horizontal: bool) -> NDArray[np.int32]:
    """A layer's image with its direction last."""
    return image if horizontal else image.T


def _original_capacity(
    source: DefFile, stack: Stack, cells: Cells, xs: Lines, ys: Lines
) -> NDArray[np.int32]:
    """Tracks of every edge of the layers in use, less what is obstructed."""
    capacity = np.zeros((len(stack.names), len(ys) - 1, len(xs) - 1), np.int32)
    obstructions, spare = cells.obstructions()
    for layer in stack.used:
        horizontal = bool(stack.horizontal[layer])
        along, across = (xs, ys) if horizontal else (ys, xs)
        tracks = stack.tracks(layer)
        image = _along(capacity[layer], horizontal)
        image[:, :-1] = tracks_between(tracks, across)[:, None]
        mine = obstructions[:, 0] == layer
        rects = obstructions[mine, 1:]
        if not horizontal:
            rects = rects[:, [1, 0, 3, 2]]
        take_tracks(image, rects, along, across, tracks.step, spare[mine])
    return capacity


def _adjusted(
    original: NDArray[np.int32],
    source: DefFile,
    stack: Stack,
    config: LefDefConfig,
    xs: Lines,
    ys: Lines,
) -> NDArray[np.int32]:
    """``original`` after the adjustments of layers and regions."""
    capacity = original.copy()
    shares = [0.0] * len(stack.names)
    for text in config.layer_adjustment:
        name, _, word = text.rpartition("=")
        first, last = layer_range(stack.names, name.strip(), "layer_adjustment")
        for layer in range(first, last + 1):
            shares[layer] = _share(word, "layer_adjustment", text)
    for layer in stack.used:
        # A layer without an adjustment of its own, or with 0, has that for all.
        share = shares[layer] or config.adjustment
        if share != 0:
            adjust(capacity[layer], share)
    for text in config.region_adjustment:
        region, layer, share = _region(text, source, stack)
        if layer not in stack.used:
            continue
        horizontal = bool(stack.horizontal[layer])
        along, across = (xs, ys) if horizontal else (ys, xs)
        adjust_region(
            _along(capacity[layer], horizontal),
            region if horizontal else region[[1, 0, 3, 2]],
            along,
            across,
            stack.tracks(layer).step,
            share,
        )
    return capacity


def _share(word: str, option: str, text: str) -> float:
    try:
        share = float(word)
        if not -1 <= share <= 1:
            raise ValueError
    except ValueError:
        raise InputError(
            None, None, f"option {option}: {shorten(text)}", "a share from -1 to 1 at its end"
        ) from None
    return share


def _region(text: str, source: DefFile, stack: Stack) -> tuple[NDArray[np.int64], int, float]:
    """Rectangle in database units, layer and share of a region adjustment."""
    words = [word.strip() for word in text.split(",")]
    try:
        rect = np.array([float(word) for word in words[:4]]) * source.dbu
        if len(words) != 6 or not np.all(np.abs(rect) < LARGEST):
            raise ValueError
    except ValueError:
        raise InputError(
            None,
            None,
            f"option region_adjustment: {shorten(text)}",
            "x0,y0,x1,y1,layer,share in microns",
        ) from None
    region = np.rint(rect).astype(np.int64)
    x1, y1, x2, y2 = source.die
    if not (x1 <= region[0] < region[2] <= x2 and y1 <= region[1] < region[3] <= y2):
        raise InputError(
            None,
            None,
            f"option region_adjustment: {shorten(text)} is empty or not within the die",
            "a region of " + " ".join(f"{value / source.dbu:g}" for value in source.die),
        )
    layer, _ = layer_range(stack.names, words[4], "region_adjustment")
    return region, layer, _share(words[5], "region_adjustment", text)


def _flat_capacity(capacity: NDArray[np.int32], stack: Stack) -> NDArray[np.int32]:
    """``(height, width, 2)``: the sum over the layers of signals in each direction."""
    signal = slice(stack.signal[0], stack.signal[1] + 1)
    horizontal = stack.horizontal[signal]
    flat = np.zeros((*capacity.shape[1:], 2), np.int32)
    flat[..., HORIZONTAL] = capacity[signal][horizontal].sum(axis=0)
    flat[..., VERTICAL] = capacity[signal][~horizontal].sum(axis=0)
    return flat
