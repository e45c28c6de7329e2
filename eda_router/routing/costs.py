"""Kernels that keep the costs of a ledger's edges (:mod:`eda_router.routing.ledger`)."""

from __future__ import annotations

import numpy as np

from eda_router.kernels import inlined, kernel
from eda_router.routing.ledger import SPAN


@inlined
def update_cost(costs, edge):
    """Bring one edge's cost up to date after its demand changed."""
    d = costs.demand[edge] + 1 - costs.capacity[edge]
    d = min(max(d, -SPAN), SPAN) + SPAN
    costs.cost[edge] = costs.base[d] + np.int32(costs.history[edge] * costs.slope[d])


@kernel
def update_costs(costs, edges):
    """Bring the costs of ``edges`` up to date, after tables, history or demand changed."""
    for edge in edges:
        update_cost(costs, edge)


@inlined
def cost_of(costs, edges):
    """Cost of a tree."""
    total = 0
    for edge in edges:
        total += costs.cost[edge]
    return total
