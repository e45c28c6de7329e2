"""``edaroute synth``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eda_router.cli.options import settings_from, settings_options
from eda_router.synthesis.designs import SynthConfig


@click.command("synth")
@click.argument("output", type=click.Path(path_type=Path))
@settings_options(SynthConfig)
def command(output: Path, config_path: Path | None, quiet: bool, **options: Any) -> None:
    """Write a synthetic placed design to OUTPUT, gzipped if that ends with .gz.

    The same options give the same file, byte for byte.

    \b
    Example:
      edaroute synth small.modified --width 32 --height 32 --nets 3000 --seed 7
    """
    config = settings_from(SynthConfig, config_path, options)

    from eda_router.files import check_outputs, is_stdout
    from eda_router.report.statistics import design_lines, design_values
    from eda_router.synthesis import designs

    check_outputs(output, inputs=[config_path])
    design = designs.write(config, output)
    if not quiet and not is_stdout(output):
        for line in design_lines(design_values(design)):
            click.echo(line)
        click.echo(f"written    {output}")
