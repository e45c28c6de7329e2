"""Every public name has a docstring with an example, and all examples are as they say."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import eda_router
from eda_router import dataset

PUBLIC = {
    **{name: getattr(eda_router, name) for name in eda_router.__all__ if name != "dataset"},
    **{f"dataset.{name}": getattr(dataset, name) for name in dataset.__all__},
}
"""What a user may call, by name; the package ``dataset`` by its own names."""

PACKAGE = Path(eda_router.__file__).parent
WITH_EXAMPLES = [path for path in sorted(PACKAGE.glob("**/*.py")) if " >>> " in path.read_text()]


def docstring(name: str) -> str:
    """The docstring of a public value; that of its class where it is neither class nor function."""
    value = PUBLIC[name]
    known = inspect.isclass(value) or inspect.isfunction(value)
    return inspect.getdoc(value if known else type(value)) or ""


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_says_what_it_is_and_shows_it(name: str) -> None:
    text = docstring(name)
    assert "\nExample:\n" in text
    assert ">>> " in text
    value = PUBLIC[name]
    if not inspect.isfunction(value):
        return
    told = text.partition("\nArgs:\n")[2].partition("\n\n")[0]
    for parameter in inspect.signature(value).parameters:
        assert re.search(rf"^    (\w+, )*{parameter}\b", told, re.MULTILINE), parameter
    if inspect.signature(value).return_annotation != "None":
        assert "\nReturns:\n" in text or "\nYields:\n" in text


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=module_of)
def test_examples_are_as_they_say(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    flags = doctest.IGNORE_EXCEPTION_DETAIL
    done = doctest.testmod(importlib.import_module(module_of(path)), optionflags=flags)
    assert done.attempted > 0
    assert done.failed == 0
