"""What a trained model is worth: figures of every exit beside controls.

Two controls stand beside the model on the same states. *Blank*: every tile and edge drawn, so the
extraction routes, not the model. *Blind*: the teacher's tree where every open edge costs the same.
A model that sees congestion is cheaper than both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eda_router.config import RouteConfig
from eda_router.dataset.replay import bench_waves
from eda_router.dataset.samples import Samples
from eda_router.dataset.teacher import edge_costs, label, label_costs, tree_edges
from eda_router.design import Design, Routes
from eda_router.neural.decode import decode
from eda_router.neural.drawer import Drawer, Drawing, FrozenWave, Maps
from eda_router.neural.engines import Engine
from eda_router.neural.extract import Extraction
from eda_router.neural.tensors import MAX_FREE, StateArray, encode, free_tracks, pin_tiles
from eda_router.neural.windows import Windows
from eda_router.training.measure import (
    choose_threshold,
    draw_all,
    quality,
    sweep,
)

INK_LIMITS = {8: 1.15, 16: 1.2, 32: 1.3, 64: 1.4}
"""Most ink that calibration allows an exit; further exits have the last one's."""

KINDS = ("straight", "L", "detour", "3 pins", "4-5 pins", "6+ pins")


def kinds(samples: Samples) -> NDArray[np.int64]:
    """Index into :data:`KINDS` for each sample, by its pins and the teacher's tree."""
    pins = pin_tiles(samples.states)
    count = pins.sum(axis=(1, 2))
    rows, columns = np.any(pins, axis=2), np.any(pins, axis=1)
    spread = _extent(rows) + _extent(columns)
    length = tree_edges(samples.labels).sum(axis=(1, 2, 3))
    straight = (_extent(rows) == 0) | (_extent(columns) == 0)
    two = np.where(length > spread, 2, np.where(straight, 0, 1))
    return np.select([count <= 2, count == 3, count <= 5], [two, 3, 4], 5).astype(np.int64)


def _extent(present: Any) -> Any:
    last = present.shape[1] - 1 - np.argmax(present[:, ::-1], axis=1)
    return last - np.argmax(present, axis=1)


def blind_costs(states: StateArray) -> NDArray[np.int64]:
    """Price, on the real states, of the teacher's trees drawn as if every open edge cost 1."""
    free = free_tracks(states)
    opened = np.where(free > 0, MAX_FREE, 0)
    blind = encode(opened[..., 1], opened[..., 0], pin_tiles(states))
    labels, _ = label(blind)
    return label_costs(states, labels)


def bench_samples(
    design: Design,
    sizes: tuple[int, ...],
    most: int,
    seed: int,
    routes: Routes | None = None,
) -> dict[int, Samples]:
    """States of a benchmark, at most ``most`` for each size, chosen at random.

    Args:
        design: the benchmark.
        sizes: of the exits.
        most: samples for each.
        seed: of the choice.
        routes: legal wires of all nets for states of the full ledger; None for those of a first
            pass (:func:`eda_router.dataset.replay.bench_waves`).

    Returns:
        by size: states and labels, uint8 ``(count, size, size)``; sizes without any are left out.

    Example:
        >>> import eda_router
        >>> samples = eda_router.bench_samples(eda_router.read("synth-tiny"), (8, 16), 50, seed=1)
        >>> samples[8].states.shape, samples[8].labels.dtype
        ((50, 8, 8), dtype('uint8'))
    """
    found: dict[int, list[tuple[StateArray, StateArray]]] = {size: [] for size in sizes}
    for wave in bench_waves(design, routes, sizes=sizes):
        found[wave.size].append((wave.states[wave.ok], wave.labels[wave.ok]))
    generator = np.random.Generator(np.random.PCG64(seed))
    samples = {}
    for size, parts in found.items():
        if not parts:
            continue
        states = np.concatenate([part[0] for part in parts])
        labels = np.concatenate([part[1] for part in parts])
        chosen = np.sort(generator.permutation(len(states))[:most])
        samples[size] = Samples(states[chosen], labels[chosen])
    return samples


def evaluate_exit(
    engine: Engine,
    samples: Samples,
    *,
    draws: int = 8,
    redraws: int = RouteConfig.redraws,
    seed: int = 1,
    calibrate: bool = False,
) -> dict[str, Any]:
    """All figures of one exit on samples of its size.

    Args:
        engine: the model.
        samples: states with the teacher's trees.
        draws: drawings taken from the latent where the first one fails.
        redraws: most times a net is drawn again where its first drawing fails.
        seed: of those.
        calibrate: choose the threshold here instead of using the engine's.

    Returns:
        figures by name; shares are of all samples, costs of those that were connected. ``first``
        is the first drawing alone; samples of the latent take its place, not that of further ones.
    """
    size = samples.states.shape[1]
    maps = draw_all(Drawer(engine).draw, samples.states)
    swept = sweep(samples.states, samples.labels, maps)
    threshold = engine.thresholds[size]
    limit = INK_LIMITS.get(size, INK_LIMITS[64])
    if calibrate:
        threshold = choose_threshold(swept, limit).threshold
    first = quality(samples.states, samples.labels, maps, threshold)
    blank = quality(samples.states, samples.labels, np.ones_like(maps), threshold)
    teacher = label_costs(samples.states, samples.labels)
    windows = Windows.of_states(samples.states)
    failed, saved = _sampled(engine, windows, maps, threshold, draws, seed)
    maps, waypoints, numbers = _redrawn(engine, windows, maps, threshold, redraws)
    trees = decode(windows.free, windows.pins, maps, threshold)
    drawn = quality(samples.states, samples.labels, maps, threshold)
    return {
        "samples": len(samples),
        "threshold": threshold,
        "connected": drawn.connected,
        "ink": drawn.ink,
        "taken_ink": drawn.taken_ink,
        "cost": drawn.cost,
        "drawings": float(numbers.mean()),
        "waypoints": float(waypoints.sum() / len(samples)),
        "first": dataclasses.asdict(first),
        "connected_sampled": first.connected + saved / len(samples),
        "saved_by_sampling": saved / max(1, failed),
        "blank": {"connected": blank.connected, "ink": blank.ink, "cost": blank.cost},
        "blind_cost": float(blind_costs(samples.states).sum() / teacher.sum()),
        "kinds": _by_kind(samples, trees, teacher),
        "calibration": [dataclasses.asdict(q) for q in swept],
    }


