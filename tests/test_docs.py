"""Documentation names everything there is, and nothing that is not."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from eda_router.cli import COMMANDS, cli
from eda_router.cli.config import SETTINGS
from eda_router.config import load_config

CHECKOUT = Path(__file__).parent.parent
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *CHECKOUT.glob("docs/*.md")]
CONTEXT = click.Context(cli, info_name="edaroute")


def command_of(name: str) -> click.Command:
    command = cli.get_command(CONTEXT, name)
    assert command is not None
    return command


@pytest.mark.parametrize("name", COMMANDS)
def test_the_reference_is_complete(name: str) -> None:
    reference = (CHECKOUT / "docs" / "cli.md").read_text()
    heading = f"## edaroute {name}\n"
    assert heading in reference, "run make docs"
    section = reference.partition(heading)[2].partition("\n## ")[0]
    for parameter in command_of(name).params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[-1] in section, "run make docs"


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_name_only_what_exists(page: Path) -> None:
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target
    for line in re.findall(r"^\s*(?:\$ )?edaroute (.*)$", text, re.MULTILINE):
        words = shlex.split(line.partition("#")[0])
        if not words or words[0].startswith("-"):
            continue
        assert words[0] in COMMANDS, line
        known = {opt for p in command_of(words[0]).params for opt in (*p.opts, *p.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known, line
    makefile = (CHECKOUT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z]+)", text):
        assert f"\n{target}:" in makefile, target
