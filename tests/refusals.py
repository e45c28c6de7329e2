"""What bad input to a command has to end in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from eda_router.cli import main


def refused(args: Sequence[object], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that is refused: status 2, one line, every file in ``folder`` as it was.

    Returns:
        The line.
    """
    before = _contents(folder)
    assert main([str(arg) for arg in args]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    assert shown.err.count("\n") == 1, shown.err
    assert _contents(folder) == before
    return shown.err


def _contents(folder: Path) -> dict[str, bytes | None]:
    return {
        name: (folder / name).read_bytes() if os.path.isfile(folder / name) else None
        for name in os.listdir(folder)
    }
