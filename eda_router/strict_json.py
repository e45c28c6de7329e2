"""JSON as every parser reads it: no NaN, no infinity, no half of a character."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from eda_router.files import displayable


def dumps(value: Any, indent: int | None = None) -> str:
    """``value`` as JSON; numbers that are not finite become null, see :func:`plain` for the rest.

    Raises:
        TypeError: JSON cannot hold it.
    """
    return json.dumps(plain(value), indent=indent, allow_nan=False)


def plain(value: Any) -> Any:
    """A copy of a tree of mappings and lists with what strict JSON holds.

    Floats that are not finite become None, bytes of file names in texts U+FFFD.
    """
    if isinstance(value, str):
        return value if value.isascii() else displayable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {plain(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
