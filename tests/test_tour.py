"""The pages that are notebooks: each block runs after the one before and prints what it says."""

from __future__ import annotations

import contextlib
import functools
import io
import re
from pathlib import Path

import pytest

import eda_router
from eda_router.cli import COMMANDS

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    """Each block of Python of a page and what it prints."""
    return BLOCK.findall((DOCS / page).read_text())


def test_every_command_has_its_names_in_the_library() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", (DOCS / "tour.md").read_text(), re.MULTILINE)
    assert {command for command, _ in rows} <= set(COMMANDS)
    assert len(rows) > 10
    for _, text in rows:
        names = re.findall(r"`([\w.]+)`", text)
        assert names
        for name in names:
            functools.reduce(getattr, name.split("."), eda_router)


@pytest.mark.parametrize("page", ["tour.md", "environment.md"])
def test_blocks_print_what_stands_below_them(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    assert blocks(page)
    for code, expected in blocks(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, page, "exec"), names)
        assert printed.getvalue() == expected, code
