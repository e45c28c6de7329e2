"""The study: named variants of one training, side by side on the same data and budget.

A variant is a set of changes to one base config; there is one trainer. Results are kept variant by
variant, so an interrupted study goes on where it was.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from eda_router.neural.engines import KerasEngine, load_model, write_exits
from eda_router.training.config import TrainConfig
from eda_router.training.data import TrainingData
from eda_router.training.evaluate import evaluate_exit, latent_use
from eda_router.training.samples import Samples
from eda_router.training.trainer import Trainer
from eda_router.training.variants import VARIANTS


@dataclasses.dataclass(frozen=True)
class Row:
    """One variant, one seed, one exit.

    Attributes:
        variant: its name.
        seed: of the training.
        size: of the exit's windows.
        parameters: of the whole model.
        seconds: of the whole training.
        loss: the last validation loss of the exit, in nats a sample.
        threshold: chosen on validation samples.
        connected: share connected at the first try.
        ink: tiles drawn over tiles of the trees.
        cost: of the trees over the teacher's.
        blank_cost: the same where everything is drawn.
        blind_cost: the same of trees that ignore congestion.
        kl: of the latent's posterior from its prior, in nats.
    """

    variant: str
    seed: int
    size: int
    parameters: int
    seconds: float
    loss: float
    threshold: float
    connected: float
    ink: float
    cost: float
    blank_cost: float
    blind_cost: float
    kl: float


def run_study(
    base: TrainConfig, data: Path, output: Path, seeds: Sequence[int], names: Sequence[str]
) -> Iterator[list[Row]]:
    """Train and measure each variant with each seed, those that are done already excepted.

    Args:
        base: the config that the variants change.
        data: folder of data sets, see :mod:`eda_router.training.data`.
        output: folder for the results.
        seeds: of the trainings.
        names: of :data:`VARIANTS`.

    Yields:
        the rows of each training, as it is done.
    """
    for name in names:
        for seed in seeds:
            folder = output / _slug(name) / f"seed{seed}"
            done = folder / "rows.json"
            if done.exists():
                yield [Row(**row) for row in json.loads(done.read_text(encoding="utf-8"))]
                continue
            config = dataclasses.replace(base, seed=seed, **VARIANTS[name])
            rows = _run_one(name, config, data, folder)
            done.write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=1))
            yield rows


def _run_one(name: str, config: TrainConfig, data: Path, folder: Path) -> list[Row]:
    samples = TrainingData(data, config)
    began = time.perf_counter()
    Trainer(
        config,
        samples,
        folder,
        resume=(folder / "checkpoint.npz").exists(),
        progress=False,
    ).run()
    seconds = time.perf_counter() - began
    model = load_model(folder)
    write_exits(folder, dict.fromkeys(config.sizes, 0.1), config.latent)
    facts = {"exits": config.sizes, "thresholds": dict.fromkeys(config.sizes, 0.1)}
    engine = KerasEngine(folder, {**facts, "latent": config.latent}, config.threads or 1)
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    losses: Mapping[int, float] = {record["size"]: record["loss"] for record in log}
    rows = []
    for size in config.sizes:
        held = samples[size].validation
        figures = evaluate_exit(engine, held, draws=1, calibrate=True)
        few = Samples(held.states[:256], held.labels[:256])
        rows.append(
            Row(
                variant=name,
                seed=config.seed,
                size=size,
                parameters=model.count_params(),
                seconds=round(seconds, 1),
                loss=losses[size],
                threshold=figures["threshold"],
                connected=figures["connected"],
                ink=figures["ink"],
                cost=figures["cost"],
                blank_cost=figures["blank"]["cost"],
                blind_cost=figures["blind_cost"],
                kl=latent_use(model, few)["kl"] if config.latent else 0.0,
            )
        )
    return rows


def write_report(rows: Sequence[Row], output: Path, budget: str) -> None:
    """Write ``study.csv`` and ``study.md``: for each exit the variants, means over the seeds."""
    output.mkdir(parents=True, exist_ok=True)
    names = [field.name for field in dataclasses.fields(Row)]
    with open(output / "study.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(dataclasses.asdict(row) for row in rows)
    lines = ["# Study", "", f"Budget of each training: {budget}", ""]
    for size in sorted({row.size for row in rows}):
        lines += [
            f"## Exit {size}",
            "",
            "| variant | seeds | connected (least, most) | ink | cost | blank | blind | loss | KL "
            "| parameters | seconds |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        for name in dict.fromkeys(row.variant for row in rows):
            lines.append(_line(name, [r for r in rows if r.variant == name and r.size == size]))
        lines.append("")
    (output / "study.md").write_text("\n".join(lines), encoding="utf-8")


def _line(name: str, rows: Sequence[Row]) -> str:
    def mean(field: str) -> float:
        return float(sum(getattr(row, field) for row in rows)) / len(rows)

    least, most = min(r.connected for r in rows), max(r.connected for r in rows)
    return (
        f"| {name} | {len(rows)} | {mean('connected'):.4f} ({least:.4f}, {most:.4f}) "
        f"| {mean('ink'):.3f} | {mean('cost'):.4f} | {mean('blank_cost'):.4f} "
        f"| {mean('blind_cost'):.4f} | {mean('loss'):.3f} | {mean('kl'):.3f} "
        f"| {rows[0].parameters} | {mean('seconds'):.0f} |"
    )


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower()).strip("-")
