"""From a trained model to a model folder that routes: thresholds, exports, figures."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from eda_router.config import RouteConfig
from eda_router.dataset.samples import Samples
from eda_router.files import write_text
from eda_router.neural.engines import load_engine
from eda_router.neural.exports import export_openvino
from eda_router.neural.model_folder import load_model, write_exits
from eda_router.strict_json import format_rows
from eda_router.training.evaluate import evaluate
from eda_router.training.folder import LOG, METRICS, read_log
from eda_router.training.measure import latent_use
from eda_router.training.quantise import export_int8

ROW_LEVELS = 3
"""Levels of ``metrics.json`` above its rows: part, states, exit."""


def format_metrics(metrics: Mapping[str, Any]) -> str:
    """The text of ``metrics.json``, one row a line."""
    return format_rows(metrics, ROW_LEVELS)


def publish(
    folder: Path,
    held: Mapping[int, Samples],
    *,
    known: Mapping[int, float] | None = None,
    threads: int = 1,
    draws: int = 8,
) -> dict[int, dict[str, Any]]:
    """Calibrate and export the model of a training's folder, and measure it.

    Writes ``exits.json``, the OpenVINO files where OpenVINO is installed, in int8 too where NNCF is
    for what routing draws by default, and ``metrics.json``.

    Args:
        folder: with ``model.keras`` and the training's log.
        held: validation samples for each exit that is to be measured.
        known: thresholds of the others; what is in neither is no exit.
        threads: for the computations.
        draws: drawings sampled where the first one fails.

    Returns:
        the figures of each exit, see :func:`eda_router.training.evaluate.evaluate_exit`.
    """
    model = load_model(folder)
    known = known or {}
    sizes = tuple(size for size in model.config.sizes if size in held or size in known)
    further = model.further if sizes[-1:] == model.config.sizes[-1:] else ()
    assumed = {**dict.fromkeys(sizes, 0.1), **known}
    latent = {size: model.noise(size) for size in (*sizes, *further)}
    if find_spec("openvino") is not None:
        export_openvino(folder)
        if find_spec("nncf") is not None:
            # Further out a drawing gets more ink by it, and saves a quarter of its time.
            largest = RouteConfig.largest_window or max(sizes)
            export_int8(folder, [size for size in sizes if size <= largest])
    write_exits(folder, assumed, {size: latent[size] for size in assumed})
    engine = load_engine(folder, threads=threads)
    report = evaluate(engine, held, draws=draws, calibrate=True)
    for size, row in report.items():
        if latent[size]:
            few = Samples(held[size].states[:512], held[size].labels[:512])
            row["latent"] = latent_use(model, few)
    thresholds = {**assumed, **{size: float(row["threshold"]) for size, row in report.items()}}
    # What a further exit draws is as faint as what the outermost does, whose ring draws it.
    thresholds |= dict.fromkeys(further, thresholds[sizes[-1]])
    write_exits(folder, thresholds, latent, further)
    metrics = {"stages": _stages(folder), "exits": {str(k): v for k, v in report.items()}}
    write_text(folder / METRICS, format_metrics(metrics))
    return report


def _stages(folder: Path) -> dict[str, dict[str, Any]]:
    """Samples, seconds and the last validation of each stage, from the log."""
    last: dict[str, dict[str, Any]] = {}
    for record in read_log(folder / LOG):
        last[f"{record['stage']}: {record['size']}x{record['size']}"] = {
            "samples": record["seen"],
            "seconds": record["seconds"],
            "loss": record["loss"],
        }
    return last
