"""Symmetric views: turning and turning back, on problems and on trees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from eda_router.dataset.teacher import label, label_costs, tree_edges, tree_mask
from eda_router.neural.decode import decode
from eda_router.neural.prices import PRICE
from eda_router.neural.tensors import encode, free_tracks, images, pin_tiles
from eda_router.neural.views import VIEWS, ViewsEngine, turn_images, turn_maps
from tests.window_cases import states


def maps_of(labels):
    edges = tree_edges(labels)
    return np.stack([tree_mask(labels), edges[..., 0], edges[..., 1]], axis=-1).astype(np.float32)


def cost_of(turned, maps):
    """Price of the edges that maps draw in turned images."""
    price = PRICE[np.rint(8 * turned[..., [1, 0]]).astype(int)]
    return int((price * (maps[..., 1:] > 0.5)).sum())


@pytest.mark.parametrize("view", VIEWS)
def test_turning_back_undoes_turning(view):
    values = np.random.default_rng(1).random((2, 8, 8, 3)).astype(np.float32)
    assert np.array_equal(turn_images(turn_images(values, view), view.back), values)
    assert np.array_equal(turn_maps(turn_maps(values, view), view.back), values)


def test_the_views_are_eight():
    values = np.random.default_rng(1).random((1, 8, 8, 3)).astype(np.float32)
    assert len({turn_maps(values, view).tobytes() for view in VIEWS}) == 8


@pytest.mark.parametrize("view", VIEWS)
@given(state=states(max_pins=4))
def test_an_optimal_tree_stays_one(view, state):
    labels, ok = label(state)
    if not ok[0]:
        return
    turned = np.rint(8 * turn_images(images(state), view)).astype(np.uint8)
    maps = turn_maps(maps_of(labels), view)
    # Free tracks as the decoder wants them: right edges first.
    free, pins = turned[..., [1, 0]], turned[..., 2] > 0
    tree = decode(free, pins, maps, 0.5)
    assert tree.ok[0]
    assert cost_of(turned / 8, maps) == label_costs(state, labels)[0]
    assert maps[..., 1:].sum() == tree_edges(labels).sum()
    # And no tree of the turned problem is cheaper.
    other = encode(free[..., 1], free[..., 0], pins)
    assert label_costs(other, label(other)[0]).tolist() == label_costs(state, labels).tolist()


class Leaning:
    """An engine that draws the problem's tiles in the left half only, and all open edges."""

    exits, further, thresholds, latent = (8,), (), {8: 0.5}, 1
    planned = frozenset()
    name, precisions, batches = "leaning", {8: "float32"}, 1

    def draw(self, images, plans=None):
        drawn = np.stack([images[..., 2], images[..., 1], images[..., 0]], axis=-1)
        drawn[:, :, 4:, 0] = 0
        return drawn

    def sample(self, images, count, seed, plans=None):
        noise = np.arange(count, dtype=np.float32)[:, None, None, None]
        return self.draw(images)[:, None] + noise


def test_the_mean_over_views_is_even():
    image = np.random.default_rng(2).random((3, 8, 8, 3)).astype(np.float32)
    engine = ViewsEngine(Leaning())
    drawn = engine.draw(image)
    # Half of the views see each tile in the left half; edges come back to where they were.
    assert np.allclose(drawn[..., 0], 0.5 * image[..., 2], atol=1e-6)
    assert np.allclose(drawn[..., 1], image[..., 1], atol=1e-6)
    assert np.allclose(drawn[..., 2], image[..., 0], atol=1e-6)
    sampled = engine.sample(image, 2, 1)
    assert sampled.shape == (3, 2, 8, 8, 3)
    assert np.allclose(sampled[:, 1], drawn + 1, atol=1e-6)
    assert np.array_equal(ViewsEngine(Leaning(), 1).draw(image), Leaning().draw(image))


class Tracing:
    """An engine that draws the plan, each of its tiles as two by two."""

    exits, further, thresholds, latent = (8, 16), (), {16: 0.5}, 1
    planned = frozenset({16})
    name, precisions, batches = "tracing", dict.fromkeys((8, 16), "float32"), 1

    def draw(self, images, plans=None):
        drawn = np.zeros_like(images)
        drawn[..., 0] = plans.repeat(2, axis=1).repeat(2, axis=2)
        return drawn

    def sample(self, images, count, seed, plans=None):
        return self.draw(images, plans)[:, None].repeat(count, axis=1)


def test_a_plan_is_turned_with_its_problem():
    image = np.zeros((2, 16, 16, 3), np.float32)
    plans = np.random.default_rng(5).random((2, 8, 8)) < 0.3
    engine = ViewsEngine(Tracing())
    assert engine.planned == {16}
    assert np.array_equal(engine.draw(image, plans), Tracing().draw(image, plans))
    assert np.array_equal(engine.sample(image, 3, 1, plans), Tracing().sample(image, 3, 1, plans))


def test_images_and_states_agree_on_the_channels():
    state = np.array([[[2 * (3 * 9 + 5) + 1]]], np.uint8)
    assert free_tracks(state)[0, 0, 0].tolist() == [5, 3]
    assert np.rint(8 * images(state))[0, 0, 0].tolist()[:2] == [3, 5]
    assert pin_tiles(state)[0, 0, 0]
