"""Nothing is lost, and nothing damaged kept, when commands are killed; see tests/killed.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.killed import JOBS, compile_all, punish


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    compile_all()


# The seed for `train` kills it amid its epochs, amid those that are left, and while it makes the
# model ready for routing: at 0.53, 0.45 and 0.61 of the time that it takes as a whole.
@pytest.mark.parametrize(
    ("name", "kills", "seed"), [("route", 4, 7), ("dataset", 4, 7), ("train", 3, 14240)]
)
def test_a_killed_command_goes_on_to_the_same_end(
    name: str, kills: int, seed: int, tmp_path: Path
) -> None:
    account = punish(JOBS[name], kills, seed, tmp_path)
    assert account.kills == kills
    assert account.finished > 0
