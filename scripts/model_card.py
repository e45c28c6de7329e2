"""Measure the bundled weights on validation samples and on circuits, and write their card's tables.

    EDAROUTE_ISPD98=folder python scripts/model_card.py --samples FOLDER [--exits 64]
    python scripts/model_card.py --rewrite

FOLDER comes from `edaroute dataset`. Figures go to models/metrics.json, tables to models/README.md
between its marks; states and exits that are measured there and not asked for again are kept. The
circuits are evaluated on only: thresholds are those of models/exits.json. ``--rewrite`` measures
nothing.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from common import CHECKOUT, find_circuits, paragraph, parser_of, table, write

import eda_router
from eda_router.config import RouteConfig
from eda_router.dataset.folders import dataset_path
from eda_router.dataset.samples import Dataset, Samples
from eda_router.neural.engines import Engine, load_engine
from eda_router.neural.model_folder import load_model
from eda_router.routing.maze import route_maze
from eda_router.training.evaluate import (
    INK_LIMITS,
    bench_samples,
    evaluate,
)
from eda_router.training.measure import latent_use
from eda_router.training.publish import format_metrics

CIRCUITS = ("ibm01", "ibm02", "ibm10")
Aims = Mapping[int, tuple[float, float, float]]

AIMS: Aims = {
    8: (0.9995, 1.15, 1.01),
    16: (0.998, 1.25, 1.02),
    32: (0.99, 1.4, 1.04),
    64: (0.97, 1.5, 1.06),
}
"""Least connected, most ink and highest cost aimed at."""

FIRST_AIMS: Aims = {
    size: (least, INK_LIMITS[size], dearest)
    for size, least, dearest in (
        (8, 0.999, 1.01),
        (16, 0.985, 1.015),
        (32, 0.95, 1.02),
        (64, 0.85, 1.03),
    )
}
"""The same of the first drawing alone, within the ink that calibration allows."""

DETAILED = ("validation, ledger", "ibm02, full ledger")
"""States whose kinds of nets the card shows."""

LATENT_SAMPLES = 256
FEW = 20
"""What samples save is a share of at least so many failed nets."""

MARKS = "<!-- figures -->", "<!-- end of figures -->"


def main() -> int:
    parser = parser_of(__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--samples", type=Path, help="folder of edaroute dataset")
    what.add_argument("--rewrite", action="store_true", help="only write the tables anew")
    parser.add_argument("--only", default="*", help="pattern of states to measure")
    parser.add_argument("--exits", type=int, nargs="+", help="sizes to measure, by default all")
    parser.add_argument("--count", type=int, default=2048, help="most samples of an exit's states")
    parser.add_argument("--model", type=Path, default=CHECKOUT / "models", help="folder")
    parser.add_argument("--threads", type=int, default=1, help="of the engine")
    args = parser.parse_args()
    path = args.model / "metrics.json"
    metrics = json.loads(path.read_text())
    if not args.rewrite:
        measure(metrics, path, args)
    card = args.model / "README.md"
    before, rest = card.read_text().split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    write(card, f"{before}{MARKS[0]}\n\n{tables(metrics)}\n{MARKS[1]}{after}")
    print(f"written {card}")
    return 0


def measure(metrics: dict[str, Any], path: Path, args: argparse.Namespace) -> None:
    """Add the figures asked for to ``metrics``, and keep those that are done in ``path``."""
    engine = load_engine(args.model, threads=args.threads)
    for name, states in all_states(args, engine):
        begin = time.process_time()
        rows = rounded({str(size): row for size, row in evaluate(engine, states).items()})
        # A training writes figures of its own, without states.
        known = metrics.setdefault("states", {})
        known[name] = {**known.get(name, {}), **rows}
        write(path, format_metrics(metrics))
        print(f"{name}: {time.process_time() - begin:.0f} s", flush=True)
    if fnmatch.fnmatch("latent", args.only):
        model = load_model(args.model)
        few = {
            size: validation(args.samples, "ledger", size, LATENT_SAMPLES) for size in engine.exits
        }
        metrics["latent"] = rounded({str(size): latent_use(model, few[size]) for size in few})
        write(path, format_metrics(metrics))


def all_states(
    args: argparse.Namespace, engine: Engine
) -> Iterator[tuple[str, dict[int, Samples]]]:
    """Named states, for each exit; made one after the other, those asked for only.

    For further exits validation samples alone, and only where there are any.
    """

    def asked(size: int) -> bool:
        return args.exits is None or size in args.exits

    for source in ("ledger", "random"):
        name = f"validation, {source}"
        if fnmatch.fnmatch(name, args.only):
            made = (s for s in engine.further if dataset_path(args.samples, source, s).exists())
            yield (
                name,
                {
                    size: validation(args.samples, source, size, args.count)
                    for size in (*engine.exits, *made)
                    if asked(size)
                },
            )
    for path in find_circuits(list(CIRCUITS)):
        circuit = path.name.split(".")[0]
        design = eda_router.read(path)
        for name, full in ((f"{circuit}, first pass", False), (f"{circuit}, full ledger", True)):
            if fnmatch.fnmatch(name, args.only):
                routes = route_maze(design, RouteConfig()).routes if full else None
                # Of all exits, so that an exit's are the same whichever are measured.
                cut = bench_samples(design, engine.exits, args.count, 1, routes)
                yield name, {size: states for size, states in cut.items() if asked(size)}


def validation(folder: Path, source: str, size: int, count: int) -> Samples:
    """The first validation samples of one source."""
    kept = Dataset(dataset_path(folder, source, size), validation=True)
    return kept.take(np.arange(min(count, len(kept))))


def rounded(value: Any) -> Any:
    """The same with five decimals."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return round(value, 5) if isinstance(value, float) else value


