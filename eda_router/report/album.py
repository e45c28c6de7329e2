"""What a training looks like while it runs: drawings of each epoch, curves, TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eda_router.neural.tensors import free_tracks, pin_tiles
from eda_router.report.curves import drawings_figure, write_curves
from eda_router.report.plots import rasterise, save_figure

if TYPE_CHECKING:
    from eda_router.dataset.samples import Samples

SHOWN = 8
"""Windows in a picture."""


class Album:
    """Keeps pictures of a training in its folder; give it to the trainer as ``on_epoch``.

    After each epoch it writes ``drawings/<stage>-<size>-<samples seen>.png``, always of the same
    validation windows of a stage, and ``curves.png`` anew. Where TensorBoard is installed, figures
    and pictures go to ``tensorboard/`` too.

    Args:
        folder: of the training, with its ``log.jsonl``.
        shown: windows in a picture.
    """

    def __init__(self, folder: Path, shown: int = SHOWN):
        self.folder = folder
        self.shown = shown
        self._writer: Any = None
        if find_spec("tensorboard") is not None:
            import tensorflow as tf

            self._writer = tf.summary.create_file_writer(str(folder / "tensorboard"))

    def __call__(
        self, record: Mapping[str, Any], samples: Samples, maps: NDArray[np.float32]
    ) -> None:
        """Add an epoch; see :class:`eda_router.training.trainer.OnEpoch`."""
        chosen = _varied(pin_tiles(samples.states).sum(axis=(1, 2)), self.shown)
        states = samples.states[chosen]
        qualities = record["validation"]
        threshold = qualities[len(qualities) // 2]["threshold"] if qualities else 0.5
        figure = drawings_figure(
            free_tracks(states), pin_tiles(states), samples.labels[chosen], maps[chosen], threshold
        )
        drawings = self.folder / "drawings"
        drawings.mkdir(parents=True, exist_ok=True)
        stage, size, seen = record["stage"], record["size"], record["seen"]
        save_figure(figure, drawings / f"{stage}-{size}x{size}-{seen:09d}.png", dpi=80)
        write_curves(self.folder)
        if self._writer is not None:
            self._log(record, rasterise(figure, 80))

    def _log(self, record: Mapping[str, Any], picture: NDArray[np.uint8]) -> None:
        import tensorflow as tf

        name = f"{record['stage']}-{record['size']}x{record['size']}"
        with self._writer.as_default(step=record["seen"]):
            tf.summary.scalar(f"{name}/loss", record["loss"])
            for part, value in record["training"].items():
                tf.summary.scalar(f"{name}/training/{part}", value)
            for quality in record["validation"]:
                for figure in ("connected", "ink", "cost"):
                    tf.summary.scalar(
                        f"{name}/{figure} at {quality['threshold']:g}", quality[figure]
                    )
            tf.summary.image(f"{name}/drawings", picture[None])
        self._writer.flush()


def _varied(pins: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """Numbers of up to ``count`` windows, from the fewest pins to the most."""
    order = np.argsort(pins, kind="stable")
    places = np.linspace(0, len(order) - 1, min(count, len(order)))
    chosen: NDArray[np.int64] = order[np.rint(places).astype(np.int64)]
    return chosen
