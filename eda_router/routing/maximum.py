"""Effort max: a finished routing is shortened with prices, and told how far from optimal it is.

Column generation finds the best fractional routing and the prices of tracks
(:mod:`eda_router.proof.generation`); negotiation at these prices makes it whole
(:mod:`eda_router.routing.priced`); neighbourhoods of the routing choose anew among the trees that
are nearly the cheapest (:mod:`eda_router.proof.neighbourhoods`). What comes out is never longer
than what goes in, and never has overflow.

It ends by itself, by what is counted and never by the clock unless a time limit is given: column
generation once no round can raise the bound, or after :data:`ROUNDS`, and with odd cuts after
:data:`WHOLE_ROUNDS` more; negotiation after some stretches without a shorter routing; the
neighbourhoods where a sure bound is reached, or once passes with the largest programmes gain less
than 5 % of the wire beyond it each. Memory follows the input: at most 20 trees a group of nets in
the mean from pass to pass, besides those that are held, and one programme of HiGHS at a time.
"""

from __future__ import annotations

import dataclasses
import time
from contextlib import suppress
from typing import Any

import numpy as np

from eda_router.clock import timed
from eda_router.design import Routes
from eda_router.proof.checker import Proof, prove
from eda_router.proof.generation import Generation, Round
from eda_router.proof.neighbourhoods import Neighbourhoods
from eda_router.proof.pricing import SCALE
from eda_router.routing.hook import STOP, Hook, PassState, is_stopped, read_only
from eda_router.routing.priced import PricedRouter
from eda_router.routing.result import PassRow, RouteSource, RoutingResult
from eda_router.routing.run import OutOfTime

ROUTING_SHARE = 0.4
"""Share of the time limit after which the routing to begin with has to be there."""

PRICES_SHARE = 0.6
"""Share of the time that is left then for column generation."""

SEARCH_SHARE = 0.7
"""Share of it after which negotiation at the prices ends."""

CHECK_SHARE = 0.15
"""Share of it for the bound."""

ROUNDS = 30
"""Most rounds of column generation."""

WHOLE_ROUNDS = 15
"""Most further rounds with odd cuts."""


def shorten(result: RoutingResult, hook: Hook | None, deadline: float | None) -> RoutingResult:
    """A shorter result, or the same one; with ``details["proof"]``.

    Args:
        result: a routing; one that is not finished gets a proof of what tracks it lacks at least.
        hook: shown the state after each round and pass, with the routes to begin with.
        deadline: when to end, on the monotonic clock, or None.
    """
    passes = list(result.passes)
    began = time.monotonic()
    before = passes[-1].seconds if passes else 0.0

    def show(name: str, nets: int, wirelength: int) -> None:
        seconds = before + time.monotonic() - began
        over = result.ledger.overflow_figures()
        row = PassRow(name, seconds, nets, over.total, over.largest, over.edges, wirelength)
        passes.append(row)
        state = PassState(
            row, result.design, read_only(result.ledger.demand), lambda: result.routes
        )
        if hook is not None and hook.show(state) is STOP:
            raise OutOfTime

    def moment(share: float) -> float | None:
        return None if deadline is None else began + share * (deadline - began)

    def show_round(row: Round) -> None:
        show(f"columns {row.number}", row.new, result.wirelength)

    phases = dict(result.phases)
    finished = result.exit_status == 0
    kind = "wirelength" if finished else "overflow"
    with timed(phases, "columns"), suppress(OutOfTime):
        generation = Generation(result.design, kind, result.routes)
        enough = result.wirelength if finished else None
        generation.run(ROUNDS, enough=enough, on_round=show_round, deadline=moment(PRICES_SHARE))
    routes = result.routes
    if finished and generation.solution is not None and not is_stopped(hook):
        with timed(phases, "priced negotiation"):
            router = PricedRouter(result.design, result.config, deadline=moment(SEARCH_SHARE))
            # Before odd cuts are found: prices with them led to longer routings.
            found = router.search(
                generation.rounded(),
                generation.prices / SCALE,
                lambda number, nets, length: show(
                    f"priced {number}", nets, length or result.wirelength
                ),
            )
        if found is not None and found.wirelength < routes.wirelength:
            generation.add(found)
            routes = found
    if finished and not is_stopped(hook):
        with timed(phases, "neighbourhoods"):
            generation.run_whole(WHOLE_ROUNDS, routes.wirelength, moment(SEARCH_SHARE))
            near = Neighbourhoods(generation, routes)
            with suppress(OutOfTime):
                near.improve(
                    moment(1 - CHECK_SHARE),
                    lambda number, length: show(f"choose {number}", 0, length),
                )
            routes = near.routes()
    proof = None
    if not is_stopped(hook):
        with timed(phases, "proof"):
            proof = _proven(generation, kind, deadline)
    details = {**result.details, "proof": _told(proof, generation, kind)}
    if is_stopped(hook):
        details["stopped"] = True
    details["out_of_time"] |= deadline is not None and time.monotonic() >= deadline
    if kind == "overflow" and proof is not None:
        details["missing_tracks"] = max(proof.bound, details.get("missing_tracks", 0))
    stage = result.stage.copy()
    stage[_changed(result.routes, routes)] = RouteSource.REFINED
    return dataclasses.replace(
        result, routes=routes, stage=stage, phases=phases, passes=passes, details=details
    )


def _proven(generation: Generation, kind: str, deadline: float | None) -> Proof | None:
    """What the prices prove, or None where time ran out or designs have layers."""
    design = generation.design
    if design.layers is not None:
        # A net may choose the tiles of its terminals there, which bounds do not allow for.
        return None

    def check_clock(share: float) -> None:
        if deadline is not None and time.monotonic() >= deadline:
            raise OutOfTime

    prices = generation.prices.reshape(design.capacity.shape)
    try:
        return prove(design, kind, prices, SCALE, check_clock)
    except OutOfTime:
        return None


def _told(proof: Proof | None, generation: Generation, kind: str) -> dict[str, Any]:
    """The proof as plain values."""
    rounds = generation.rounds
    return {
        "kind": kind,
        "bound": None if proof is None else proof.bound,
        "exact_nets": None if proof is None else proof.exact_nets,
        "fractional": generation.upper if rounds else None,
        "rounds": len(rounds),
    }


def _changed(before: Routes, after: Routes) -> list[int]:
    """The nets whose wires differ."""
    return [
        net
        for net in range(before.num_nets)
        if not np.array_equal(before.net_edges(net), after.net_edges(net))
    ]
