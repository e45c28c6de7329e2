"""What a design holds: plain values for JSON, and a few lines for people."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design
from eda_router.layers import Layers
from eda_router.report.layer_table import layer_rows, table_lines


def grid_values(design: Design) -> dict[str, Any]:
    """Name, size and number of nets of a design as plain values for JSON."""
    return {
        "name": design.name,
        "width": design.width,
        "height": design.height,
        "nets": design.num_nets,
    }


def design_values(design: Design) -> dict[str, Any]:
    """What a design holds, as plain values for JSON; shares are of the nets to route.

    Args:
        design: on the plane or with layers.

    Returns:
        By name: sides in tiles, capacities in tracks, nets, pins of a net, sides of boxes in tiles,
        the sum of half perimeters in tile edges; with layers their table and the die in microns.

    Example:
        >>> import eda_router
        >>> values = eda_router.design_values(eda_router.read("synth-tiny"))
        >>> values["nets_to_route"], values["half_perimeter"], values["pins"]["max"]
        (396, 2740, 36)
    """
    nets = design.routable
    boxes = design.net_boxes[nets]
    pins, sides = design.pin_counts[nets], (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0) + 1
    count = max(1, len(nets))
    total = half_perimeter(design)
    tracks = int(design.capacity.astype(np.int64).sum())
    values = {
        "name": design.name,
        "width": design.width,
        "height": design.height,
        "vertical_capacity": _range(design.vertical_capacity),
        "horizontal_capacity": _range(design.horizontal_capacity),
        "nets": design.num_nets,
        "nets_to_route": len(nets),
        "pins": {
            "mean": round(float(pins.sum()) / count, 2),
            "max": int(pins.max(initial=0)),
            "shares": {
                "2": round(float(np.sum(pins == 2)) / count, 4),
                "3": round(float(np.sum(pins == 3)) / count, 4),
                "4+": round(float(np.sum(pins >= 4)) / count, 4),
            },
        },
        "box_side_shares": {
            f"{low}-{high_side}" if high_side else f"{low}+": round(
                float(np.sum((sides >= low) & (sides <= (high_side or sides.max(initial=0)))))
                / count,
                4,
            )
            for low, high_side in ((2, 8), (9, 16), (17, 32), (33, 64), (65, None))
        },
        "half_perimeter": total,
        "tracks": tracks,
        "least_use": round(total / tracks, 4) if tracks else None,
    }
    if design.layers is not None:
        values |= net_kinds(design)
        values["die_um"] = _die(design.layers)
        values["layers"] = layer_rows(design.layers)
    return values


def net_kinds(design: Design) -> dict[str, int]:
    """Terminals, clocks, and nets with all terminals in one GCell, which vias alone join."""
    layers = design.layers
    assert layers is not None
    local = (np.diff(layers.pin_offsets) > 1) & (design.pin_counts == 1)
    return {
        "terminals": layers.num_terminals,
        "clock_nets": int(layers.net_is_clock.sum()),
        "local_nets": int(local.sum()),
    }


def _die(layers: Layers) -> list[float] | None:
    """Lowest x and y, highest x and y of the grid; None where a micron is not known."""
    corners = (layers.xs[0], layers.ys[0], layers.xs[-1], layers.ys[-1])
    return [int(side) / layers.dbu for side in corners] if layers.dbu > 1 else None


def half_perimeter(design: Design) -> int:
    """Half the perimeters of all nets' bounding boxes together, tile edges."""
    return int(design.half_perimeters.sum(dtype=np.int64))


def _range(values: NDArray[np.int32]) -> list[int]:
    return [int(values.min()), int(values.max())] if values.size else [0, 0]


def design_lines(values: dict[str, Any]) -> list[str]:
    """What a person wants to see of :func:`design_values`."""

    def capacity(direction: str) -> str:
        low, high = values[f"{direction}_capacity"]
        return str(low) if low == high else f"{low} to {high}"

    def shares(parts: dict[str, float]) -> str:
        return ", ".join(f"{name}: {share:.1%}" for name, share in parts.items())

    def layered() -> list[str]:
        die = values["die_um"]
        size = (
            [] if die is None else ["die             ({:g}, {:g}) to ({:g}, {:g}) um".format(*die)]
        )
        return [
            *size,
            f"terminals       {values['terminals']}",
            f"clocks          {values['clock_nets']} nets",
            f"in one GCell    {values['local_nets']} nets",
            *table_lines(values["layers"]),
        ]

    use = "" if values["least_use"] is None else f", {values['least_use']:.1%} of the tracks"
    return [
        f"design          {values['name']}",
        f"grid            {values['width']} x {values['height']} tiles",
        f"capacity        vertical {capacity('vertical')}, horizontal {capacity('horizontal')}",
        f"nets            {values['nets']}, {values['nets_to_route']} to route",
        f"pins a net      mean {values['pins']['mean']}, max {values['pins']['max']}; "
        + shares(values["pins"]["shares"]),
        f"box side, tiles {shares(values['box_side_shares'])}",
        f"half perimeters {values['half_perimeter']} tile edges{use}",
        *(layered() if "layers" in values else []),
    ]
