"""The layers of a design in a table: tracks, and what a routing takes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.layers import Layers


def layer_rows(layers: Layers, demand: NDArray[np.int32] | None = None) -> list[dict[str, Any]]:
    """A row for each layer, as plain values for JSON.

    Args:
        layers: of a design.
        demand: int32 ``(num_layers, height, width)``, tracks taken; None before routing.

    Returns:
        for each layer its name, its direction, whether signals and clocks may use it, its
        resources, which are the tracks of all its edges, before adjustments (``original``) and
        after them (``resource``); with ``demand`` also that, its share of the resources (None
        where there are none), and the largest and the total overflow.
    """
    rows = []
    clock = layers.clock or layers.signal
    for layer, name in enumerate(layers.names):
        original, resource = (
            int(tracks[layer].sum(dtype=np.int64)) for tracks in (layers.original, layers.capacity)
        )
        row: dict[str, Any] = {
            "name": name,
            "direction": "horizontal" if layers.horizontal[layer] else "vertical",
            "signals": layers.signal[0] <= layer <= layers.signal[1],
            "clocks": clock[0] <= layer <= clock[1],
            "original": original,
            "resource": resource,
        }
        if demand is not None:
            over = np.maximum(demand[layer] - layers.capacity[layer], 0)
            taken = int(demand[layer].sum(dtype=np.int64))
            row |= {
                "demand": taken,
                "usage": round(taken / resource, 6) if resource else None,
                "max_overflow": int(over.max(initial=0)),
                "total_overflow": int(over.sum(dtype=np.int64)),
            }
        rows.append(row)
    return rows


def wire_length(layers: Layers, demand: NDArray[np.int32]) -> int:
    """Length of wires from middle to middle of GCells, in half database units."""
    across = demand[layers.horizontal].sum(axis=(0, 1), dtype=np.int64)
    upward = demand[~layers.horizontal].sum(axis=(0, 2), dtype=np.int64)
    steps = [borders[2:] - borders[:-2] for borders in (layers.xs, layers.ys)]
    return int(across[:-1] @ steps[0] + upward[:-1] @ steps[1])


def microns(layers: Layers, demand: NDArray[np.int32]) -> float | None:
    """:func:`wire_length` in microns; None where the files do not say what a micron is."""
    return round(wire_length(layers, demand) / (2 * layers.dbu), 3) if layers.dbu > 1 else None


def table_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows of :func:`layer_rows` and their total, as engineers know it from OpenROAD."""
    width = max(5, *(len(row["name"]) for row in rows))
    if "demand" not in rows[0]:
        lines = [f"{'Layer':<{width}}  Direction   Nets              Original    Resource"]
        lines += [
            f"{row['name']:<{width}}  {row['direction']:<10}  {_users(row):<15}"
            f"{row['original']:>11}{row['resource']:>12}"
            for row in rows
        ]
        original, resource = (sum(row[key] for row in rows) for key in ("original", "resource"))
        return [*lines, f"{'Total':<{width}}{'':29}{original:>11}{resource:>12}"]
    keys = ("original", "resource", "demand", "total_overflow")
    total: dict[str, Any] = {key: sum(row[key] for row in rows) for key in keys}
    total |= {
        "name": "Total",
        "horizontal": max(_overflow(row, "horizontal") for row in rows),
        "vertical": max(_overflow(row, "vertical") for row in rows),
        "usage": total["demand"] / total["resource"] if total["resource"] else None,
    }
    lines = [
        f"{'Layer':<{width}}    Original    Resource      Demand    Usage   "
        "Max H / Max V / Total overflow"
    ]
    for row in (*rows, total):
        across = row.get("horizontal", _overflow(row, "horizontal"))
        upward = row.get("vertical", _overflow(row, "vertical"))
        usage = f"{row['usage'] or 0:.2%}"
        lines.append(
            f"{row['name']:<{width}}{row['original']:>12}{row['resource']:>12}{row['demand']:>12}"
            f"{usage:>9}   {across:>5} / {upward:>5} / {row['total_overflow']:>5}"
        )
    return lines


def _overflow(row: Mapping[str, Any], direction: str) -> int:
    """The largest overflow of a layer in a direction; there is none across its own."""
    return int(row["max_overflow"]) if row.get("direction") == direction else 0


def _users(row: Mapping[str, Any]) -> str:
    """Which nets may use a layer."""
    users = [name for name in ("signals", "clocks") if row[name]]
    return ", ".join(users) or "pins alone"
