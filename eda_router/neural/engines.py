"""What runs a trained model: Keras, or OpenVINO without importing TensorFlow.

Images go through in pieces of fixed sizes, the last one padded, so a net's drawing does not depend,
to the bit, on the nets drawn with it; hence an image that was drawn before need not be drawn again.
OpenVINO is told in which precision to compute, since by itself it would choose by the processor.
What it makes of an exit is kept beside the compiled kernels.
"""

from __future__ import annotations

import importlib
import math
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from eda_router.errors import EdarouteError, InputError
from eda_router.neural.architecture import exit_function
from eda_router.neural.compiled_exit import ExportedExit, compile_exit
from eda_router.neural.model_folder import (
    EXITS,
    MODEL,
    Export,
    check_digests,
    check_exit,
    exit_file,
    load_model,
    read_facts,
    weights_file,
)
from eda_router.neural.tensors import IMAGE_CHANNELS
from eda_router.numba_cache import compiled_folder
from eda_router.resources import bundled

FloatArray = NDArray[np.float32]
Plans = NDArray[np.bool_]

Precision = Literal["auto", "float32", "bfloat16", "int8"]

TOLERANCE = {"float32": 1e-4, "bfloat16": 0.1, "int8": 0.1}
"""Greatest difference of a probability between OpenVINO at a precision and Keras; in int8, that of
all but one in :data:`INT8_OUTLIERS` of them. An exit that differs by more has no int8."""

INT8_OUTLIERS = 100

_PLANS = re.compile(r'<layer [^>]*name="plans" type="Parameter"')
"""What an exported exit has that takes plans."""

_HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}

_PIECES = {8: 8, 16: 8, 32: 4, 64: 4}
"""Images of a piece, one of larger windows: as few as cost no more each, since half a piece of
every wave is padding. OpenVINO computes up to eight windows in one way and more of
them in another, which in bfloat16 moves last bits; a drawing is to be the same in any company."""

_KERAS_PIECE = 1
"""Images of a piece that Keras draws on a processor. TensorFlow multiplies matrices by as many rows
at once as suit the processor, then by what is left, which moves last bits: where that is depends on
the processor, so an image comes out alike at every place of a piece only where there is one."""

ACCELERATED_BATCHES = 16
"""How many times larger waves are on a GPU, which a small one would leave idle."""

_ACCELERATED_PIECE = 96
"""Images of a piece on a GPU, where last bits depend on the place."""

MEMORY = 1 << 24
"""Bytes of images of a size and their drawings that an engine remembers, about."""

RARE = 256
"""Batches of a few images of a size that are padded to a piece; compiling for so few takes as
long."""

FEW = 4
"""Part of a piece that counts as a few images."""


class Engine(Protocol):
    """A loaded model.

    Attributes:
        exits: window sizes that it was trained for, in rising order.
        further: window sizes above those that it draws too, in rising order.
        thresholds: for each of both, the probability from which a tile or an edge counts as drawn.
        latent: for each of both, the numbers of noise that a sample takes.
        name: ``keras`` or ``openvino``.
        planned: those that take plans (:mod:`eda_router.neural.plans`).
        precisions: for each of both, in which it computes: ``float32``, ``bfloat16`` or ``int8``.
        batches: how many times larger batches its device wants than one processor core does.
    """

    exits: tuple[int, ...]
    further: tuple[int, ...]
    thresholds: dict[int, float]
    latent: dict[int, int]
    planned: frozenset[int]
    name: str
    precisions: dict[int, str]
    batches: int

    def draw(self, images: FloatArray, plans: Plans | None = None) -> FloatArray:
        """Drawings of images ``(count, size, size, 3)``, the latent at its mean.

        Args:
            images: see :mod:`eda_router.neural.tensors`.
            plans: bool ``(count, size / 2, size / 2)``, for exits that take them; None: none.

        Returns:
            float32 ``(count, size, size, 3)``, probabilities that the route takes the tile, the
            edge to its right and the edge above (:mod:`eda_router.neural.decode`).
        """

    def sample(
        self, images: FloatArray, count: int, seed: int, plans: Plans | None = None
    ) -> FloatArray:
        """``count`` drawings of each image, the latent drawn from the prior.

        Args:
            images, plans: as :meth:`draw` takes them; all samples of an image get its plan.
            count: of samples.
            seed: of their noise.

        Returns:
            float32 ``(len(images), count, size, size, 3)``. Sample number j of every image takes
            the same noise, which depends on the seed alone.
        """


