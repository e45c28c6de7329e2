"""Measure the neural router on every ISPD98 circuit: the model alone, controls, and whole runs.

    EDAROUTE_ISPD98=folder python scripts/benchmark_neural.py [circuit ...] [--run default]
    python scripts/benchmark_neural.py --rewrite

Each run is a process of `edaroute route`, evaluated by `edaroute verify`. Writes
docs/measured/neural.jsonl, where runs that are there and not made again are kept, and from it
docs/benchmark_neural.md. ``--rewrite`` measures nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from common import bullets, paragraph, percent, table, write
from numpy.typing import NDArray
from runs import Row, circuits_of, compile_kernels, machines, measuring_parser, run_once, updated

import eda_router
from eda_router.formats import route_file

ALONE = ["--fallback", "none", "--no-negotiate", "--no-refine"]
REFERENCE = "reference"
RUNS = {
    REFERENCE: ["--router", "maze", "--no-negotiate", "--no-refine"],
    "model alone, pyramid": [*ALONE, "--control", "--largest-window", "64"],
    "model alone, windows to 16": [*ALONE, "--control", "--largest-window", "16"],
    "model alone, samples only": [*ALONE, "--redraws", "0", "--largest-window", "64"],
    "model alone, window 64": [*ALONE, "--control", "--window", "64"],
    "blank control, pyramid": [
        *ALONE,
        *("--engine", "blank", "--samples", "0", "--largest-window", "64"),
    ],
    "blank control, windows to 16": [
        *ALONE,
        *("--engine", "blank", "--samples", "0", "--largest-window", "16"),
    ],
    "blank control, window 64": [*ALONE, "--engine", "blank", "--samples", "0", "--window", "64"],
    "default": [],
    "blank control, whole run": ["--engine", "blank", "--samples", "0"],
    "every net drawn, windows of 8": ["--coarsest", "64"],
    "every net drawn, windows to 64": ["--coarsest", "64", "--largest-window", "64"],
    "no refinement": ["--no-refine"],
    "effort high": ["--effort", "high"],
    "maze router": ["--router", "maze"],
    "maze router, effort high": ["--router", "maze", "--effort", "high"],
}
CONTROL_TEXT = (
    "The control draws every tile of the window, so its trees are what joining by itself gives: "
    "from pin to nearest pin the fewest tiles, blind to what an edge costs. They are short by "
    "construction, and two things part the model's from them. A better tree saves wire; a way "
    "round nearly full edges spends it, so that more nets find a way at all. Length alone "
    "therefore cannot tell a drawing that sees congestion from one that does not. Costs are the "
    "teacher's, over nets of the same windows under the same ledger; in them the control must come "
    "out higher (a ratio above 1). They do not know of nets still to come, for which the model "
    "keeps room as well and pays: the less of them it is shown, the higher the control's cost, and "
    "the fewer nets are routed (`python scripts/expected.py`)."
)
CLEARLY = 0.01
"""From this share on, the control's wires count as clearly longer."""

CONTROLS = {
    "model alone, pyramid": "blank control, pyramid",
    "model alone, windows to 16": "blank control, windows to 16",
    "model alone, window 64": "blank control, window 64",
}
"""The run that draws blank what the model draws in another."""

MODEL_STAGES = ("drawn", "redrawn", "sampled", "joined")
INKS = {"taken_ink": "taken ink", "ink": "ink"}
"""Ratios of the summary, by the name in the tables."""


def main() -> int:
    parser = measuring_parser(__doc__)
    parser.add_argument("--run", action="append", choices=list(RUNS), help="repeatable; all")
    args = parser.parse_args()
    path = args.out / "measured" / "neural.jsonl"
    names = [name for name in RUNS if name in (args.run or RUNS)]
    new: list[Row] = []
    if circuits := circuits_of(parser, args):
        compile_kernels(RUNS[name] for name in names)
        with tempfile.TemporaryDirectory() as folder:
            new = [row for circuit in circuits for row in run_circuit(circuit, names, folder)]
    rows = updated(path, new, "run", RUNS)
    write(args.out / "benchmark_neural.md", markdown(rows))
    print(f"written {path} and {args.out}/benchmark_neural.md")
    return 0