def _sampled(
    engine: Engine, windows: Windows, maps: Maps, threshold: float, draws: int, seed: int
) -> tuple[int, int]:
    """How many first drawings do not join their pins, and how many of those nets a sample saves."""
    wave = FrozenWave(windows)
    thresholds = {wave.exit.size: threshold}
    Drawer(
        engine, redraws=0, samples=draws, seed=seed, join=False, thresholds=thresholds
    ).route_drawn(wave, windows, maps)
    first, *samples = wave.attempts
    return int((~first.trees.ok).sum()), sum(int(sample.trees.ok[0]) for sample in samples)


def _redrawn(
    engine: Engine, windows: Windows, maps: Maps, threshold: float, redraws: int
) -> tuple[Maps, NDArray[np.bool_], NDArray[np.int64]]:
    """The last drawing of each window after the first one in ``maps``.

    Returns:
        these drawings; bool ``(count, size, size)``, the waypoints they were made with; int64
        ``(count,)``, their numbers, the first drawing's being 1.
    """
    wave = FrozenWave(windows)
    thresholds = {wave.exit.size: threshold}
    Drawer(engine, redraws=redraws, samples=0, join=False, thresholds=thresholds).route_drawn(
        wave, windows, maps
    )
    last, waypoints = maps.copy(), np.zeros_like(windows.pins)
    numbers = np.ones(len(windows), np.int64)
    for attempt in wave.attempts:
        assert isinstance(attempt, Drawing)
        last[attempt.positions] = attempt.maps
        waypoints[attempt.positions] = attempt.waypoints
        numbers[attempt.positions] = attempt.number
    return last, waypoints, numbers


def _by_kind(
    samples: Samples, trees: Extraction, teacher: NDArray[np.int64]
) -> dict[str, dict[str, float]]:
    costs = edge_costs(samples.states, trees.offsets, trees.edges)
    blind = blind_costs(samples.states)
    kind = kinds(samples)
    table = {}
    for number, name in enumerate(KINDS):
        rows = kind == number
        if not rows.any():
            continue
        both = rows & trees.ok
        table[name] = {
            "share": float(rows.mean()),
            "connected": float(trees.ok[rows].mean()),
            "cost": float(costs[both].sum() / max(1, teacher[both].sum())),
            "blind_cost": float(blind[rows].sum() / teacher[rows].sum()),
        }
    return table


def evaluate(
    engine: Engine,
    data: Mapping[int, Samples],
    *,
    draws: int = 8,
    redraws: int = RouteConfig.redraws,
    seed: int = 1,
    calibrate: bool = False,
) -> dict[int, dict[str, Any]]:
    """Measure a model beside its controls: figures of every exit that there are samples for.

    Args:
        engine: the model.
        data: samples with the teacher's trees, by window size in tiles.
        draws, redraws, seed, calibrate: see :func:`evaluate_exit`.

    Returns:
        by exit size what :func:`evaluate_exit` gives.

    Example:
        >>> import eda_router
        >>> design, model = eda_router.read("synth-tiny"), eda_router.load_model()
        >>> samples = eda_router.bench_samples(design, (8,), 100, seed=1)
        >>> figures = eda_router.evaluate(model, samples)
        >>> figures[8]["samples"], figures[8]["connected"] > 0.9
        (100, True)
    """
    return {
        size: evaluate_exit(
            engine, data[size], draws=draws, redraws=redraws, seed=seed, calibrate=calibrate
        )
        for size in (*engine.exits, *engine.further)
        if size in data and len(data[size])
    }


def table(report: Mapping[int, Mapping[str, Any]]) -> list[str]:
    """The report's main figures as a Markdown table."""
    lines = [
        "| exit | samples | threshold | connected | ink | cost | drawings a net "
        "| first drawing: connected | ink | cost | after samples | blank cost | blind cost |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for size, row in report.items():
        first = row["first"]
        lines.append(
            f"| {size} | {row['samples']} | {row['threshold']:g} | {row['connected']:.4f} "
            f"| {row['ink']:.3f} | {row['cost']:.4f} | {row['drawings']:.3f} "
            f"| {first['connected']:.4f} | {first['ink']:.3f} | {first['cost']:.4f} "
            f"| {row['connected_sampled']:.4f} | {row['blank']['cost']:.4f} "
            f"| {row['blind_cost']:.4f} |"
        )
    return lines


def kind_table(report: Mapping[int, Mapping[str, Any]]) -> list[str]:
    """The report's figures by kind of net as a Markdown table."""
    lines = ["| exit | kind | share | connected | cost | blind cost |", "|---|---|---|---|---|---|"]
    for size, row in report.items():
        for kind, figures in row["kinds"].items():
            lines.append(
                f"| {size} | {kind} | {figures['share']:.3f} | {figures['connected']:.4f} "
                f"| {figures['cost']:.4f} | {figures['blind_cost']:.4f} |"
            )
    return lines
