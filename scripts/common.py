"""What the scripts share: where things are, and how a document is written."""

from __future__ import annotations

import argparse
import os
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

from eda_router.files import write_atomically

CHECKOUT = Path(__file__).resolve().parent.parent
DOCS = CHECKOUT / "docs"
LINE = 100
"""Longest line of a document's prose."""


def parser_of(doc: str | None) -> argparse.ArgumentParser:
    """A parser that says the first line of a script's docstring."""
    return argparse.ArgumentParser(description=(doc or "").splitlines()[0])


def find_circuits(names: Iterable[str] = ()) -> list[Path]:
    """Files of these ISPD98 circuits, all that are found when no name is given, in order."""
    folder = Path(os.environ.get("EDAROUTE_ISPD98") or CHECKOUT.parent / "shared" / "ispd98")
    wanted = set(names)
    found = sorted(folder.glob("*.modified*"))
    return [path for path in found if not wanted or path.name.partition(".")[0] in wanted]


def table(header: list[str], rows: list[list[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def percent(share: float | None) -> str:
    """A share as text, empty where there is none."""
    return "" if share is None else f"{100 * share:.2f} %"


def paragraph(text: str, bullet: str = "") -> str:
    """Text in lines of at most :data:`LINE` characters; what stands in backticks stays together."""
    glued = re.sub(r"`[^`]*`", lambda code: code[0].replace(" ", "\0"), text)
    wrapped = textwrap.fill(
        glued,
        LINE,
        initial_indent=bullet,
        subsequent_indent=" " * len(bullet),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapped.replace("\0", " ") + "\n"


def bullets(items: Iterable[str]) -> str:
    """A Markdown list."""
    return "".join(paragraph(item, "- ") for item in items)


def write(path: Path, text: str) -> None:
    """Write a document, or nothing of it; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.encode())
