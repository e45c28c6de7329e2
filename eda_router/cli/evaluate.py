"""``edaroute evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eda_router.cli.options import (
    PathType,
    bench_option,
    data_option,
    json_option,
    quiet_option,
    read_design,
    write_json,
)
from eda_router.config import RouteConfig
from eda_router.errors import InputError

if TYPE_CHECKING:
    from eda_router.dataset.samples import Samples


@click.command("evaluate")
@click.argument("model", type=PathType(), required=False)
@data_option("Validation samples made by 'edaroute dataset'.")
@bench_option("States of this design while the teacher routes it.")
@click.option(
    "--full/--first-pass",
    default=False,
    help="With --bench: states of the full ledger, each wave ripped up from the deterministic "
    "router's routes, instead of the ledger as it fills.",
)
@click.option("--count", default=2048, show_default=True, help="Most samples an exit.")
@click.option(
    "--redraws",
    default=RouteConfig.redraws,
    show_default=True,
    help="Most times a net is drawn again where its first drawing fails.",
)
@click.option("--draws", default=8, show_default=True, help="Samples where the first try fails.")
@click.option("--seed", default=1, show_default=True, help="Seed of all choices.")
@click.option("--calibrate", is_flag=True, help="Choose thresholds on these samples and keep them.")
@click.option(
    "--engine", type=click.Choice(["auto", "keras", "openvino"]), default="auto", help="Runs it."
)
@click.option("--threads", default=1, show_default=True, help="Threads of the engine.")
@json_option
@quiet_option
def command(
    model: Path | None,
    data: Path | None,
    bench: Path | None,
    full: bool,
    count: int,
    redraws: int,
    draws: int,
    seed: int,
    calibrate: bool,
    engine: str,
    threads: int,
    json_path: Path | None,
    quiet: bool,
) -> None:
    """Measure every exit of MODEL (default: the bundled one) beside its controls.

    Give --data or --bench. Connected shares are of all samples; costs are over the teacher's, of
    the samples connected. The blank control draws everything, the blind one ignores congestion.

    \b
    Example:
      edaroute evaluate models --bench ibm02.modified
    """
    if (data is None) == (bench is None):
        raise click.UsageError("give --data or --bench")

    from eda_router.dataset.folders import held_out
    from eda_router.files import check_outputs, is_stdout
    from eda_router.neural.engines import load_engine
    from eda_router.neural.model_folder import write_exits
    from eda_router.resources import folder as bundled_folder
    from eda_router.training import evaluate as evaluation

    check_outputs(json_path, inputs=[bench])
    folder = bundled_folder("models") if model is None else model
    loaded = load_engine(folder, engine, threads)  # type: ignore[arg-type]
    if data is not None:
        samples = {size: held_out(data, size, count) for size in loaded.exits}
    elif bench is not None:
        samples = _bench_samples(bench, loaded.exits, full, count, seed)
    report = evaluation.evaluate(
        loaded, samples, draws=draws, redraws=redraws, seed=seed, calibrate=calibrate
    )
    if calibrate:
        chosen = {size: float(row["threshold"]) for size, row in report.items()}
        write_exits(folder, {**loaded.thresholds, **chosen}, loaded.latent)
    if json_path is not None:
        write_json(json_path, {str(size): row for size, row in report.items()})
    if not quiet:
        for line in [*evaluation.table(report), "", *evaluation.kind_table(report)]:
            click.echo(line, err=is_stdout(json_path))


def _bench_samples(
    bench: Path, exits: tuple[int, ...], full: bool, count: int, seed: int
) -> dict[int, Samples]:
    """States of a design as the teacher routes it; of the full ledger where that is asked for."""
    from eda_router.routing.maze import route_maze
    from eda_router.training.evaluate import bench_samples

    design = read_design(bench)
    if not full:
        return bench_samples(design, exits, count, seed, None)
    result = route_maze(design, RouteConfig(seed=seed))
    if result.total_overflow or len(result.unrouted):
        raise InputError(bench, None, "not routed without overflow", "a routable design")
    return bench_samples(design, exits, count, seed, result.routes)
