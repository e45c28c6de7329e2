"""Progress of jobs: a bar that vanishes, on terminals only."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def with_bar(done: Iterable[T], total: int, name: str, unit: str, quiet: bool) -> Iterable[T]:
    """What is done, behind a bar on standard error.

    Args:
        done: gives each thing as it is done.
        total: their number.
        name: of the work.
        unit: the things, in the plural.
        quiet: show nothing.
    """
    from tqdm import tqdm

    hidden = quiet or not sys.stderr.isatty()
    return tqdm(
        done, total=total, desc=name, unit=f" {unit}", leave=False, file=sys.stderr, disable=hidden
    )
