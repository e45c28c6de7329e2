"""Documents name everything there is and nothing that is not, and give the figures of the data."""

from __future__ import annotations

import functools
import importlib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import eda_router
from eda_router import dataset
from eda_router.cli import COMMANDS, cli
from eda_router.cli.config import SETTINGS
from eda_router.config import load_config

CHECKOUT = Path(__file__).parent.parent
DOCS = CHECKOUT / "docs"
PAGES = sorted(
    [
        *CHECKOUT.glob("*.md"),
        *DOCS.glob("**/*.md"),
        *(CHECKOUT / folder / "README.md" for folder in ("data", "models")),
        *CHECKOUT.glob("eda_router/**/README.md"),
    ]
)
CONTEXT = click.Context(cli, info_name="edaroute")
ROOTS = (CHECKOUT, CHECKOUT / "eda_router")
"""Where a path that a page names may start, beside the page's own folder."""

FILE = re.compile(r"[\w./-]+(?:\.(?:py|md|yaml|jsonl|toml|png|keras|bin)|/)")
OPTION = re.compile(r"--[a-z][a-z-]*")


def command_of(name: str) -> click.Command:
    command = cli.get_command(CONTEXT, name)
    assert command is not None
    return command


def options_of(name: str) -> set[str]:
    return {opt for p in command_of(name).params for opt in (*p.opts, *p.secondary_opts)}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_explains_itself(name: str) -> None:
    command = command_of(name)
    assert command.help
    assert "Example:" in command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.help.rstrip("]").rstrip()[-1] in ".:;" or "[default" in parameter.help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_with_a_config_file_has_a_template(name: str) -> None:
    takes_config = any(parameter.name == "config_path" for parameter in command_of(name).params)
    assert takes_config == (name in SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_template_holds_the_defaults(name: str, tmp_path: Path) -> None:
    run = CliRunner().invoke(cli, ["config", name])
    assert run.exit_code == 0
    path = tmp_path / "template.yaml"
    path.write_text(run.output)
    module, attribute = SETTINGS[name].split(":")
    settings = getattr(importlib.import_module(module), attribute)
    assert load_config(settings, path) == settings()


def code_of(text: str) -> list[str]:
    """What a page shows as code: in backticks, and on indented or fenced lines."""
    fences = re.findall(r"^```[^`\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^    (.*)$", text, re.MULTILINE)
    lines += [line for fence in fences for line in fence.splitlines()]
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    return [*lines, *spans]


def ids(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings]


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_command_is_one_and_takes_its_options(page: Path) -> None:
    for code in code_of(page.read_text()):
        _, found, call = code.partition("edaroute ")
        words = shlex.split(call.partition("#")[0]) if found else []
        if not words or words[0] not in COMMANDS:
            assert not re.match(r"edaroute [a-z]+ [^=]", code), code
            continue
        assert {word for word in words if OPTION.fullmatch(word)} <= options_of(words[0]), code


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_option_is_one_of_a_command_or_a_script(page: Path) -> None:
    known = {option for name in COMMANDS for option in options_of(name)} | {"--help", "--version"}
    for script in CHECKOUT.glob("scripts/*.py"):
        known |= set(OPTION.findall(script.read_text()))
    for code in code_of(page.read_text()):
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", code)) <= known, code


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_script_and_target_is_there_and_takes_its_options(page: Path) -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    for code in code_of(page.read_text()):
        for target in re.findall(r"\bmake ([a-z ]+)", code):
            for name in target.split():
                assert f"\n{name}:" in makefile, code
        if match := re.search(r"python (scripts/\w+\.py)(.*)", code):
            source = (CHECKOUT / match[1]).read_text()
            if "measuring_parser" in source:
                source += (CHECKOUT / "scripts" / "runs.py").read_text()
            for option in OPTION.findall(match[2]):
                assert f'"{option}"' in source, code


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_file_and_module_is_there(page: Path) -> None:
    places = (page.parent, page.parent.parent, *ROOTS)
    for code in code_of(page.read_text()):
        if FILE.fullmatch(code) or re.match(r"(eda_router|scripts|tests|docs|models|data)/", code):
            path = code.split()[0]
            assert any((place / path).exists() for place in places), code
        for module in re.findall(r"\beda_router(?:\.\w+)+", code):
            assert module_exists(module), module


def module_exists(name: str) -> bool:
    """Whether a dotted name is a module of the package, or a name that one of them has."""
    _, first, *rest = name.split(".")
    if first in eda_router.__all__ and first != "dataset":
        functools.reduce(getattr, [first, *rest], eda_router)
        return True
    *parents, last = name.split(".")
    for path in (CHECKOUT.joinpath(*parents, last), CHECKOUT.joinpath(*parents)):
        file = (
            path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
        )
        if file.is_file():
            return path.name == last or re.search(rf"\b{last}\b", file.read_text()) is not None
    return False


def rewritten(script: str, *options: str) -> None:
    subprocess.run(
        [sys.executable, CHECKOUT / "scripts" / script, *options], check=True, capture_output=True
    )


@pytest.mark.parametrize(
    ("script", "document"),
    [
        ("benchmark.py", "benchmark.md"),
        ("benchmark_neural.py", "benchmark_neural.md"),
        ("waves.py", "waves.md"),
        ("benchmark_lefdef.py", "designs.md"),
    ],
)
def test_documents_give_the_figures_measured(tmp_path: Path, script: str, document: str) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra 'viz'")
    shutil.copytree(DOCS / "measured", tmp_path / "measured")
    rewritten(script, "--rewrite", "--out", str(tmp_path))
    assert (tmp_path / document).read_text() == (DOCS / document).read_text(), "run make docs"
    for data in (tmp_path / "measured").iterdir():
        assert data.read_text() == (DOCS / "measured" / data.name).read_text()


def test_the_card_of_the_model_gives_the_figures_measured(tmp_path: Path) -> None:
    for name in ("README.md", "metrics.json"):
        shutil.copy(CHECKOUT / "models" / name, tmp_path / name)
    rewritten("model_card.py", "--rewrite", "--model", str(tmp_path))
    assert (tmp_path / "README.md").read_text() == (CHECKOUT / "models/README.md").read_text()


def test_the_references_are_those_of_the_commands_and_of_the_library(tmp_path: Path) -> None:
    rewritten("document.py", "--out", str(tmp_path))
    for name in ("cli.md", "api.md"):
        assert (tmp_path / name).read_text() == (DOCS / name).read_text(), "run make docs"


def test_the_pages_hold_every_document_and_every_name_of_the_library(tmp_path: Path) -> None:
    for name in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(name, reason="pages need the extra 'docs'")
    # Strictly: a dead link, a page that the index leads to nowhere, or bad markup is an error.
    made = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-W",
            "--keep-going",
            "-c",
            DOCS,
            CHECKOUT,
            tmp_path,
        ],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    pages = {path.relative_to(tmp_path).with_suffix(".md") for path in tmp_path.glob("**/*.html")}
    assert {page.relative_to(CHECKOUT) for page in DOCS.glob("*.md")} <= pages
    index = (tmp_path / "docs" / "index.html").read_text()
    assert 'href="tour.html"' in index
    assert 'href="../README.html"' in index
    library = (tmp_path / "docs" / "api.html").read_text()
    names = [name for name in eda_router.__all__ if name != "dataset"]
    for name in [*names, *(f"dataset.{name}" for name in dataset.__all__)]:
        assert f'id="eda_router.{name}"' in library, name
    assert "<strong>expected_demand</strong>" in library  # a setting tells what it means


def test_the_readme_leads_to_the_index() -> None:
    assert "](docs/index.md)" in (CHECKOUT / "README.md").read_text()


def test_the_readme_compares_the_routers_as_measured() -> None:
    said = re.search(
        r"takes ([\d.]+) times the CPU time .*? wirelength is ([+-][\d.]+ %)",
        " ".join((CHECKOUT / "README.md").read_text().split()),
    )
    measured = re.search(
        r"takes ([\d.]+) times the CPU time .*? wirelength is ([+-][\d.]+ %)",
        " ".join((DOCS / "benchmark.md").read_text().split()),
    )
    assert said
    assert measured
    assert said.groups() == measured.groups()
