"""A certificate: prices of tracks, from which anyone can recompute a lower bound.

For all prices p of edges with tracks c, by weak duality of linear programmes:

- *wirelength*: a routing without overflow is no shorter than the sum over all nets of the cheapest
  tree where an edge costs 1 + p, less the sum over all edges of p c, for p >= 0;
- *overflow*: a routing has no less total overflow than the sum over all nets of the cheapest tree
  where an edge costs p, less the sum over all edges of p c, for 0 <= p <= 1.

Prices are whole numbers of the fraction 1 / ``scale``, so that the bound is exact arithmetic.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eda_router.design import Design
from eda_router.errors import InputError, reason
from eda_router.files import write_atomically

KINDS = ("overflow", "wirelength")
"""What a certificate bounds."""

FORMAT = 1
"""Version of the file."""

MOST_SCALE = 10**6
MOST_PRICE = 10**9
"""Largest scale and price: a tree over every tile of the largest grid still fits 64 bits."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """Prices for one design.

    Attributes:
        kind: ``overflow`` or ``wirelength``, what is bounded.
        digest: of the design, see :func:`digest_of`.
        scale: what a price of one tile edge, or of one track of overflow, is written as.
        prices: int64 ``(height, width, 2)``, of each tile's right and upper edge.
        bound: what the prover says that the prices prove.

    Raises:
        ValueError: a kind, a scale or a price is out of range.
    """

    kind: str
    digest: str
    scale: int
    prices: NDArray[np.int64]
    bound: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind {self.kind!r:.40}, expected {' or '.join(KINDS)}")
        if not 1 <= self.scale <= MOST_SCALE:
            raise ValueError(f"scale {self.scale}, expected 1 to {MOST_SCALE}")
        most = self.scale if self.kind == "overflow" else MOST_PRICE
        if self.prices.dtype != np.int64 or self.prices.ndim != 3:
            raise ValueError("prices of another shape or type, expected int64 with 3 axes")
        low, high = int(self.prices.min(initial=0)), int(self.prices.max(initial=0))
        if low < 0 or high > most:
            raise ValueError(f"prices from {low} to {high}, expected 0 to {most}")


def digest_of(design: Design) -> str:
    """SHA-256 of what bounds depend on: grid, capacities and the pins of all nets."""
    digest = hashlib.sha256()
    for array in (
        np.array([design.width, design.height], np.int64),
        design.capacity,
        design.pin_offsets,
        design.pins,
    ):
        digest.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def write_certificate(certificate: Certificate, path: str | Path) -> None:
    """Write a certificate as a NumPy archive; equal certificates give equal bytes.

    Raises:
        InputError: the file cannot be written.
    """
    arrays = {
        "format": np.array(FORMAT, np.int64),
        "kind": np.array(certificate.kind),
        "digest": np.array(certificate.digest),
        "scale": np.array(certificate.scale, np.int64),
        "prices": certificate.prices,
        "bound": np.array(certificate.bound, np.int64),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.lib.format.write_array(entry, array, allow_pickle=False)
            # Without the time of day equal data give equal files.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), entry.getvalue(), zipfile.ZIP_DEFLATED)
    write_atomically(path, content.getvalue())


def read_certificate(path: str | Path) -> Certificate:
    """Read a certificate.

    Raises:
        InputError: the file cannot be read or holds none.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
        if int(found["format"]) != FORMAT:
            raise ValueError(f"format {int(found['format'])}, expected {FORMAT}")
        return Certificate(
            kind=str(found["kind"]),
            digest=str(found["digest"]),
            scale=int(found["scale"]),
            prices=found["prices"],
            bound=int(found["bound"]),
        )
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {reason(error)}") from error
    except KeyError as error:
        raise InputError(path, None, f"no entry {error}", "a certificate") from error
    except (ValueError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise InputError(path, None, f"no certificate: {error}") from error
