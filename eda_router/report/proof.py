"""What a proof says: plain values for JSON, and lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError, InputError
from eda_router.proof.bound import Bound
from eda_router.proof.certificate import read_certificate
from eda_router.proof.checker import Proof, check_certificate
from eda_router.proof.explanation import Shortage, shortages
from eda_router.report.places import first_names
from eda_router.verification import Verification

MOST_SHORTAGES = 5
"""Places, and nets of each, that the lines name; the values hold all places."""


def bound_values(design: Design, bound: Bound, routes: Routes) -> dict[str, Any]:
    """A bound as plain values, with the places where tracks are missing."""
    lacking = []
    if bound.proof.kind == "overflow" and bound.proof.bound:
        certificate = bound.certificate
        lacking = shortages(design, certificate.prices, certificate.scale, routes)
    return {
        "design": design.name,
        **proof_values(bound.proof),
        "fractional": bound.fractional,
        "rounds": len(bound.rounds),
        "trees": bound.rounds[-1].columns if bound.rounds else 0,
        "routed": bound.routed,
        "gap": bound.gap,
        "shortages": [
            {
                "box": list(one.box),
                "edges": len(one.edges),
                "tracks": one.tracks,
                "wires": one.wires,
                "missing": one.missing,
                "nets": [design.net_names[net] for net in one.nets.tolist()],
            }
            for one in lacking
        ],
    }


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a design cannot be routed, as a checked certificate of overflow shows it.

    Attributes:
        missing: overflow that every routing has, tracks.
        places: where tracks are missing in the routing at hand, the greatest shortage first.
    """

    missing: int
    places: list[Shortage]


def read_explanation(path: Path, design: Design, routes: Routes) -> Explanation:
    """Read a certificate of overflow, check it, and find where a routing lacks tracks.

    Args:
        path: of the certificate.
        design: without layers.
        routes: its wires.

    Raises:
        InputError: no certificate, one of another design or of wirelength, or one that claims more
            than it proves; or a design with layers.
    """
    if design.layers is not None:
        raise InputError(path, None, "certificate", "a design without layers")
    certificate = read_certificate(path)
    if certificate.kind != "overflow":
        raise InputError(path, None, f"a certificate of {certificate.kind}", "one of overflow")
    try:
        proof = check_certificate(design, certificate)
    except EdarouteError as error:
        raise InputError(path, None, str(error)) from error
    places = []
    if proof.bound:
        places = shortages(design, certificate.prices, certificate.scale, routes)
    return Explanation(proof.bound, places)


def bound_lines(values: Mapping[str, Any]) -> list[str]:
    """What a person wants to see of :func:`bound_values`."""
    lines = [
        f"{'proven':<11}{values['claim']}",
        f"{'trees':<11}cheapest for {values['exact_nets']} of {values['nets']} nets, a lower bound "
        "for the others",
        f"{'rounds':<11}{values['rounds']}, {values['trees']} trees, best fractional routing "
        f"{values['fractional']:.2f}",
    ]
    if values["routed"] is not None:
        lines.append(f"{'routing':<11}{_gap(values['routed'], values['bound'])}")
    places = values["shortages"]
    for place in places[:MOST_SHORTAGES]:
        left, low, right, high = place["box"]
        lines.append(
            f"{'missing':<11}{place['missing']} tracks at ({left},{low})-({right},{high}): "
            f"{place['wires']} wires on {place['tracks']} tracks of {place['edges']} edges, nets "
            f"{first_names(place['nets'])}"
        )
    if len(places) > MOST_SHORTAGES:
        rest = sum(place["missing"] for place in places[MOST_SHORTAGES:])
        lines.append(f"{'':<11}and {rest} at {len(places) - MOST_SHORTAGES} further places")
    return lines


def proof_values(proof: Proof) -> dict[str, Any]:
    """What a checked certificate proves, as plain values."""
    return {
        "kind": proof.kind,
        "bound": proof.bound,
        "claim": proof.claim,
        "nets": proof.nets,
        "exact_nets": proof.exact_nets,
    }


def judged(proof: Proof, check: Verification) -> dict[str, Any]:
    """:func:`proof_values`, and how far from the bound a routing is."""
    values = proof_values(proof)
    if check.disconnected == 0 and (proof.kind == "overflow" or check.legal):
        routed = check.total_overflow if proof.kind == "overflow" else check.wirelength
        values |= {"routed": routed, "gap": routed - proof.bound, "optimal": routed == proof.bound}
    return values


def proof_lines(values: Mapping[str, Any]) -> list[str]:
    """What a person wants to see of :func:`judged`."""
    lines = [f"{'proven':<18}{values['claim']}"]
    if "routed" in values:
        lines.append(f"{'this routing':<18}{_gap(values['routed'], values['bound'])}")
    return lines


def _gap(routed: int, bound: int) -> str:
    if routed == bound:
        return f"{routed}, which is optimal"
    share = f" ({100 * (routed - bound) / bound:.3f} %)" if bound else ""
    return f"{routed}, {routed - bound}{share} above the bound"
