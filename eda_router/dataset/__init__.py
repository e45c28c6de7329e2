"""Training samples: the teacher, states of ledgers and random windows, shards on disk; no Keras.

:func:`make` does what ``edaroute dataset`` does, and :func:`open` opens what it made.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eda_router.dataset.making import make
    from eda_router.dataset.opened import SampleSet, open

__all__ = ["SampleSet", "make", "open"]


def __getattr__(name: str) -> Any:
    # The command line imports settings from here, which need no NumPy.
    if name not in __all__:
        raise AttributeError(f"module 'eda_router.dataset' has no attribute {name!r}")
    home = "making" if name == "make" else "opened"
    return getattr(importlib.import_module(f"eda_router.dataset.{home}"), name)
