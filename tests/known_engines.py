"""Engines whose drawings are known."""

from __future__ import annotations

import numpy as np

from eda_router.dataset.teacher import label, tree_edges, tree_mask
from eda_router.neural.tensors import encode


class Teacher:
    """Draws the teacher's tree: a perfect model."""

    name = "teacher"
    batches = 1
    exits = (8, 16)
    further = ()
    precisions = dict.fromkeys(exits, "float32")
    latent = 1
    planned = frozenset()

    def __init__(self):
        self.thresholds = dict.fromkeys(self.exits, 0.5)

    def draw(self, images, plans=None):
        vertical, horizontal = (np.rint(images[..., c] * 8).astype(np.int32) for c in (0, 1))
        states = encode(vertical, horizontal, images[..., 2] > 0.5)
        labels = label(states)[0]
        maps = [tree_mask(labels)[..., None], tree_edges(labels)]
        return np.concatenate(maps, axis=-1).astype(np.float32)

    def sample(self, images, count, seed, plans=None):
        return np.repeat(self.draw(images)[:, None], count, axis=1)


class PinsOnly(Teacher):
    """Draws nothing at first; samples draw what ``sampled`` says."""

    name = "pins only"

    def __init__(self, sampled=0.0, drawn=0.0):
        super().__init__()
        self.sampled, self.drawn = sampled, drawn

    def draw(self, images, plans=None):
        return np.full(images.shape, self.drawn, np.float32)

    def sample(self, images, count, seed, plans=None):
        drawings = np.zeros((len(images), count, *images.shape[1:]), np.float32)
        drawings[:, -1] = self.sampled * super().draw(images)
        return drawings


class Hesitant(Teacher):
    """Draws nets of two pins faintly, until a waypoint is shown."""

    name = "hesitant"

    def draw(self, images, plans=None):
        two = (images[..., 2] > 0.5).sum(axis=(1, 2)) == 2
        return super().draw(images) * np.where(two, 0.1, 1.0)[:, None, None, None].astype("f")


class Follower(Teacher):
    """Draws 16x16 faintly, until a plan is shown; draws nothing at 8x8, so no plan at first."""

    name = "follower"
    planned = frozenset({16})

    def draw(self, images, plans=None):
        if images.shape[1] == 8:
            return np.zeros_like(images)
        has_plan = np.any(plans, axis=(1, 2))[:, None, None, None]
        return super().draw(images) * np.where(has_plan, 1.0, 0.1).astype("f")


class Blank(Teacher):
    """Draws every tile and edge, and counts what it is asked for."""

    name = "blank"
    asked = 0

    def draw(self, images, plans=None):
        self.asked += len(images)
        return np.ones_like(images)
