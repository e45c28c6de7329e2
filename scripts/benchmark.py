"""Route every ISPD98 circuit with both routers through the command line, and tell what it costs.

    EDAROUTE_ISPD98=folder python scripts/benchmark.py [circuit ...] [--router maze] [--effort low]
    python scripts/benchmark.py --rewrite

Each run is its own process, started after the kernels have been compiled once, and its route file
is evaluated by another process. Writes docs/measured/routing.jsonl, where runs that are there and
not made again are kept, and from it docs/benchmark.md and docs/benchmark.png, beside the figures of
other routers from eda_router/report/peers.yaml. ``--rewrite`` measures nothing.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml
from common import CHECKOUT, bullets, paragraph, percent, table, write
from runs import (
    EDAROUTE,
    Row,
    circuits_of,
    compile_kernels,
    machine,
    machines,
    measuring_parser,
    run_once,
    updated,
)

EFFORTS = ("low", "medium", "high")
RUNS = {
    **{f"maze, {effort}": ["--router", "maze", "--effort", effort] for effort in EFFORTS},
    "neural, medium": [],
}
"""The options of each run, by router and effort."""

HELP = "help"
"""The row that holds the time of ``edaroute --help``."""

ROUTERS = {"maze": ("tab:red", "-o"), "neural": ("tab:blue", "-D")}
"""Colour and marker of edaroute's routers in the picture."""


def main() -> int:
    parser = measuring_parser(__doc__)
    parser.add_argument("--router", action="append", choices=list(ROUTERS), help="repeatable; both")
    parser.add_argument("--effort", action="append", choices=EFFORTS, help="repeatable; all")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; the quickest counts")
    parser.add_argument("--judge", type=Path, help="a further evaluator: JUDGE BENCH ROUTE")
    args = parser.parse_args()

    peers = yaml.safe_load((CHECKOUT / "eda_router" / "report" / "peers.yaml").read_text())
    bounds = dict(zip(peers["circuits"], peers["steiner_bound"], strict=True))
    path = args.out / "measured" / "routing.jsonl"
    new: list[Row] = []
    if circuits := circuits_of(parser, args):
        names = [n for n in RUNS if chosen(n, args.router or ROUTERS, args.effort or EFFORTS)]
        compile_kernels(RUNS[name] for name in names)
        for circuit in circuits:
            new += [measure(circuit, name, args.repeat, args.judge, bounds) for name in names]
        new.append({"run": HELP, "circuit": "", "wall": help_seconds(), "machine": machine()})
    rows = updated(path, new, "run", [*RUNS, HELP])
    write(args.out / "benchmark.md", markdown(rows, peers))
    plot([row for row in rows if row["run"] != HELP], peers, args.out / "benchmark.png")
    print(f"written {path}, {args.out}/benchmark.md and .png")
    return 0 if all(row.get("legal", True) for row in rows) else 1


def chosen(name: str, routers: Any, efforts: Any) -> bool:
    """Whether a run is of one of these routers and of one of these efforts."""
    router, effort = name.split(", ")
    return router in routers and effort in efforts


def measure(
    circuit: Path, name: str, repeat: int, further: Path | None, bounds: dict[str, int]
) -> Row:
    """One run: the quickest of ``repeat``."""
    with tempfile.TemporaryDirectory() as folder:
        made = [run_once(circuit, RUNS[name], Path(folder)) for _ in range(repeat)]
        row = {"run": name, **min(made, key=lambda run: run["cpu"])}
        if further:
            row["judge"] = judge(further, circuit, Path(folder) / "out.route")
    bound = bounds.get(row["circuit"])
    row["over_bound"] = row["wirelength"] / bound - 1 if bound else None
    print(
        f"{row['circuit']} {name:<14} wirelength {row['wirelength']:>7} overflow "
        f"{row['overflow']} cpu {row['cpu']:.2f} wall {row['wall']:.2f} peak "
        f"{row['peak_mb']:.0f} MB {'legal' if row['legal'] else 'ILLEGAL'}",
        flush=True,
    )
    return row


def help_seconds() -> float:
    """Wall-clock time of `edaroute --help`, the best of five."""

    def once() -> float:
        start = time.perf_counter()
        subprocess.run([*EDAROUTE, "--help"], check=True, capture_output=True, cwd=CHECKOUT)
        return time.perf_counter() - start

    return round(min(once() for _ in range(5)), 3)


