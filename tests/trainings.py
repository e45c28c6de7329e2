"""What tests of trainings share: a tiny config, its samples, an interruption."""

from __future__ import annotations

import signal

from eda_router.dataset.samples import VALIDATION_SHARD, SampleConfig, Samples, make_samples
from eda_router.training.data import Joined, StageData
from eda_router.training.trainer import Trainer

TINY = {
    "core_channels": 4,
    "core_blocks": 2,
    "latent": 3,
    "dense": 8,
    "ring_latent": (0,),
    "ring_channels": (6,),
    "ring_fine_channels": (5,),
    "ring_blocks": (1,),
    "ring_fine_blocks": (2,),
    "pretrain": (32,),
    "batch": (16,),
    "validation": 32,
    "threads": 1,
}


class Whole:
    """Samples as a source."""

    def __init__(self, samples):
        self.samples = samples

    def __len__(self):
        return len(self.samples)

    def take(self, indices):
        return Samples(self.samples.states[indices], self.samples.labels[indices])


def stage_data():
    """Samples of three sizes."""
    config = SampleConfig(shard_samples=96, max_pins=5)
    return {
        size: StageData(
            Joined([Whole(make_samples(config, 0, size)), Whole(make_samples(config, 1, size))]),
            make_samples(config, VALIDATION_SHARD, size),
        )
        for size in (8, 16, 32)
    }


class Stopping(Trainer):
    """A training that is interrupted, as by Ctrl-C, in the batch after some."""

    batches = 9

    def _batch(self, count, batch=Trainer._batch):
        self.batches -= 1
        if self.batches == -1:
            signal.raise_signal(signal.SIGINT)
        return batch(self, count)
