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


def format_rows(value: Any, levels: int = 2) -> str:
    """JSON with one row a line, so that a change of a row is a change of a line.

    Args:
        value: mappings and lists within each other.
        levels: of these that are opened, one member a line. What lies deeper is a row, and so is
            what holds no mappings and lists.

    Returns:
        the text with its last newline; numbers that are none are null.
    """
    return _rows(plain(value), levels, "") + "\n"


def _rows(value: Any, levels: int, indent: str) -> str:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if levels == 0 or not any(isinstance(part, (dict, list)) for part in parts):
        return json.dumps(value, allow_nan=False)
    inner = indent + " "
    if isinstance(value, dict):
        lines = [f"{json.dumps(k)}: {_rows(v, levels - 1, inner)}" for k, v in value.items()]
        first, last = "{}"
    else:
        lines = [_rows(part, levels - 1, inner) for part in value]
        first, last = "[]"
    return first + ",".join(f"\n{inner}{line}" for line in lines) + f"\n{indent}{last}"
