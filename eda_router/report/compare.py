"""Where the routes of several runs of one design differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, Routes
from eda_router.report.places import edge_tiles
from eda_router.report.run import Run, judge
from eda_router.report.wires import LayerWires

_NAMED = 10


@dataclass(frozen=True, eq=False)
class Difference:
    """What a run did otherwise than another.

    Attributes:
        apart: int32 ``(num_nets,)``: edges of each net that only one of the two uses.
        change: int32 ``(num_nets,)``: length of each net less its length in the base.
        demand: int32 ``(height, width, 2)``, on layers of all layers together: demand of each edge
            less its demand in the base.
        vias: int32 ``(num_nets,)``: vias of each net less its vias in the base; None on the plane.
    """

    apart: IntArray
    change: IntArray
    demand: IntArray
    vias: IntArray | None = None

    @property
    def differing(self) -> int:
        """Nets whose wires are not the same."""
        return int(np.count_nonzero(self.apart))

    @property
    def longer(self) -> NDArray[np.int64]:
        """Nets with more wire than in the base, the greatest change first."""
        return ranked(-self.change)

    @property
    def shorter(self) -> NDArray[np.int64]:
        """Nets with less wire than in the base, the greatest change first."""
        return ranked(self.change)


def ranked(key: IntArray) -> NDArray[np.int64]:
    """Where ``key`` is negative, the least first."""
    order = np.argsort(key, kind="stable")
    found: NDArray[np.int64] = order[key[order] < 0]
    return found


def difference(design: Design, base: Routes, other: Routes) -> Difference:
    """Compare the wires of two runs of ``design``, net by net and edge by edge."""
    num_edges = 2 * design.num_tiles

    def keys(routes: Routes) -> NDArray[np.int64]:
        owner = np.repeat(np.arange(design.num_nets, dtype=np.int64), routes.lengths)
        return owner * num_edges + routes.edges

    only = np.setxor1d(keys(base), keys(other), assume_unique=True)
    apart = np.bincount(only // num_edges, minlength=design.num_nets)
    demand = np.bincount(other.edges, minlength=num_edges) - np.bincount(
        base.edges, minlength=num_edges
    )
    return Difference(
        apart=apart.astype(np.int32),
        change=other.lengths - base.lengths,
        demand=demand.astype(np.int32).reshape(design.capacity.shape),
    )


def layered_difference(base: LayerWires, other: LayerWires) -> Difference:
    """Compare two runs on layers; an edge on another layer is another edge."""
    design, num_layers = base.design, base.stack.num_layers
    num_edges = 2 * design.num_tiles * num_layers

    def keys(wires: LayerWires) -> NDArray[np.int64]:
        owner = np.repeat(np.arange(design.num_nets, dtype=np.int64), wires.lengths)
        return owner * num_edges + wires.edges.astype(np.int64) * num_layers + wires.layers

    only = np.setxor1d(keys(base), keys(other), assume_unique=True)
    demand = other.ledger.demand - base.ledger.demand
    return Difference(
        apart=np.bincount(only // num_edges, minlength=design.num_nets).astype(np.int32),
        change=other.lengths - base.lengths,
        demand=demand.sum(axis=0, dtype=np.int32),
        vias=other.via_counts - base.via_counts,
    )


def run_difference(design: Design, base: Run, other: Run) -> Difference:
    """Compare two runs of one form.

    Raises:
        ValueError: one is on layers and the other is not.
    """
    if base.wires is not None and other.wires is not None:
        return layered_difference(base.wires, other.wires)
    if base.wires is not None or other.wires is not None:
        raise ValueError("a run on layers and one on the plane, expected two of one form")
    return difference(design, base.routes, other.routes)


def comparison_values(design: Design, runs: Sequence[Run]) -> dict[str, Any]:
    """The comparison of all runs with the first one, as plain values for JSON.

    Args:
        design: that was routed.
        runs: one or more, all on the plane or all on layers.

    Returns:
        The design's name, that of the base, and under ``runs`` an entry for each run: wirelength in
        tile edges, overflow in tracks, nets that are not joined and, for all but the first, which
        nets are longer or shorter and where demand differs.

    Raises:
        ValueError: some are on layers and some on the plane.

    Example:
        >>> import eda_router
        >>> design = eda_router.Design.from_pins("d", 3, 2, 1, 1, [("a", 0, [(0, 0), (2, 0)])])
        >>> straight = eda_router.Run("straight", eda_router.Routes.from_lists([[0, 2]]))
        >>> around = eda_router.Run("around", eda_router.Routes.from_lists([[1, 5, 6, 8]]))
        >>> values = eda_router.comparison_values(design, [straight, around])
        >>> [run["wirelength"] for run in values["runs"]]
        [2, 4]
    """
    base = runs[0]
    values: dict[str, Any] = {"design": design.name, "base": base.label, "runs": []}
    for run in runs:
        check = judge(design, run)
        entry: dict[str, Any] = {
            "label": run.label,
            "wirelength": check.wirelength,
            "total_overflow": check.total_overflow,
            "disconnected": check.disconnected,
        }
        if run.wires is not None:
            demand = run.wires.ledger.demand.sum(axis=(1, 2, 3), dtype=np.int64)
            entry |= {
                "vias": run.wires.num_vias,
                "layers": dict(zip(run.wires.stack.names, demand.tolist(), strict=True)),
            }
        if run is not base:
            found = run_difference(design, base, run)
            entry |= _difference_values(design, base, run, found)
            if found.vias is not None:
                entry |= _via_values(design, base, run, found.vias)
        values["runs"].append(entry)
    return values


def _difference_values(design: Design, base: Run, run: Run, found: Difference) -> dict[str, Any]:
    steps = found.demand.reshape(-1)
    edges = np.argsort(-np.abs(steps), kind="stable")[:_NAMED]
    return {
        "differing_nets": found.differing,
        "longer_nets": len(found.longer),
        "longer_by": int(found.change[found.longer].sum()),
        "shorter_nets": len(found.shorter),
        "shorter_by": -int(found.change[found.shorter].sum()),
        "differing_edges": int(np.count_nonzero(steps)),
        "most_longer": _named(design, base, run, found.longer),
        "most_shorter": _named(design, base, run, found.shorter),
        "most_changed_edges": [
            {"edge": edge_tiles(design, edge), "change": int(steps[edge])}
            for edge in edges.tolist()
            if steps[edge]
        ],
    }


def _named(design: Design, base: Run, run: Run, nets: NDArray[np.int64]) -> list[dict[str, Any]]:
    return [
        {
            "name": design.net_names[net],
            "base_length": int(base.lengths[net]),
            "length": int(run.lengths[net]),
        }
        for net in nets[:_NAMED].tolist()
    ]


def _via_values(design: Design, base: Run, run: Run, change: IntArray) -> dict[str, Any]:
    """Which nets have more or fewer vias than in the base."""
    assert base.wires is not None
    assert run.wires is not None
    before, after = base.wires.via_counts, run.wires.via_counts
    values: dict[str, Any] = {}
    for word, nets in (("more", ranked(-change)), ("fewer", ranked(change))):
        values |= {
            f"nets_with_{word}_vias": len(nets),
            f"{word}_vias": abs(int(change[nets].sum())),
            f"most_{word}_vias": [
                {
                    "name": design.net_names[net],
                    "base_vias": int(before[net]),
                    "vias": int(after[net]),
                }
                for net in nets[:_NAMED].tolist()
            ],
        }
    return values


def comparison_lines(values: dict[str, Any]) -> list[str]:
    """What a person wants to see of :func:`comparison_values`."""
    wide = max(len(run["label"]) for run in values["runs"])
    base = values["runs"][0]["wirelength"]
    layered = "vias" in values["runs"][0]
    head = f"{'run':<{wide}}{'wirelength':>12}{'change':>10}{'overflow':>10}{'not joined':>12}"
    lines = [head + (f"{'vias':>10}" if layered else "")]
    for run in values["runs"]:
        change = run["wirelength"] - base
        share = f"{change / base:+.2%}" if base else "–"
        lines.append(
            f"{run['label']:<{wide}}{run['wirelength']:>12}{share:>10}"
            f"{run['total_overflow']:>10}{run['disconnected']:>12}"
            + (f"{run['vias']:>10}" if layered else "")
        )
    if layered:
        lines += _layer_lines(values["runs"], wide)
    for run in values["runs"][1:]:
        lines += [
            "",
            f"{run['label']} against {values['base']}",
            f"  nets routed otherwise  {run['differing_nets']}",
            f"  longer                 {run['longer_nets']} nets by {run['longer_by']}"
            + _list(run["most_longer"], "length"),
            f"  shorter                {run['shorter_nets']} nets by {run['shorter_by']}"
            + _list(run["most_shorter"], "length"),
        ]
        if layered:
            lines += [
                f"  {f'{word} vias':<23}{run[f'nets_with_{word}_vias']} nets by "
                f"{run[f'{word}_vias']}" + _list(run[f"most_{word}_vias"], "vias")
                for word in ("more", "fewer")
            ]
        lines.append(
            f"  edges of other demand  {run['differing_edges']}"
            + "".join(
                f", ({x0},{y0})-({x1},{y1}) {place['change']:+d}"
                for place in run["most_changed_edges"][:3]
                for (x0, y0), (x1, y1) in [place["edge"]]
            )
        )
    return lines


def _layer_lines(runs: Sequence[dict[str, Any]], wide: int) -> list[str]:
    """The demand of each layer in each run, those used by any of them."""
    names = [name for name in runs[0]["layers"] if any(run["layers"][name] for run in runs)]
    widths = [max(8, len(name) + 2) for name in names]
    return [
        "",
        f"{'demand':<{wide}}"
        + "".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True)),
        *(
            f"{run['label']:<{wide}}"
            + "".join(
                f"{run['layers'][name]:>{width}}" for name, width in zip(names, widths, strict=True)
            )
            for run in runs
        ),
    ]


def _list(nets: list[dict[str, Any]], what: str) -> str:
    if not nets:
        return ""
    shown = [f"{net['name']} {net[f'base_{what}']}→{net[what]}" for net in nets[:5]]
    return ": " + ", ".join(shown)
