"""Nothing is lost, and nothing damaged kept, when commands are killed; see tests/killed.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.killed import JOBS, punish


@pytest.mark.parametrize(("name", "kills"), [("route", 4), ("dataset", 4), ("train", 3)])
def test_a_killed_command_goes_on_to_the_same_end(name: str, kills: int, tmp_path: Path) -> None:
    account = punish(JOBS[name], kills, 7, tmp_path)
    assert account.kills == kills
    assert account.finished > 0
