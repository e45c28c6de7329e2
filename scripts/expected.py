"""Measure how much of the expected demand of nets to come the model should be shown.

    EDAROUTE_ISPD98=folder python scripts/expected.py [circuit ...] [--weight 0.4 ...]

Prints a Markdown table: the model alone by the side of a blank drawing on the nets that both route,
and whole runs. Circuits that are not found there are taken for bundled designs (synth02).
"""

from __future__ import annotations

import argparse
import sys

from benchmark_neural import same_nets
from common import find_circuits, table

import eda_router
from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.neural.engines import Engine, load_engine
from eda_router.resources import bundled
from eda_router.routing.neural import route_with

ALONE = {"fallback": "none", "negotiate": False, "refine": False}
WEIGHTS = (0.0, 0.1, 0.2, 0.4, 0.7)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("circuits", nargs="+", help="names such as ibm02 or synth02")
    parser.add_argument("--weight", type=float, action="append", help="repeatable")
    parser.add_argument(
        "--largest-window",
        type=int,
        default=RouteConfig.largest_window,
        help="as of `edaroute route`",
    )
    args = parser.parse_args()
    engine = load_engine(bundled("models", ""), precision="auto")
    blank = load_engine(bundled("models", ""), "blank")
    rows: list[list[object]] = []
    for name in args.circuits:
        found = find_circuits([name])
        design = eda_router.read(found[0] if found else name)
        for weight in args.weight or WEIGHTS:
            row = measure(engine, blank, design, weight, args.largest_window)
            rows.append([name, weight, *row])
            print(*rows[-1], file=sys.stderr, flush=True)
    header = ["circuit", "weight", "routed alone", "edges a net, same nets", "blank's"]
    print(table([*header, "blank's price over the model's", "final wirelength"], rows))
    return 0


def measure(
    engine: Engine, blank: Engine, design: Design, weight: float, largest_window: int | None
) -> list[object]:
    """The figures of one row of the table."""
    common = {"largest_window": largest_window, "samples": 8, "expected_demand": weight}
    config = RouteConfig(**ALONE, **common, control=True)
    model, control = (route_with(e, design, config) for e in (engine, blank))
    same = same_nets(model.routes.lengths, control.routes.lengths)
    exits = model.details["exits"].values()
    price = sum(e["control_cost"] for e in exits) / sum(e["cost"] for e in exits)
    final = route_with(engine, design, RouteConfig(**common))
    return [
        int((model.routes.lengths > 0).sum()),
        f"{same['wirelength'] / same['nets']:.3f}",
        f"{same['other'] / same['nets']:.3f}",
        f"{price:.4f}",
        final.wirelength,
    ]


if __name__ == "__main__":
    sys.exit(main())