class _Padded:
    """Cuts batches into pieces of fixed sizes; what runs a piece is the subclass' matter.

    Short nets in free space look alike: an image that is remembered is not run again.
    """

    batches = 1

    def __init__(self, facts: Mapping[str, Any]):
        self.exits: tuple[int, ...] = tuple(facts["exits"])
        self.further: tuple[int, ...] = tuple(facts.get("further", ()))
        self._sizes = (*self.exits, *self.further)
        self.precisions = dict.fromkeys(self._sizes, "float32")
        self.thresholds: dict[int, float] = {int(k): v for k, v in facts["thresholds"].items()}
        self.latent: dict[int, int] = {int(k): v for k, v in facts["latent"].items()}
        self.planned: frozenset[int] = frozenset()
        self._shown_plans: frozenset[int] = frozenset()
        self._memories: dict[int, _Memory] = {}

    def _run(self, images: FloatArray, noise: FloatArray, plans: FloatArray) -> FloatArray:
        """Draw a piece; the plans are ``(count, 0, 0)`` where the exit takes none."""
        raise NotImplementedError

    def _plan_from(self, takes_plans: Iterable[int]) -> None:
        """Take plans where an exit does, and the exit of half the size is there to draw them.

        Others that take plans are shown empty ones.
        """
        self._shown_plans = frozenset(takes_plans)
        self.planned = frozenset(size for size in self._shown_plans if size // 2 in self._sizes)

    def _pieces(self, size: int, count: int) -> tuple[int, ...]:
        """Batch sizes that :meth:`_run` takes for ``count`` images, in falling order."""
        raise NotImplementedError

    def draw(self, images: FloatArray, plans: Plans | None = None) -> FloatArray:
        """See :meth:`Engine.draw`."""
        latent = self._numbers(images)
        shown = self._shown(images, plans)
        memory = self._memories.setdefault(images.shape[1], _Memory(images.shape[1]))
        keys = _bytes_of(images)
        if shown.any():
            # An image without a plan is the same whatever those beside it have.
            keys = [
                image + (plan if any(plan) else b"")
                for image, plan in zip(keys, _bytes_of(shown), strict=True)
            ]
        new = {key: i for i, key in enumerate(keys) if key not in memory.numbers}
        if new:
            chosen = list(new.values())
            still = np.zeros((len(chosen), latent), np.float32)
            drawn = self._all(images[chosen], still, shown[chosen])
            memory.add(new, drawn)
        numbers = [memory.numbers[key] for key in keys]
        drawings = memory.drawings[np.array(numbers, np.int64)]
        memory.forget_many()
        return drawings

    def sample(
        self, images: FloatArray, count: int, seed: int, plans: Plans | None = None
    ) -> FloatArray:
        """See :meth:`Engine.sample`."""
        generator = np.random.Generator(np.random.PCG64(seed))
        noise = generator.standard_normal((count, self._numbers(images))).astype(np.float32)
        shown = self._shown(images, plans)
        repeated, by = (np.repeat(values, count, axis=0) for values in (images, shown))
        drawn = self._all(repeated, np.tile(noise, (len(images), 1)), by)
        return drawn.reshape(len(images), count, *images.shape[1:])

    def _numbers(self, images: FloatArray) -> int:
        """Numbers of noise for each of the images."""
        size = images.shape[1]
        if size not in self._sizes:
            raise ValueError(f"no exit for windows of {size}x{size}, only {list(self._sizes)}")
        return self.latent[size]

    def _shown(self, images: FloatArray, plans: Plans | None) -> FloatArray:
        """The plans as the network takes them."""
        count, size = images.shape[:2]
        rows = size // 2 if size in self._shown_plans else 0
        if plans is None:
            return np.zeros((count, rows, rows), np.float32)
        if plans.shape != (count, rows, rows):
            raise ValueError(
                f"plans {plans.shape} for {count} windows of {size}x{size}, "
                f"expected {(count, rows, rows)}"
            )
        return plans.astype(np.float32)

    def _all(self, images: FloatArray, noise: FloatArray, plans: FloatArray) -> FloatArray:
        size = images.shape[1]
        pieces = self._pieces(size, len(images))
        drawn = np.empty(images.shape, np.float32)
        start = 0
        while start < len(images):
            left = len(images) - start
            # The smallest piece that takes all that is left, or else the largest.
            piece = min((p for p in pieces if p >= left), default=pieces[0])
            stop = min(start + piece, len(images))
            drawn[start:stop] = self._run(
                *(_padded(part[start:stop], piece) for part in (images, noise, plans))
            )[: stop - start]
            start = stop
        return drawn


def _bytes_of(values: FloatArray) -> list[bytes]:
    """The bytes of each of the first axis' parts."""
    size = math.prod(values.shape[1:])
    rows = np.ascontiguousarray(values).reshape(len(values), size)
    found: list[bytes] = rows.view(np.dtype((np.void, size * rows.itemsize)))[:, 0].tolist()
    return found


def _padded(values: FloatArray, count: int) -> FloatArray:
    if len(values) == count:
        return np.ascontiguousarray(values)
    padded = np.zeros((count, *values.shape[1:]), np.float32)
    padded[: len(values)] = values
    return padded


class _Memory:
    """Images of one size that were drawn, and their drawings.

    Attributes:
        numbers: of the drawings, by image.
        drawings: float32 ``(at least the images known, size, size, 3)``.
    """

    def __init__(self, size: int):
        self.numbers: dict[bytes, int] = {}
        self.drawings: FloatArray = np.empty((64, size, size, IMAGE_CHANNELS), np.float32)

    def add(self, images: Iterable[bytes], drawings: FloatArray) -> None:
        """Keep the drawings of images that are not known yet."""
        known = len(self.numbers)
        end = known + len(drawings)
        if end > len(self.drawings):
            grown = np.empty((max(end, 2 * known), *drawings.shape[1:]), np.float32)
            grown[:known] = self.drawings[:known]
            self.drawings = grown
        self.drawings[known:end] = drawings
        self.numbers.update(zip(images, range(known, end), strict=True))

    def forget_many(self) -> None:
        """Forget everything once it takes too much memory."""
        if 2 * len(self.numbers) * self.drawings[0].nbytes > MEMORY:
            self.numbers.clear()


class BlankEngine(_Padded):
    """Draws every tile and every edge: the control that shows what decoding does by itself."""

    name = "blank"

    def _run(self, images: FloatArray, noise: FloatArray, plans: FloatArray) -> FloatArray:
        return np.ones_like(images)

    def _pieces(self, size: int, count: int) -> tuple[int, ...]:
        return (count,)


class KerasEngine(_Padded):
    """Runs the Keras model in compiled functions of one fixed batch size an exit.

    On a GPU where TensorFlow sees one; the pieces, and with them the router's waves, grow with it.
    """

    name = "keras"

    def __init__(self, folder: Path, facts: Mapping[str, Any], threads: int):
        super().__init__(facts)
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            # TensorFlow runs already in this process, with its own number of threads.
            pass
        if tf.config.list_physical_devices("GPU"):
            self.batches = ACCELERATED_BATCHES
        model = load_model(folder)
        known = {size: model.noise(size) for size in (*model.config.sizes, *model.further)}
        if not self.latent.items() <= known.items():
            raise InputError(folder / MODEL, None, "has other exits or another latent", EXITS)
        self._plan_from(size for size in self._sizes if model.takes_plans(size))
        self._draw = exit_function(model, False)
        self._draw_by_plans = exit_function(model, True)

    def _pieces(self, size: int, count: int) -> tuple[int, ...]:
        return (_KERAS_PIECE if self.batches == 1 else _ACCELERATED_PIECE,)

    def _run(self, images: FloatArray, noise: FloatArray, plans: FloatArray) -> FloatArray:
        drawn: FloatArray
        if plans.shape[1]:
            drawn = self._draw_by_plans(images, noise, plans).numpy()
        else:
            drawn = self._draw(images, noise).numpy()
        return drawn


def processor_has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 itself, as OpenVINO sees it; False without it."""
    return _has_openvino() and "BF16" in _capabilities(_openvino().Core())


def _capabilities(core: Any) -> list[str]:
    found: list[str] = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return found


class OpenVinoEngine(_Padded):
    """Runs the exported exits; each is compiled when it is first used.

    Args:
        folder: of the model.
        facts: of ``exits.json``.
        threads: for the computations.
        precision: of them.
        kept: folder in which compiled exits are kept for later runs, None: nowhere.
    """

    name = "openvino"

    def __init__(
        self,
        folder: Path,
        facts: Mapping[str, Any],
        threads: int,
        precision: Precision,
        kept: Path | None = None,
    ):
        super().__init__(facts)
        self._core = _openvino().Core()
        has_int8 = {size for size in self._sizes if (folder / exit_file(size, "int8")).exists()}
        self.precisions = self._taken(precision, has_int8)
        self._exports: dict[int, Export] = {
            size: "int8" if self.precisions[size] == "int8" else "float32" for size in self._sizes
        }
        self._settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,
        }
        self._plan_from(
            size
            for size, export in self._exports.items()
            if _PLANS.search(check_exit(folder, size, export))
        )
        check_digests(folder, facts, self._exports)
        self._folder, self._kept = folder, kept
        self._compiled: dict[tuple[int, int], _Request] = {}
        self._small: Counter[int] = Counter()

    def _taken(self, asked: Precision, has_int8: Collection[int]) -> dict[int, str]:
        """The precision to compute each exit in: the cheapest there is, or the one asked for.

        Raises:
            EdarouteError: the one asked for is not there.
        """
        offered = _capabilities(self._core)
        if asked == "bfloat16" and "BF16" not in offered:
            raise EdarouteError(
                "this processor has no bfloat16; --precision auto takes what it has"
            )
        if asked == "int8" and not has_int8:
            raise EdarouteError("the model has no exits in int8; training writes them with NNCF")
        whole = asked == "int8" or (asked == "auto" and "INT8" in offered)
        short = asked == "bfloat16" or (asked == "auto" and "BF16" in offered)
        other = "bfloat16" if short else "float32"
        return {size: "int8" if whole and size in has_int8 else other for size in self._sizes}

    def _pieces(self, size: int, count: int) -> tuple[int, ...]:
        piece = _PIECES.get(size, 1)
        few = piece // FEW
        self._small[size] += count <= few
        return (piece, few) if self._small[size] > RARE else (piece,)

    def _run(self, images: FloatArray, noise: FloatArray, plans: FloatArray) -> FloatArray:
        inputs = (images, noise, plans) if plans.shape[1] else (images, noise)
        count, size = images.shape[:2]
        if (count, size) not in self._compiled:
            export = self._exports[size]
            shapes = [values.shape for values in inputs]
            exported = ExportedExit(
                self._folder / exit_file(size, export),
                self._folder / weights_file(export),
                shapes,
                self._settings | {"INFERENCE_PRECISION_HINT": _HINTS[self.precisions[size]]},
            )
            compiled = compile_exit(self._core, exported, self._kept)
            self._compiled[count, size] = _Request(compiled, shapes)
        return self._compiled[count, size].run(inputs)


class _Request:
    """A compiled exit and the arrays it reads and writes, made once for all its batches."""

    def __init__(self, compiled: Any, shapes: Iterable[tuple[int, ...]]):
        self._request = compiled.create_infer_request()
        self._inputs = [np.zeros(shape, np.float32) for shape in shapes]
        # A tensor of zero bytes cannot share memory; without noise there is nothing to share.
        for number, values in enumerate(self._inputs):
            if values.size:
                tensor = _openvino().Tensor(values, shared_memory=True)
                self._request.set_input_tensor(number, tensor)
        self._drawn: FloatArray = self._request.get_output_tensor(0).data

    def run(self, inputs: Iterable[FloatArray]) -> FloatArray:
        """The maps of a batch, valid until the next run."""
        for own, values in zip(self._inputs, inputs, strict=True):
            own[:] = values
        self._request.infer(share_outputs=True)
        return self._drawn


def load_engine(
    folder: str | Path | None = None,
    engine: Literal["auto", "keras", "openvino", "blank"] = "auto",
    threads: int = 1,
    precision: Precision = "float32",
) -> Engine:
    """Load a model folder.

    Args:
        folder: written by training; None: the bundled model.
        engine: ``auto`` takes OpenVINO where it is installed and the exits are exported; ``blank``
            takes nothing but the sizes of the exits and draws every tile, a control.
        threads: for the computations.
        precision: of OpenVINO's computations; ``auto`` takes int8 for the exits that have it, which
            takes a third of the time, else bfloat16 on processors that have it, else float32.

    Returns:
        A model: ``exits`` and ``thresholds``, and ``draw`` and ``sample``, which take images
        float32 ``(count, size, size, 3)``; see :class:`Engine`.

    Raises:
        InputError: no model folder, or a damaged one.
        EdarouteError: the engine or the precision asked for is not there.

    Example:
        >>> import eda_router
        >>> model = eda_router.load_model()
        >>> model.exits, model.name
        ((8, 16, 32, 64), 'openvino')
        >>> model.draw(np.zeros((2, 16, 16, 3), np.float32)).shape
        (2, 16, 16, 3)
    """
    folder = bundled("models", "") if folder is None else Path(folder)
    facts = read_facts(folder)
    if engine == "blank":
        return BlankEngine(facts)
    if engine == "auto":
        exported = any((folder / exit_file(size)).exists() for size in facts["exits"])
        engine = "openvino" if exported and _has_openvino() else "keras"
    if engine == "keras":
        return KerasEngine(folder, facts, threads)
    if not _has_openvino():
        raise EdarouteError("OpenVINO is not installed; pip install openvino")
    for size in (*facts["exits"], *facts.get("further", ())):
        if not (folder / exit_file(size)).exists():
            raise InputError(folder, None, f"no {exit_file(size)}", "a model exported for OpenVINO")
    # Models in training come and go, and what is kept would stay.
    kept = compiled_folder() if folder == bundled("models", "") else None
    return OpenVinoEngine(folder, facts, threads, precision, kept)


def _has_openvino() -> bool:
    return find_spec("openvino") is not None


_CONVERTER = "openvino.tools.ovc"


def _openvino() -> Any:
    """OpenVINO, without importing its converter, which takes longer than all the rest.

    The package goes without a converter that cannot be imported; who wants it imports it by name.
    """
    if "openvino" not in sys.modules:
        missing: dict[str, Any] = {_CONVERTER: None}
        sys.modules.update(missing)
        try:
            importlib.import_module("openvino")
        finally:
            del sys.modules[_CONVERTER]
    return sys.modules["openvino"]
