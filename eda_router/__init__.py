"""edaroute: a global router with a neural core.

::

    import eda_router

    design = eda_router.read("ibm02.modified")
    result = eda_router.route(design, eda_router.RouteConfig(effort="high"))
    check = eda_router.verify(design, result.routes)

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
    from eda_router.routing.flow import route
    from eda_router.routing.ledger import CapacityLedger
    from eda_router.routing.result import RoutingResult
    from eda_router.verification import Verification, verify

__version__ = "0.1.0"
__all__ = [
    "CapacityLedger",
    "Design",
    "RouteConfig",
    "Routes",
    "RoutingResult",
    "Verification",
    "read",
    "route",
    "verify",
]

_HOMES = {
    "CapacityLedger": "eda_router.routing.ledger",
    "Design": "eda_router.design",
    "RouteConfig": "eda_router.config",
    "Routes": "eda_router.design",
    "RoutingResult": "eda_router.routing.result",
    "Verification": "eda_router.verification",
    "read": "eda_router.formats",
    "route": "eda_router.routing.flow",
    "verify": "eda_router.verification",
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
