"""What the summary says about flaws, and which options it names."""

from __future__ import annotations

from typing import Any

import pytest

from eda_router.config import RouteConfig
from eda_router.design import Design
from eda_router.report.lines import summary_lines
from eda_router.report.summary import summarize
from eda_router.routing.flow import route
from eda_router.verification import verify
from tests.generators import random_design

CROWDED = random_design(1, nets=120, capacity=2)
ROOMY = random_design(1, nets=40, capacity=20)


def told(design: Any, details: dict[str, Any] | None = None, **settings: Any) -> str:
    config = RouteConfig(router=settings.pop("router", "maze"), **settings)
    result = route(design, config)
    result.details.update(details or {})
    return "\n".join(summary_lines(summarize(result, verify(design, result.routes), {})))


def hint(text: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith("hint: ")]
    return line


@pytest.mark.parametrize(
    ("settings", "named", "not_named"),
    [
        ({}, ["--effort high", "--allow-overflow"], ["--time-limit"]),
        ({"effort": "low"}, ["--effort high", "--allow-overflow"], ["--time-limit"]),
        ({"effort": "high"}, ["--allow-overflow"], ["--effort", "--time-limit"]),
        ({"allow_overflow": True}, ["--effort high"], ["--allow-overflow", "--time-limit"]),
        ({"time_limit": 0.0}, ["--time-limit", "--allow-overflow"], ["--effort"]),
        ({"effort": "high", "time_limit": 0.0}, ["--time-limit"], ["--effort"]),
        ({"time_limit": 300.0}, ["--effort high", "--allow-overflow"], ["--time-limit"]),
        ({"effort": "high", "time_limit": 300.0}, ["--allow-overflow"], ["--effort"]),
        ({"negotiate": False}, ["--negotiate", "--allow-overflow"], ["--effort"]),
        ({"router": "neural", "fallback": "none"}, ["--fallback maze"], ["--effort"]),
    ],
)
def test_hints_name_what_can_still_help(settings, named, not_named) -> None:
    text = hint(told(CROWDED, **settings))
    assert all(option in text for option in named), text
    assert not any(option in text for option in not_named), text


def test_there_is_no_hint_where_nothing_helps_or_nothing_is_missing() -> None:
    assert "hint:" not in told(CROWDED, effort="high", allow_overflow=True)
    text = told(ROOMY)
    assert not any(line.startswith(("hint:", "why", "kept")) for line in text.splitlines())


def test_missing_tracks_and_a_stall_are_said_in_one_line() -> None:
    (line,) = [line for line in told(CROWDED).splitlines() if line.startswith("why")]
    assert "negotiation stopped early, after " in line
    assert " tracks are missing, however the nets are routed" in line


def test_places_where_tracks_are_missing_are_named_with_their_nets() -> None:
    nets = [(f"n{i}", i, [(0, 0), (1, 0)]) for i in range(7)]
    text = told(Design.from_pins("pair", 2, 1, 4, 4, nets), allow_overflow=True)
    assert (
        "missing    3 tracks around tiles (0,0)-(0,0): 7 nets must cross 4 tracks, "
        "n0, n1, n2, n3, n4 and 2 more"
    ) in text.splitlines()
    assert "           and " in told(CROWDED)


def test_where_nothing_is_proven_that_is_said() -> None:
    text = told(CROWDED, {"missing_tracks": 0, "crowded_boxes": []})
    assert "no line or box of tiles that was tried is short of tracks, so it is not proven" in text


@pytest.mark.parametrize(
    ("effort", "run", "said"),
    [
        ("high", "quick", "kept       the quick run of the maze router; the time limit"),
        ("high", "medium", "kept       the run at effort medium, better here than that at effort"),
        ("max", "medium", "begun      with the run at effort medium, better here than that at"),
    ],
)
def test_another_run_than_the_one_asked_for_is_said(effort: str, run: str, said: str) -> None:
    assert said in told(ROOMY, {"run": run}, effort=effort)
