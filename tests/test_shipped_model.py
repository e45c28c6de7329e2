"""The weights in ``models/``: sound, equal in both engines, and as good as their card says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from eda_router.config import RouteConfig
from eda_router.dataset.samples import VALIDATION_SHARD, SampleConfig, make_samples
from eda_router.dataset.teacher import edge_costs, label_costs
from eda_router.neural import engines
from eda_router.neural.decode import decode
from eda_router.neural.drawer import Drawer
from eda_router.neural.engines import INT8_OUTLIERS, TOLERANCE, load_engine, processor_has_bfloat16
from eda_router.neural.model import edges_of_tiles
from eda_router.neural.model_folder import exit_file, load_model
from eda_router.neural.plans import doubtful_trees, halve, tree_tiles
from eda_router.neural.tensors import free_tracks, images, pin_tiles
from eda_router.neural.windows import Windows
from eda_router.resources import folder
from eda_router.training.evaluate import evaluate_exit
from eda_router.training.measure import draw_all, latent_use, quality

MODELS = folder("models")
SIZES = tuple(json.loads((MODELS / "exits.json").read_text())["exits"])

# Lower bounds on connected, upper on ink and on cost over the teacher's, a little looser than the
# card's figures because these are few samples.
BOUNDS = {8: (0.99, 1.1, 1.02), 16: (0.98, 1.25, 1.03)}

CROSSING = 0.003
"""Share of what is drawn or not that may be otherwise where the network computes in fewer bits."""


@pytest.fixture(scope="module")
def samples():
    """States that no training saw: another seed, and validation shards."""
    ledger = SampleConfig(source="ledger", shard_samples=256, seed=20)
    # Ledgers of designs with wide nets take long to fill.
    wide = SampleConfig(source="random", shard_samples=40, seed=20)
    return {
        size: make_samples(ledger if size in BOUNDS else wide, VALIDATION_SHARD, size)
        for size in SIZES
    }


@pytest.fixture(scope="module")
def keras_model():
    return load_model(MODELS)


def has(precision):
    """Whether this processor and this installation can compute in it."""
    pytest.importorskip("openvino")
    return precision != "bfloat16" or processor_has_bfloat16()


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
@pytest.mark.parametrize("size", SIZES)
def test_fewer_bits_draw_what_float32_draws(size, samples, precision):
    if not has(precision):
        pytest.skip(f"this processor has no {precision}")
    if precision == "int8" and not (MODELS / exit_file(size, "int8")).exists():
        assert size > RouteConfig.largest_window, "what the default draws has int8"
        return
    full = load_engine(MODELS, "openvino")
    lean = load_engine(MODELS, "openvino", precision=precision)
    batch = images(samples[size].states[:256])
    drawn, again = full.draw(batch), lean.draw(batch)
    apart = np.sort(np.abs(drawn - again), axis=None)[::-1]
    outliers = apart.size // INT8_OUTLIERS if precision == "int8" else 0
    assert 0 < apart[outliers] <= TOLERANCE[precision]
    assert np.array_equal(again, lean.draw(batch))
    assert np.array_equal(again[:7], lean.draw(batch[:7]))
    # What counts is the tree, so few edges may cross the threshold, and as many either way.
    level = full.thresholds[size]
    assert ((drawn > level) != (again > level)).mean() <= CROSSING
    assert 0.98 <= (again > level).sum() / (drawn > level).sum() <= 1.02


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("size", SIZES)
def test_a_drawing_is_the_same_in_any_company(size, samples, precision, monkeypatch):
    if not has(precision):
        pytest.skip(f"this processor has no {precision}")
    batch = images(samples[size].states[:12])
    together = load_engine(MODELS, "openvino", precision=precision).draw(batch)
    one_by_one = load_engine(MODELS, "openvino", precision=precision)
    # After so many lone images they are no longer filled up to a piece.
    monkeypatch.setattr(engines, "RARE", 16)
    for number in range(17):
        one_by_one.draw(np.full_like(batch[:1], number / 16))
    alone = [one_by_one.draw(image[None])[0] for image in batch]
    assert np.array_equal(together, alone)


def test_the_weights_are_small():
    assert sum(path.stat().st_size for path in MODELS.iterdir()) < 20_000_000


def test_the_latent_has_not_collapsed(keras_model, samples):
    use = latent_use(keras_model, samples[8])
    assert use["kl"] > 0.1
    assert use["live_dimensions"] >= 1


@pytest.mark.parametrize("size", SIZES)
def test_openvino_equals_keras(size, samples):
    pytest.importorskip("openvino")
    batch = images(samples[size].states[:40])
    lean, full = load_engine(MODELS, "openvino"), load_engine(MODELS, "keras")
    assert np.abs(lean.draw(batch) - full.draw(batch)).max() <= TOLERANCE["float32"]


@pytest.mark.parametrize("size", [size for size in SIZES if size in BOUNDS])
def test_drawings_join_the_pins_cheaply(size, samples):
    row = evaluate_exit(load_engine(MODELS), samples[size], draws=1)
    connected, ink, cost = BOUNDS[size]
    assert row["connected"] >= connected
    assert row["connected"] >= row["first"]["connected"]
    assert row["ink"] <= ink
    assert row["cost"] <= cost
    assert row["cost"] < 0.97 * row["blank"]["cost"]
    assert row["cost"] < 0.97 * row["blind_cost"]


@pytest.mark.parametrize("size", [32, 64])
def test_by_a_plan_first_drawings_join_more_with_less_ink(size, samples):
    states, labels = samples[size].states, samples[size].labels
    engine = load_engine(MODELS)
    plain, planned = (
        quality(states, labels, draw_all(draw, states), engine.thresholds[size])
        for draw in (engine.draw, Drawer(engine).draw)
    )
    assert planned.connected > plain.connected
    assert planned.ink < plain.ink


def test_by_the_plan_of_a_failed_drawing_samples_join_more(samples):
    engine, threshold = load_engine(MODELS), 0.4  # a high one, so that many drawings fail
    windows = Windows.of_states(samples[16].states)
    maps = Drawer(engine).draw(windows.images)
    failed = np.flatnonzero(~decode(windows.free, windows.pins, maps, threshold).ok)
    windows = windows.at(failed)
    trees = doubtful_trees(windows.images, windows.pins, maps[failed])

    def joining(plans):
        drawn = engine.sample(windows.images, 4, 1, plans).swapaxes(0, 1)
        return np.mean([decode(windows.free, windows.pins, part, threshold).ok for part in drawn])

    without, by_plans = joining(None), joining(halve(tree_tiles(trees, windows.pins)))
    print(f"{len(failed)} failed, a sample joins {without:.2f} of them, {by_plans:.2f} by the plan")
    assert len(failed) > 20
    assert by_plans > 1.1 * without


def test_waypoints_join_what_the_widest_exit_draws_faintly(samples):
    row = evaluate_exit(load_engine(MODELS), samples[64], draws=1)
    assert row["connected"] > row["first"]["connected"]
    assert row["drawings"] > 1
    assert row["ink"] <= 1.5
    assert row["cost"] < row["blank"]["cost"]


@pytest.mark.parametrize("size", [size for size in SIZES if size in BOUNDS])
def test_the_edge_maps_know_prices_that_the_tiles_do_not(size, samples):
    """The same drawings without their edge maps give dearer trees, on the same nets."""
    states, labels = samples[size].states, samples[size].labels
    engine = load_engine(MODELS)
    maps = draw_all(engine.draw, states)
    tiles = np.asarray(edges_of_tiles(maps[..., :1], images(states)))
    free, pins = free_tracks(states), pin_tiles(states)
    trees = [decode(free, pins, drawn, engine.thresholds[size]) for drawn in (maps, tiles)]
    same = trees[0].ok & trees[1].ok
    assert same.mean() > 0.8
    teacher = label_costs(states, labels)[same].sum()
    costs = [edge_costs(states, t.offsets, t.edges)[same].sum() / teacher for t in trees]
    print(f"{size}: {same.mean():.4f} of the nets, cost {costs[0]:.4f}, of tiles {costs[1]:.4f}")
    assert costs[0] < costs[1]
