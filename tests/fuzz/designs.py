"""Route random designs with every bounds check of the kernels switched on.

    python -m tests.fuzz.designs [--seconds 60] [--designs N] [--seed 0] [--processes 2]
    python -m tests.fuzz.designs --replay FLOW:SEED [--design DESIGN.json]

Each design is a function of its seed alone. Where something does not hold, an index is out of
bounds, a process dies or hangs, the seed, the flow and the smallest design found that fails in the
same way are printed, and the exit status is 1. What runs on a design stands in
:mod:`tests.fuzz.flows`.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
HANGS_AFTER = 300.0
"""Seconds after which a design counts as hanging; the first ones wait for the compiler."""

SHRINK_SECONDS = 60.0


def main() -> int:
    arguments = _parse()
    # Before Numba is imported anywhere; kernels with bounds checks keep apart from those without.
    os.environ["NUMBA_BOUNDSCHECK"] = "1"
    os.environ["NUMBA_CACHE_DIR"] = str(CHECKOUT / "out" / "kernels-with-bounds")
    if arguments.replay:
        flow, seed = arguments.replay.split(":")
        text = Path(arguments.design).read_text() if arguments.design else None
        return _replay(flow, int(seed), text)
    return _Campaign(arguments).run()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long to try designs")
    parser.add_argument("--designs", type=int, default=10**9, help="most designs to try")
    parser.add_argument("--seed", type=int, default=0, help="of the first design")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--replay", metavar="FLOW:SEED", help="run one flow on one design")
    parser.add_argument("--design", metavar="FILE", help="the design, as a failure printed it")
    return parser.parse_args()


class _Campaign:
    """Processes that take seed after seed, and what they found."""

    def __init__(self, arguments: argparse.Namespace):
        self._arguments = arguments
        self._context = multiprocessing.get_context("spawn")
        self._next = self._context.Value("q", arguments.seed)
        self._found = self._context.SimpleQueue()
        self._began = time.monotonic()
        self._last = arguments.seed + arguments.designs
        # For each process: the seed that it is at, and when it began.
        self._at = [self._context.Array("d", [-1.0, 0.0]) for _ in range(arguments.processes)]

    def run(self) -> int:
        """Try designs until the time is up or one fails; returns the exit status."""
        stop = self._began + self._arguments.seconds
        processes = [
            self._context.Process(target=work, args=(self._next, at, stop, self._last, self._found))
            for at in self._at
        ]
        for process in processes:
            process.start()
        ran: collections.Counter[str] = collections.Counter()
        failure = None
        while failure is None and any(process.is_alive() for process in processes):
            time.sleep(0.2)
            failure = self._take(ran) or self._watch(processes)
        for process in processes:
            if failure is not None:
                process.terminate()
            process.join()
        failure = failure or self._take(ran) or self._watch(processes)
        spent = time.monotonic() - self._began
        tried = ran.pop("designs", 0)
        flows = ", ".join(f"{flow} {count}" for flow, count in sorted(ran.items()))
        print(f"{tried} designs in {spent:.0f} s, {tried / spent:.0f} a second: {flows}")
        if failure is not None:
            print(failure)
        return int(failure is not None)

    def _take(self, ran: collections.Counter[str]) -> str | None:
        """Add up what the processes report; the first failure."""
        while not self._found.empty():
            found: Any = self._found.get()
            if isinstance(found, str):
                return found
            ran.update(found)
        return None

    def _watch(self, processes: list[Any]) -> str | None:
        """A process that died or hangs."""
        for process, at in zip(processes, self._at, strict=True):
            seed, since = int(at[0]), at[1]
            if process.exitcode not in (None, 0):
                return f"seed {seed}: the process ended with {process.exitcode}"
            if process.exitcode is None and seed >= 0 and time.monotonic() - since > HANGS_AFTER:
                return f"seed {seed}: nothing for {HANGS_AFTER:.0f} s"
        return None


def work(number: Any, at: Any, stop: float, last: int, found: Any) -> None:
    """Take seeds until ``stop`` or ``last``; report counts and the first failure to ``found``."""
    from tests.fuzz.flows import spare_threads

    spare_threads()
    ran: collections.Counter[str] = collections.Counter()
    told = time.monotonic()
    while time.monotonic() < stop:
        with number.get_lock():
            seed = number.value
            number.value += 1
        if seed >= last:
            break
        at[0], at[1] = seed, time.monotonic()
        failure = try_seed(seed, ran)
        if failure is not None:
            found.put(failure)
            break
        if time.monotonic() - told > 1:
            told = time.monotonic()
            found.put(dict(ran))
            ran.clear()
    found.put(dict(ran))


def try_seed(seed: int, ran: collections.Counter[str]) -> str | None:
    """Run flows on the design of a seed; what failed, in words."""
    import numpy as np

    from tests.fuzz.flows import FLOWS, SHARES
    from tests.fuzz.random_designs import random_design

    rng = np.random.default_rng(seed)
    design = random_design(rng)
    ran["designs"] += 1
    for name, share in zip(FLOWS, SHARES, strict=True):
        if rng.random() >= share:
            continue
        ran[name] += 1
        error = run_flow(name, seed, design)
        if error is not None:
            return _shrunk(name, seed, design, error)
    return None


def run_flow(name: str, seed: int, design: Any) -> BaseException | None:
    """What a flow raises on a design."""
    import numpy as np

    from tests.fuzz.flows import FLOWS

    rng = np.random.default_rng([seed, list(FLOWS).index(name)])
    try:
        FLOWS[name](design, rng)
    except Exception as error:
        return error
    return None


def _shrunk(name: str, seed: int, design: Any, error: BaseException) -> str:
    """The failure with the smallest design found that fails at the same line."""
    from tests.fuzz.random_designs import smaller, to_json

    place, stop = _place(error), time.monotonic() + SHRINK_SECONDS
    shrinks = True
    while shrinks and time.monotonic() < stop:
        shrinks = False
        for candidate in smaller(design):
            if time.monotonic() > stop:
                break
            other = run_flow(name, seed, candidate)
            if other is not None and _place(other) == place:
                design, error, shrinks = candidate, other, True
                break
    lines = "".join(traceback.format_exception(error))
    return (
        f"{lines}\nsmallest design found:\n{to_json(design)}\n"
        f"seed {seed}: flow {name} fails; python -m tests.fuzz.designs --replay {name}:{seed}"
    )


def _place(error: BaseException) -> tuple[type[BaseException], int]:
    """The kind of an error and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    return type(error), frames[-1].lineno or 0


def _replay(flow: str, seed: int, text: str | None) -> int:
    import numpy as np

    from tests.fuzz.random_designs import from_json, random_design

    design = from_json(text) if text else random_design(np.random.default_rng(seed))
    error = run_flow(flow, seed, design)
    if error is not None:
        traceback.print_exception(error)
    return int(error is not None)


if __name__ == "__main__":
    sys.exit(main())
