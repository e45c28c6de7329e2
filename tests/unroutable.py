"""A design that no router can finish, and files that show why."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from eda_router.design import Design, Routes
from eda_router.formats import ispd98, route_file
from eda_router.proof.certificate import Certificate, digest_of, write_certificate

NARROW = 2
"""The horizontal edge from (1,0) to (2,0), the first that lacks tracks."""


def narrow_row() -> tuple[Design, Routes]:
    """Three nets along a row of four tiles with one track."""
    nets = [(f"n{i}", i, [(0, 0), (3, 0)]) for i in range(3)]
    design = Design.from_pins("row", 4, 1, 0, 1, nets)
    return design, Routes.from_lists([[0, 2, 4]] * 3)


def certificate_of(design: Design, kind: str = "overflow") -> Certificate:
    """One track's price on the row's middle edge, which proves that two tracks are missing."""
    prices = np.zeros((design.height, design.width, 2), np.int64)
    prices.reshape(-1)[NARROW] = 10
    bound = 2 if kind == "overflow" else 0
    return Certificate(kind, digest_of(design), 10, prices, bound)


def write_files(folder: Path) -> tuple[str, str, str]:
    """Design, route file and certificate."""
    design, routes = narrow_row()
    bench, route, certificate = (folder / f"row.{end}" for end in ("modified", "route", "npz"))
    ispd98.write(design, bench)
    route_file.write(design, routes, route)
    write_certificate(certificate_of(design), certificate)
    return str(bench), str(route), str(certificate)
