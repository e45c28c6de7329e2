"""Quality against speed of the neural router by the size of its waves.

    EDAROUTE_ISPD98=folder python scripts/waves.py [circuit ...] [--out docs]

Routes with every size of waves; writes waves.json, waves.png and waves.md. What the model leaves
to the maze router in a whole run is what it would leave unrouted alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmark import CHECKOUT, find_circuits, machine, run_once, table

from eda_router.files import write_text
from eda_router.report.plots import save_figure
from eda_router.routing.neural import LARGEST_WAVE, WAVE_TILES

WAVES = (1, 4, 16, 64, 256, 1024)
DEFAULT = 0
"""Stands for the default: a wave of small windows holds more nets than one of large windows."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("circuits", nargs="*", help="names such as ibm02; all that are found")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "docs", help="folder to write")
    args = parser.parse_args()
    circuits = find_circuits(args.circuits)
    if not circuits:
        print("no circuits found: set EDAROUTE_ISPD98 to the folder that holds them")
        return 2
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for path in circuits:
            for wave in (DEFAULT, *WAVES):
                options = [] if wave == DEFAULT else ["--wave", str(wave)]
                run = run_once(path, options, Path(folder))
                run["details"].pop("net_exits", None)  # a digit a net, of no use in a table
                rows.append({"wave": wave, **run})
                print(
                    f"{run['circuit']} wave {wave or 'default'} left {left(run)} "
                    f"wirelength {run['wirelength']} cpu {run['cpu']:.2f}",
                    flush=True,
                )
    args.out.mkdir(exist_ok=True)
    report = {"machine": machine(), "runs": rows}
    write_text(args.out / "waves.json", json.dumps(report, indent=1) + "\n")
    write_text(args.out / "waves.md", markdown(report))
    plot(rows, args.out / "waves.png")
    print(f"written {args.out}/waves.json, .md and .png")
    return 0


def left(row: dict[str, Any]) -> int:
    """Nets to route that the model left to the maze router."""
    return int(row["nets_to_route"]) - int(row["details"]["model"]["routed"])


def summed(row: dict[str, Any], name: str) -> int:
    """A count of :class:`eda_router.routing.neural.ExitCount` over all exits."""
    return sum(exit_[name] for exit_ in row["details"]["exits"].values())


def network_seconds(row: dict[str, Any]) -> float:
    """CPU seconds of the network."""
    return float(row["phases"]["network"]["cpu"])


def left_percent(row: dict[str, Any], default: dict[str, Any]) -> float:
    return 100 * left(row) / int(row["nets_to_route"])


def longer_percent(row: dict[str, Any], default: dict[str, Any]) -> float:
    return float(100 * (row["wirelength"] / default["wirelength"] - 1))


def cpu_seconds(row: dict[str, Any], default: dict[str, Any]) -> float:
    return float(row["cpu"])


PANELS = (
    ("Nets left to the maze router", "% of the nets to route", left_percent, (0, 1)),
    ("Final wirelength", "% above the default's", longer_percent, (-0.5, 0.5)),
    ("CPU time of the whole process", "seconds", cpu_seconds, (0, 10)),
)
"""Title, unit, value beside the default run's, and the least range of each panel of the picture."""


def markdown(report: dict[str, Any]) -> str:
    rows, where = report["runs"], report["machine"]
    by_size = sorted(rows, key=lambda row: (row["circuit"], row["wave"]))
    defaults = {row["circuit"]: row for row in rows if row["wave"] == DEFAULT}
    body: list[list[object]] = [
        [
            row["circuit"],
            row["wave"] or "default",
            left(row),
            summed(row, "races"),
            summed(row, "races") - summed(row, "retaken"),
            row["wirelength"],
            f"{longer_percent(row, defaults[row['circuit']]):+.2f} %",
            row["overflow"],
            f"{row['cpu']:.2f}",
            f"{network_seconds(row):.2f}",
        ]
        for row in by_size
    ]
    change = max(abs(longer_percent(row, defaults[row["circuit"]])) for row in rows)
    sequential = [row["cpu"] / defaults[row["circuit"]]["cpu"] for row in rows if row["wave"] == 1]
    header = ["circuit", "nets in a wave", "left to the maze", "races lost", "drawn again"]
    return "\n".join(
        [
            "# Waves, measured\n",
            "Written by `python scripts/waves.py " + " ".join(defaults) + "`; all figures stand in "
            "`waves.json`.\n",
            f"Processor: {where['processor']}, {where['cores']} cores, load {where['load']} when "
            "the runs ended. Each run is one process of `edaroute route` with `--wave` and "
            "otherwise default settings, its file evaluated by `edaroute verify`.\n",
            "![Quality and time by the size of the waves](waves.png)\n",
            f"The nets of a wave see one ledger. In waves of one net nothing is drawn twice; in "
            "larger ones a net can lose the race for a track, and is drawn again where its drawing "
            "holds no other tree, but the network is fed in full pieces. The default gives a wave "
            f"as many windows as make {WAVE_TILES} tiles, at most {LARGEST_WAVE}: many small "
            "windows, which rarely meet, and few large ones. It was chosen for its time: the final "
            f"wirelength stays within {change:.2f} % of the default's whatever the size, and one "
            f"net a wave takes {max(sequential):.1f} times the CPU.\n",
            table([*header, "wirelength", "to the default", "overflow", "CPU s", "network"], body),
        ]
    )


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    circuits = list(dict.fromkeys(row["circuit"] for row in rows))
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
    for axis, (title, unit, value, least) in zip(axes, PANELS, strict=True):
        low, high = least
        ends = {}
        for number, circuit in enumerate(circuits):
            of = {row["wave"]: row for row in rows if row["circuit"] == circuit}
            values = [value(of[wave], of[DEFAULT]) for wave in WAVES]
            default = value(of[DEFAULT], of[DEFAULT])
            color = f"C{number}"
            axis.plot(WAVES, values, "-o", color=color, markersize=4)
            axis.axhline(default, color=color, linestyle="--", linewidth=1)
            ends[circuit] = values[-1]
            low, high = min(low, *values, default), max(high, *values, default)
        room = 0.06 * (high - low)
        lowest = low
        for circuit, end in sorted(ends.items(), key=lambda item: item[1]):
            lowest = max(lowest, end)  # Labels keep their distance from each other.
            axis.annotate(
                circuit,
                (WAVES[-1], lowest),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=f"C{circuits.index(circuit)}",
            )
            lowest += room
        axis.set_ylim(low - (room if low < 0 else 0), high + room)
        axis.set_xscale("log", base=2)
        axis.set_xticks(WAVES, [str(wave) for wave in WAVES])
        axis.set_title(title, fontsize=11)
        axis.set_xlabel("nets in a wave (--wave)")
        axis.set_ylabel(unit)
        axis.grid(alpha=0.3)
        for side in ("top", "right"):
            axis.spines[side].set_visible(False)
    figure.suptitle("Quality and time by the size of the waves; dashed: the default", fontsize=12)
    save_figure(figure, path, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
