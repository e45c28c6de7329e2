"""The trainer: stages of growing resolution, from one checkpoint to the next.

A *stage* trains one level of the network at its window size, inner levels locked; a last stage may
train all together. The unit of progress is the sample, so batch sizes can change. Every random
choice is a function of the seed, the stage and the number of samples seen: a training that was
stopped, whenever that was, and resumed takes the same steps as one that was not.

In the output folder: ``config.yaml``; ``log.jsonl``, one line an epoch; ``checkpoint.npz`` from the
start on and after each epoch; ``model.keras`` after each stage.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tqdm import tqdm

from eda_router.dataset.samples import Samples
from eda_router.dataset.teacher import TILE_BIT, tree_mask
from eda_router.errors import EdarouteError
from eda_router.files import make_folder
from eda_router.neural.architecture import Architecture, build_network
from eda_router.neural.engines import processor_has_bfloat16
from eda_router.neural.model_folder import MODEL, save_model
from eda_router.neural.tensors import images
from eda_router.training.adversary import Adversary
from eda_router.training.checkpoint import (
    Checkpoint,
    Progress,
    check_fits,
    plain,
    read_checkpoint,
    restore,
    write_checkpoint,
)
from eda_router.training.config import TrainConfig
from eda_router.training.data import Shuffled, StageData
from eda_router.training.folder import (
    CHECKPOINT,
    append_record,
    cut_log,
    refuse_used,
    write_config,
)
from eda_router.training.interrupts import Interrupts
from eda_router.training.measure import draw_all, sweep
from eda_router.training.optimizers import learning_rate, make_optimizer
from eda_router.training.step import Averages, compile_draw, compile_step

EPOCH_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5)
"""Thresholds at which each epoch's validation is measured."""

