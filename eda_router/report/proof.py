"""What a proof says: plain values for JSON, and lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eda_router.design import Design
from eda_router.proof.bound import Bound
from eda_router.proof.checker import Proof
from eda_router.verification import Verification


def bound_values(design: Design, bound: Bound) -> dict[str, Any]:
    """A bound as plain values."""
    return {
        "design": design.name,
        **proof_values(bound.proof),
        "fractional": bound.fractional,
        "rounds": len(bound.rounds),
        "trees": bound.rounds[-1].columns if bound.rounds else 0,
        "routed": bound.routed,
        "gap": bound.gap,
    }


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