def judge(script: Path, bench: Path, route: Path) -> Row:
    """What another evaluator says of a route file."""
    run = subprocess.run([sys.executable, script, bench, route], capture_output=True, text=True)
    found = json.loads(run.stdout)
    return {key: found[key] for key in ("wirelength", "total_overflow", "disconnected")}


def title(name: str) -> str:
    """A run as documents name it."""
    router, effort = name.split(", ")
    return f"{router} router, effort {effort}"


def markdown(rows: list[Row], peers: dict[str, Any]) -> str:
    runs = [row for row in rows if row["run"] != HELP]
    names = [name for name in RUNS if any(row["run"] == name for row in runs)]
    judged = sum("judge" in row for row in runs)
    agreeing = sum(agrees(row) for row in runs if "judge" in row)
    parts = [
        "# Benchmark\n",
        paragraph(
            "Written by `make benchmark`; every run with its phases is a line of "
            "[measured/routing.jsonl](measured/routing.jsonl)."
        ),
        paragraph(
            f"{machines(runs)} Each run is one process of `edaroute route` with the kernels "
            "compiled before, its file evaluated by `edaroute verify`; a further evaluator agrees "
            f"on {agreeing} of the {judged} it was given."
        ),
    ]
    parts += [
        paragraph(f"`edaroute --help` takes {row['wall']} s, the best of five.")
        for row in rows
        if row["run"] == HELP
    ]
    parts += ["![Wirelength against CPU time](benchmark.png)\n", verdict(runs)]
    for name in names:
        of = [row for row in runs if row["run"] == name]
        parts += [f"## {title(name).capitalize()}\n", runs_table(of), phases_table(of)]
    parts += [
        "## Beside other routers\n",
        paragraph(
            "Wirelength, and CPU seconds of the whole process in brackets, edaroute's on the "
            "processor named above, the others' on theirs."
        ),
        peers_table(runs, names, peers),
        paragraph(peers["measured"]["note"] + " " + peers["published"]["note"]),
        "Sources:\n",
        bullets(
            f"{router['name']}: {router['source']}."
            for kind in ("measured", "published")
            for router in peers[kind]["routers"]
        ),
    ]
    return "\n".join(parts)


def agrees(row: Row) -> bool:
    """Whether the further evaluator found what ours did."""
    found = row["judge"]
    ours = (row["wirelength"], row["overflow"], row["disconnected"])
    return ours == (found["wirelength"], found["total_overflow"], found["disconnected"])


def verdict(rows: list[Row]) -> str:
    """In words: the two routers beside each other, over the circuits that both routed."""
    of = {(row["run"], row["circuit"]): row for row in rows}
    circuits = {c for _, c in of if all((f"{r}, medium", c) in of for r in ROUTERS)}
    if not circuits:
        return "No circuit was routed by both routers.\n"

    def total(router: str, *keys: str) -> float:
        return sum(float(of[f"{router}, medium", c][key]) for c in circuits for key in keys)

    longer = total("neural", "wirelength") / total("maze", "wirelength") - 1
    slower = total("neural", "cpu") / total("maze", "cpu")
    left = [total(router, "overflow", "disconnected") for router in ("neural", "maze")]
    return "## Which router\n\n" + paragraph(
        f"Sums over {len(circuits)} circuits at effort medium: the neural router, which is the "
        f"default, takes {slower:.1f} times the CPU time of the maze router, its wirelength is "
        f"{100 * longer:+.2f} % beside the maze router's, and it leaves {left[0]:.0f} tracks of "
        f"overflow and unrouted nets where the maze router leaves {left[1]:.0f}. Take "
        "`--router maze` where time counts. What the model draws, and what of it is left in the "
        "end: [The neural router, measured](benchmark_neural.md)."
    )


