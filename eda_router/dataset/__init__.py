"""Training samples: the teacher, states of ledgers and random windows, shards on disk; no Keras.

:func:`open` opens what ``edaroute dataset`` made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eda_router.dataset.opened import SampleSet, open

__all__ = ["SampleSet", "open"]


def __getattr__(name: str) -> Any:
    # The command line imports settings from here, which need no NumPy.
    if name not in __all__:
        raise AttributeError(f"module 'eda_router.dataset' has no attribute {name!r}")
    from eda_router.dataset import opened

    return getattr(opened, name)