def run_circuit(path: Path, names: list[str], folder: str) -> list[Row]:
    """Make these runs of one circuit, and compare those of the model alone net by net."""
    design = eda_router.read(path)
    rows = []
    lengths: dict[str, NDArray[np.int64]] = {}
    for name in names:
        row = {"run": name, **run_once(path, RUNS[name], Path(folder))}
        lengths[name] = route_file.read(Path(folder) / "out.route", design).routes.lengths
        rows.append(row)
        print(
            f"{row['circuit']} {name:<28} routed {routed(row)} of {row['nets_to_route']} "
            f"wirelength {row['wirelength']} overflow {row['overflow']} cpu {row['cpu']:.2f}",
            flush=True,
        )
    for row in rows:
        others = {"reference": REFERENCE, "control": CONTROLS.get(row["run"], "")}
        row["same_nets"] = {
            key: same_nets(lengths[row["run"]], lengths[other])
            for key, other in others.items()
            if other in lengths and is_alone(row["run"])
        }
    return rows


def same_nets(ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> dict[str, int]:
    """How many nets have a wire in both of two runs, and the wirelength of these in each."""
    both = (ours > 0) & (theirs > 0)
    return {
        "nets": int(both.sum()),
        "wirelength": int(ours[both].sum()),
        "other": int(theirs[both].sum()),
    }


def is_alone(run: str) -> bool:
    """Whether a run stops after every net had its first turn."""
    return "--no-negotiate" in RUNS[run]


def routed(row: Row) -> int:
    """Nets to route that have a wire."""
    return int(row["nets_to_route"]) - int(row["stages"].get("unrouted", 0))


def markdown(rows: list[Row]) -> str:
    circuits = list(dict.fromkeys(row["circuit"] for row in rows))
    of = {(row["circuit"], row["run"]): row for row in rows}
    return "\n".join(
        [
            "# The neural router, measured\n",
            paragraph(
                "Written by `make benchmark`; every run with all its figures is a line of "
                "[measured/neural.jsonl](measured/neural.jsonl)."
            ),
            paragraph(
                f"{machines(rows)} Each run is one process of `edaroute route`, its file evaluated "
                "by `edaroute verify`."
            ),
            "## The model alone\n",
            paragraph(
                "Nets routed under the ledger with `--fallback none --no-negotiate --no-refine`, "
                "as a share of those that the reference routes: the maze router, every net once, "
                "full edges closed (`--router maze --no-negotiate --no-refine`). The blank control "
                "draws every tile, so that decoding works alone. Ink and taken ink are those of "
                "[the model's card](../models/README.md#figures), of drawings that became wire. "
                "*Samples only* draws nothing again by waypoints. Wirelength a net is of those "
                "that were routed."
            ),
            alone_table(circuits, of),
            "## What the control shows\n",
            paragraph(CONTROL_TEXT),
            control_table(circuits, of),
            control_verdict(circuits, of),
            "## Exit by exit, model alone\n",
            exits_table(circuits, of),
            mended(circuits, of),
            "## Whole runs\n",
            paragraph(
                "Kept is the share of the nets to route whose final wire is as the model drew it. "
                "Quality and time by the size of the waves: [waves.md](waves.md)."
            ),
            whole_table(circuits, of),
            "## Exit by exit, default run\n",
            kept_table(circuits, of),
            "## CPU seconds of the default run by phase\n",
            phases_table(circuits, of),
        ]
    )


def alone_table(circuits: list[str], of: dict[tuple[str, str], Row]) -> str:
    body: list[list[object]] = []
    for circuit in circuits:
        reference = of.get((circuit, REFERENCE))
        for name in RUNS:
            row = of.get((circuit, name))
            if row is None or not is_alone(name):
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
                    over(row["same_nets"].get("reference")),
                    *(row["stages"].get(stage, 0) for stage in MODEL_STAGES),
                    f"{row['cpu']:.2f}",
                ]
            )
    header = ["circuit", "run", "routed", "of the reference", *INKS.values(), "wirelength a net"]
    return table([*header, "longer, same nets", *MODEL_STAGES, "CPU s"], body)


def over(same: dict[str, int] | None) -> str:
    """How much longer the nets that both route are than in the other run."""
    return f"{100 * (same['wirelength'] / same['other'] - 1):+.2f} %" if same else ""


def control_table(circuits: list[str], of: dict[tuple[str, str], Row]) -> str:
    """The model beside the control that draws blank, over the nets that both route."""
    body: list[list[object]] = []
    for circuit in circuits:
        for name in CONTROLS:
            row = of.get((circuit, name))
            if row is None or (same := row["same_nets"].get("control")) is None:
                continue
            exits = row["details"]["exits"].values()
            prices = [sum(e[cost] for e in exits) for cost in ("control_cost", "cost")]
            body.append(
                [
                    circuit,
                    name,
                    routed(row) - routed(of[circuit, CONTROLS[name]]),
                    same["nets"],
                    f"{same['wirelength'] / same['nets']:.3f}",
                    f"{same['other'] / same['nets']:.3f}",
                    f"{same['other'] / same['wirelength']:.4f}",
                    f"{prices[0] / prices[1]:.4f}" if prices[1] else "",
                ]
            )
    header = ["circuit", "run", "nets more than the control", "nets of both", "edges a net"]
    return table([*header, "control's", "ratio of lengths", "ratio of costs"], body)


