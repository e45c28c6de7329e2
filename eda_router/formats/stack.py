"""The routing layers of a design: their tracks, and the ranges in which nets may run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eda_router.errors import InputError
from eda_router.formats.def_file import DefFile
from eda_router.formats.gcells import TrackPattern, track_pattern
from eda_router.formats.lef import Library
from eda_router.formats.lefdef_config import LefDefConfig
from eda_router.formats.text import shorten


@dataclass(frozen=True)
class Stack:
    """The routing layers of a design.

    Attributes:
        names: of all routing layers, bottom up.
        index: number of each name.
        horizontal: bool ``(num_layers,)``.
        patterns: tracks of each layer across its direction, None without any.
        signal: first and last layer of signals.
        clock: first and last layer of clocks, or None.
    """

    names: list[str]
    index: Mapping[str, int]
    horizontal: NDArray[np.bool_]
    patterns: list[TrackPattern | None]
    signal: tuple[int, int]
    clock: tuple[int, int] | None

    @property
    def used(self) -> range:
        """Layers on which some net may run."""
        ranges = [self.signal] if self.clock is None else [self.signal, self.clock]
        return range(min(first for first, _ in ranges), max(last for _, last in ranges) + 1)

    def tracks(self, layer: int) -> TrackPattern:
        """The tracks of a layer that is used."""
        pattern = self.patterns[layer]
        assert pattern is not None  # as checked when the stack was made
        return pattern

    @staticmethod
    def of(library: Library, source: DefFile, config: LefDefConfig) -> Stack:
        """The layers of a technology, their tracks, and the ranges of a configuration."""
        names = list(library.layers)
        if not names:
            raise InputError(None, None, "the LEF files hold no layer of TYPE ROUTING", "one")
        horizontal = [layer.horizontal for layer in library.layers.values()]
        patterns = [
            track_pattern(source.tracks, name, "Y" if along_x else "X")
            for name, along_x in zip(names, horizontal, strict=True)
        ]
        if config.signal_layers is None:
            with_tracks = {layer for line in source.tracks for layer in line.layers}
            top = next((n for n, name in enumerate(names) if name not in with_tracks), len(names))
            if top == 0:
                raise InputError(
                    source.source.path, None, f"no TRACKS for layer {names[0]}", "TRACKS ... LAYER"
                )
            signal = (min(1, top - 1), top - 1)
        else:
            signal = layer_range(names, config.signal_layers, "signal_layers")
        clock = (
            None
            if config.clock_layers is None
            else layer_range(names, config.clock_layers, "clock_layers")
        )
        stack = Stack(
            names, {name: n for n, name in enumerate(names)}, np.array(horizontal, np.bool_),
            patterns, signal, clock,
        )  # fmt: skip
        for layer in stack.used:
            if patterns[layer] is None:
                axis, way = ("Y", "horizontal") if horizontal[layer] else ("X", "vertical")
                raise InputError(
                    source.source.path,
                    None,
                    f"no TRACKS {axis} for the {way} layer {names[layer]}",
                    f"TRACKS {axis} ... LAYER {names[layer]}, or other layers for signals",
                )
        return stack


def layer_range(names: list[str], text: str, option: str) -> tuple[int, int]:
    """First and last layer of a range as ``met1-met5``, or of one name.

    Raises:
        InputError: a name is unknown, or the last layer lies below the first.
    """
    if text in names:
        return names.index(text), names.index(text)
    for here, sign in enumerate(text):
        first, last = text[:here].strip(), text[here + 1 :].strip()
        if sign == "-" and first in names and last in names:
            if names.index(first) > names.index(last):
                break
            return names.index(first), names.index(last)
    raise InputError(
        None, None, f"option {option}: {shorten(text)}", f"a layer or a range of {', '.join(names)}"
    )
