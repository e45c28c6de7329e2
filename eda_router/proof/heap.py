"""A binary heap of keys with entries, for the checker's searches."""

from __future__ import annotations

from eda_router.kernels import inlined


@inlined
def push(keys, entries, size, key, entry):
    """Put an entry on a heap of ``size`` entries."""
    at = size
    while at > 0 and keys[(at - 1) >> 1] > key:
        keys[at] = keys[(at - 1) >> 1]
        entries[at] = entries[(at - 1) >> 1]
        at = (at - 1) >> 1
    keys[at] = key
    entries[at] = entry


@inlined
def pop(keys, entries, size):
    """Take the top off a heap whose last entry is number ``size``."""
    key = keys[size]
    entry = entries[size]
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[at] = keys[child]
        entries[at] = entries[child]
        at = child
    keys[at] = key
    entries[at] = entry
