"""The study's pictures: overviews, curves and galleries, from its figures and models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eda_router.dataset.folders import held_out
from eda_router.dataset.teacher import tree_mask
from eda_router.neural.tensors import free_tracks, images, pin_tiles
from eda_router.report.plots import save_figure
from eda_router.report.study_plots import gallery_figure, learning_figure, overview_figure
from eda_router.study.curves import Curves
from eda_router.study.measure import Row, ink_limit
from eda_router.study.report import (
    by_seed,
    comparisons,
    curves_name,
    default_of,
    gallery_name,
    overview_name,
    shown_sizes,
)
from eda_router.study.trainings import HALF, TRAINED, Study, study_engine
from eda_router.study.variants import GROUPS, VARIANTS

GALLERY = 4
"""Nets in a gallery."""

DPI = 90


def write_overviews(rows: Sequence[Row], output: Path) -> None:
    """Draw the shares connected of all variants of each group.

    Args:
        rows: of the trainings.
        output: folder of the report, for ``pictures/<size>-all.png``.
    """
    for group in GROUPS:
        own = [row for row in rows if row.group == group]
        for size in shown_sizes(own):
            at_size = [row for row in own if row.size == size]
            names = list(dict.fromkeys(row.variant for row in at_size))
            default = default_of(names)
            shares = {n: by_seed([r for r in at_size if r.variant == n], "even") for n in names}
            blocks = {
                title: {n: shares[n] for n in chosen if VARIANTS[n].row == title}
                for title, chosen in comparisons(names).items()
            }
            figure = overview_figure(
                f"Exit {size}: share connected at ink {ink_limit(size):g}",
                blocks,
                (default, shares[default]) if default is not None else None,
            )
            save_figure(figure, output / overview_name(size), dpi=DPI)


def write_curves(rows: Sequence[Row], curves: Sequence[Curves], output: Path) -> None:
    """Draw how the variants of each group and row learn, beside the group's default.

    A picture that is there and shows variants whose curves are not at hand stays.

    Args:
        rows: all that are kept.
        curves: of the variants that were measured now.
        output: folder of the report, for ``pictures/<size>-<row>.png``.
    """
    for group in GROUPS:
        own = [row for row in rows if row.group == group]
        known = [row for row in own if VARIANTS[row.variant].views == 1]
        for size in shown_sizes(own):
            found = {c.variant: c for c in curves if c.size == size}
            shown = list(dict.fromkeys(row.variant for row in known if row.size == size))
            for title, names in comparisons(shown).items():
                path = output / curves_name(size, title)
                at_hand = [name for name in names if name in found]
                if len(at_hand) > 1 and (at_hand == names or not path.exists()):
                    figure = learning_figure(
                        f"{title}, exit {size}",
                        {name: found[name].seeds for name in at_hand},
                        ink_limit(size),
                    )
                    save_figure(figure, path, dpi=DPI)


def write_galleries(study: Study, rows: Sequence[Row], output: Path) -> None:
    """Draw the same nets by every variant of each group, at its last size, with the first seed.

    A picture that is there stays where a training that it shows is not at hand.

    Args:
        study: its samples and trainings.
        rows: of the trainings, for the thresholds.
        output: folder of the report, for ``pictures/<size>-nets.png``.
    """
    for group in GROUPS:
        own = [row for row in rows if row.group == group]
        if not own:
            continue
        size = max(row.size for row in own)
        seed = min(row.seed for row in own)
        named = {row.variant: row for row in own if row.size == size and row.seed == seed}
        places = {name: study.trained_folder(name, seed) for name in named}
        shown = [row for name, row in named.items() if (places[name] / TRAINED).exists()]
        path = output / gallery_name(size)
        if not shown or (len(shown) < len(named) and path.exists()):
            continue
        samples = held_out(study.data, size, 4 * GALLERY)
        pins = pin_tiles(samples.states)
        # From two pins to many, so that the columns show what is easy and what is hard.
        order = np.argsort(pins.sum(axis=(1, 2)), kind="stable")
        chosen = order[np.linspace(0, len(order) - 1, GALLERY).astype(int)]
        states = samples.states[chosen]
        drawings = {"the teacher": tree_mask(samples.labels[chosen]).astype(np.float32)}
        thresholds = {"the teacher": HALF}
        for row in shown:
            config = study.config(row.variant, seed)
            engine = study_engine(row.variant, config, places[row.variant])
            drawings[row.variant] = engine.draw(images(states))[..., 0]
            thresholds[row.variant] = row.threshold
        figure = gallery_figure(free_tracks(states), pins[chosen], drawings, thresholds)
        save_figure(figure, path, dpi=DPI)
