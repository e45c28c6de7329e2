"""Who may import whom, and what an import costs."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import eda_router
from eda_router.cli import COMMANDS

PACKAGE = Path(eda_router.__file__).parent
NEURAL = {"keras", "tensorflow", "openvino", "jax"}
HEAVY = NEURAL | {"numba", "matplotlib", "scipy", "highspy"}
FLOORS = (
    "errors",
    "numba_cache",
    "kernels",
    "atomics",
    "resources",
    "clock",
    "process",
    "cluster",
    "jobs",
    "files",
    "strict_json",
    "config",
    "layers",
    "design",
    "layered_routes",
    "formats",
    "verification",
    "guide_verification",
    "ispd08_verification",
    "search",
    "proof",
    "neural",
    "routing",
    "synthesis",
    "dataset",
    "training",
    "report",
    "environment",
    "maps",
    "batch",
    "study",
    "compiling",
    "cli",
)
"""The modules and folders of the package; each imports only those before it and itself."""
CHECKER = ("certificate", "checker", "dual_ascent", "heap", "least_trees")
"""What recomputes a bound from prices, in the room of the prover."""
WITHOUT_KERAS = (*FLOORS[: FLOORS.index("neural")], "synthesis", "dataset")


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


def files(*names: str) -> list[Path]:
    """The files of these modules and folders of the package."""
    found = []
    for name in names:
        module = PACKAGE / f"{name}.py"
        found += [module] if module.is_file() else sorted((PACKAGE / name).glob("**/*.py"))
    assert found
    return found


def floor_of(module: str) -> int:
    return FLOORS.index(module.split(".")[1])


def test_every_room_has_its_floor() -> None:
    rooms = {path.stem for path in PACKAGE.glob("*.py")} | {
        path.parent.name for path in PACKAGE.glob("*/__init__.py")
    }
    assert rooms - {"__init__"} == set(FLOORS)


@pytest.mark.parametrize("room", FLOORS)
def test_nothing_imports_what_stands_above_it(room: str) -> None:
    for path in files(room):
        above = {
            name
            for name in imports(path)
            if name.count(".") == 1
            and name.startswith("eda_router.")
            and name != "eda_router.__version__"
            and floor_of(name) > FLOORS.index(room)
        }
        assert not above, path


@pytest.mark.parametrize("path", files(*WITHOUT_KERAS), ids=lambda path: path.name)
def test_the_ground_knows_neither_keras_nor_click(path: Path) -> None:
    assert not imports(path) & (NEURAL | {"click"})


@pytest.mark.parametrize("path", files("search"), ids=lambda path: path.name)
def test_kernels_know_the_grid_and_nothing_else(path: Path) -> None:
    ours = {name for name in imports(path) if name.startswith("eda_router.")}
    assert {name for name in ours if name.count(".") == 1} <= {
        "eda_router.kernels",
        "eda_router.search",
        "eda_router.design",
    }
    assert not ours & {"eda_router.design.Design", "eda_router.design.Routes"}


def test_the_evaluator_knows_no_router() -> None:
    ours = {name for name in imports(PACKAGE / "verification.py") if name.startswith("eda_router.")}
    modules = {name for name in ours if name.count(".") == 1}
    assert modules == {"eda_router.design", "eda_router.errors"}


@pytest.mark.parametrize("name", CHECKER)
def test_the_checker_shares_nothing_with_the_prover(name: str) -> None:
    path = PACKAGE / "proof" / f"{name}.py"
    ours = {found for found in imports(path) if found.startswith("eda_router.")}
    modules = {found for found in ours if found.count(".") == 1} - {"eda_router.proof"}
    assert modules <= {f"eda_router.{n}" for n in ("design", "errors", "files", "kernels")}
    parts = {found for found in ours if found.startswith("eda_router.proof.")}
    assert {found.split(".")[2] for found in parts} <= set(CHECKER)


@pytest.mark.parametrize(
    "path",
    files(*FLOORS[:-1]),
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


def test_the_public_names_need_no_tensorflow_but_for_training() -> None:
    code = (
        "import sys, eda_router\n"
        "for name in sorted({*eda_router.__all__} - {'train'}): getattr(eda_router, name)\n"
        "assert not {'tensorflow', 'keras', 'jax', 'matplotlib'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_opening_samples_needs_no_kernels() -> None:
    code = "from eda_router import dataset; assert callable(dataset.open)"
    assert not loaded_by("-c", code) & HEAVY


def test_all_names_of_the_package_exist() -> None:
    homes = {name: home.partition(":") for name, home in eda_router._HOMES.items()}
    assert set(eda_router.__all__) == set(homes)
    for name, (home, _, other) in homes.items():
        expected = getattr(importlib.import_module(home), other or name)
        assert getattr(eda_router, name) is expected
    assert set(eda_router.__all__) <= set(dir(eda_router))
    with pytest.raises(AttributeError, match="no_such_name"):
        eda_router.no_such_name  # noqa: B018


def test_typing_knows_the_names_as_they_are() -> None:
    """What type checkers read stands beside the table that Python reads."""
    told = set()
    for node in ast.walk(ast.parse((PACKAGE / "__init__.py").read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("eda_router"):
            for alias in node.names:
                other = f":{alias.name}" if alias.asname else ""
                told.add((alias.asname or alias.name, f"{node.module}{other}"))
    told.discard(("find_numba_cache", "eda_router.numba_cache"))
    assert told == set(eda_router._HOMES.items())
