"""``edaroute convert``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import DesignSource, design_arguments, output_option, quiet_option


@click.command("convert")
@design_arguments
@output_option(
    "File to write: the ISPD 2008 format if the design has layers, else ISPD98; gzipped for .gz.  "
    "[default: the design's name and .gr or .modified]"
)
@quiet_option
def command(source: DesignSource, output: Path | None, quiet: bool) -> None:
    """Write the routing grid and the nets of the design BENCH as a file of a routing contest.

    A design with layers becomes ISPD 2008, where each wire is one unit wide and one apart, so
    that capacities are twice the tracks; a pin lies in the one GCell to which it is routed.

    \b
    Example:
      edaroute convert gcd.def --lef tech.lef --lef cells.lef -o gcd.gr
    """
    from eda_router.files import check_outputs, is_stdout
    from eda_router.formats import write

    design = source.read(output)
    target = output or Path(design.name + (".modified" if design.layers is None else ".gr"))
    check_outputs(target, inputs=source.files)
    write(design, target)
    if not quiet and not is_stdout(target):
        click.echo(f"written    {target}")
