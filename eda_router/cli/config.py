"""``edaroute config``."""

from __future__ import annotations

import importlib

import click

SETTINGS = {
    "route": "eda_router.cli.options:RouteSettings",
    "verify": "eda_router.formats.lefdef_config:LefDefConfig",
    "info": "eda_router.formats.lefdef_config:LefDefConfig",
    "convert": "eda_router.formats.lefdef_config:LefDefConfig",
    "plot": "eda_router.formats.lefdef_config:LefDefConfig",
    "report": "eda_router.formats.lefdef_config:LefDefConfig",
    "compare": "eda_router.formats.lefdef_config:LefDefConfig",
    "synth": "eda_router.synthesis.designs:SynthConfig",
    "dataset": "eda_router.cli.dataset:DatasetSettings",
    "batch": "eda_router.cli.batch:BatchSettings",
    "maps": "eda_router.cli.maps:MapsSettings",
    "nets": "eda_router.formats.lefdef_config:LefDefConfig",
    "train": "eda_router.training.config:TrainConfig",
    "study": "eda_router.training.config:TrainConfig",
}
"""The commands that take ``--config``, and where their settings class is."""


@click.command("config")
@click.argument("for_command", metavar="COMMAND", type=click.Choice(list(SETTINGS)))
def command(for_command: str) -> None:
    """Print a YAML file with every option of COMMAND at its default, for --config.

    \b
    Example:
      edaroute config route > route.yaml
    """
    from eda_router.config import yaml_template

    module, name = SETTINGS[for_command].split(":")
    click.echo(yaml_template(getattr(importlib.import_module(module), name)), nl=False)
