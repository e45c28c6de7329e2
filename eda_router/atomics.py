"""Numbers that several threads change at once, for kernels.

Numba has no atomic operations for processors, so these are written in its intermediate language. A
thread that sees a number that another has written here also sees all that the other wrote before
it, as C11 and LLVM promise of operations that are sequentially consistent.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numba import config, types
from numba.core import cgutils
from numba.core.typing.templates import signature
from numba.extending import intrinsic as typed_intrinsic
from numba.np import arrayobj
from numpy.typing import NDArray

from eda_router.kernels import kernel

intrinsic: Any = typed_intrinsic
"""Makes what kernels call without the typing context."""

LINE = 8
"""Numbers between two that different threads wait for, so that each has a cache line."""

_ARRIVED, _ROUND, _GONE = 0, LINE, 2 * LINE

SPINS = 2000
"""Looks at a number before a thread that waits lets others have its core; some microseconds."""

give_way = types.ExternalFunction(
    "SwitchToThread" if os.name == "nt" else "sched_yield", types.int32()
)
"""Let another thread that is ready have this core."""


@intrinsic
def add(typingctx: Any, numbers: Any, index: Any, amount: Any) -> Any:
    """``numbers[index] += amount`` in one step; returns what was there before. int64 arrays."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature, args)
        return builder.atomic_rmw("add", place, args[2], "seq_cst")

    return signature(types.int64, numbers, types.int64, types.int64), generate


@intrinsic
def load(typingctx: Any, numbers: Any, index: Any) -> Any:
    """``numbers[index]`` as it is now, an int64."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature, args)
        return builder.load_atomic(place, "seq_cst", 8)

    return signature(types.int64, numbers, types.int64), generate


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """The address of ``args[0][args[1]]``."""
    kind = signature.args[0]
    array = arrayobj.make_array(kind)(context, builder, args[0])
    return cgutils.get_item_pointer(context, builder, kind, array, [args[1]], wraparound=False)


def _interpreted(numbers: NDArray[np.int64], index: int, amount: int = 0) -> int:
    """What add and load do where Numba is told not to compile, for one thread alone."""
    before = int(numbers[index])
    numbers[index] += amount
    return before


if config.DISABLE_JIT:  # type: ignore[attr-defined]  # made from the environment
    add = load = _interpreted


def new_meeting() -> NDArray[np.int64]:
    """Where threads meet, see :func:`meet`; all zero before the first does."""
    return np.zeros(3 * LINE, np.int64)


def leave(meeting: NDArray[np.int64]) -> None:
    """Have nobody wait at a meeting any more: one of its threads will not come."""
    meeting[_GONE] = 1


@kernel
def meet(meeting, threads):
    """Wait until ``threads`` threads have come; returns whether all did.

    A barrier that counts arrivals and rounds: the last one to come opens it for all.
    """
    if threads == 1:
        return True
    number = load(meeting, _ROUND)
    if add(meeting, _ARRIVED, 1) == threads - 1:
        add(meeting, _ARRIVED, -threads)
        add(meeting, _ROUND, 1)
        return True
    looks = 0
    while load(meeting, _ROUND) == number:
        if load(meeting, _GONE) > 0:
            return False
        looks += 1
        if looks > SPINS:
            give_way()
    return True
