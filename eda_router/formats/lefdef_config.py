"""How a design of LEF and DEF becomes a routing grid; the words are OpenROAD's."""

from __future__ import annotations

import dataclasses

from eda_router.config import Settings, setting


@dataclasses.dataclass(frozen=True, kw_only=True)
class LefDefConfig(Settings):
    """Which layers are routed, and how many of their tracks may be used.

    Example:
        >>> import eda_router
        >>> half = eda_router.LefDefConfig(adjustment=0.5)
        >>> full, less = eda_router.read("synth-chip"), eda_router.read("synth-chip", config=half)
        >>> int(full.capacity.max()), int(less.capacity.max())
        (27, 13)
    """

    signal_layers: str | None = setting(
        None,
        "First and last layer of signals, as met1-met5;"
        " null: from the second to the highest with tracks.",
    )
    clock_layers: str | None = setting(
        None, "First and last layer of clocks, as met3-met5; null: as signals."
    )
    adjustment: float = setting(
        0.0,
        "Share of the tracks taken away on each layer without an adjustment of its own.",
        low=-1,
        high=1,
    )
    layer_adjustment: tuple[str, ...] = setting(
        (), "Share of the tracks taken away on a layer or a range of layers, as met1=0.8."
    )
    region_adjustment: tuple[str, ...] = setting(
        (), "Share of the tracks taken away in a region: x0,y0,x1,y1,layer,share, in microns."
    )
    tile: int | None = setting(
        None,
        "Side of a GCell; null: 15 times the middle track step of the layers 2, 3 and 4.",
        unit="database units",
        low=1,
    )
    gcell_grid: bool = setting(False, "Take the GCells from the GCELLGRID lines of the design.")
