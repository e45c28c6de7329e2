"""Route placed designs in DEF and LEF through the command line, beside guides of other routers.

    EDAROUTE_LEFDEF=folder python scripts/benchmark_lefdef.py [case ...] [--judge SCRIPT]
    python scripts/benchmark_lefdef.py --rewrite

The cases, with their options, stand in scripts/lefdef.yaml. Each run is its own process, started
after the kernels have been compiled once; its guide and that of the other router are evaluated by
`edaroute verify`. Writes docs/measured/lefdef.jsonl, where runs that are there and not made again
are kept, and from it the tables in docs/designs.md. ``--rewrite`` measures nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from common import CHECKOUT, DOCS, paragraph, parser_of, table, write
from runs import Row, evaluated, machine, machines, run_once, updated

CASES_FILE = Path(__file__).with_name("lefdef.yaml")
ROUTERS = ("maze", "neural")
MARKS = "<!-- figures -->", "<!-- end of figures -->"
"""Between these lines of docs/designs.md stand the tables."""


def main() -> int:
    cases = yaml.safe_load(CASES_FILE.read_text())
    args = arguments(cases["cases"])
    path = args.out / "measured" / "lefdef.jsonl"
    new: list[Row] = []
    if not args.rewrite:
        folder = Path(os.environ.get("EDAROUTE_LEFDEF") or CHECKOUT.parent / "shared" / "lefdef")
        if not folder.is_dir():
            raise SystemExit("no designs found: set EDAROUTE_LEFDEF to the folder that holds them")
        routers = args.router or ROUTERS
        compile_kernels(routers)
        for name in args.cases or cases["cases"]:
            case = Case(name, cases, folder)
            new += [measure(case, router, args.judge) for router in routers]
    rows = updated(path, new, "run", ROUTERS, cases["cases"])
    before, rest = (DOCS / "designs.md").read_text().split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    page = args.out / "designs.md"
    write(page, f"{before}{MARKS[0]}\n\n{markdown(rows)}\n{MARKS[1]}{after}")
    print(f"written {path} and {page}")
    return 0


def arguments(cases: dict[str, Any]) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("cases", nargs="*", help="names as in scripts/lefdef.yaml; all of them")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder to write")
    parser.add_argument("--router", action="append", choices=ROUTERS, help="repeatable; both")
    parser.add_argument(
        "--judge", type=Path, help="a further evaluator: JUDGE --strict --lef LEF --def DEF GUIDE"
    )
    parser.add_argument(
        "--rewrite", action="store_true", help="only write the tables anew, from runs kept"
    )
    args = parser.parse_args()
    if unknown := set(args.cases) - set(cases):
        parser.error(f"no case {min(unknown)}, expected one of {', '.join(cases)}")
    return args


class Case:
    """A design with its files and options.

    Attributes:
        name: of the case.
        design: the DEF file.
        lefs: its LEF files.
        options: how its grid is made.
        overflow: whether overflow is allowed, as there is no way round it.
        guide: of another router, or None.
    """

    def __init__(self, name: str, cases: dict[str, Any], folder: Path):
        case = cases["cases"][name]
        self.name = name
        self.design = folder / case["design"]
        self.lefs = [folder / lef for lef in cases["technologies"][case["technology"]]]
        self.options: list[str] = []
        for option, value in case.get("options", {}).items():
            for one in value if isinstance(value, list) else [value]:
                self.options += [f"--{option}", str(one)]
        self.overflow = case.get("overflow", False)
        self.guide = folder / case["guide"] if "guide" in case else None

    @property
    def source(self) -> list[str]:
        """The options with which the design is read."""
        return [*(word for lef in self.lefs for word in ("--lef", str(lef))), *self.options]


def compile_kernels(routers: Any) -> None:
    """Route the bundled chip with each router, so that no run that is timed compiles."""
    with tempfile.TemporaryDirectory() as folder:
        for router in routers:
            run_once(Path("synth-chip"), ["--router", router], Path(folder))


def measure(case: Case, router: str, judge: Path | None) -> Row:
    """One run of a case, and the other router's guide evaluated."""
    options = ["--router", router, *(["--allow-overflow"] if case.overflow else [])]
    with tempfile.TemporaryDirectory() as folder:
        row = run_once(case.design, options, Path(folder), case.source)
        guide = Path(folder) / "out.route"
        found = evaluated([case.design, *case.source], guide)
        if judge is not None:
            row["judge"] = judged(judge, case, guide)
    row |= {"circuit": case.name, "run": router, "options": case.options, "machine": machine()}
    row |= figures(found)
    row["grid"] = [found["width"], found["height"]]
    if case.guide is not None:
        row["other"] = figures(evaluated([case.design, *case.source], case.guide))
    print(
        f"{case.name} {router:<7} demand {row['demand']} vias {row['vias']} overflow "
        f"{row['overflow']} cpu {row['cpu']:.2f} other {row.get('other', {}).get('demand')} "
        f"{row.get('other', {}).get('vias')} judge {agrees(row) if judge else None}",
        flush=True,
    )
    return row


def figures(found: Row) -> Row:
    """What the tables show of an evaluation."""
    return {
        "demand": found["wirelength"],
        "by_layer": {layer["name"]: layer["demand"] for layer in found["layers"]},
        "vias": found["vias"],
        "overflow": found["total_overflow"],
        "connected": not (found["disconnected"] or found["uncovered_terminals"]),
    }


def judged(script: Path, case: Case, guide: Path) -> Row:
    """What the further evaluator says of a guide."""
    lefs = [word for lef in case.lefs for word in ("--lef", lef)]
    command = [sys.executable, script, "--strict", *lefs, "--def", case.design, guide]
    run = subprocess.run(command, capture_output=True, text=True)
    found = json.loads(run.stdout)
    return {
        "demand": found["demand_total"],
        "by_layer": found["demand"],
        "vias": found["vias"],
        "connected": found["legal"],
    }


def agrees(row: Row) -> bool:
    """Whether the further evaluator, which knows nothing of capacities, found what ours did."""
    return all(row["judge"][key] == row[key] for key in row["judge"])


def markdown(rows: list[Row]) -> str:
    given = [row for row in rows if "judge" in row]
    parts = [
        paragraph(
            f"{machines(rows)} Each run is one process of `edaroute route` at effort medium with "
            "the kernels compiled before, its guide evaluated by `edaroute verify`; a further "
            f"evaluator agrees on {sum(map(agrees, given))} of the {len(given)} it was given."
        )
    ]
    for router in ROUTERS:
        of = [row for row in rows if row["run"] == router]
        if of:
            parts += [f"### {router.capitalize()} router\n", runs_table(of)]
    return "\n".join(parts)


def runs_table(rows: list[Row]) -> str:
    header = ["case", "nets", "grid", "demand", "other", "vias", "other", "overflow", "other"]
    body: list[list[object]] = []
    for row in rows:
        other = row.get("other", {})
        body.append(
            [
                row["circuit"],
                row["nets"],
                "{} x {}".format(*row["grid"]),
                row["demand"],
                other.get("demand", ""),
                row["vias"],
                other.get("vias", ""),
                row["overflow"] if row["connected"] else f"{row['disconnected']} unrouted",
                other.get("overflow", ""),
                f"{row['cpu']:.2f}",
                f"{row['wall']:.2f}",
                f"{row['peak_mb']:.0f}",
            ]
        )
    return table([*header, "CPU s", "wall s", "peak MB"], body)


if __name__ == "__main__":
    sys.exit(main())
