"""``edaroute synth``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from eda_router.cli.options import PathType, settings_from, settings_options
from eda_router.synthesis.designs import SynthConfig


@click.command("synth")
@click.argument("output", type=PathType())
@settings_options(SynthConfig)
def command(output: Path, config_path: Path | None, quiet: bool, **options: Any) -> None:
    """Write a synthetic placed design to OUTPUT, gzipped if that ends with .gz.

    A name that ends with .def or .def.gz makes it a chip of cells in DEF, with its LEF beside it;
    any other a design on tiles in the ISPD98 format. The same options give the same files, byte
    for byte.

    \b
    Example:
      edaroute synth small.modified --width 32 --height 32 --nets 3000 --seed 7
      edaroute synth small.def --width 24 --height 24 --nets 1500
    """
    config = settings_from(SynthConfig, config_path, options)
    chip = output.name.removesuffix(".gz").endswith(".def")

    from eda_router.files import check_outputs, is_stdout
    from eda_router.report.statistics import design_lines, design_values

    if chip:
        from eda_router.synthesis.chip import lef_path, write

        outputs = [output, lef_path(output)]
    else:
        from eda_router.synthesis.designs import write

        outputs = [output]
    check_outputs(*outputs, inputs=[config_path])
    design = write(config, output)
    if not quiet and not is_stdout(output):
        for line in design_lines(design_values(design)):
            click.echo(line)
        click.echo(f"written    {', '.join(map(str, outputs))}")
