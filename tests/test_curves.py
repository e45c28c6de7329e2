"""Pictures of a training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eda_router.errors import InputError

pytest.importorskip("matplotlib", reason="pictures need the extra 'viz'")

from eda_router.report.curves import (
    curves_figure,
    drawings_figure,
    frame_tiles,
    write_curves,
)
from eda_router.report.palette import LIGHT
from eda_router.report.plots import new_figure, save_figure
from eda_router.training.folder import read_log


def records() -> list[dict[str, Any]]:
    """Two epochs at 8, two at 16, one of both together."""
    return [
        {
            "stage": stage,
            "size": size,
            "seen": 100 * epoch,
            "seconds": 1.5 * epoch,
            "loss": 3.0 / epoch,
            "training": {"loss": 3.0},
            "validation": [
                {"threshold": t, "connected": 0.9 + t / 10, "ink": 1.5, "cost": 1.01}
                for t in (0.1, 0.3, 0.5)
            ],
        }
        for stage, size, epoch in ((0, 8, 1), (0, 8, 2), (1, 16, 1), (1, 16, 2), (2, 16, 1))
    ]


def test_every_stage_has_its_line() -> None:
    figure = curves_figure(records())
    loss, connected, ink, _ = figure.axes
    assert [line.get_label() for line in loss.lines] == ["8×8", "16×16", "16×16 joint"]
    assert loss.lines[0].get_xydata().tolist() == [[100, 3.0], [200, 1.5]]
    assert [line.get_ydata()[0] for line in connected.lines[:2]] == pytest.approx([0.91, 0.95])
    assert "0.1 solid, 0.5 dashed" in connected.get_title(loc="right")
    assert ink.lines[0].get_ydata().tolist() == [1.5, 1.5]


@pytest.mark.parametrize("some", [[], records()[:1]], ids=["none", "one"])
def test_few_records_draw(some: list[dict[str, Any]], tmp_path: Path) -> None:
    save_figure(curves_figure(some), tmp_path / "c.png", dpi=40)
    assert (tmp_path / "c.png").stat().st_size > 1000


def test_values_that_were_not_measured_leave_a_gap() -> None:
    log = records()
    log[0]["validation"][1]["ink"] = None
    log[1]["validation"][1]["ink"] = float("nan")
    assert np.isnan(curves_figure(log).axes[2].lines[0].get_ydata()).all()


def test_curves_stand_beside_their_log(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records()))
    write_curves(tmp_path)
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"stage": 0}'])
def test_a_broken_log_is_named_with_its_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(json.dumps(records()[0]) + "\n" + line + "\n")
    with pytest.raises(InputError, match=r"log\.jsonl:2: no record of an epoch"):
        read_log(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_log(tmp_path / "missing")


def test_the_frame_goes_round_the_mask() -> None:
    mask = np.zeros((4, 4), bool)
    mask[1, 1:3] = True
    axes = new_figure(2, 2).add_subplot()
    frame_tiles(axes, mask, LIGHT)
    segments = axes.collections[0].get_segments()
    assert len(segments) == 6
    corners = np.concatenate(segments)
    assert corners.min(axis=0).tolist() == [0.5, 0.5]
    assert corners.max(axis=0).tolist() == [2.5, 1.5]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_drawings_beside_what_they_should_be(count: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    free = rng.integers(0, 9, (count, 8, 8, 2)).astype(np.uint8)
    pins = rng.random((count, 8, 8)) < 0.05
    labels = (rng.random((count, 8, 8)) < 0.2).astype(np.uint8) * 4
    maps = rng.random((count, 8, 8, 3)).astype(np.float32)
    figure = drawings_figure(free, pins, labels, maps, 0.3)
    assert len(figure.axes) == 3 * count
    save_figure(figure, tmp_path / "d.png", dpi=40)
    if count:
        shades = figure.axes[count].images[0].get_array()
        np.testing.assert_allclose(np.asarray(shades), maps[0, ..., 0])


def test_an_album_grows_with_each_epoch(tmp_path: Path) -> None:
    from eda_router.dataset.samples import Samples
    from eda_router.report.album import Album

    pytest.importorskip("tensorflow")
    rng = np.random.default_rng(4)
    samples = Samples(
        rng.integers(0, 162, (20, 8, 8)).astype(np.uint8),
        rng.integers(0, 8, (20, 8, 8)).astype(np.uint8),
    )
    album = Album(tmp_path, shown=3)
    for number, record in enumerate(records()[:2], 1):
        with open(tmp_path / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        album(record, samples, rng.random((20, 8, 8, 3)).astype(np.float32))
        assert len(list((tmp_path / "drawings").iterdir())) == number
    assert (tmp_path / "drawings" / "0-8x8-000000200.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "curves.png").exists()
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(str(tmp_path / "tensorboard"))
    log.Reload()
    kept = log.Tags()["tensors"]
    assert {"0-8x8/drawings", "0-8x8/loss", "0-8x8/connected at 0.3"} <= set(kept)
    assert [event.step for event in log.Tensors("0-8x8/loss")] == [100, 200]
