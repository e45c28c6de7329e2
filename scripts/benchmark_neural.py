"""Measure the neural router on every ISPD98 circuit: the model alone, controls, and whole runs.

    EDAROUTE_ISPD98=folder python scripts/benchmark_neural.py [circuit ...] [--out docs]

Each run is a process of `edaroute route`, evaluated by `edaroute verify`. Writes
benchmark_neural.json and benchmark_neural.md; runs that stand there and are not run again are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmark import CHECKOUT, find_circuits, machine, percent, run_once, table

ALONE = ["--fallback", "none", "--no-negotiate", "--no-refine"]
REFERENCE = "reference"
RUNS = {
    REFERENCE: ["--router", "maze", "--no-negotiate", "--no-refine"],
    "model alone, pyramid": [*ALONE, "--control", "--largest-window", "64"],
    "model alone, windows to 16": [*ALONE, "--control"],
    "model alone, window 64": [*ALONE, "--control", "--window", "64"],
    "blank control, pyramid": [
        *ALONE,
        *("--engine", "blank", "--samples", "0", "--largest-window", "64"),
    ],
    "blank control, window 64": [*ALONE, "--engine", "blank", "--samples", "0", "--window", "64"],
    "default": [],
    "no refinement": ["--no-refine"],
    "one net a wave": ["--wave", "1"],
    "effort high": ["--effort", "high"],
    "maze router": ["--router", "maze"],
    "maze router, effort high": ["--router", "maze", "--effort", "high"],
}
MODEL_STAGES = ("drawn", "sampled", "joined")
INKS = {"taken_ink": "ink", "ink": "ink at the threshold"}
"""What :class:`eda_router.neural_router.ExitCount` counts, by the name in the tables."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("circuits", nargs="*", help="names such as ibm02; all that are found")
    parser.add_argument("--run", action="append", choices=list(RUNS), help="repeatable; all")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "docs", help="folder to write")
    args = parser.parse_args()
    circuits = find_circuits(args.circuits)
    if not circuits:
        print("no circuits found: set EDAROUTE_ISPD98 to the folder that holds them")
        return 2
    path_json = args.out / "benchmark_neural.json"
    kept = json.loads(path_json.read_text())["runs"] if path_json.exists() else []
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for path in circuits:
            for name in args.run or RUNS:
                row = {"run": name, **run_once(path, RUNS[name], Path(folder))}
                row["details"].pop("net_exits", None)  # a digit a net, of no use in a table
                rows.append(row)
                print(
                    f"{row['circuit']} {name:<25} routed {routed(row)} of {row['nets_to_route']} "
                    f"wirelength {row['wirelength']} overflow {row['overflow']} "
                    f"cpu {row['cpu']:.2f}",
                    flush=True,
                )
    new = {(row["circuit"], row["run"]) for row in rows}
    rows += [row for row in kept if (row["circuit"], row["run"]) not in new and row["run"] in RUNS]
    rows.sort(key=lambda row: (row["circuit"], list(RUNS).index(row["run"])))
    report = {"machine": machine(), "runs": rows}
    args.out.mkdir(exist_ok=True)
    path_json.write_text(json.dumps(report, indent=1) + "\n")
    (args.out / "benchmark_neural.md").write_text(markdown(report))
    print(f"written {args.out}/benchmark_neural.json and .md")
    return 0


def routed(row: dict[str, Any]) -> int:
    """Nets to route that have a wire."""
    return int(row["nets_to_route"]) - int(row["stages"].get("unrouted", 0))


