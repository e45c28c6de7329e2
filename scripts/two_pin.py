"""Make a design of two-pin nets from any design on tiles, by splitting its nets.

    python scripts/two_pin.py DESIGN OUT [--split chain|row] [--most-pins N]

On such designs the prover's trees are shortest paths, so its bounds equal the best fractional
routing: docs/proof.md measures them. Net ``n`` becomes ``n.1``, ``n.2`` and so on.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from eda_router.design import Design
from eda_router.errors import EdarouteError
from eda_router.files import check_outputs
from eda_router.formats import ispd98

Pin = tuple[int, int]
Pair = tuple[Pin, Pin]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("design", type=Path, metavar="DESIGN", help="in the ISPD98 format")
    parser.add_argument("out", type=Path, metavar="OUT", help="in the same format")
    parser.add_argument("--split", choices=sorted(SPLITS), default="chain", help="[%(default)s]")
    parser.add_argument("--most-pins", type=int, metavar="N", help="leave out nets of more pins")
    args = parser.parse_args()
    if args.most_pins is not None and args.most_pins < 2:
        parser.error(f"--most-pins {args.most_pins}, expected 2 or more")
    try:
        check_outputs(args.out, inputs=[args.design])
        made = two_pin(ispd98.read(args.design), args.split, args.most_pins)
        ispd98.write(made, args.out)
    except EdarouteError as error:
        parser.exit(2, f"{error}\n")
    print(f"written {args.out}, {made.num_nets} nets")
    return 0


def two_pin(design: Design, split: str, most_pins: int | None = None) -> Design:
    """A design of two-pin nets on the same grid.

    Args:
        design: with the same capacity on all edges of a direction.
        split: ``chain`` or ``row``, see :data:`SPLITS`.
        most_pins: nets with pins in more tiles are left out; None: none are.
    """
    nets: list[tuple[str, int, list[Pin]]] = []
    for net in design.routable.tolist():
        tiles = design.net_pins(net).tolist()
        if most_pins is None or len(tiles) <= most_pins:
            pins = [(tile % design.width, tile // design.width) for tile in tiles]
            for number, pair in enumerate(SPLITS[split](pins), 1):
                nets.append((f"{design.net_names[net]}.{number}", len(nets), list(pair)))
    horizontal = int(design.capacity[0, 0, 0]) if design.width > 1 else 0
    vertical = int(design.capacity[0, 0, 1]) if design.height > 1 else 0
    return Design.from_pins(
        f"{design.name}-{split}", design.width, design.height, vertical, horizontal, nets
    )


def chain(pins: list[Pin]) -> Iterator[Pair]:
    """The edges of a shortest spanning tree, by Prim's algorithm from the first pin.

    Of equally near pins the first is joined, to the pin that was joined first.
    """
    near = {pin: (distance(pins[0], pin), pins[0]) for pin in pins[1:]}
    while near:
        joined = min(near, key=lambda pin: near[pin][0])
        yield near.pop(joined)[1], joined
        for pin in near:
            if (length := distance(joined, pin)) < near[pin][0]:
                near[pin] = length, joined


def row(pins: list[Pin]) -> Iterator[Pair]:
    """First and second pin, third and fourth, and so on; an odd last pin is left out."""
    return zip(pins[::2], pins[1::2], strict=False)


def distance(one: Pin, other: Pin) -> int:
    """Tile edges between two tiles."""
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


SPLITS = {"chain": chain, "row": row}
"""Ways to split a net, whose pins come in rising order of tiles: by rows from the bottom."""


if __name__ == "__main__":
    raise SystemExit(main())
