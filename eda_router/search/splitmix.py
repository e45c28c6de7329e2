"""Random numbers for kernels: SplitMix64 over a one-element uint64 array.

The state is the caller's, so every use is a pure function of its seed, on any platform, whatever
numba and NumPy do with their own generators.

G. L. Steele, D. Lea, C. H. Flood: Fast splittable pseudorandom number generators (2014),
doi 10.1145/2660193.2660195
"""

from __future__ import annotations

import numpy as np

from eda_router.kernels import kernel


@kernel
def next_bits(rng):
    """A random uint64; ``rng`` is uint64 ``(1,)``, changed in place."""
    rng[0] += np.uint64(0x9E3779B97F4A7C15)
    z = rng[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def uniform(rng):
    """A random float64 in [0, 1)."""
    return np.float64(next_bits(rng) >> np.uint64(11)) / 9007199254740992.0


@kernel
def between(rng, low, high):
    """A random int64 from ``low`` to ``high``, both included."""
    return low + np.int64(uniform(rng) * (high - low + 1))


@kernel
def normal(rng):
    """A random float64 of the standard normal distribution (Box and Muller)."""
    radius = np.sqrt(-2.0 * np.log(1.0 - uniform(rng)))
    return radius * np.cos(2.0 * np.pi * uniform(rng))
