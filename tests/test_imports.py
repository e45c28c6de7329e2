"""Who may import whom, and what an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import eda_router
from eda_router.cli import COMMANDS

PACKAGE = Path(eda_router.__file__).parent
NEURAL = {"keras", "tensorflow", "openvino", "jax"}
HEAVY = NEURAL | {"numba", "matplotlib", "scipy"}
GROUND = [
    "formats",
    "search",
    "design.py",
    "ledger.py",
    "config.py",
    "verification.py",
    "errors.py",
]


def imports(path: Path) -> set[str]:
    """Every module that a file imports anywhere, with its parents."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {
        ".".join(name.split(".")[: n + 1]) for name in found for n in range(name.count(".") + 1)
    }


def files(*parts: str) -> list[Path]:
    found = []
    for part in parts:
        path = PACKAGE / part
        found += [path] if path.is_file() else sorted(path.glob("**/*.py"))
    assert found
    return found


@pytest.mark.parametrize("path", files(*GROUND), ids=lambda path: path.name)
def test_the_ground_knows_neither_keras_nor_click(path: Path) -> None:
    assert not imports(path) & (NEURAL | {"click"})


@pytest.mark.parametrize("path", files("search"), ids=lambda path: path.name)
def test_kernels_know_no_design_and_no_config(path: Path) -> None:
    assert not imports(path) & {"eda_router.config", "eda_router.neural", "eda_router.maze_router"}


def test_the_evaluator_knows_no_router() -> None:
    ours = {name for name in imports(PACKAGE / "verification.py") if name.startswith("eda_router.")}
    assert {name for name in ours if name.count(".") == 1} == {"eda_router.design"}


@pytest.mark.parametrize(
    "path",
    [path for path in files(".") if path.parent.name != "cli"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_only_the_command_line_knows_click(path: Path) -> None:
    assert not imports(path) & {"click", "eda_router.cli"}


def loaded_by(*args: str) -> set[str]:
    """The modules that a run of Python loads."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *args], capture_output=True, text=True, check=True
    )
    lines = [line for line in run.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().split(".")[0] for line in lines}


def test_the_package_alone_loads_nothing() -> None:
    assert not loaded_by("-c", "import eda_router") & (HEAVY | {"numpy", "yaml", "click"})


@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_help_loads_nothing_heavy(args: list[str]) -> None:
    assert not loaded_by("-m", "eda_router.cli", *args) & (HEAVY | {"numpy", "yaml"})


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_loads_nothing_heavy(command: str) -> None:
    assert not loaded_by("-m", "eda_router.cli", command, "--help") & HEAVY


def test_routing_leaves_out_what_numba_would_take_along(tmp_path: Path) -> None:
    (tmp_path / "d.modified").write_text(
        "grid 2 1\nvertical capacity 1\nhorizontal capacity 1\nnum net 1\na 0 2\n0 0\n1 0\n"
    )
    paths = [str(tmp_path / "d.modified"), "-o", str(tmp_path / "out")]
    code = (
        "import sys; from eda_router.cli import main\n"
        f"assert main(['route', *{paths!r}, '--router', 'maze', '-q']) == 0\n"
        "assert 'numba' in sys.modules and not {'scipy', 'yaml'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_evaluating_needs_no_kernels(tmp_path: Path) -> None:
    code = (
        "import eda_router, eda_router.formats.route_file\n"
        "d = eda_router.Design.from_pins('d', 2, 1, 1, 1, [('a', 0, [(0, 0), (1, 0)])])\n"
        "assert eda_router.verify(d, eda_router.Routes.from_lists([[0]])).legal\n"
    )
    assert not loaded_by("-c", code) & HEAVY


def test_all_names_of_the_package_exist() -> None:
    for name in eda_router.__all__:
        assert getattr(eda_router, name).__name__ == name
    assert set(eda_router.__all__) <= set(dir(eda_router))
    with pytest.raises(AttributeError, match="no_such_name"):
        eda_router.no_such_name  # noqa: B018
