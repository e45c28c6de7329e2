"""What tests of models share: a tiny shape, weights that are not zero by chance, problems."""

from __future__ import annotations

import numpy as np

from eda_router.neural.model_config import ModelConfig

TINY = {"core_channels": 4, "core_blocks": 2, "latent": 3, "dense": 8, "ring_latent": (0,)}
TINY_RINGS = {
    "ring_channels": (6,),
    "ring_fine_channels": (5,),
    "ring_blocks": (2,),
    "ring_fine_blocks": (2,),
}


def tiny(**changes):
    return ModelConfig(**{**TINY, **TINY_RINGS, **changes})


def shaken(model, seed=0):
    """The model with weights all different from their start, so that nothing is zero by chance."""
    generator = np.random.default_rng(seed)

    def shake(weight):
        noise = 0.05 * generator.standard_normal(weight.shape).astype(np.float32)
        # Vectors may be variances, which stay positive.
        return weight + (noise if weight.ndim > 1 else np.abs(noise))

    model.set_weights([shake(weight) for weight in model.get_weights()])
    return model


def problems(size, count=3, seed=0):
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 9, (count, size, size, 3)) / np.float32(8)
    images[..., 2] = generator.random((count, size, size)) < 0.1
    return images.astype(np.float32)
