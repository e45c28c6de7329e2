"""Route every ISPD98 circuit at every effort through the command line, and tell what it costs.

    EDAROUTE_ISPD98=folder python scripts/benchmark.py [circuit ...] [--effort low] [--out docs]

Each run is its own process, started after the kernels have been compiled once, and its route file
is evaluated by another process. Writes benchmark.json, benchmark.md and benchmark.png beside the
figures of other routers from eda_router/report/peers.yaml.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from eda_router.files import write_text
from eda_router.report.plots import save_figure

CHECKOUT = Path(__file__).resolve().parent.parent
EFFORTS = ("low", "medium", "high")
EDAROUTE = [sys.executable, "-m", "eda_router.cli"]
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


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("circuits", nargs="*", help="names such as ibm02; all that are found")
    parser.add_argument("--effort", action="append", choices=EFFORTS, help="repeatable; all")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each; the quickest counts")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "docs", help="folder to write")
    parser.add_argument("--judge", type=Path, help="a further evaluator: JUDGE BENCH ROUTE")
    args = parser.parse_args()

    circuits = find_circuits(args.circuits)
    if not circuits:
        print("no circuits found: set EDAROUTE_ISPD98 to the folder that holds them")
        return 2
    peers = yaml.safe_load((CHECKOUT / "eda_router" / "report" / "peers.yaml").read_text())
    bounds = dict(zip(peers["circuits"], peers["steiner_bound"], strict=True))

    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder) / "tiny"
        tiny.write_text(TINY)
        for effort in EFFORTS:
            run_once(tiny, maze(effort), Path(folder))
        rows = []
        for effort in args.effort or EFFORTS:
            for path in circuits:
                runs = [run_once(path, maze(effort), Path(folder)) for _ in range(args.repeat)]
                row = {"effort": effort, **min(runs, key=lambda run: run["cpu"])}
                if args.judge:
                    row["judge"] = judge(args.judge, path, Path(folder) / "out.route")
                bound = bounds.get(row["circuit"])
                row["over_bound"] = row["wirelength"] / bound - 1 if bound else None
                rows.append(row)
                print(
                    f"{row['circuit']} {effort:<7} wirelength {row['wirelength']:>7} "
                    f"overflow {row['overflow']} cpu {row['cpu']:.2f} wall {row['wall']:.2f} "
                    f"peak {row['peak_mb']:.0f} MB {'legal' if row['legal'] else 'ILLEGAL'}",
                    flush=True,
                )

    report = {"machine": machine(), "help_seconds": help_seconds(), "runs": rows}
    args.out.mkdir(exist_ok=True)
    write_text(args.out / "benchmark.json", json.dumps(report, indent=1) + "\n")
    write_text(args.out / "benchmark.md", markdown(report, peers))
    plot(rows, peers, args.out / "benchmark.png")
    print(f"written {args.out}/benchmark.json, .md and .png")
    return 0 if all(row["legal"] for row in rows) else 1


def find_circuits(names: list[str]) -> list[Path]:
    folder = Path(os.environ.get("EDAROUTE_ISPD98") or CHECKOUT.parent / "shared" / "ispd98")
    found = sorted(folder.glob("*.modified*"))
    return [path for path in found if not names or path.name.partition(".")[0] in names]


def maze(effort: str) -> list[str]:
    return ["--router", "maze", "--effort", effort]


def run_once(bench: Path, options: list[str], folder: Path) -> dict[str, Any]:
    """Route in a process of its own, evaluate in another, and gather the figures of both."""
    out, summary_path = folder / "out.route", folder / "summary.json"
    command = [*EDAROUTE, "route", bench, "-o", out, "--json", summary_path, *options]
    start = time.perf_counter()
    # Not RUSAGE_CHILDREN: its peak memory is that of the largest child so far.
    process = subprocess.Popen([*map(str, command), "-q"], cwd=CHECKOUT)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{bench.name} {' '.join(options)} ended with {process.returncode}")
    check = subprocess.run(
        [*map(str, [*EDAROUTE, "verify", bench, out]), "--json", "-"],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
    )
    checked, summary = json.loads(check.stdout), json.loads(summary_path.read_text())
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
    }


def help_seconds() -> float:
    """Wall-clock time of `edaroute --help`, the best of five."""

    def once() -> float:
        start = time.perf_counter()
        subprocess.run([*EDAROUTE, "--help"], check=True, capture_output=True, cwd=CHECKOUT)
        return time.perf_counter() - start

    return round(min(once() for _ in range(5)), 3)


def judge(script: Path, bench: Path, route: Path) -> dict[str, Any]:
    run = subprocess.run([sys.executable, script, bench, route], capture_output=True, text=True)
    found = json.loads(run.stdout)
    return {key: found[key] for key in ("wirelength", "total_overflow", "disconnected")}


def machine() -> dict[str, Any]:
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        flags = next((line.split() for line in lines if line.startswith("flags")), [])
        vectors = {"avx512f": "AVX-512", "avx2": "AVX2"}
        widest = next((f" ({name})" for flag, name in vectors.items() if flag in flags), "")
        model = f"{names[0]}{widest}" if names else model
    versions = subprocess.run(
        [sys.executable, "-c", "import numpy, numba; print(numpy.__version__, numba.__version__)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "numpy": versions[0],
        "numba": versions[1],
    }


def table(header: list[str], rows: list[list[object]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f} %"


def markdown(report: dict[str, Any], peers: dict[str, Any]) -> str:
    rows, where = report["runs"], report["machine"]
    parts = [
        "# Benchmark\n",
        "Written by `make benchmark`; the figures with their phases stand in `benchmark.json`.\n",
        f"Processor: {where['processor']}, {where['cores']} cores, load {where['load']} when the "
        f"runs ended. Python {where['python']}, NumPy {where['numpy']}, Numba {where['numba']}, "
        "kernels compiled before. Each run is one process of `edaroute route --router maze`, its "
        "file evaluated by `edaroute verify`.\n",
        f"`edaroute --help` takes {report['help_seconds']} s, the best of five.\n",
        "![Wirelength against CPU time](benchmark.png)\n",
    ]
    efforts = [effort for effort in EFFORTS if any(row["effort"] == effort for row in rows)]
    for effort in efforts:
        chosen = [row for row in rows if row["effort"] == effort]
        parts += [f"## Effort {effort}\n", runs_table(chosen), phases_table(chosen)]
    parts += [
        "## Beside other routers\n",
        "Wirelength, and CPU seconds of the whole process in brackets, edaroute's on the processor "
        "named above, the others' on theirs.\n",
        peers_table(rows, efforts, peers),
        peers["measured"]["note"] + " " + peers["published"]["note"] + "\n",
        "Sources:\n",
    ]
    parts.append(
        "\n".join(
            f"- {router['name']}: {router['source']}."
            for kind in ("measured", "published")
            for router in peers[kind]["routers"]
        )
        + "\n"
    )
    return "\n".join(parts)


def runs_table(rows: list[dict[str, Any]]) -> str:
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


def phases_table(rows: list[dict[str, Any]]) -> str:
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


def peers_table(rows: list[dict[str, Any]], efforts: list[str], peers: dict[str, Any]) -> str:
    circuits = peers["circuits"]
    of = {(row["effort"], row["circuit"]): row for row in rows}
    body: list[list[object]] = [["Steiner bound", *peers["steiner_bound"]]]
    for effort in efforts:
        runs = [of.get((effort, circuit)) for circuit in circuits]
        body.append(
            [f"**edaroute, effort {effort}**"]
            + [f"{run['wirelength']} ({run['cpu']:.1f})" if run else "" for run in runs]
        )
    for kind in ("measured", "published"):
        for router in peers[kind]["routers"]:
            pairs = zip(router["wirelength"], router["cpu"], strict=True)
            body.append([router["name"], *(f"{w} ({c})" if w else "" for w, c in pairs)])
    return table(["router", *circuits], body)


def plot(rows: list[dict[str, Any]], peers: dict[str, Any], path: Path) -> None:
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
    markers = iter("os^vDP")
    style = {router["name"]: next(markers) for router in peers["measured"]["routers"]}
    for axis, circuit in zip(axes.flat, circuits, strict=False):
        at = peers["circuits"].index(circuit)
        for router in peers["measured"]["routers"]:
            over = 100 * (router["wirelength"][at] / bounds[circuit] - 1)
            axis.plot(
                router["cpu"][at], over, style[router["name"]], color="0.55", label=router["name"]
            )
        ours = [row for row in rows if row["circuit"] == circuit]
        axis.plot(
            [row["cpu"] for row in ours],
            [100 * row["over_bound"] for row in ours],
            "-o",
            color="tab:red",
            label="edaroute: effort low, medium, high",
        )
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
    save_figure(figure, path, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
