"""The model: growth, locked exits, serialisation, latent."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from eda_router.errors import InputError
from eda_router.neural.layers import gather_pixels, pool_problem, spread_pixels
from eda_router.neural.model import PLAN_PIN, Gaussian, Latent, RouteVAE, kl_divergence
from eda_router.neural.model_config import ModelConfig, ModelTerms
from tests.models import problems, shaken, tiny


@pytest.mark.parametrize("normalization", ["none", "batch", "weight"])
@pytest.mark.parametrize("growth", ["pooled", "paper"])
def test_training_a_ring_leaves_inner_exits_alone_to_the_bit(growth, normalization):
    small = shaken(RouteVAE(tiny(growth=growth, normalization=normalization)))
    images = problems(8)
    before = np.asarray(small(images))
    grown = small.grow(16)
    optimizer = keras.optimizers.SGD(0.1)
    grown.compile(
        optimizer=optimizer,
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=False,
    )
    wide = problems(16, 8)
    first = np.asarray(grown(wide))
    grown.fit(wide, (wide[..., 2:] > 0).astype(np.float32), epochs=2, verbose=0)
    assert not np.array_equal(np.asarray(grown(wide)), first)
    assert np.array_equal(np.asarray(grown(images)), before)


@pytest.mark.parametrize("normalization", ["none", "batch", "weight"])
def test_one_file_holds_all_exits(tmp_path, normalization):
    model = shaken(RouteVAE(tiny(sizes=(8, 16, 32), normalization=normalization)))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert loaded.config == model.config
    for size in (8, 16, 32):
        images = problems(size)
        assert np.array_equal(np.asarray(loaded(images)), np.asarray(model(images)))


def test_a_plan_is_faint_pins_to_the_exit_inside():
    model = shaken(RouteVAE(tiny(sizes=(8, 16, 32))))
    assert [model.takes_plans(size) for size in (8, 16, 32)] == [False, True, True]
    assert not RouteVAE(tiny(sizes=(8, 16), growth="paper")).takes_plans(16)
    images, seen = problems(32), []
    plans = np.random.default_rng(3).random((3, 16, 16)) < 0.2
    start = model.rings[0].start
    model.rings[0].start = lambda given, training: seen.append(given) or start(given, training)
    plain, planned, none = (
        np.asarray(model.maps(images, plans=given)) for given in (None, plans, 0 * plans)
    )
    inside = np.array(pool_problem(images))
    assert np.array_equal(seen[0], inside)
    inside[..., 2] = np.maximum(inside[..., 2], np.float32(PLAN_PIN) * plans)
    assert np.array_equal(seen[1], inside)
    assert 0 < PLAN_PIN < 1
    assert np.array_equal(none, plain)
    assert not np.allclose(planned, plain, atol=1e-4)


def test_exits_follow_the_schedule():
    with pytest.raises(InputError, match="without gaps"):
        ModelConfig(sizes=(8, 32))
    model = RouteVAE(tiny(sizes=(8, 16)))
    assert model(problems(16)).shape == (3, 16, 16, 1)
    with pytest.raises(ValueError, match="32"):
        model(problems(32))


def test_a_ring_may_inherit_the_inner_rings_weights():
    model = shaken(RouteVAE(tiny(sizes=(8, 16), core_channels=5)))
    inheriting, fresh = model.grow(32, inherit=True), model.grow(32)
    for one, other in zip(model.rings[0].weights, inheriting.rings[1].weights, strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(fresh.rings[1].weights[0], model.rings[0].weights[0])


def test_a_ring_of_another_shape_inherits_the_layers_that_are_alike():
    config = tiny(sizes=(8, 16), core_channels=5, ring_blocks=(2, 1))
    model = shaken(RouteVAE(config))
    inheriting, fresh = model.grow(32, inherit=True).rings[1], model.grow(32).rings[1]
    inner = model.rings[0]
    assert len(inner.weights) > len(inheriting.weights)
    assert not np.array_equal(fresh.blocks[0].get_weights()[0], inner.blocks[1].get_weights()[0])
    for name in ("stem", "down", "merge", "up", "refine", "head"):
        for one, other in zip(
            getattr(inner, name).weights, getattr(inheriting, name).weights, strict=True
        ):
            assert np.array_equal(one, other), name
    for one, other in zip(inner.blocks[-1].weights, inheriting.blocks[-1].weights, strict=True):
        assert np.array_equal(one, other)

    # The core's channels go into the first ring, another ring's into the second.
    wider = shaken(RouteVAE(tiny(sizes=(8, 16))))
    grown = wider.grow(32, inherit=True).rings[1]
    assert np.array_equal(grown.stem.weights[0], wider.rings[0].stem.weights[0])
    assert grown.merge.weights[0].shape != wider.rings[0].merge.weights[0].shape


def test_a_further_exit_is_the_outermost_ring_around_itself():
    config = tiny(sizes=(8, 16), core_channels=5, ring_latent=(2,), further_exits=2)
    model = shaken(RouteVAE(config))
    assert model.further == (32, 64)
    grown = model.grow(32, inherit=True)
    assert grown.config.sizes == (8, 16, 32)
    assert model.noise(32) == grown.noise(32) == 3 + 4 * 4 * 2 + 8 * 8 * 2
    images = problems(32)
    plans = np.random.default_rng(3).random((3, 16, 16)) < 0.2
    noise = np.random.default_rng(4).standard_normal((3, model.noise(32))).astype(np.float32)
    assert model.takes_plans(32)
    for given in ({}, {"plans": plans}, {"noise": noise}):
        drawn = np.asarray(model.maps(images, **given))
        assert np.array_equal(drawn, np.asarray(grown.maps(images, **given)))
    assert model.maps(problems(64)).shape == (3, 64, 64, 3)
    # Only a ring that works on the pooled problem can be put around any drawing.
    assert RouteVAE(tiny(sizes=(8, 16), growth="paper", further_exits=2)).further == ()
    assert RouteVAE(tiny(sizes=(8,), further_exits=2)).further == ()
    # A ring takes features of as many channels as what it was trained around has.
    assert RouteVAE(tiny(sizes=(8, 16), core_channels=6, further_exits=2)).further == ()
    narrow = tiny(sizes=(8, 16, 32), ring_fine_channels=(6, 4), further_exits=2)
    assert RouteVAE(narrow).further == ()
    wide = RouteVAE(tiny(sizes=(8, 16, 32), ring_fine_channels=(6,), further_exits=1))
    assert wide.maps(problems(64)).shape == (3, 64, 64, 3)


@pytest.mark.parametrize("growth", ["pooled", "paper"])
@pytest.mark.parametrize(("size", "numbers"), [(8, 3), (16, 3 + 4 * 4 * 2), (32, 35 + 8 * 8 * 2)])
def test_noise_moves_the_drawing_and_its_absence_is_the_mean(size, numbers, growth):
    model = shaken(RouteVAE(tiny(sizes=(8, 16, 32), growth=growth, ring_latent=(2,))))
    assert model.noise(size) == numbers
    images = problems(size)
    zero = model.exit(images, Latent(np.zeros((3, numbers), np.float32)))
    some = model.exit(images, Latent(np.ones((3, numbers), np.float32)))
    assert np.array_equal(np.asarray(zero.logits[..., :1]), np.asarray(model(images)))
    assert not np.allclose(np.asarray(some.logits), np.asarray(zero.logits))


def test_each_level_has_noise_of_its_own():
    model = shaken(RouteVAE(tiny(sizes=(8, 16), ring_latent=(2,))))
    images = problems(16)
    inner, outer = np.zeros((2, 3, 35), np.float32)
    inner[:, :3] = outer[:, 3:] = 1
    first, moved, detailed = (
        np.asarray(model.exit(images, Latent(noise)).logits)
        for noise in (np.zeros((3, 35), np.float32), inner, outer)
    )
    assert not np.allclose(moved, first)
    assert not np.allclose(detailed, first)
    core, ring = model.exit(images, Latent(inner)).beliefs
    assert core.prior.mean.shape == (3, 3)
    assert ring.prior.mean.shape == (3, 4, 4, 2)


def test_a_locked_level_is_charged_nothing_for_its_latent():
    model = shaken(RouteVAE(tiny(sizes=(8, 16), ring_latent=(2,))))
    routes = np.zeros((3, 16, 16, 1), np.float32)
    routes[:, 3, 4] = 1
    drawn = model.exit(problems(16), Latent(routes=routes))
    (core, ring) = (kl_divergence(belief.posterior, belief.prior) for belief in drawn.beliefs)
    terms = ModelTerms(free_bits=0.0)
    everything, _ = model.charge(drawn, 1.0, terms)
    assert np.isclose(everything, np.mean(np.sum(core, -1) + np.sum(ring, -1)), rtol=1e-4)
    model.lock(16)
    alone, figures = model.charge(drawn, 1.0, terms)
    assert np.isclose(alone, np.mean(np.sum(ring, -1)), rtol=1e-4)
    assert np.isclose(figures["kl"], alone)
    model.lock(32)
    assert model.charge(drawn, 1.0, terms) == (None, {})


def test_four_pixels_become_one_and_four_again():
    values = np.random.default_rng(1).random((2, 4, 4, 3)).astype(np.float32)
    gathered = np.asarray(gather_pixels(values))
    assert gathered[1, 0, 1].tolist() == values[1, 0:2, 2:4].reshape(-1).tolist()
    assert np.array_equal(np.asarray(spread_pixels(gathered)), values)


def test_the_posterior_sees_the_route_and_only_where_the_mask_says():
    model = shaken(RouteVAE(tiny(sizes=(8, 16))))
    images = problems(16)
    routes = np.zeros((3, 16, 16, 1), np.float32)
    routes[:, 3, 4] = 1
    mask = np.array([[True], [False], [True]])
    drawing = model.exit(images, Latent(routes=routes, mask=mask))
    first = np.asarray(model.exit(images).logits)
    assert not np.allclose(np.asarray(drawing.logits)[0], first[0])
    assert np.array_equal(np.asarray(drawing.logits)[1], first[1])
    core, ring = drawing.beliefs
    assert core.posterior.mean.shape == (3, 3)
    assert ring == (None, None)


def test_no_skips_leave_only_the_latent():
    model = shaken(RouteVAE(tiny(skip_scale=0.0)))
    noise = np.zeros((3, 3), np.float32)
    images = problems(8)
    drawing = model.exit(images, Latent(noise))
    ((prior, _),) = drawing.beliefs
    # Whatever the image, the same z gives the same drawing: shift the noise by what differs.
    shift = (np.asarray(prior.mean)[:1] - np.asarray(prior.mean)) / np.exp(
        0.5 * np.asarray(prior.log_variance)
    )
    same = np.asarray(model.exit(images, Latent(shift.astype(np.float32))).logits)
    assert np.allclose(same, same[:1], atol=1e-4)


def test_kl_divergence_against_the_formula():
    generator = np.random.default_rng(1)
    m1, v1, m2, v2 = generator.standard_normal((4, 5, 3)).astype(np.float32)
    s1, s2 = np.exp(v1 / 2), np.exp(v2 / 2)
    expected = np.log(s2 / s1) + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5
    assert np.allclose(kl_divergence(Gaussian(m1, v1), Gaussian(m2, v2)), expected, atol=1e-5)


def test_pooling_keeps_the_edges_between_the_tiles():
    images = np.zeros((1, 4, 4, 3), np.float32)
    images[0, :, :, 0] = np.arange(16).reshape(4, 4)
    images[0, :, :, 1] = 100 + np.arange(16).reshape(4, 4)
    images[0, 2, 1, 2] = 1
    pooled = np.asarray(pool_problem(images))
    assert pooled[0, :, :, 0].tolist() == [[4.5, 6.5], [12.5, 14.5]]
    assert pooled[0, :, :, 1].tolist() == [[103, 105], [111, 113]]
    assert pooled[0, :, :, 2].tolist() == [[0, 0], [1, 0]]


def test_spread_pixels_puts_quarters_in_place():
    values = np.arange(2 * 1 * 8, dtype=np.float32).reshape(1, 2, 1, 8)
    spread = np.asarray(spread_pixels(values))
    assert spread.shape == (1, 4, 2, 2)
    assert spread[0, 0].tolist() == [[0, 1], [2, 3]]
    assert spread[0, 1].tolist() == [[4, 5], [6, 7]]
    assert spread[0, 2].tolist() == [[8, 9], [10, 11]]
