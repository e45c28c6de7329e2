"""One training from its config to a model folder that routes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from eda_router.errors import expect_type
from eda_router.files import check_folder
from eda_router.jobs import Workers
from eda_router.neural.engines import load_engine
from eda_router.neural.model_folder import load_model
from eda_router.training.config import TrainConfig
from eda_router.training.data import TrainingData
from eda_router.training.folder import refuse_used
from eda_router.training.publish import publish
from eda_router.training.trainer import OnEpoch, Trainer, set_up


def train(
    config: TrainConfig,
    folder: str | Path,
    *,
    data: str | Path | None = None,
    resume: bool = False,
    start: str | Path | None = None,
    progress: bool = False,
    on_epoch: OnEpoch | None = None,
) -> dict[int, dict[str, Any]]:
    """Train a model, stage by stage, and make it ready for routing.

    Checkpoints are written after each epoch, so what was interrupted goes on with ``resume``.

    Args:
        config: every switch.
        folder: for the model, its log and its figures; made if missing.
        data: folder of samples; None: they are made in the subfolder ``data``.
        resume: go on from the folder's checkpoint.
        start: folder of a model whose levels are taken over; stages with 0 samples leave them as
            they are.
        progress: show bars on standard error.
        on_epoch: called after each epoch with its record, the validation samples and the maps
            drawn for them.

    Returns:
        The figures of each exit that was trained, by its size in tiles; see
        :func:`eda_router.training.evaluate.evaluate_exit`.

    Raises:
        TypeError: ``config`` is of another type.
        InputError: the folder holds a training and ``resume`` is not asked for, there is nothing to
            resume from, or samples are missing or damaged.

    Example:
        >>> import eda_router
        >>> config = eda_router.TrainConfig(
        ...     sizes=(8,), core_channels=4, core_blocks=1, latent=3, dense=8, samples=(256,),
        ...     pretrain=(0,), epoch=(256,), batch=(16,), validation=32, data_samples=(256,),
        ...     data_source="random", threads=1,
        ... )
        >>> figures = eda_router.train(config, "model")
        >>> list(figures), eda_router.load_model("model").exits
        ([8], (8,))
    """
    expect_type("config", config, TrainConfig)
    folder = Path(folder)
    check_folder(folder)
    if not resume:
        refuse_used(folder)
    threads = config.threads or os.cpu_count() or 1
    samples = TrainingData(
        Path(data or folder / "data"), config, workers=Workers(threads), make=data is None
    )
    set_up(config)
    trainer = Trainer(
        config,
        samples,
        folder,
        resume=resume,
        start=None if start is None else load_model(start),
        progress=progress,
        on_epoch=on_epoch,
    )
    trainer.run()
    # An exit that was not trained again keeps its threshold.
    known = {} if start is None else load_engine(start).thresholds
    held = {
        size: samples.calibration(size)
        for i, size in enumerate(config.sizes)
        if size not in trainer.passed_over and (size not in known or config.stage("samples", i))
    }
    return publish(folder, held, known=known, threads=threads)
