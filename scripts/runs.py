"""Runs of the command line, each a process of its own, and the files that keep their figures.

A file in docs/measured/ holds one run a line, as JSON with the machine it ran on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from common import CHECKOUT, DOCS, find_circuits, parser_of, write

Row = dict[str, Any]
EDAROUTE = [sys.executable, "-m", "eda_router.cli"]
VECTORS = {"avx512_bf16": "AVX-512 with bfloat16", "avx512f": "AVX-512", "avx2": "AVX2"}
"""Vector units by the flag of /proc/cpuinfo, widest first."""

TINY = """grid 9 9
vertical capacity 1
horizontal capacity 1
num net 4
a 0 2
0 0
8 8
b 1 3
0 8
8 0
4 4
c 2 5
1 1
7 7
1 7
7 1
4 0
d 3 2
0 4
8 4
"""
"""A design whose routing calls every kernel, so that they are compiled before runs are timed."""


def measuring_parser(doc: str | None) -> argparse.ArgumentParser:
    """The arguments of every script that measures."""
    parser = parser_of(doc)
    parser.add_argument("circuits", nargs="*", help="names such as ibm02; all that are found")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder to write")
    parser.add_argument(
        "--rewrite", action="store_true", help="only write the documents anew, from runs kept"
    )
    return parser


def circuits_of(parser: argparse.ArgumentParser, args: argparse.Namespace) -> list[Path]:
    """The circuits to measure; none with ``--rewrite``; the script ends where none are found."""
    if args.rewrite:
        return []
    circuits = find_circuits(args.circuits)
    if not circuits:
        parser.error("no circuits found: set EDAROUTE_ISPD98 to the folder that holds them")
    return circuits


def run_once(bench: Path, options: list[str], folder: Path, source: list[str] | None = None) -> Row:
    """Route in a process of its own, evaluate in another, and gather the figures of both.

    Args:
        bench: the design.
        options: how to route it.
        folder: where ``out.route`` and ``summary.json`` are written.
        source: options that both need to read the design, such as its LEF files.
    """
    design = [bench, *(source or [])]
    out, summary_path = folder / "out.route", folder / "summary.json"
    command = [*EDAROUTE, "route", *design, "-o", out, "--json", summary_path, *options]
    start = time.perf_counter()
    # Not RUSAGE_CHILDREN: its peak memory is that of the largest child so far.
    process = subprocess.Popen([*map(str, command), "-q"], cwd=CHECKOUT)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{bench.name} {' '.join(options)} ended with {process.returncode}")
    checked, summary = evaluated(design, out), json.loads(summary_path.read_text())
    summary["details"].pop("net_exits", None)  # A digit a net, of no use in a table.
    return {
        "circuit": summary["design"]["name"],
        "nets": summary["design"]["nets"],
        "nets_to_route": summary["design"]["nets_to_route"],
        "wirelength": checked["wirelength"],
        "overflow": checked["total_overflow"],
        "disconnected": checked["disconnected"],
        "legal": checked["legal"],
        "cpu": round(usage.ru_utime + usage.ru_stime, 3),
        "wall": round(wall, 3),
        "peak_mb": round(usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10), 1),
        "phases": summary["phases"],
        "passes": len(summary["passes"]),
        "stages": summary["stages"],
        "details": summary["details"],
        "machine": machine(),
    }


def evaluated(design: list[Any], route: Path) -> Row:
    """What `edaroute verify` says of a route file or guide of a design."""
    command = [*EDAROUTE, "verify", *design, route, "--json", "-"]
    check = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=CHECKOUT)
    if check.returncode not in (0, 1):
        raise SystemExit(check.stderr)
    found: Row = json.loads(check.stdout)
    return found


def compile_kernels(runs: Iterable[list[str]]) -> None:
    """Route a tiny design with the options of each run."""
    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder) / "tiny"
        tiny.write_text(TINY)
        for options in runs:
            run_once(tiny, options, Path(folder))


def machine() -> Row:
    """Where a run was made, and how busy it was when the run ended."""
    return {**_hardware(), "load": round(os.getloadavg()[0], 1), **_versions()}


@cache
def _hardware() -> Row:
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        flags = next((line.split() for line in lines if line.startswith("flags")), [])
        widest = next((f" ({name})" for flag, name in VECTORS.items() if flag in flags), "")
        model = f"{names[0]}{widest}" if names else model
    return {"processor": model, "cores": os.cpu_count()}


@cache
def _versions() -> Row:
    versions = subprocess.run(
        [sys.executable, "-c", "import numpy, numba; print(numpy.__version__, numba.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return {"python": platform.python_version(), "numpy": versions[0], "numba": versions[1]}


def machines(rows: list[Row]) -> str:
    """In words: where runs were made; which runs where, if on several machines."""
    loads: dict[tuple[object, ...], list[float]] = {}
    made: dict[tuple[object, ...], list[str]] = {}
    for row in rows:
        there = row["machine"]
        key = tuple(there[name] for name in ("processor", "cores", "python", "numpy", "numba"))
        loads.setdefault(key, []).append(there["load"])
        made.setdefault(key, []).append(f"{row['circuit']} {row.get('run', '')}".strip())
    lines = []
    for key, load in loads.items():
        processor, cores, python, numpy, numba = key
        spread = f"{min(load)}" if min(load) == max(load) else f"{min(load)} to {max(load)}"
        which = f" ({', '.join(made[key])})" if len(made) > 1 else ""
        lines.append(
            f"Processor: {processor}, {cores} cores, load {spread} when a run ended; Python "
            f"{python}, NumPy {numpy}, Numba {numba}{which}."
        )
        if max(load) > cores + 1:
            lines.append("It was busy with other work: its wall-clock times say little.")
    return " ".join(lines)


def updated(
    path: Path,
    new: list[Row],
    name: str,
    order: Iterable[object],
    circuits: Iterable[str] | None = None,
) -> list[Row]:
    """Put new runs into a file, one a line, beside those there that were not made again.

    Args:
        path: of the file, which need not exist.
        new: runs made now.
        name: the key that, with ``circuit``, names a run.
        order: of the values of ``name``; runs of other values are dropped.
        circuits: in order, runs of others are dropped; None: all, by their names.

    Returns:
        all runs of the file, sorted by circuit, then in that order.
    """
    kept = path.read_text().splitlines() if path.exists() else []
    places = {value: place for place, value in enumerate(order)}
    rows = {
        (row["circuit"], row[name]): row
        for row in [*map(json.loads, kept), *new]
        if row[name] in places
    }
    named = sorted({circuit for circuit, _ in rows}) if circuits is None else circuits
    first = {circuit: place for place, circuit in enumerate(named)}
    runs = sorted(
        (row for row in rows.values() if row["circuit"] in first),
        key=lambda row: (first[row["circuit"]], places[row[name]]),
    )
    write(path, "".join(json.dumps(row) + "\n" for row in runs))
    return runs