def exits_table(circuits: list[str], of: dict[tuple[str, str], Row]) -> str:
    fields = ("nets", "drawn", "redrawn", "sampled", "joined", "failed", "races", "retaken", "wave")
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


def mended(circuits: list[str], of: dict[tuple[str, str], Row]) -> str:
    """In words: what becomes of the nets whose first drawing fails."""
    lines = []
    for name in (run for run in RUNS if run.startswith("model alone")):
        exits = [
            exit_
            for circuit in circuits
            if (row := of.get((circuit, name)))
            for exit_ in row["details"]["exits"].values()
        ]
        counts = {
            field: sum(exit_[field] for exit_ in exits)
            for field in ("redrawn", "sampled", "joined", "failed")
        }
        if first := sum(counts.values()):
            share = {field: percent(count / first) for field, count in counts.items()}
            lines.append(
                f"{name[0].upper()}{name[1:]}: of {first} nets whose first drawing does not join "
                f"their pins, drawing again by waypoints saves {share['redrawn']}, then samples of "
                f"the latent {share['sampled']}, then joining the pieces at lower thresholds "
                f"{share['joined']}."
            )
    return bullets(lines)


def control_verdict(circuits: list[str], of: dict[tuple[str, str], Row]) -> str:
    """In words: by how much the control's wires are longer, alone and in the end."""
    lines = []
    alone = [
        same["other"] / same["wirelength"] - 1
        for circuit in circuits
        for name in CONTROLS
        if (row := of.get((circuit, name))) and (same := row["same_nets"].get("control"))
    ]
    if alone:
        clear = sum(share >= CLEARLY for share in alone)
        lines.append(
            f"On the same nets the control's wires are {100 * min(alone):+.2f} to "
            f"{100 * max(alone):+.2f} % longer than the model's (below 0: shorter). They should be "
            f"clearly longer, by {100 * CLEARLY:.0f} % or more, and are in {clear} of {len(alone)} "
            "runs."
        )
    names = ("default", "blank control, whole run")
    both = [
        [of[circuit, n] for n in names]
        for circuit in circuits
        if all((circuit, n) in of for n in names)
    ]
    if both:
        wire = [100 * (blank["wirelength"] / model["wirelength"] - 1) for model, blank in both]
        cpu = [sum(runs[i]["cpu"] for runs in both) for i in range(2)]
        lines.append(
            "Negotiation and refinement then make most of the difference up: a whole run that "
            f"starts from blank drawings ends {min(wire):+.2f} to {max(wire):+.2f} % longer, and "
            f"takes {cpu[1]:.1f} s of CPU on all these circuits where the model takes {cpu[0]:.1f}."
        )
    return paragraph(" ".join(lines))


def whole_table(circuits: list[str], of: dict[tuple[str, str], Row]) -> str:
    names = [name for name in RUNS if not is_alone(name)]
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
    for name in names:
        if all(rows := [of.get((circuit, name)) for circuit in circuits]):
            body.append(["sum", name, *whole_sums([row for row in rows if row])])
    header = ["circuit", "run", "wirelength", "overflow", "unrouted", "kept"]
    return table([*header, "CPU s", "wall s", "peak MB"], body)


def whole_sums(rows: list[Row]) -> list[object]:
    """What the whole runs of a kind come to, in the columns of their table."""
    totals = {n: sum(row[n] for row in rows) for n in ("wirelength", "overflow", "disconnected")}
    kept = sum(row["details"].get("model", {}).get("kept", 0) for row in rows)
    share = kept / sum(row["nets_to_route"] for row in rows) if kept else None
    times = [f"{sum(row[name] for row in rows):.2f}" for name in ("cpu", "wall")]
    return [*totals.values(), percent(share), *times, ""]


def kept_table(circuits: list[str], of: dict[tuple[str, str], Row]) -> str:
    body: list[list[object]] = []
    for circuit in circuits:
        row = of.get((circuit, "default"))
        for name, exit_ in row["details"]["exits"].items() if row else ():
            if "kept" in exit_:
                share = percent(exit_["kept"] / exit_["nets"])
                body.append([circuit, name, exit_["nets"], exit_["kept"], share])
    return table(["circuit", "exit", "nets", "kept", "share"], body)


def phases_table(circuits: list[str], of: dict[tuple[str, str], Row]) -> str:
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
