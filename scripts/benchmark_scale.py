"""Time and memory by the number of nets, on synthetic designs.

    python scripts/benchmark_scale.py [nets ...]
    python scripts/benchmark_scale.py --rewrite

Makes a design of each size with ``edaroute synth``, routes and verifies it, and draws its page and
its picture. Writes docs/measured/scale.jsonl, where runs that are there and not made again are
kept, and from it docs/scale.png and docs/scale.md. ``--rewrite`` measures nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import bullets, paragraph, table, write
from runs import EDAROUTE, Row, compile_kernels, machines, measuring_parser, run_once, updated

GRIDS = {
    18429: (80, 64),
    73716: (160, 128),
    147432: (226, 181),
    294864: (320, 256),
    1179456: (640, 512),
}
"""Width and height of the grid by the number of nets: always as many nets a tile."""

FROM = 73716
"""Size from which growth is compared; smaller runs are mostly start-up."""

OPTIONS = ["--router", "maze", "--effort", "medium"]
HUGE = 100_000_000
"""Nets of the design that is only reckoned with."""


def main() -> int:
    parser = measuring_parser(__doc__)
    args = parser.parse_args()
    path = args.out / "measured" / "scale.jsonl"
    names = [f"s{size}" for size in GRIDS]
    if not args.rewrite:
        sizes = [int(size) for size in args.circuits] or list(GRIDS)
        if unknown := set(sizes) - set(GRIDS):
            parser.error(f"no grid for {sorted(unknown)}, expected some of {list(GRIDS)}")
        compile_kernels([OPTIONS])
        for size in sizes:
            # The largest take long: each is kept as soon as it is there.
            updated(path, [measure(size)], "router", ["maze"], names)
    rows = updated(path, [], "router", ["maze"], names)
    write(args.out / "scale.md", markdown(rows))
    plot(rows, args.out / "scale.png")
    print(f"written {path}, {args.out}/scale.md and .png")
    return 0


def measure(size: int) -> Row:
    """All commands on one design, each in a process of its own."""
    width, height = GRIDS[size]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        design, route = folder / f"s{size}.modified", folder / "out.route"
        made = timed("synth", design, "--nets", size, "--width", width, "--height", height, "-q")
        row = {"router": "maze", **run_once(design, OPTIONS, folder)}
        row["commands"] = {
            "synth": made,
            "verify": timed("verify", design, route),
            "plot": timed("plot", design, route, "-o", folder / "map.png"),
            "report": timed("report", design, route, "-o", folder / "page.html"),
        }
        row["page_mb"] = round((folder / "page.html").stat().st_size / 1e6, 1)
    print(f"{size} nets: {row['cpu']:.1f} s of processor, {row['peak_mb']:.0f} MB", flush=True)
    return row


def timed(*command: Any) -> Row:
    """CPU seconds and peak memory of one command."""
    process = subprocess.Popen([*EDAROUTE, *map(str, command)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    return {
        "cpu": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10), 1),
    }


def markdown(rows: list[Row]) -> str:
    body: list[list[object]] = [
        [
            row["nets"],
            "{} x {}".format(*GRIDS[row["nets"]]),
            row["wirelength"],
            row["overflow"] + row["disconnected"],
            f"{row['cpu']:.1f}",
            f"{1e6 * row['cpu'] / row['nets']:.0f}",
            f"{row['peak_mb']:.0f}",
            *(f"{row['commands'][name]['cpu']:.1f}" for name in ("verify", "plot", "report")),
            row["page_mb"],
        ]
        for row in rows
    ]
    header = ["nets", "tiles", "wirelength", "left", "route, CPU s", "µs a net", "MB"]
    return "\n".join(
        [
            "# Large designs, measured\n",
            paragraph(
                "Written by `make benchmark-scale`; every run with all its figures is a line of "
                "[measured/scale.jsonl](measured/scale.jsonl)."
            ),
            paragraph(
                f"{machines(rows)} The designs are made by `edaroute synth` with `--nets`, "
                "`--width` and `--height` and otherwise its defaults, so all have as many nets a "
                "tile. `edaroute route` runs with `--router maze --effort medium` and one thread; "
                "*left* is overflow plus nets not joined, by `edaroute verify`. Times are of the "
                "processor, of whole processes from start to end."
            ),
            "![Time and memory by the number of nets](scale.png)\n",
            paragraph(growth(rows)),
            table([*header, "verify", "plot", "report", "page, MB"], body),
            "## 100 million nets, on paper\n",
            reckoning(rows),
        ]
    )


def growth(rows: list[Row]) -> str:
    """How time and memory grow, in words."""
    first, last = next(row for row in rows if row["nets"] == FROM), rows[-1]
    times = last["nets"] / first["nets"]
    return (
        f"From {first['nets']} to {last['nets']} nets, {times:.0f} times as many, routing takes "
        f"{last['cpu'] / first['cpu']:.1f} times the time and "
        f"{last['peak_mb'] / first['peak_mb']:.1f} times the memory."
    )


def reckoning(rows: list[Row]) -> str:
    """What a far larger design would take, split by regions over workers."""
    last = rows[-1]
    regions = -(-HUGE // last["nets"])
    hours = HUGE * last["cpu"] / last["nets"] / 3600
    bytes_a_net = 1e6 * last["peak_mb"] / last["nets"]
    return bullets(
        [
            f"In one process, at the {1e6 * last['cpu'] / last['nets']:.0f} µs and "
            f"{bytes_a_net:.0f} bytes a net of the largest run: {hours:.1f} hours of processor and "
            f"{HUGE * bytes_a_net / 1e9:.0f} GB. Edge ids are int32, which is enough for 2^30 "
            "tiles, and positions in the list of all wires int64.",
            f"Split into {regions} regions of the size of the largest run, each a worker of "
            f"{last['peak_mb'] / 1000:.1f} GB: {last['cpu'] / 60:.1f} minutes, if each has a core "
            "of its own. A net that lies in several regions is first cut at their borders by a "
            "route on a coarse grid, which fixes the tiles where it crosses; borders are where "
            "wires are lost.",
            "What would have to be built is that cut, and a second round with the borders moved by "
            "half a region, in which nets near the old borders are refined. There is neither yet.",
        ]
    )


def plot(rows: list[Row], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
    nets = [row["nets"] for row in rows]
    for name in ("route", "verify", "plot", "report"):
        of = [row if name == "route" else row["commands"][name] for row in rows]
        for axis, what in zip(axes, ("cpu", "peak_mb"), strict=True):
            axis.plot(nets, [row[what] for row in of], "-o", markersize=4, label=name)
    start = next(row for row in rows if row["nets"] == FROM)
    for axis, what, unit in zip(
        axes, ("cpu", "peak_mb"), ("CPU seconds", "peak memory, MB"), strict=True
    ):
        line = [start[what] * size / start["nets"] for size in nets]
        axis.plot(nets, line, "--", color="gray", linewidth=1, label="proportional")
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xticks(nets, [f"{size}" for size in nets], fontsize=8)
        axis.minorticks_off()
        axis.set_xlabel("nets")
        axis.set_ylabel(unit)
        axis.grid(alpha=0.3)
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
    axes[0].legend(frameon=False)
    figure.suptitle("Time and memory by the number of nets", fontsize=12)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
