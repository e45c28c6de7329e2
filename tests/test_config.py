from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eda_router.cli.route import command as route
from eda_router.config import (
    RouteConfig,
    Settings,
    describe,
    identity,
    load_config,
    setting,
    yaml_template,
)
from eda_router.errors import InputError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Demo(Settings):
    rate: float = setting(0.5, "A rate.", unit="1/s", low=0, high=1)
    sizes: tuple[int, ...] = setting((8, 16), "Some sizes.", low=1)
    mode: Literal["a", "b"] = setting("a", "A mode.")
    limit: int | None = setting(None, "A limit.", low=3)
    name: str | None = setting(None, "A name.")
    fast: bool = setting(True, "Whether fast.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Later(Demo):
    size: int = setting(1, "A size.", later=True)


def test_what_came_later_tells_settings_apart_once_it_is_changed() -> None:
    assert identity(Later(rate=0.5)) == identity(Demo())
    assert identity(Demo())["rate"] == 0.5
    assert identity(Later(size=2)) == {**identity(Demo()), "size": 2}


def load(tmp_path: Path, text: str, **overrides: Any) -> Demo:
    path = tmp_path / "demo.yaml"
    path.write_text(text)
    return load_config(Demo, path, overrides)


def test_file_and_overrides(tmp_path: Path) -> None:
    text = "rate: 1e-3\nsizes: [4, 2]\n\nmode: b\nlimit: 7\nfast: no\nname: x\n"
    demo = load(tmp_path, text, mode="a")
    assert demo == Demo(rate=0.001, sizes=(4, 2), mode="a", limit=7, fast=False, name="x")
    assert load(tmp_path, "") == load(tmp_path, "# nothing\n") == Demo()
    assert load(tmp_path, "limit: null\n") == Demo()
    assert isinstance(load(tmp_path, "rate: 1\n").rate, float)


def test_dashes_stand_for_underscores(tmp_path: Path) -> None:
    path = tmp_path / "route.yaml"
    path.write_text("time-limit: 3\n")
    assert load_config(RouteConfig, path).time_limit == 3.0


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("fast: true\nsize: [1]\n", 2, "unknown option 'size' (did you mean sizes?)"),
        ("qqqqqq: 1\n", 1, "unknown option 'qqqqqq', expected one of rate, sizes"),
        ("3: 1\n", 1, "unknown option 3"),
        ("[3]: 1\n", 1, "unknown option [3]"),
        ("{a: b}: 1\n", 1, "unknown option {'a': 'b'}"),
        ("rate: 2\n", 1, "option rate: 2, expected a number from 0 to 1"),
        ("rate: .nan\n", 1, "option rate: nan"),
        ("rate: fast\n", 1, "option rate: 'fast'"),
        ("rate: true\n", 1, "option rate: True"),
        ("rate: null\n", 1, "option rate: None"),
        ("sizes: 8\n", 1, "option sizes: 8, expected a list, each a whole number of 1 or more"),
        ("sizes: [8, 0]\n", 1, "option sizes: [8, 0]"),
        ("sizes: [8, x]\n", 1, "option sizes: [8, 'x']"),
        ("mode: c\n", 1, "option mode: 'c', expected one of a, b"),
        ("\n\nlimit: 2\n", 3, "option limit: 2, expected a whole number of 3 or more or null"),
        ("limit: 3.5\n", 1, "option limit: 3.5"),
        ("limit: true\n", 1, "option limit: True"),
        ("name: 5\n", 1, "option name: 5, expected a text or null"),
        ("fast: 1\n", 1, "option fast: 1, expected true or false"),
        ("rate: 1\nrate: 0\n", 2, "option rate appears twice"),
        ("- rate\n", 1, "no mapping"),
        ("rate: [1\n", 2, "not YAML"),
        ("rate: !!python/object:os.system 1\n", 1, "not YAML"),
        ("rate: 2001-99-99\n", None, "not YAML"),
        ("rate: " + "9" * 5000 + "\n", None, "not YAML"),
        ("rate: " + "[" * 5000 + "\n", None, "not YAML"),
        ("rate: 1\n\x07\n", None, "not YAML"),
        ("a: 1\n---\nb: 1\n", 2, "not YAML"),
    ],
)
def test_faults_are_told_with_their_line(
    tmp_path: Path, text: str, line: int | None, problem: str
) -> None:
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    assert problem in str(caught.value)
    assert caught.value.line == line
    assert "\n" not in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_config(Demo, tmp_path / "missing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(InputError, match="not a text file"):
        load_config(Demo, tmp_path / "binary")


@given(st.text(max_size=40))
def test_any_text_is_read_or_explained(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        load_config(Demo, path)
    except InputError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("cls", [Demo, RouteConfig])
def test_the_template_holds_the_defaults(tmp_path: Path, cls: type[Settings]) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(yaml_template(cls))
    assert list(yaml.safe_load(path.read_text())) == [info.name for info in describe(cls)]
    assert load_config(cls, path) == cls()


def test_what_has_no_option_is_set_in_files(tmp_path: Path) -> None:
    path = tmp_path / "route.yaml"
    path.write_text("effort: low\nbox-nodes: 100\ncongestion_weight: 2\n")
    assert load_config(RouteConfig, path) == RouteConfig(
        effort="low", box_nodes=100, congestion_weight=2.0
    )
    assert "box_nodes: null" in yaml_template(RouteConfig)
    assert "--box-nodes" not in {name for p in route.params for name in p.opts}
    path.write_text("box_nodes: 1\n")
    with pytest.raises(InputError, match="option box_nodes: 1, expected a whole number from 64"):
        load_config(RouteConfig, path)


def test_values_that_stand_for_more_than_fits_in_memory_are_refused_at_once(tmp_path: Path) -> None:
    # A list of aliases of a list of aliases ...: 9 ** 12 items, if they were written out.
    lists = "".join(f" - &a{i} [{', '.join(9 * [f'*a{i - 1}'])}]\n" for i in range(1, 13))
    for text in ("effort:\n - &a0 [x]\n" + lists, f"effort: {'x' * 10**6}\n"):
        path = tmp_path / "route.yaml"
        path.write_text(text)
        with pytest.raises(InputError, match="option effort: ") as raised:
            load_config(RouteConfig, path)
        assert len(str(raised.value)) < 300
    for name in ("seed", "time_limit", "iterations"):
        with pytest.raises(InputError, match=f"option {name}: "):
            RouteConfig(**{name: -(10**5000)})
    with pytest.raises(InputError, match="option time_limit: 1000"):
        RouteConfig(time_limit=10**400)


def test_values_given_in_python_are_checked_too() -> None:
    assert RouteConfig(time_limit=np.float32(2)).time_limit == 2.0  # type: ignore[arg-type]
    with pytest.raises(InputError, match="option effort: 'extreme', expected one of low, medium"):
        RouteConfig(effort="extreme")  # type: ignore[arg-type]
    assert Demo(sizes=[1, 2]).sizes == (1, 2)  # type: ignore[arg-type]
