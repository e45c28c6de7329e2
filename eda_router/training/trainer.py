"""The trainer: stages of growing resolution, checkpoints, resumption.

A *stage* trains one level of the model at its window size, inner levels locked; a last stage may
train all together. The unit of progress is the sample, so batch sizes can change. Every random
choice is a function of the seed, the stage and the number of samples seen: a run that was stopped
and resumed takes the same steps as one that was not.

Files in the output folder: ``config.yaml``; ``log.jsonl``, one line an epoch; ``metrics.json``;
``model.keras`` after each stage; ``checkpoint.npz`` after each epoch, with all that resuming needs.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from eda_router.config import load_config
from eda_router.dataset.samples import Samples
from eda_router.dataset.teacher import RIGHT_BIT, TILE_BIT, UP_BIT
from eda_router.errors import EdarouteError, InputError
from eda_router.files import replacing, write_text
from eda_router.neural.engines import processor_has_bfloat16
from eda_router.neural.model import Latent, RouteVAE
from eda_router.neural.tensors import IMAGE_TABLE
from eda_router.strict_json import dumps
from eda_router.training.adversary import Adversary
from eda_router.training.config import TrainConfig
from eda_router.training.measure import draw_all, sweep
from eda_router.training.objective import objective
from eda_router.training.optimizers import learning_rate, make_optimizer

CHECKPOINT = "checkpoint.npz"
MODEL = "model.keras"
LOG = "log.jsonl"
CONFIG = "config.yaml"
METRICS = "metrics.json"

EPOCH_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5)
"""Thresholds at which each epoch's validation is measured."""


class SampleSource(Protocol):
    """Numbered samples of one window size."""

    def __len__(self) -> int:
        """Number of samples."""

    def take(self, indices: NDArray[np.integer]) -> Samples:
        """The samples with these numbers, in this order."""


class Joined:
    """Several sources one after the other."""

    def __init__(self, sources: Iterable[SampleSource]):
        self._sources = list(sources)
        self._starts = np.cumsum([0, *(len(source) for source in self._sources)])

    def __len__(self) -> int:
        """Number of samples in all sources."""
        return int(self._starts[-1])

    def take(self, indices: NDArray[np.integer]) -> Samples:
        """The samples with these numbers, in this order."""
        which = np.searchsorted(self._starts, indices, side="right") - 1
        states = labels = None
        for number in np.unique(which):
            rows = which == number
            part = self._sources[number].take(indices[rows] - self._starts[number])
            if states is None or labels is None:
                states = np.empty((len(indices), *part.states.shape[1:]), np.uint8)
                labels = np.empty_like(states)
            states[rows], labels[rows] = part.states, part.labels
        if states is None or labels is None:
            raise ValueError("no samples asked for")
        return Samples(states, labels)


@dataclasses.dataclass(frozen=True)
class StageData:
    """Samples of one stage."""

    training: SampleSource
    validation: Samples


@dataclasses.dataclass
class Progress:
    """Where a training stands; all of it goes into the checkpoint.

    Attributes:
        stage: index of the stage, ``len(sizes)`` for the joint one.
        seen: samples of the stage seen so far, route-free ones included.
        seconds: wall-clock time spent in the stage.
        spent: the same with the stage's validations.
        processor: processor time spent in the stage, in seconds.
        best: lowest validation loss of the stage.
        worse: epochs since then.
    """

    stage: int = 0
    seen: int = 0
    seconds: float = 0.0
    spent: float = 0.0
    processor: float = 0.0
    best: float = float("inf")
    worse: int = 0


def set_up(config: TrainConfig) -> None:
    """Threads, determinism, seed and precision for this process."""
    threads = config.threads or os.cpu_count() or 1
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        # TensorFlow has started already; its threads stay as they are.
        pass
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(config.seed)


def precision(config: TrainConfig) -> str:
    """Keras' dtype policy for a training on this machine.

    Emulating bfloat16 on a processor without it makes a step about ten times slower, so mixed
    precision is taken only where a GPU or the processor computes in it.
    """
    if not config.mixed_precision:
        return "float32"
    native = bool(tf.config.list_physical_devices("GPU")) or processor_has_bfloat16()
    return "mixed_bfloat16" if native else "float32"