def tables(metrics: Mapping[str, Any]) -> str:
    """All tables between the marks."""
    states: dict[str, dict[str, Any]] = metrics["states"]
    rows = [(name, size, row) for name, of in states.items() for size, row in of.items()]
    return "\n".join(
        [
            paragraph(
                "All at one threshold an exit. Where the first drawing does not join the pins, the "
                f"net is drawn again, {RouteConfig.redraws} times at most; *drawings* is how many "
                "a net took, without the coarse one of the plan:"
            ),
            table(
                [
                    "states",
                    "exit",
                    "samples",
                    "threshold",
                    "connected",
                    "ink",
                    "cost",
                    "drawings",
                    "blank",
                    "blind",
                ],
                [drawn_row(name, int(size), row) for name, size, row in rows],
            ),
            paragraph(
                "The first drawing alone, at the same thresholds, and with eight samples of the "
                "latent where it failed:"
            ),
            table(
                ["states", "exit", "connected", "ink", "cost", "connected with samples"],
                [first_row(name, int(size), row) for name, size, row in rows],
            ),
            "By kind of net, drawn again where needed:\n",
            table(
                ["states", "exit", "kind of net", "share", "connected", "cost", "blind"],
                [
                    [name, size, *kind_row(kind, figures)]
                    for name, size, row in rows
                    if name in DETAILED
                    for kind, figures in row["kinds"].items()
                ],
            ),
            "### The latent\n",
            paragraph(
                "KL of the posterior q(z | image, route) from the prior p(z | image), on "
                f"{LATENT_SAMPLES} ledger states. A ring adds no latent of its own: its figures "
                "are those of the core on the problem pooled to 8x8."
            ),
            table(
                ["exit", "KL, nats", "dimensions above 0.01 nats"],
                [
                    [size, f"{use['kl']:.2f}", use["live_dimensions"]]
                    for size, use in metrics["latent"].items()
                ],
            ),
            paragraph(
                "What eight samples save of the nets that failed at the first try, where "
                f"{FEW} or more failed:"
            ),
            table(
                ["states", "exit", "failed", "share saved"],
                [
                    [name, size, failed, f"{row['saved_by_sampling']:.2f}"]
                    for name, size, row in rows
                    if (failed := round((1 - row["first"]["connected"]) * row["samples"])) >= FEW
                ],
            ),
        ]
    )


def drawn_row(name: str, size: int, row: Mapping[str, Any]) -> list[object]:
    return [
        *(name, size, row["samples"], f"{row['threshold']:g}"),
        *marked(size, row["connected"], row["ink"], row["cost"], AIMS),
        *(f"{row['drawings']:.2f}", f"{row['blank']['cost']:.4f}", f"{row['blind_cost']:.4f}"),
    ]


def first_row(name: str, size: int, row: Mapping[str, Any]) -> list[object]:
    first = row["first"]
    figures = marked(size, first["connected"], first["ink"], first["cost"], FIRST_AIMS)
    return [name, size, *figures, f"{row['connected_sampled']:.4f}"]


def kind_row(kind: str, figures: Mapping[str, float]) -> list[str]:
    cost = f"{figures['cost']:.4f}" if figures["connected"] else ""
    shares = [f"{figures['share']:.3f}", f"{figures['connected']:.4f}"]
    return [kind, *shares, cost, f"{figures['blind_cost']:.4f}"]


def marked(
    size: int, connected: float, ink: float, cost: float, aims: Aims
) -> tuple[str, str, str]:
    """The three figures, bold where they miss what is aimed at; nothing is of further exits."""
    least, most, dearest = aims.get(size, (0.0, math.inf, math.inf))
    return (
        f"{connected:.4f}" if connected >= least else f"**{connected:.4f}**",
        f"{ink:.3f}" if ink <= most else f"**{ink:.3f}**",
        f"{cost:.4f}" if cost <= dearest else f"**{cost:.4f}**",
    )


if __name__ == "__main__":
    sys.exit(main())
