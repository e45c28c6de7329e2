"""How Sphinx makes pages of the documents: ``make docs``, or as it says there."""

from __future__ import annotations

import re
from typing import Any

import eda_router
from eda_router.config import Settings, describe

project = "edaroute"
copyright = "The edaroute authors"
version = release = eda_router.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
# The source folder is the checkout, so that documents outside of docs/ can be linked.
include_patterns = ["README.md", "CONTRIBUTING.md", "data/README.md", "models/README.md", "docs/**"]
exclude_patterns = [
    "docs/study/conclusions.md",  # a part of the report of the study, which holds them
    *(".*", "build", "dist", "out", "runs"),  # not to be walked through
]

myst_heading_anchors = 4
napoleon_use_ivar = True
napoleon_numpy_docstring = False
napoleon_attr_annotations = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
autodoc_inherit_docstrings = False
python_use_unqualified_type_names = True

html_theme = "furo"
html_title = "edaroute"
html_copy_source = False


SHORT = (
    (
        re.compile(r"[\w.~]*ndarray\[tuple\[[\w.~]*Any, \.\.\.\], [\w.~]*dtype\[([^][]+)\]\]"),
        r"ndarray[\1]",
    ),
    (re.compile(r"[\w.~]*_Buffer \| .*?\bstr\]"), "ArrayLike"),
)
"""Types of arrays as NumPy spells them out, and as signatures call them."""


def setup(app: Any) -> None:
    """Let signatures call arrays by the type of their elements, and list what settings mean."""
    app.connect("autodoc-process-signature", short_signature)
    # Behind napoleon, which reads the docstring as a whole.
    app.connect("autodoc-process-docstring", list_settings, priority=600)


def list_settings(*args: Any) -> None:
    """Add each field of a class of settings to its docstring, which is changed in place."""
    *_, value, _, lines = args
    if isinstance(value, type) and issubclass(value, Settings):
        lines.append("")
        for info in describe(value):
            unit = f" In {info.unit}." if info.unit else ""
            help = re.sub(r"([|*\\])", r"\\\1", info.help + unit)
            lines.append(f":param {info.name}: {help}")


def short_signature(*args: Any) -> tuple[str | None, ...]:
    """Signature and what is returned, with short names of arrays."""
    return tuple(shortened(text) for text in args[-2:])


def shortened(text: str | None) -> str | None:
    """A signature with short names of arrays."""
    for long, short in SHORT:
        text = text and long.sub(short, text)
    return text