@contextlib.contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    """Layers made within compute as this policy says."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class OnEpoch(Protocol):
    """Called after each epoch."""

    def __call__(
        self, record: Mapping[str, Any], samples: Samples, maps: NDArray[np.float32]
    ) -> None:
        """Take the epoch's record, its validation samples and the maps drawn for them."""


class Trainer:
    """Trains a model through its stages.

    Args:
        config: every switch.
        data: samples for each window size of the config.
        output: folder for the results.
        resume: go on from the folder's checkpoint.
        start: a trained model whose levels are taken over; the training begins with the first
            stage that has samples.
        progress: show bars.
        on_epoch: called after each epoch, see :class:`eda_router.report.album.Album`.

    Raises:
        InputError: nothing to resume from, or a checkpoint or a start of another config.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: Mapping[int, StageData],
        output: Path,
        *,
        resume: bool = False,
        start: RouteVAE | None = None,
        progress: bool = True,
        on_epoch: OnEpoch | None = None,
    ):
        self.config, self.data, self.output = config, data, output
        self.on_epoch = on_epoch
        self.start = start
        self.show = progress
        self.state = Progress(stage=self._first_stage())
        output.mkdir(parents=True, exist_ok=True)
        set_up(config)
        stored = _read_checkpoint(output / CHECKPOINT, config) if resume else None
        if stored is not None:
            self.state = Progress(**json.loads(str(stored["progress"])))
        else:
            (output / LOG).unlink(missing_ok=True)
            (output / CHECKPOINT).unlink(missing_ok=True)
        write_config(output / CONFIG, config)
        self.precision = precision(config)
        with _dtype_policy(self.precision):
            self._begin(stored)

    def _first_stage(self) -> int:
        """The stage to begin with: the first, or with a start the first that has samples."""
        config = self.config
        idle = [size for i, size in enumerate(config.sizes) if not config.stage("samples", i)]
        if self.start is None:
            if idle:
                raise EdarouteError(
                    f"no samples for {idle[0]}x{idle[0]} and no model to start from"
                )
            return len(config.sizes) - 1 if config.direct else 0
        theirs = self.start.config
        ours = config.model(theirs.sizes)
        for name, value in dataclasses.asdict(theirs).items():
            wanted = getattr(ours, name)
            if value != wanted:
                raise EdarouteError(f"the model to start from has {name} {value}, not {wanted}")
        if set(idle) - set(theirs.sizes) or len(idle) == len(config.sizes):
            raise EdarouteError("no samples for what the model to start from has not")
        return next(i for i, size in enumerate(config.sizes) if size not in idle)

    def _take_over(self, levels: Iterable[int]) -> None:
        """Copy the start's weights into the levels of these sizes that it has."""
        if self.start is not None:
            for size in set(levels) & set(self.start.config.sizes):
                self.model.level(size).set_weights(self.start.level(size).get_weights())

    def _begin(self, stored: Mapping[str, Any] | None) -> None:
        """Build the model as large as its stage wants, from the checkpoint if there is one."""
        sizes = self.config.sizes[: self.state.stage + 1]
        self.model = RouteVAE(self.config.model(sizes))
        if stored is None:
            self._take_over(sizes)
        else:
            self.model.set_weights(_numbered(stored, "weight"))
        self._prepare()
        if stored is not None:
            for variable, value in zip(
                self.optimizer.variables, _numbered(stored, "optimizer"), strict=True
            ):
                variable.assign(value)
            for variable, value in zip(self.averages, _numbered(stored, "average"), strict=True):
                variable.assign(value)
            if self.adversary is not None:
                kept = _numbered(stored, "adversary")
                for variable, value in zip(self.adversary.variables, kept, strict=True):
                    variable.assign(value)

    def _prepare(self) -> None:
        """Lock, and make the optimiser, the averages and the compiled step of a stage."""
        together = self.config.direct or self.state.stage == len(self.config.sizes)
        self.model.lock(0 if together or not self.config.lock else self.size)
        self.optimizer = make_optimizer(self.config)
        self.optimizer.build(self.model.trainable_variables)
        self.averages = [
            tf.Variable(v.value, trainable=False) for v in self.model.trainable_variables
        ]
        self.adversary = (
            Adversary(self.config, self.size) if self.config.loss == "adversarial" else None
        )
        self.step = _compile_step(self)
        self.draw = _compile_draw(self.model)

    @property
    def size(self) -> int:
        """Window size of the stage."""
        return self.config.sizes[min(self.state.stage, len(self.config.sizes) - 1)]

    def run(self) -> RouteVAE:
        """Train all that is left.

        Raises:
            KeyboardInterrupt: after the checkpoint was written; SystemExit likewise.
        """
        stages = len(self.config.sizes) + (self.config.joint > 0)
        while self.state.stage < stages:
            try:
                self._run_stage()
            except (KeyboardInterrupt, SystemExit):
                self.save_checkpoint()
                raise
            self._finish_stage()
            if self.state.stage + 1 < stages:
                self._next_stage()
            else:
                self.state.stage += 1
        return self.model

    def _next_stage(self) -> None:
        self.state = Progress(stage=self.state.stage + 1)
        if self.state.stage < len(self.config.sizes):
            with _dtype_policy(self.precision):
                self.model = self.model.grow(self.size, self.config.inherit)
            self._take_over([self.size])
        self._prepare()
        self.save_checkpoint()

    def _totals(self) -> tuple[int, int]:
        """Route-free samples of the stage, and samples after those."""
        stage = self.state.stage
        if stage == len(self.config.sizes):
            return 0, self.config.joint
        samples = int(self.config.stage("samples", stage))
        # A level that draws routes already would unlearn them.
        if self.start is not None and self.size in self.start.config.sizes:
            return 0, samples
        return int(self.config.stage("pretrain", stage)), samples

    def _run_stage(self) -> None:
        config, state = self.config, self.state
        pretrain, total = self._totals()
        epoch = int(config.stage("epoch", state.stage))
        limit = 60.0 * config.stage("minutes", state.stage)
        bar = tqdm(
            total=pretrain + total,
            initial=state.seen,
            desc=f"{self.size}x{self.size}",
            unit="samples",
            disable=None if self.show else True,
        )
        with bar:
            while state.seen < pretrain + total:
                if config.patience and state.worse >= config.patience:
                    break
                if limit and state.spent >= limit:
                    break
                goal = min(pretrain + total, (state.seen // epoch + 1) * epoch)
                began, busy = time.perf_counter(), time.process_time()
                sums: dict[str, float] = {}
                steps = 0
                while state.seen < goal:
                    over = (state.spent + time.perf_counter() - began) / limit if limit else 0.0
                    parts = self._one_step(pretrain, total, over)
                    if steps % 16 == 0:
                        for name, value in parts.items():
                            sums[name] = sums.get(name, 0.0) + float(value)
                    steps += 1
                    bar.update(state.seen - bar.n)
                    if over >= 1.0:
                        break
                state.seconds += time.perf_counter() - began
                state.processor += time.process_time() - busy
                means = {name: value / -(-steps // 16) for name, value in sums.items()}
                record = self._validate(means)
                bar.set_postfix(loss=f"{record['loss']:.4f}")
                state.spent += time.perf_counter() - began
                self.save_checkpoint()

    def _one_step(self, pretrain: int, total: int, over: float) -> dict[str, Any]:
        """Train on one batch; ``over`` is the share of the stage's time that is gone."""
        config, state = self.config, self.state
        route_free = state.seen < pretrain
        seen, goal = (state.seen, pretrain) if route_free else (state.seen - pretrain, total)
        progress = max(seen / goal, over)
        doublings = (
            0
            if route_free
            else min(config.batch_doublings, int(progress * (config.batch_doublings + 1)))
        )
        batch = int(config.stage("batch", state.stage)) << doublings
        samples = self._batch(batch)
        if route_free:
            rate = config.learning_rate * min(1.0, (seen + batch) / goal)
        else:
            rate = learning_rate(config, progress, seen, 1 << doublings)
        self.optimizer.learning_rate.assign(rate)
        kl_weight = config.kl_weight
        if state.stage == 0 and config.kl_anneal > 0.0 and not route_free:
            kl_weight *= min(1.0, progress / config.kl_anneal)
        parts: dict[str, Any] = self.step(
            tf.constant(samples.states),
            tf.constant(samples.labels),
            tf.constant([config.seed * 1_000_003 + state.stage, state.seen], tf.int64),
            tf.constant(kl_weight, tf.float32),
            tf.constant(route_free),
        )
        state.seen += batch
        return parts

    def _batch(self, count: int) -> Samples:
        """The next ``count`` samples, each pass over the data in another order."""
        source = self.data[self.size].training
        indices = np.empty(count, np.int64)
        filled = 0
        while filled < count:
            turn, place = divmod(self.state.seen + filled, len(source))
            key = (self.state.stage, turn, len(source))
            if getattr(self, "_order_key", None) != key:
                generator = np.random.Generator(np.random.PCG64([self.config.seed, *key]))
                self._order: NDArray[np.int64] = generator.permutation(len(source))
                self._order_key = key
            part = self._order[place : place + count - filled]
            indices[filled : filled + len(part)] = part
            filled += len(part)
        return source.take(indices)

    def _swap_averages(self) -> None:
        """Exchange the weights with their averages."""
        if self.config.average > 0.0:
            for variable, average in zip(
                self.model.trainable_variables, self.averages, strict=True
            ):
                kept = tf.identity(variable.value)
                variable.assign(average)
                average.assign(kept)

    def _validate(self, training: Mapping[str, float]) -> dict[str, Any]:
        """Measure the averaged weights on validation samples, log, and note progress."""
        state = self.state
        held = self.data[self.size].validation
        count = min(self.config.validation, len(held))
        samples = Samples(held.states[:count], held.labels[:count])
        self._swap_averages()
        drawn = draw_all(lambda images: self.draw(tf.constant(images)).numpy(), samples.states)
        self._swap_averages()
        tiles = (samples.labels & TILE_BIT) > 0
        sure = np.clip(np.where(tiles, drawn[..., 0], 1.0 - drawn[..., 0]), 1e-6, 1.0)
        loss = float(-np.log(sure).sum(axis=(1, 2)).mean())
        record: dict[str, Any] = {
            "stage": state.stage,
            "size": self.size,
            "seen": state.seen,
            "seconds": round(state.seconds, 1),
            "processor": round(state.processor, 1),
            "precision": self.precision,
            "learning_rate": float(self.optimizer.learning_rate.numpy()),
            "training": {name: round(value, 5) for name, value in training.items()},
            "loss": round(loss, 5),
            "validation": [
                {name: round(value, 5) for name, value in dataclasses.asdict(q).items()}
                for q in sweep(samples.states, samples.labels, drawn, EPOCH_THRESHOLDS)
            ],
        }
        with open(self.output / LOG, "a", encoding="utf-8") as file:
            file.write(dumps(record) + "\n")
        if loss < state.best:
            state.best, state.worse = loss, 0
        else:
            state.worse += 1
        if self.on_epoch is not None:
            self.on_epoch(record, samples, drawn)
        return record

    def _finish_stage(self) -> None:
        """The averages become the weights, and the model so far is saved."""
        if self.config.average > 0.0:
            for variable, average in zip(
                self.model.trainable_variables, self.averages, strict=True
            ):
                variable.assign(average)
        save_model(self.model, self.output / MODEL)
        records = [json.loads(line) for line in (self.output / LOG).read_text().splitlines()]
        last = {str(record["size"]): record for record in records}
        write_text(self.output / METRICS, dumps({"stages": last}, indent=1) + "\n")

    def save_checkpoint(self) -> None:
        """Write all that resuming needs beside the last checkpoint, then replace it."""
        arrays: dict[str, Any] = {
            "progress": json.dumps(dataclasses.asdict(self.state)),
            "config": json.dumps(dataclasses.asdict(self.config)),
        }
        for i, value in enumerate(self.model.get_weights()):
            arrays[f"weight{i}"] = value
        for i, variable in enumerate(self.optimizer.variables):
            arrays[f"optimizer{i}"] = np.asarray(variable)
        for i, variable in enumerate(self.averages):
            arrays[f"average{i}"] = variable.numpy()
        for i, variable in enumerate(self.adversary.variables if self.adversary else ()):
            arrays[f"adversary{i}"] = np.asarray(variable)
        with replacing(self.output / CHECKPOINT) as beside, open(beside, "wb") as file:
            np.savez(file, **arrays)


def _compile_step(trainer: Trainer) -> Any:
    config, model, optimizer = trainer.config, trainer.model, trainer.optimizer
    variables = model.trainable_variables
    averages, adversary = trainer.averages, trainer.adversary
    share = float(config.stage("posterior", trainer.state.stage))
    table = tf.constant(IMAGE_TABLE)

    def losses(states: Any, labels: Any, key: Any, kl_weight: Any, route_free: Any) -> Any:
        codes = tf.cast(states, tf.int32)
        images = tf.gather(table, codes)
        bits = tf.cast(labels, tf.int32)
        targets = tf.stack([bits & TILE_BIT, bits & RIGHT_BIT, bits & UP_BIT], axis=-1)
        targets = tf.cast(targets > 0, tf.float32)
        pins = tf.cast(codes & 1, tf.float32)[..., None] * tf.constant([1.0, 0.0, 0.0])
        targets = tf.where(route_free, pins, targets)
        latent = Latent()
        count = tf.shape(states)[0]
        noise = tf.random.stateless_normal((count, config.latent), key + 1)
        if config.latent and adversary is not None:
            latent = Latent(noise)
        elif config.latent and share > 0.0:
            mask = tf.random.stateless_uniform((count, 1), key) < share
            latent = Latent(tf.where(mask, noise, 0.0), targets[..., :1], mask)
        drawing = model.exit(images, latent, training=True)
        if adversary is None:
            return objective(config, drawing, targets, kl_weight)
        drawn = model.probabilities(drawing.logits)
        judged = adversary.learn(images, targets, drawn)
        deceived = adversary.deceive(images, drawn)
        return deceived, {"generator": deceived, "discriminator": judged}

    @tf.function(autograph=False, reduce_retracing=True)
    def step(states: Any, labels: Any, key: Any, kl_weight: Any, route_free: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            loss, parts = losses(states, labels, key, kl_weight, route_free)
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        # A level may have weights that a stage does not use, as a locked core's posterior.
        pairs = zip(gradients, variables, strict=True)
        optimizer.apply([tf.zeros_like(v) if g is None else g for g, v in pairs], variables)
        if config.average > 0.0:
            taken = tf.cast(optimizer.iterations, tf.float32)
            decay = tf.minimum(config.average, (1.0 + taken) / (10.0 + taken))
            for average, variable in zip(averages, variables, strict=True):
                average.assign_sub((1.0 - decay) * (average - variable))
        return {"loss": loss, **parts}

    return step


def _compile_draw(model: RouteVAE) -> Any:
    @tf.function(autograph=False, reduce_retracing=True)
    def draw(images: Any) -> Any:
        return model.probabilities(model.exit(images).logits)

    return draw


def save_model(model: RouteVAE, path: Path) -> None:
    """Save beside ``path``, then rename."""
    with replacing(path) as beside:
        model.save(beside)


def write_config(path: Path, config: TrainConfig) -> None:
    """Write the resolved config as YAML that :func:`eda_router.config.load_config` reads."""
    import yaml

    values = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in dataclasses.asdict(config).items()
    }
    write_text(path, yaml.safe_dump(values, sort_keys=False))


def read_config(folder: Path) -> TrainConfig:
    """The config that a folder's model was trained with."""
    return load_config(TrainConfig, folder / CONFIG)


def _read_checkpoint(path: Path, config: TrainConfig) -> Mapping[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as file:
            stored = dict(file)
    except OSError as error:
        raise InputError(path, None, f"cannot be read: {error.strerror}", "a checkpoint") from error
    except ValueError as error:
        raise InputError(path, None, "damaged", "a checkpoint") from error
    theirs = json.loads(str(stored["config"]))
    ours = json.loads(json.dumps(dataclasses.asdict(config)))
    shape = set(dataclasses.asdict(config.model())) - {"sizes"}
    for name in sorted(shape | {"optimizer"}):
        if theirs[name] != ours[name]:
            raise InputError(path, None, f"{name} was {theirs[name]}", f"{ours[name]}")
    return stored


def _numbered(stored: Mapping[str, Any], name: str) -> list[NDArray[Any]]:
    count = sum(1 for key in stored if key.startswith(name) and key[len(name) :].isdigit())
    return [stored[f"{name}{i}"] for i in range(count)]
