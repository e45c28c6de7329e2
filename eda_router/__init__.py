"""edaroute: a global router with a neural core.

::

    import eda_router

    design = eda_router.read("ibm02.modified")
    result = eda_router.route(design, eda_router.RouteConfig(effort="high"))
    check = eda_router.verify(design, result.routes)

A placed design in DEF takes its LEF files, and becomes a route guide::

    design = eda_router.read("gcd.def", lef=["tech.lef", "cells.lef"])
    done = eda_router.route_layered(design)
    eda_router.write_guide(done.layered, "gcd.guide")

The names below are imported when they are first used, so that ``import eda_router`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from eda_router.numba_cache import find_numba_cache

if TYPE_CHECKING:
    from eda_router.config import RouteConfig
    from eda_router.design import Design, Routes
    from eda_router.formats import read
    from eda_router.formats.guide import read_guide, write_guide
    from eda_router.formats.lefdef_config import LefDefConfig
    from eda_router.guide_verification import verify_guide
    from eda_router.layered_routes import LayeredRoutes
    from eda_router.layers import Layers
    from eda_router.routing.flow import route
    from eda_router.routing.layered_flow import route_layered
    from eda_router.routing.layers import assign_layers
    from eda_router.routing.ledger import CapacityLedger
    from eda_router.routing.result import RoutingResult
    from eda_router.verification import Verification, verify

__version__ = "0.1.0"
__all__ = [
    "CapacityLedger",
    "Design",
    "LayeredRoutes",
    "Layers",
    "LefDefConfig",
    "RouteConfig",
    "Routes",
    "RoutingResult",
    "Verification",
    "assign_layers",
    "read",
    "read_guide",
    "route",
    "route_layered",
    "verify",
    "verify_guide",
    "write_guide",
]

_HOMES = {
    "CapacityLedger": "eda_router.routing.ledger",
    "Design": "eda_router.design",
    "LayeredRoutes": "eda_router.layered_routes",
    "Layers": "eda_router.layers",
    "LefDefConfig": "eda_router.formats.lefdef_config",
    "RouteConfig": "eda_router.config",
    "Routes": "eda_router.design",
    "RoutingResult": "eda_router.routing.result",
    "Verification": "eda_router.verification",
    "assign_layers": "eda_router.routing.layers",
    "read_guide": "eda_router.formats.guide",
    "read": "eda_router.formats",
    "route": "eda_router.routing.flow",
    "route_layered": "eda_router.routing.layered_flow",
    "verify": "eda_router.verification",
    "verify_guide": "eda_router.guide_verification",
    "write_guide": "eda_router.formats.guide",
}

find_numba_cache()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'eda_router' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
