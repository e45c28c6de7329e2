"""A lower bound for a design, with its certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eda_router.design import Design, Routes
from eda_router.errors import EdarouteError
from eda_router.proof.certificate import Certificate, digest_of
from eda_router.proof.checker import Proof, prove
from eda_router.proof.generation import Generation, Round
from eda_router.proof.pricing import SCALE

ROUNDS = 60
"""Most rounds where time is no limit."""


@dataclass(frozen=True)
class Bound:
    """A lower bound and how it came about.

    Attributes:
        certificate: the prices, and what they prove.
        proof: what the checker found that they prove.
        fractional: value of the best fractional routing found, tracks or tile edges; where every
            tree was the cheapest no prices prove more.
        rounds: of column generation.
        routed: the same figure of the routing that was given, or None where it has none.
    """

    certificate: Certificate
    proof: Proof
    fractional: float
    rounds: list[Round]
    routed: int | None

    @property
    def gap(self) -> int | None:
        """What the routing has beyond the bound, or None."""
        return None if self.routed is None else self.routed - self.proof.bound


def find_bound(
    design: Design,
    kind: str,
    routes: Routes | None = None,
    *,
    routed: int | None = None,
    rounds: int = ROUNDS,
    deadline: float | None = None,
    check_deadline: float | None = None,
    on_round: Callable[[Round], None] | None = None,
    on_share: Callable[[float], None] | None = None,
) -> Bound:
    """Find prices that prove much, and check them.

    Args:
        design: without layers.
        kind: ``overflow`` or ``wirelength``.
        routes: wires to begin with.
        routed: the figure of ``routes``; nothing is sought beyond it.
        rounds: most rounds of column generation.
        deadline: when to end them, on the monotonic clock, or None.
        check_deadline: when to end the search for exact trees in the check, or None.
        on_round: called after each round.
        on_share: called with the share of the check that is done.

    Raises:
        EdarouteError: the design has layers, on which a net may choose among tiles.
    """
    if design.layers is not None:
        raise EdarouteError("bounds are for designs without layers")
    generation = Generation(design, kind, routes)
    generation.run(rounds, enough=routed, on_round=on_round, deadline=deadline)
    prices = generation.prices.reshape(design.capacity.shape)
    proof = prove(design, kind, prices, SCALE, on_share, check_deadline)
    certificate = Certificate(kind, digest_of(design), SCALE, prices, proof.bound)
    return Bound(certificate, proof, generation.upper, generation.rounds, routed)
