"""Quality against speed of the neural router by the size of its waves.

    EDAROUTE_ISPD98=folder python scripts/waves.py [circuit ...] [--out docs]

Runs the model alone, and whole, with every wave size; writes waves.json and waves.png.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmark import CHECKOUT, find_circuits, machine, run_once
from benchmark_neural import ALONE, routed

WAVES = (1, 4, 16, 64, 256, 1024)
DEFAULT = 0
"""Stands for the default, waves of few large and many small windows."""


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
                for alone in (True, False):
                    run = run_once(path, [*options, *(ALONE if alone else [])], Path(folder))
                    rows.append({"wave": wave, "alone": alone, **run})
                    print(
                        f"{run['circuit']} wave {wave or 'default'} "
                        f"{'model alone' if alone else 'whole run'} routed {routed(run)} "
                        f"wirelength {run['wirelength']} cpu {run['cpu']:.2f}",
                        flush=True,
                    )
    args.out.mkdir(exist_ok=True)
    report = {"machine": machine(), "runs": rows}
    (args.out / "waves.json").write_text(json.dumps(report, indent=1) + "\n")
    plot(rows, args.out / "waves.png")
    print(f"written {args.out}/waves.json and .png")
    return 0


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    circuits = list(dict.fromkeys(row["circuit"] for row in rows))
    panels = (
        ("unrouted by the model alone, % of nets", True, lambda r: unrouted_percent(r)),
        ("final wirelength", False, lambda r: r["wirelength"]),
        ("CPU seconds of the whole run", False, lambda r: r["cpu"]),
    )
    figure, axes = plt.subplots(
        len(circuits), 3, figsize=(12, 3 * len(circuits)), squeeze=False, layout="constrained"
    )
    for line, circuit in zip(axes, circuits, strict=True):
        for axis, (title, alone, value) in zip(line, panels, strict=True):
            of = {r["wave"]: r for r in rows if r["circuit"] == circuit and r["alone"] == alone}
            axis.plot(WAVES, [value(of[wave]) for wave in WAVES], "-o", color="tab:blue")
            axis.axhline(value(of[DEFAULT]), color="tab:orange", linestyle="--", label="default")
            axis.set_xscale("log", base=2)
            axis.set_xticks(WAVES, [str(wave) for wave in WAVES])
            axis.set_title(f"{circuit}: {title}", fontsize=9)
            axis.set_xlabel("nets in a wave")
            axis.grid(alpha=0.3)
            axis.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def unrouted_percent(row: dict[str, Any]) -> float:
    return 100 * (1 - routed(row) / row["nets_to_route"])


if __name__ == "__main__":
    sys.exit(main())