def runs_table(rows: list[Row]) -> str:
    header = ["circuit", "nets", "to route", "wirelength", "over Steiner bound", "overflow"]
    body: list[list[object]] = [
        [
            row["circuit"],
            row["nets"],
            row["nets_to_route"],
            row["wirelength"],
            percent(row["over_bound"]),
            row["overflow"] if not row["disconnected"] else f"{row['disconnected']} unrouted",
            f"{row['cpu']:.2f}",
            f"{row['wall']:.2f}",
            f"{row['peak_mb']:.0f}",
        ]
        for row in rows
    ]
    body.append(["sum", *[sum(row[k] for row in rows) for k in ("nets", "nets_to_route")]])
    body[-1] += [sum(row["wirelength"] for row in rows), "", sum(row["overflow"] for row in rows)]
    body[-1] += [f"{sum(row[k] for row in rows):.2f}" for k in ("cpu", "wall")] + [""]
    return table([*header, "CPU s", "wall s", "peak MB"], body)


def phases_table(rows: list[Row]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row["phases"]))
    body: list[list[object]] = [
        [
            row["circuit"],
            *(f"{row['phases'][n]['cpu']:.2f}" if n in row["phases"] else "" for n in names),
            f"{row['cpu'] - sum(phase['cpu'] for phase in row['phases'].values()):.2f}",
        ]
        for row in rows
    ]
    return "CPU seconds by phase:\n\n" + table(["circuit", *names, "rest"], body)


def peers_table(rows: list[Row], names: list[str], peers: dict[str, Any]) -> str:
    circuits = peers["circuits"]
    of = {(row["run"], row["circuit"]): row for row in rows}
    body: list[list[object]] = [["Steiner bound", *peers["steiner_bound"]]]
    for name in names:
        runs = [of.get((name, circuit)) for circuit in circuits]
        body.append(
            [f"**edaroute, {title(name)}**"]
            + [f"{run['wirelength']} ({run['cpu']:.1f})" if run else "" for run in runs]
        )
    for kind in ("measured", "published"):
        for router in peers[kind]["routers"]:
            pairs = zip(router["wirelength"], router["cpu"], strict=True)
            body.append([router["name"], *(f"{w} ({c})" if w else "" for w, c in pairs)])
    return table(["router", *circuits], body)


def plot(rows: list[Row], peers: dict[str, Any], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    bounds = dict(zip(peers["circuits"], peers["steiner_bound"], strict=True))
    circuits = [c for c in bounds if any(row["circuit"] == c for row in rows)]
    columns = min(3, len(circuits))
    if not circuits:
        return
    figure, axes = plt.subplots(
        math.ceil(len(circuits) / columns),
        columns,
        figsize=(4 * columns, 3.1 * math.ceil(len(circuits) / columns) + 0.9),
        squeeze=False,
        layout="constrained",
    )
    for axis, circuit in zip(axes.flat, circuits, strict=False):
        draw_peers(axis, peers, circuit, bounds[circuit])
        draw_ours(axis, [row for row in rows if row["circuit"] == circuit])
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(FixedLocator([0.3, 1, 3, 10, 30, 100]))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_title(circuit)
        axis.grid(alpha=0.3)
    for axis in axes.flat[len(circuits) :]:
        axis.set_visible(False)
    figure.supxlabel("CPU seconds of the whole process")
    figure.supylabel("wirelength over the Steiner bound, %")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, fontsize=8)
    figure.savefig(path, dpi=110)


def draw_peers(axis: Any, peers: dict[str, Any], circuit: str, bound: int) -> None:
    """The routers that were measured beside edaroute, in grey."""
    at = peers["circuits"].index(circuit)
    for router, marker in zip(peers["measured"]["routers"], "os^vDP", strict=True):
        over = 100 * (router["wirelength"][at] / bound - 1)
        axis.plot(router["cpu"][at], over, marker, color="0.55", label=router["name"])


def draw_ours(axis: Any, rows: list[Row]) -> None:
    """Both routers of edaroute, a line through the efforts that were measured."""
    for router, (color, style) in ROUTERS.items():
        names = [name for name in RUNS if name.startswith(router)]
        runs = [row for name in names for row in rows if row["run"] == name]
        if runs:
            efforts = ", ".join(row["run"].split(", ")[1] for row in runs)
            axis.plot(
                [row["cpu"] for row in runs],
                [100 * row["over_bound"] for row in runs],
                style,
                color=color,
                label=f"edaroute, {router} router: effort {efforts}",
            )


if __name__ == "__main__":
    sys.exit(main())
