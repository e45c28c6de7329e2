"""What ``edaroute route`` does with a routed design: judge it, write it, tell of it.

On the plane and on layers this takes other files and other evaluators, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from eda_router.clock import PhaseTime
from eda_router.config import RouteConfig
from eda_router.errors import EdarouteError

if TYPE_CHECKING:
    from eda_router.design import Design
    from eda_router.routing.hook import PassState


class Routed(Protocol):
    """A design that was routed."""

    def judge(self) -> None:
        """Recount the result independently.

        Raises:
            EdarouteError: the evaluator and the router do not agree.
        """

    def write(self, path: Path) -> None:
        """Write the result.

        Raises:
            InputError: the file cannot be written.
        """

    def summary(self, phases: dict[str, PhaseTime]) -> dict[str, Any]:
        """Everything known about the run; ``phases`` were spent outside the router."""
        ...


def route(
    design: Design, config: RouteConfig, ending: str, on_pass: Callable[[PassState], object] | None
) -> Routed:
    """Route a design; ``ending`` says in what form its results are written."""
    if design.layers is None:
        return RoutedPlane(design, config, on_pass)
    return RoutedLayers(design, config, ending, on_pass)


class RoutedPlane:
    """Routes of a design without layers."""

    def __init__(
        self, design: Design, config: RouteConfig, on_pass: Callable[[PassState], object] | None
    ):
        from eda_router.routing import flow

        self.result = flow.route(design, config, on_pass=on_pass)

    def judge(self) -> None:
        """Recount the result; see :class:`Routed`."""
        from eda_router.verification import verify

        self.check = verify(self.result.design, self.result.routes)
        _agree(
            (self.result.total_overflow, len(self.result.unrouted)),
            (self.check.total_overflow, self.check.disconnected),
        )

    def write(self, path: Path) -> None:
        """Write the routes."""
        from eda_router.formats import route_file

        route_file.write(self.result.design, self.result.routes, path)

    def summary(self, phases: dict[str, PhaseTime]) -> dict[str, Any]:
        """Everything known about the run."""
        from eda_router.report.summary import summarize

        return summarize(self.result, self.check, phases)


class RoutedLayers:
    """Routes of a design with layers."""

    def __init__(
        self,
        design: Design,
        config: RouteConfig,
        ending: str,
        on_pass: Callable[[PassState], object] | None,
    ):
        from eda_router.routing.layered_flow import route_layered

        self.ending = ending
        self.done = route_layered(design, config, on_pass=on_pass)

    def judge(self) -> None:
        """Recount the result from its guide; see :class:`Routed`."""
        from eda_router.formats.guide import guide_of
        from eda_router.guide_verification import verify_guide

        layered, result = self.done.layered, self.done.result
        self.guide = guide_of(layered)
        self.check = verify_guide(layered.design, self.guide)
        _agree(
            (int(layered.overflow.sum()), len(result.unrouted)),
            (self.check.total_overflow, len(self.check.missing_nets)),
        )
        flaws = ("disconnected_nets", "sideways_nets", "uncovered_terminals")
        if any(len(getattr(self.check, flaw)) for flaw in flaws):
            raise EdarouteError(
                "the evaluator finds nets of the guide in pieces; please report this fault, "
                "nothing was written"
            )

    def write(self, path: Path) -> None:
        """Write the guide, or the solution of a contest."""
        from eda_router.formats import guide, ispd08_solution

        if self.ending == ".guide":
            guide.write(self.guide, self.done.layered.design, path)
        else:
            ispd08_solution.write(self.done.layered, path)

    def summary(self, phases: dict[str, PhaseTime]) -> dict[str, Any]:
        """Everything known about the run."""
        from eda_router.report.layered_summary import layered_summary

        return layered_summary(self.done, self.check, phases)


def _agree(ours: tuple[int, int], theirs: tuple[int, int]) -> None:
    """Make sure that overflow and unrouted nets are the same to the router and the evaluator."""
    if ours != theirs:
        raise EdarouteError(
            f"the router says overflow {ours[0]} and {ours[1]} unrouted nets, the evaluator "
            f"{theirs[0]} and {theirs[1]}; please report this fault, nothing was written"
        )
