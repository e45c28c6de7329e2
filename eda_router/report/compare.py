"""Where the routes of several runs of one design differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design, IntArray, Routes
from eda_router.report.places import edge_tiles
from eda_router.report.run import Run
from eda_router.verification import verify

_NAMED = 10


@dataclass(frozen=True, eq=False)
class Difference:
    """What a run did otherwise than another.

    Attributes:
        apart: int32 ``(num_nets,)``: edges of each net that only one of the two uses.
        change: int32 ``(num_nets,)``: length of each net less its length in the base.
        demand: int32 ``(height, width, 2)``: demand of each edge less its demand in the base.
    """

    apart: IntArray
    change: IntArray
    demand: IntArray

    @property
    def differing(self) -> int:
        """Nets whose wires are not the same."""
        return int(np.count_nonzero(self.apart))

    @property
    def longer(self) -> NDArray[np.int64]:
        """Nets with more wire than in the base, the greatest change first."""
        return self._ranked(-self.change)

    @property
    def shorter(self) -> NDArray[np.int64]:
        """Nets with less wire than in the base, the greatest change first."""
        return self._ranked(self.change)

    def _ranked(self, key: IntArray) -> NDArray[np.int64]:
        order = np.argsort(key, kind="stable")
        ranked: NDArray[np.int64] = order[key[order] < 0]
        return ranked


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


def comparison_values(design: Design, runs: Sequence[Run]) -> dict[str, Any]:
    """The comparison of all runs with the first one, as plain values for JSON."""
    base = runs[0]
    values: dict[str, Any] = {"design": design.name, "base": base.label, "runs": []}
    for run in runs:
        check = verify(design, run.routes)
        entry: dict[str, Any] = {
            "label": run.label,
            "wirelength": check.wirelength,
            "total_overflow": check.total_overflow,
            "disconnected": check.disconnected,
        }
        if run is not base:
            found = difference(design, base.routes, run.routes)
            steps = found.demand.reshape(-1)
            edges = np.argsort(-np.abs(steps), kind="stable")[:_NAMED]
            entry |= {
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
        values["runs"].append(entry)
    return values


def _named(design: Design, base: Run, run: Run, nets: NDArray[np.int64]) -> list[dict[str, Any]]:
    return [
        {
            "name": design.net_names[net],
            "base_length": int(base.routes.lengths[net]),
            "length": int(run.routes.lengths[net]),
        }
        for net in nets[:_NAMED].tolist()
    ]


def comparison_lines(values: dict[str, Any]) -> list[str]:
    """What a person wants to see of :func:`comparison_values`."""
    wide = max(len(run["label"]) for run in values["runs"])
    base = values["runs"][0]["wirelength"]
    lines = [f"{'run':<{wide}}{'wirelength':>12}{'change':>10}{'overflow':>10}{'not joined':>12}"]
    for run in values["runs"]:
        change = run["wirelength"] - base
        share = f"{change / base:+.2%}" if base else "–"
        lines.append(
            f"{run['label']:<{wide}}{run['wirelength']:>12}{share:>10}"
            f"{run['total_overflow']:>10}{run['disconnected']:>12}"
        )
    for run in values["runs"][1:]:
        lines += [
            "",
            f"{run['label']} against {values['base']}",
            f"  nets routed otherwise  {run['differing_nets']}",
            f"  longer                 {run['longer_nets']} nets by {run['longer_by']}"
            + _list(run["most_longer"]),
            f"  shorter                {run['shorter_nets']} nets by {run['shorter_by']}"
            + _list(run["most_shorter"]),
            f"  edges of other demand  {run['differing_edges']}"
            + "".join(
                f", ({x0},{y0})-({x1},{y1}) {place['change']:+d}"
                for place in run["most_changed_edges"][:3]
                for (x0, y0), (x1, y1) in [place["edge"]]
            ),
        ]
    return lines


def _list(nets: list[dict[str, Any]]) -> str:
    if not nets:
        return ""
    shown = [f"{net['name']} {net['base_length']}→{net['length']}" for net in nets[:5]]
    return ": " + ", ".join(shown)
