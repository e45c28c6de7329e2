"""Give every reader damaged texts, guided by coverage: nothing but an InputError may come of it.

    python -m tests.fuzz.texts [--seconds 60] [--runs N] [--seed 1] [--processes 2]
    python -m tests.fuzz.texts --replay INPUT

Texts are mutated by libFuzzer, through Atheris, from valid ones; the first byte of an input chooses
the reader of :mod:`tests.fuzz.readers`. An input that raises anything else, hangs or takes too much
memory is kept in ``out/fuzz-texts/``, its traceback is printed, and the exit status is not 0.
"""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
FOUND = CHECKOUT / "out" / "fuzz-texts"
LONGEST = 12000
"""Bytes of an input."""

LIMITS = ("-timeout=60", "-rss_limit_mb=3000", f"-max_len={LONGEST}", "-print_final_stats=1")
READERS = (
    "config",
    "report.run",
    *(f"formats.{name}" for name in ("ispd98", "ispd08", "ispd08_solution", "route_file", "guide")),
    "formats.lefdef",
)
"""Modules whose coverage guides the mutation, with what they import. None of them has kernels,
which Numba could not compile with Atheris's marks in them."""

WORDS = re.compile(r"[A-Za-z_]+|-?[0-9.]+")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="how long to try texts")
    parser.add_argument("--runs", type=int, default=-1, help="most texts of a process; -1: any")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--replay", metavar="INPUT", help="run a kept input once")
    parser.add_argument("--child", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child is not None:
        _fuzz(arguments.child)
    if arguments.replay:
        return _replay(Path(arguments.replay).read_bytes())
    return _campaign(arguments)


def _campaign(arguments: argparse.Namespace) -> int:
    """Run the processes; prints what they tried and what the first failing one said."""
    FOUND.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    limits = (f"-max_total_time={arguments.seconds}", f"-runs={arguments.runs}")
    command = [sys.executable, "-m", "tests.fuzz.texts", "--child"]
    processes = [
        subprocess.Popen(
            [*command, f"-artifact_prefix={FOUND}/", f"-seed={seed}", *limits, *LIMITS],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=CHECKOUT,
        )
        for seed in range(arguments.seed, arguments.seed + arguments.processes)
    ]
    said = [process.communicate()[0] for process in processes]
    tried = sum(
        int(n) for text in said for n in re.findall(r"number_of_executed_units: (\d+)", text)
    )
    spent = time.monotonic() - began
    print(f"{tried} texts in {spent:.0f} s, {tried / spent:.0f} a second")
    failed = False
    for process, text in zip(processes, said, strict=True):
        if process.returncode:
            failed = True
            print(text[-6000:])
    return int(failed or not tried)


def _fuzz(arguments: list[str]) -> None:
    """Hand over to libFuzzer, which ends the process."""
    import atheris

    with atheris.instrument_imports(include=["eda_router"]):
        for name in READERS:
            importlib.import_module(f"eda_router.{name}")
    from tests.fuzz.readers import readers

    folder = Path(tempfile.mkdtemp(prefix="edaroute-fuzz-"))
    known = readers(folder)
    corpus, words = folder / "corpus", folder / "words"
    corpus.mkdir()
    dictionary = set()
    for number, reader in enumerate(known):
        for other, text in enumerate(reader.texts):
            (corpus / f"{number}-{other}").write_bytes(bytes([number]) + text.encode()[:LONGEST])
            dictionary |= set(WORDS.findall(text))
    words.write_text("".join(f'"{word}"\n' for word in sorted(dictionary)))
    place = folder / "text"

    def try_one(data: bytes) -> None:
        if data:
            _read(known, place, data)

    atheris.Setup([sys.argv[0], *arguments, f"-dict={words}", str(corpus)], try_one)
    atheris.Fuzz()


def _read(known: list, place: Path, data: bytes) -> None:  # type: ignore[type-arg]
    from eda_router.errors import InputError

    place.write_bytes(data[1:])
    try:
        known[data[0] % len(known)].read(place)
    except InputError:
        return


def _replay(data: bytes) -> int:
    from tests.fuzz.readers import readers

    folder = Path(tempfile.mkdtemp(prefix="edaroute-fuzz-"))
    known = readers(folder)
    print(known[data[0] % len(known)].name, data[1:500])
    try:
        _read(known, folder / "text", data)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