LOOKED_AT = 16
"""One step of so many tells its loss; each look waits for the step."""


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
    """Trains a network through its stages.

    Args:
        config: every switch.
        data: samples for each window size of the config.
        output: folder for the results.
        resume: go on from the folder's checkpoint.
        start: a trained network whose levels are taken over; the training begins with the first
            stage that has samples.
        progress: show bars.
        on_epoch: called after each epoch, see :class:`eda_router.report.album.Album`.

    Attributes:
        passed_over: sizes whose levels have no stage of their own for lack of samples.

    Raises:
        InputError: the folder holds a training and ``resume`` is not asked for; or there is nothing
            to resume from, something damaged, or a checkpoint or a start of another config.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: Mapping[int, StageData],
        output: Path,
        *,
        resume: bool = False,
        start: Architecture | None = None,
        progress: bool = True,
        on_epoch: OnEpoch | None = None,
    ):
        self.config, self.data, self.output = config, data, output
        self.on_epoch = on_epoch
        self.start = start
        self.show = progress
        self.passed_over = self._without_samples() if config.pass_over else ()
        self.state = Progress(stage=self._first_stage())
        stored = None
        if resume:
            stored = read_checkpoint(output / CHECKPOINT)
            check_fits(output / CHECKPOINT, stored, config)
            self.state = stored.progress
        else:
            refuse_used(output)
        make_folder(output)
        set_up(config)
        self.precision = precision(config)
        with _dtype_policy(self.precision):
            self._begin(stored)
        if stored is not None:
            cut_log(output, self.state.logged)
        write_config(output, config)

    def _first_stage(self) -> int:
        """The stage to begin with: the first, or with a start the first that has samples."""
        config = self.config
        idle = self.passed_over or self._without_samples()
        if self.start is None:
            trained = config.sizes[-1:] if config.direct else config.sizes
            if (idle and not self.passed_over) or set(trained) <= set(idle):
                raise EdarouteError(
                    f"no samples for {idle[0]}x{idle[0]} and no model to start from"
                )
            return len(config.sizes) - 1 if config.direct else self._stages[0]
        theirs = self.start.config
        ours = config.model(theirs.sizes)
        for name, value in dataclasses.asdict(theirs).items():
            wanted = getattr(ours, name)
            if value != wanted:
                raise EdarouteError(f"the model to start from has {name} {value}, not {wanted}")
        missing = set(idle) - set(theirs.sizes) - set(self.passed_over)
        if missing or len(idle) == len(config.sizes):
            raise EdarouteError("no samples for what the model to start from has not")
        return next(i for i, size in enumerate(config.sizes) if size not in idle)

    def _without_samples(self) -> tuple[int, ...]:
        """Sizes that are to see no samples, or, where such are passed over, have none."""
        config = self.config
        return tuple(
            size
            for i, size in enumerate(config.sizes)
            if not config.stage("samples", i) or (config.pass_over and size not in self.data)
        )

    @property
    def _stages(self) -> list[int]:
        """The stages that are not passed over, the joint one included."""
        sizes = self.config.sizes
        of = [*sizes, *sizes[-1:]] if self.config.joint else list(sizes)
        return [i for i, size in enumerate(of) if size not in self.passed_over]

    @property
    def _added_sizes(self) -> tuple[int, ...]:
        """Sizes of the levels that are in this stage and in none before it."""
        sizes, stage = self.config.sizes, self.state.stage
        if self.config.direct:
            return sizes if stage < len(sizes) else ()
        before = max((i for i in self._stages if i < stage), default=-1)
        return sizes[before + 1 : stage + 1]

    @property
    def _new_sizes(self) -> tuple[int, ...]:
        """The same without those of a start: levels that were never trained before."""
        ready = () if self.start is None else self.start.config.sizes
        return tuple(size for size in self._added_sizes if size not in ready)

    def _take_over(self, levels: Iterable[int]) -> None:
        """Copy the start's weights into the levels of these sizes that it has."""
        if self.start is not None:
            for size in set(levels) & set(self.start.config.sizes):
                self.model.level(size).set_weights(self.start.level(size).get_weights())

    def _begin(self, stored: Checkpoint | None) -> None:
        """Build the network as large as its stage wants, from the checkpoint if there is one."""
        config = self.config
        sizes = config.sizes[: self.state.stage + 1]
        if stored is None:
            # What the start lacks is attached to it as a stage attaches it to the one before.
            new = () if config.direct else self._new_sizes
            ready = tuple(size for size in sizes if size not in new)
            self.model = build_network(config.model(ready or sizes))
            self._take_over(ready)
            if ready and new:
                self.model = self.model.grow(self.size, config.inherit)
            self._prepare()
            return
        self.model = build_network(config.model(sizes))
        self._prepare()
        path = self.output / CHECKPOINT
        for kind, variables in self._variables().items():
            restore(path, kind, variables, stored.values.get(kind, []))
        random.setstate(stored.random)

    def _prepare(self) -> None:
        """Lock, and make the optimiser, the averages and the compiled step of a stage."""
        config, stage = self.config, self.state.stage
        together = config.direct or stage == len(config.sizes)
        self.model.lock(
            0 if together or not config.lock else min(self._new_sizes, default=self.size)
        )
        variables = self.model.trainable_variables
        self.optimizer = make_optimizer(config)
        self.optimizer.build(variables)
        self.averages = Averages(variables, config.average)
        self.adversary = Adversary(config, self.size) if config.loss == "adversarial" else None
        self.step = compile_step(
            config, stage, self.model, self.optimizer, self.averages, self.adversary
        )
        self.draw = compile_draw(self.model)
        self._shuffled: Shuffled | None = None

    def _variables(self) -> dict[str, list[Any]]:
        """All that changes in training, by kind."""
        return {
            "weight": list(self.model.weights),
            "optimizer": list(self.optimizer.variables),
            "average": self.averages.variables,
            "adversary": self.adversary.variables if self.adversary is not None else [],
        }

    @property
    def size(self) -> int:
        """Window size of the stage."""
        return self.config.sizes[min(self.state.stage, len(self.config.sizes) - 1)]

    def run(self) -> Architecture:
        """Train all that is left.

        Raises:
            KeyboardInterrupt: on Ctrl-C, between two steps and after the checkpoint was written;
                SystemExit likewise where SIGTERM raises it.
        """
        if not (self.output / CHECKPOINT).exists():
            self.save_checkpoint()
        stages = self._stages
        while self.state.stage <= stages[-1]:
            # Samples that are made now may be interrupted at once.
            self.data[self.size]
            with Interrupts() as interrupts:
                self._run_stage(interrupts)
                self._finish_stage()
                if self.state.stage < stages[-1]:
                    self._next_stage()
                else:
                    self.state.stage += 1
                interrupts.obey()
        return self.model

    def _next_stage(self) -> None:
        stage = next(i for i in self._stages if i > self.state.stage)
        self.state = Progress(stage=stage, logged=self.state.logged)
        if self.state.stage < len(self.config.sizes):
            with _dtype_policy(self.precision):
                self.model = self.model.grow(self.size, self.config.inherit)
            self._take_over(self._added_sizes)
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

    def _run_stage(self, interrupts: Interrupts) -> None:
        """Train and validate epoch by epoch, until the samples, the time or the patience ends."""
        config, state = self.config, self.state
        total = sum(self._totals())
        if config.data_start and state.seen == 0:
            self._start_from_data()
        bar = tqdm(
            total=total,
            initial=state.seen,
            desc=f"{self.size}x{self.size}",
            unit="samples",
            disable=None if self.show else True,
        )
        with bar:
            # An epoch that is open was stopped before its validation.
            while state.began < state.seen or (
                state.seen < total
                and not (config.patience and state.worse >= config.patience)
                and self._time_gone() < 1.0
            ):
                self._train_epoch(interrupts, bar)
                record = self._validate()
                bar.set_postfix(loss=f"{record['loss']:.4f}")
                self._pause(interrupts, always=True)

    def _start_from_data(self) -> None:
        """Let the stage's first batch decide what new levels start from."""
        batch = int(self.config.stage("batch", self.state.stage))
        samples = self._batch(batch)
        routes = tree_mask(samples.labels)[..., None].astype(np.float32)
        self.model.start_from_data(images(samples.states), routes, self._new_sizes)
        self.averages.restart()

    def _train_epoch(self, interrupts: Interrupts, bar: Any) -> None:
        """Train to the end of the epoch, or of the stage's time."""
        state = self.state
        pretrain, samples = self._totals()
        epoch = int(self.config.stage("epoch", state.stage))
        goal = min(pretrain + samples, (state.began // epoch + 1) * epoch)
        while state.seen < goal:
            gone = self._time_gone()
            began, busy = time.perf_counter(), time.process_time()
            parts = self._one_step(pretrain, samples, gone)
            if state.steps % LOOKED_AT == 0:
                for name, value in parts.items():
                    state.sums[name] = state.sums.get(name, 0.0) + float(value)
            state.steps += 1
            spent = time.perf_counter() - began
            state.seconds += spent
            state.spent += spent
            state.processor += time.process_time() - busy
            bar.update(state.seen - bar.n)
            self._pause(interrupts)
            if gone >= 1.0:
                break

    def _pause(self, interrupts: Interrupts, always: bool = False) -> None:
        """Write the checkpoint when the training is to stop here, or always; then stop."""
        if always or interrupts.asked is not None:
            self.save_checkpoint()
        interrupts.obey()

    def _time_gone(self) -> float:
        """Share of the stage's time that is gone; 0 without a limit."""
        limit = 60.0 * self.config.stage("minutes", self.state.stage)
        return self.state.spent / limit if limit else 0.0

    def _one_step(self, pretrain: int, total: int, gone: float) -> dict[str, Any]:
        """Train on one batch.

        Args:
            pretrain: route-free samples of the stage.
            total: samples after those.
            gone: share of the stage's time that is gone.
        """
        config, state = self.config, self.state
        route_free = state.seen < pretrain
        seen, goal = (state.seen, pretrain) if route_free else (state.seen - pretrain, total)
        progress = max(seen / goal, gone)
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
        weight = config.term_weight(state.stage, 1.0 if route_free else progress)
        key = [config.seed * 1_000_003 + state.stage, state.seen]
        of_stage = max(state.seen / (pretrain + total), gone)
        self.model.begin_step(key, self._new_sizes, of_stage)
        parts = self.step(
            tf.constant(samples.states),
            tf.constant(samples.labels),
            tf.constant(key, tf.int64),
            tf.constant(weight, tf.float32),
            tf.constant(route_free),
        )
        state.seen += batch
        return parts

    def _batch(self, count: int) -> Samples:
        """The next ``count`` samples."""
        if self._shuffled is None:
            source = self.data[self.size].training
            self._shuffled = Shuffled(source, self.config.seed, self.state.stage)
        return self._shuffled.take(self.state.seen, count)

    def _validate(self) -> dict[str, Any]:
        """Measure the averaged weights on validation samples, log, and close the epoch."""
        state = self.state
        began = time.perf_counter()
        held = self.data[self.size].validation
        count = min(self.config.validation, len(held))
        samples = Samples(held.states[:count], held.labels[:count])
        with self.averages.in_place():
            drawn = draw_all(self.draw, samples.states)
        tiles = (samples.labels & TILE_BIT) > 0
        sure = np.clip(np.where(tiles, drawn[..., 0], 1.0 - drawn[..., 0]), 1e-6, 1.0)
        loss = float(-np.log(sure).sum(axis=(1, 2)).mean())
        looked_at = -(-state.steps // LOOKED_AT)
        record: dict[str, Any] = {
            "stage": state.stage,
            "size": self.size,
            "seen": state.seen,
            "seconds": round(state.seconds, 1),
            "processor": round(state.processor, 1),
            "precision": self.precision,
            "learning_rate": float(self.optimizer.learning_rate.numpy()),
            "training": {name: round(value / looked_at, 5) for name, value in state.sums.items()},
            "loss": round(loss, 5),
            "validation": [
                {name: round(value, 5) for name, value in dataclasses.asdict(q).items()}
                for q in sweep(samples.states, samples.labels, drawn, EPOCH_THRESHOLDS)
            ],
        }
        append_record(self.output, record)
        if self.on_epoch is not None:
            self.on_epoch(record, samples, drawn)
        if loss < state.best:
            state.best, state.worse = loss, 0
        else:
            state.worse += 1
        state.began, state.steps, state.sums = state.seen, 0, {}
        state.logged += 1
        state.spent += time.perf_counter() - began
        return record

    def _finish_stage(self) -> None:
        """The averages become the weights, and the network so far is saved.

        Rounded to half precision, so that the exports hold them exactly in two bytes.
        """
        self.averages.take_over()
        for variable in self.model.trainable_variables:
            variable.assign(tf.cast(tf.cast(variable.value, tf.float16), tf.float32))
        save_model(self.model, self.output / MODEL)

    def save_checkpoint(self) -> None:
        """Replace the checkpoint by one of now."""
        values = {
            kind: [np.asarray(variable) for variable in variables]
            for kind, variables in self._variables().items()
        }
        write_checkpoint(
            self.output / CHECKPOINT,
            Checkpoint(self.state, plain(self.config), random.getstate(), values),
        )
