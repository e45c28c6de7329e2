"""``edaroute evaluate``."""

from __future__ import annotations

from pathlib import Path

import click

from eda_router.cli.options import json_option, quiet_option, write_json
from eda_router.config import RouteConfig
from eda_router.errors import InputError


@click.command("evaluate")
@click.argument("model", type=click.Path(path_type=Path), required=False)
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Validation samples made by 'edaroute dataset'.",
)
@click.option(
    "--bench",
    type=click.Path(path_type=Path),
    metavar="DESIGN",
    help="States of this design while the teacher routes it.",
)
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
    help="Most times a net is drawn again by waypoints where its first drawing fails.",
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

    from eda_router.neural.engines import load_engine, write_exits
    from eda_router.resources import folder as bundled_folder
    from eda_router.training import evaluate as measure

    folder = bundled_folder("models") if model is None else model
    loaded = load_engine(folder, engine, threads)  # type: ignore[arg-type]
    if data is not None:
        from eda_router.dataset.folders import held_out

        samples = {size: held_out(data, size, count) for size in loaded.exits}
    else:
        from eda_router.formats import ispd98
        from eda_router.resources import find_design

        assert bench is not None
        design = ispd98.read(find_design(bench))
        routes = None
        if full:
            from eda_router.routing.maze import route_maze

            result = route_maze(design, RouteConfig(seed=seed))
            if result.total_overflow or len(result.unrouted):
                raise InputError(bench, None, "not routed without overflow", "a routable design")
            routes = result.routes
        samples = measure.bench_samples(design, loaded.exits, count, seed, routes)
    report = measure.evaluate(
        loaded, samples, draws=draws, redraws=redraws, seed=seed, calibrate=calibrate
    )
    if calibrate:
        chosen = {size: float(row["threshold"]) for size, row in report.items()}
        write_exits(folder, {**loaded.thresholds, **chosen}, loaded.latent)
    if json_path is not None:
        write_json(json_path, {str(size): row for size, row in report.items()})
    if not quiet:
        for line in [*measure.table(report), "", *measure.kind_table(report)]:
            click.echo(line, err=str(json_path) == "-")