def markdown(report: dict[str, Any]) -> str:
    rows, where = report["runs"], report["machine"]
    circuits = list(dict.fromkeys(row["circuit"] for row in rows))
    of = {(row["circuit"], row["run"]): row for row in rows}
    return "\n".join(
        [
            "# The neural router, measured\n",
            "Written by `make benchmark`; all figures stand in `benchmark_neural.json`.\n",
            f"Processor: {where['processor']}, {where['cores']} cores, load {where['load']} when "
            "the runs ended. Each run is one process of `edaroute route`, its file evaluated by "
            "`edaroute verify`.\n",
            "## The model alone\n",
            "Nets routed under the ledger with `--fallback none --no-negotiate --no-refine`, as a "
            "share of those that the reference routes: the deterministic router, every net once, "
            "full edges closed (`--router maze --no-negotiate --no-refine`). The blank control "
            "draws every tile, so that decoding works alone; ink is tiles drawn over tiles of the "
            "tree, in the drawing that the tree was taken from, the surest one that joins the "
            "pins, and at the exit's threshold; wirelength a net is of those that were routed.\n",
            alone_table(circuits, of),
            "## Exit by exit, model alone\n",
            exits_table(circuits, of),
            "## Whole runs\n",
            "Kept is the share of the nets to route whose final wire is as the model drew it.\n",
            whole_table(circuits, of),
            "## CPU seconds of the default run by phase\n",
            phases_table(circuits, of),
        ]
    )


def alone_table(circuits: list[str], of: dict[tuple[str, str], dict[str, Any]]) -> str:
    body: list[list[object]] = []
    for circuit in circuits:
        reference = of.get((circuit, REFERENCE))
        for name in RUNS:
            row = of.get((circuit, name))
            if row is None or not (name == REFERENCE or "alone" in name or "control" in name):
                continue
            share = routed(row) / routed(reference) if reference else None
            exits = row["details"].get("exits", {}).values()
            tiles = sum(e["tree_tiles"] for e in exits)
            sums = [sum((e[ink] or 0) * e["tree_tiles"] for e in exits) for ink in INKS]
            inks = [f"{total / tiles:.2f}" if tiles else "" for total in sums]
            body.append(
                [
                    circuit,
                    name,
                    routed(row),
                    percent(share),
                    *inks,
                    f"{row['wirelength'] / max(1, routed(row)):.3f}",
                    *(row["stages"].get(stage, 0) for stage in MODEL_STAGES),
                    f"{row['cpu']:.2f}",
                ]
            )
    header = ["circuit", "run", "routed", "of the reference", *INKS.values(), "wirelength a net"]
    return table([*header, *MODEL_STAGES, "CPU s"], body)


def exits_table(circuits: list[str], of: dict[tuple[str, str], dict[str, Any]]) -> str:
    fields = ("nets", "drawn", "sampled", "joined", "failed", "races", "wave")
    body: list[list[object]] = [
        [
            circuit,
            name,
            *(exit_[field] for field in (*fields, *INKS)),
            f"{exit_['control_cost'] / exit_['cost']:.4f}" if exit_["cost"] else "",
        ]
        for circuit in circuits
        if (row := of.get((circuit, "model alone, pyramid")))
        for name, exit_ in row["details"]["exits"].items()
    ]
    header = ["circuit", "exit", *fields, *INKS.values(), "blank's cost over the model's"]
    return table(header, body)


def whole_table(circuits: list[str], of: dict[tuple[str, str], dict[str, Any]]) -> str:
    names = [name for name in RUNS if name in ("default", "no refinement", "one net a wave")]
    names += ["effort high", "maze router", "maze router, effort high"]
    body: list[list[object]] = []
    for circuit in circuits:
        for name in names:
            if row := of.get((circuit, name)):
                kept = row["details"].get("model", {}).get("kept_share")
                body.append(
                    [
                        circuit,
                        name,
                        row["wirelength"],
                        row["overflow"],
                        row["disconnected"],
                        percent(kept),
                        f"{row['cpu']:.2f}",
                        f"{row['wall']:.2f}",
                        f"{row['peak_mb']:.0f}",
                    ]
                )
    header = ["circuit", "run", "wirelength", "overflow", "unrouted", "kept"]
    return table([*header, "CPU s", "wall s", "peak MB"], body)


def phases_table(circuits: list[str], of: dict[tuple[str, str], dict[str, Any]]) -> str:
    rows = [row for circuit in circuits if (row := of.get((circuit, "default")))]
    names = list(dict.fromkeys(name for row in rows for name in row["phases"]))
    body: list[list[object]] = [
        [
            row["circuit"],
            *(f"{row['phases'][n]['cpu']:.2f}" if n in row["phases"] else "" for n in names),
        ]
        for row in rows
    ]
    return table(["circuit", *names], body)


if __name__ == "__main__":
    sys.exit(main())
