"""What training, export and engines know of a network, and which network that is.

Another network is one file that keeps :class:`Architecture`, its settings, and the names below
that say which one is built. Nothing else in training, in the study or in the engines names one.

A network draws windows at several sizes. Its *levels* are what it has for each of them, from the
inside; training adds a level to a trained network (:meth:`Architecture.grow`), locks those inside
and adds to the loss of its drawings what the network asks for itself
(:meth:`Architecture.charge`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

from eda_router.neural.model_config import TINY, ModelConfig, ModelTerms

Shape = ModelConfig
"""Settings that decide which weights the network has; all have ``sizes`` and ``width``."""

Terms = ModelTerms
"""Settings of what the network asks for itself in training; all have ``term_weight``."""

TINY_SHAPE = TINY
"""Values of :data:`Shape` for trials: a network that trains in seconds."""


class Batch(NamedTuple):
    """What a training step looks at; all float32.

    Attributes:
        images: ``(batch, size, size, 3)``, see :mod:`eda_router.neural.tensors`.
        targets: ``(batch, size, size, 3)``, 0 or 1: tiles, right edges, upper edges of the route.
        noise: ``(batch, numbers)``, standard normal, see :meth:`Architecture.noise`.
        chance: ``(batch, 1)``, uniform in [0, 1).
        weight: scalar, of the network's own terms at this step (``Terms.term_weight``).
    """

    images: Any
    targets: Any
    noise: Any
    chance: Any
    weight: Any


class Level(Protocol):
    """What a network has for one size of windows; a Keras layer."""

    def get_weights(self) -> list[Any]:
        """Its weights as arrays."""

    def set_weights(self, weights: list[Any]) -> None:
        """Replace them."""


class Architecture(Protocol):
    """A network that draws routes; a Keras model that can be saved and loaded.

    Attributes:
        config: its shape.
        further: sizes of windows above those it was trained for that it draws too, rising.
        weights: all variables.
        trainable_variables: those that are not locked.
    """

    config: Shape
    further: tuple[int, ...]
    weights: list[Any]
    trainable_variables: list[Any]

    def level(self, size: int) -> Level:
        """What was added for windows of ``size``."""

    def noise(self, size: int) -> int:
        """Numbers of noise that a drawing of windows of ``size`` takes; 0: it takes none."""

    def takes_plans(self, size: int) -> bool:
        """Whether windows of ``size`` can be drawn by plans (:mod:`eda_router.neural.plans`)."""

    def parameters(self, size: int) -> int:
        """Number of weights that a drawing of windows of ``size`` goes through."""

    def lock(self, below: int) -> None:
        """Make only what was added for windows of ``below`` and more trainable."""

    def grow(self, size: int, inherit: bool = False) -> Architecture:
        """A network for windows up to ``size``, the weights so far copied and locked.

        Args:
            size: of the new outermost window.
            inherit: start what is new from what is there already where the shapes are equal.
        """

    def begin_step(self, key: Sequence[int], sizes: Collection[int], progress: float) -> None:
        """Ready what changes from one training step to the next.

        Args:
            key: two whole numbers, the step's own; random choices of the network follow from them.
            sizes: of the levels that are new in the stage.
            progress: share of the stage that is gone.
        """

    def start_from_data(self, images: Any, routes: Any, sizes: Collection[int]) -> None:
        """Let a first batch decide what the gains and biases of normalised weights start from.

        Args:
            images: ``(batch, size, size, 3)``.
            routes: ``(batch, size, size, 1)``, tiles of the teacher's routes.
            sizes: of the levels that start.
        """

    def maps(
        self, images: Any, noise: Any = None, training: bool = False, plans: Any = None
    ) -> Any:
        """Draw ``(batch, size, size, 3)`` images.

        Args:
            images: see :mod:`eda_router.neural.tensors`.
            noise: ``(batch, numbers)``, standard normal; None: the first drawing.
            training: whether normalisation uses the batch's statistics.
            plans: ``(batch, size / 2, size / 2)``, 0 or 1, of windows that take them; None: none.

        Returns:
            ``(batch, size, size, 3)``: how probably the route takes the tile, the edge to its right
            and the edge above.
        """

    def draw_batch(self, batch: Batch, terms: Terms, stage: int) -> Any:
        """Draw a batch for the loss.

        Args:
            batch: of the step.
            terms: settings of what the network asks for.
            stage: of the training.

        Returns:
            something with ``logits``, ``(batch, size, size, 3)``, which the loss judges.
        """

    def charge(self, drawn: Any, weight: Any, terms: Terms) -> tuple[Any, dict[str, Any]]:
        """What the network adds to the loss of a drawing.

        Args:
            drawn: of :meth:`draw_batch`.
            weight: of the batch.
            terms: settings of what the network asks for.

        Returns:
            a scalar, None where nothing is added, and scalars for the log by name.
        """

    def latent_use(self, images: Any, routes: Any) -> dict[str, float]:
        """Figures of how much the latent carries; empty without one.

        Args:
            images: ``(batch, size, size, 3)``.
            routes: ``(batch, size, size, 1)``, tiles of the teacher's routes.
        """

    def get_weights(self) -> list[Any]:
        """All weights as arrays."""

    def set_weights(self, weights: list[Any]) -> None:
        """Replace them."""

    def save(self, path: Any) -> None:
        """Write the network in Keras' format."""


def network() -> type[Any]:
    """The class of the network that is built and loaded."""
    from eda_router.neural.model import RouteVAE

    return RouteVAE


def build_network(shape: Shape) -> Architecture:
    """A new network, none of it locked."""
    built: Architecture = network()(shape)
    return built


def exit_function(model: Architecture, by_plans: bool) -> Any:
    """A compiled function of images and noise that gives the maps ``(batch, size, size, 3)``.

    Args:
        model: that draws.
        by_plans: whether the function takes plans too, as its third argument.
    """
    import tensorflow as tf

    @tf.function(autograph=False)
    def draw(images: Any, noise: Any) -> Any:
        return model.maps(images, noise)

    @tf.function(autograph=False)
    def draw_by_plans(images: Any, noise: Any, plans: Any) -> Any:
        return model.maps(images, noise, plans=plans)

    return draw_by_plans if by_plans else draw
