"""What part of a result is the model's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Routes
from eda_router.routing.result import BY_MODEL, RoutingResult


def same_wires(first: Routes, second: Routes) -> NDArray[np.bool_]:
    """bool ``(num_nets,)``: which nets have the same edges in both; nets without wire do."""
    same: NDArray[np.bool_] = first.lengths == second.lengths
    kept = np.repeat(same, first.lengths)
    owner = np.repeat(np.arange(first.num_nets), first.lengths)[kept]
    differs = first.edges[kept] != second.edges[np.repeat(same, second.lengths)]
    same[owner[differs]] = False
    return same


def model_share(
    drawn: RoutingResult, final: RoutingResult, kept: NDArray[np.bool_]
) -> dict[str, Any]:
    """What part of the result is the model's.

    Args:
        drawn: as the model, and the fallback if any, left it.
        final: the end result.
        kept: bool ``(num_nets,)``, nets whose final wire is as the model drew it.
    """
    by_model = np.isin(drawn.stage, BY_MODEL)
    total = max(1, len(final.design.routable))
    return {
        "routed": int(by_model.sum()),
        "routed_share": round(float(by_model.sum()) / total, 4),
        "routed_wirelength": int(drawn.routes.lengths[by_model].sum()),
        "kept": int(kept.sum()),
        "kept_share": round(float(kept.sum()) / total, 4),
        "kept_wirelength": int(final.routes.lengths[kept].sum()),
    }
