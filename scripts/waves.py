"""Quality against speed of the neural router by the size of its waves.

    EDAROUTE_ISPD98=folder python scripts/waves.py [circuit ...]
    python scripts/waves.py --rewrite

Routes with every size of waves. Writes docs/measured/waves.jsonl, where runs that are there and not
made again are kept, and from it docs/waves.png and docs/waves.md. ``--rewrite`` measures nothing.
What the model leaves to the maze router in a whole run is what it would leave unrouted alone.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from common import paragraph, table, write
from runs import Row, circuits_of, compile_kernels, machines, measuring_parser, run_once, updated

from eda_router.routing.neural import LARGEST_WAVE, WAVE_TILES

WAVES = (1, 4, 16, 64, 256, 1024)
DEFAULT = 0
"""Stands for the default: a wave of small windows holds more nets than one of large windows."""


def main() -> int:
    parser = measuring_parser(__doc__)
    args = parser.parse_args()
    path = args.out / "measured" / "waves.jsonl"
    new: list[Row] = []
    if circuits := circuits_of(parser, args):
        compile_kernels([[]])
        new = [measure(circuit, wave) for circuit in circuits for wave in (DEFAULT, *WAVES)]
    rows = updated(path, new, "wave", (DEFAULT, *WAVES))
    write(args.out / "waves.md", markdown(rows))
    plot(rows, args.out / "waves.png")
    print(f"written {path}, {args.out}/waves.md and .png")
    return 0


def measure(circuit: Path, wave: int) -> Row:
    """One run with waves of this size."""
    options = [] if wave == DEFAULT else ["--wave", str(wave)]
    with tempfile.TemporaryDirectory() as folder:
        row = {"wave": wave, **run_once(circuit, options, Path(folder))}
    print(
        f"{row['circuit']} wave {wave or 'default'} left {left(row)} "
        f"wirelength {row['wirelength']} cpu {row['cpu']:.2f}",
        flush=True,
    )
    return row


def left(row: Row) -> int:
    """Nets to route that the model left to the maze router."""
    return int(row["nets_to_route"]) - int(row["details"]["model"]["routed"])


def summed(row: Row, name: str) -> int:
    """One of the counts of the exits, summed over them."""
    return sum(exit_[name] for exit_ in row["details"]["exits"].values())


def network_seconds(row: Row) -> float:
    """CPU seconds of the network."""
    return float(row["phases"]["network"]["cpu"])


def left_percent(row: Row, default: Row) -> float:
    return 100 * left(row) / int(row["nets_to_route"])


def longer_percent(row: Row, default: Row) -> float:
    return float(100 * (row["wirelength"] / default["wirelength"] - 1))


def cpu_seconds(row: Row, default: Row) -> float:
    return float(row["cpu"])


PANELS = (
    ("Nets left to the maze router", "% of the nets to route", left_percent, (0, 1)),
    ("Final wirelength", "% above the default's", longer_percent, (-0.5, 0.5)),
    ("CPU time of the whole process", "seconds", cpu_seconds, (0, 10)),
)
"""Title, unit, value beside the default run's, and the least range of each panel of the picture."""


def markdown(rows: list[Row]) -> str:
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
        for row in rows
    ]
    change = max(abs(longer_percent(row, defaults[row["circuit"]])) for row in rows)
    sequential = [row["cpu"] / defaults[row["circuit"]]["cpu"] for row in rows if row["wave"] == 1]
    header = ["circuit", "nets in a wave", "left to the maze router", "conflicts", "drawn again"]
    return "\n".join(
        [
            "# Waves, measured\n",
            paragraph(
                f"Written by `python scripts/waves.py {' '.join(defaults)}`; every run with all "
                "its figures is a line of [measured/waves.jsonl](measured/waves.jsonl)."
            ),
            paragraph(
                f"{machines(rows)} Each run is one process of `edaroute route` with `--wave` and "
                "otherwise default settings, its file evaluated by `edaroute verify`."
            ),
            "![Quality and time by the size of the waves](waves.png)\n",
            paragraph(
                "A wave is a batch of nets that the model draws from one snapshot of the ledger. "
                "In waves of one net nothing is drawn twice. In larger ones a net can lose the "
                "last track of an edge to another net of its wave, and is drawn again where its "
                "drawing holds no other tree; but the network is fed in full batches. The default "
                f"gives a wave as many windows as make {WAVE_TILES} tiles, at most {LARGEST_WAVE}: "
                "many small windows, which rarely meet, and few large ones. It was chosen for its "
                f"time, on these circuits: the final wirelength stays within {change:.2f} % of the "
                f"default's whatever the size, and one net a wave takes {max(sequential):.1f} "
                "times the CPU."
            ),
            table([*header, "wirelength", "to the default", "overflow", "CPU s", "network"], body),
        ]
    )


def plot(rows: list[Row], path: Path) -> None:
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
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
