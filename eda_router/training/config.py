"""Every switch of training, beside those of the network."""

from __future__ import annotations

import dataclasses
from typing import Literal

from eda_router.config import RouteConfig, setting
from eda_router.errors import InputError
from eda_router.neural.architecture import Shape, Terms
from eda_router.neural.model_config import value_at


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainConfig(Terms, Shape):
    """How a network is trained; its shape and what it asks for itself are part of it.

    Values given one a stage go with ``sizes``; the last one serves further stages.

    Raises:
        TypeError: there is no setting of that name.
        InputError: a value is of another type or out of range.

    Example:
        >>> import eda_router
        >>> eda_router.TrainConfig(sizes=(8, 16), batch=(64, 16)).seed
        1
    """

    sizes: tuple[int, ...] = setting(
        (8, 16, 32, 64), "The resolution schedule: one stage for each size.", unit="tiles"
    )
    seed: int = setting(1, "Seed of every random choice.", low=0, high=2**31 - 1)
    samples: tuple[int, ...] = setting(
        (2_600_000, 2_700_000, 240_000, 20_000),
        "Samples seen in each stage; 0: the level stays as it is in the model to start from.",
        low=0,
    )
    pass_over: bool = setting(
        False,
        "Pass over a stage that has 0 samples or no data: its level is trained with the next one, "
        "and is no exit.",
        later=True,
    )
    minutes: tuple[float, ...] = setting(
        (0.0,),
        "Most time of each stage; it ends then, and its learning rates are spread over the time. "
        "0: no limit.",
        unit="minutes",
        low=0,
    )
    pretrain: tuple[int, ...] = setting(
        (8192, 4096, 0),
        "Samples seen before that without routes: the labels are the pins alone.",
        low=0,
    )
    waypoints: tuple[float, ...] = setting(
        (0.1, 0.25),
        "Share of the samples in which some tiles of the route are shown as pins, as routing shows "
        "waypoints; by stage.",
        low=0,
        high=1,
    )
    batch: tuple[int, ...] = setting((256, 64, 32, 16), "Samples in a batch, by stage.", low=1)
    batch_doublings: int = setting(
        0,
        "Times the batch doubles in a stage, the learning rate with it (AdaBatch).",
        low=0,
        high=8,
    )
    epoch: tuple[int, ...] = setting(
        (262_144, 65_536, 16_384, 4096),
        "Samples between validations and checkpoints, by stage.",
        low=1,
    )
    patience: int = setting(
        0, "Epochs without a better validation loss after which a stage ends; 0: never.", low=0
    )
    validation: int = setting(512, "Validation samples looked at after an epoch.", low=1)
    loss: Literal[
        "cross_entropy",
        "squared",
        "paper",
        "focal",
        "tversky",
        "mixed",
        "exp_gb",
        "pow3_gb",
        "adversarial",
    ] = setting(
        "cross_entropy",
        "What is made small, on the tiles of the route; 'adversarial': a discriminator's doubt, on "
        "tiles and edges, and nothing else.",
    )
    alpha: float = setting(0.05, "Weight of |drawn - wanted| tiles in the loss 'paper'.", low=0)
    beta: float = setting(0.1, "Weight of max(0, wanted - drawn) tiles in the loss 'paper'.", low=0)
    focus: float = setting(2.0, "Exponent of the loss 'focal'.", low=0)
    miss: float = setting(
        0.7, "Weight of missing tiles against surplus ones in 'tversky' and 'mixed'.", low=0, high=1
    )
    tversky: float = setting(2.0, "Weight of the Tversky term in the loss 'mixed'.", low=0)
    edge_weight: float = setting(
        1.0, "Weight of the route's edges, where edge maps are drawn.", low=1e-6
    )
    optimizer: Literal["adamw", "adam", "sgd", "rmsprop", "adadelta"] = setting(
        "adamw", "The optimiser."
    )
    learning_rate: float = setting(1.5e-3, "Its highest learning rate.", low=0)
    momentum: float = setting(
        0.9, "Momentum of 'sgd', beta 1 of 'adam' and 'adamw'.", low=0, high=0.9999
    )
    schedule: Literal["cosine", "constant", "linear", "cyclical"] = setting(
        "cosine", "How the learning rate moves within a stage."
    )
    warmup: float = setting(
        0.02, "Share of a stage in which the learning rate rises from 0.", low=0, high=1
    )
    cycle: int = setting(100_000, "Samples in a cycle of the schedule 'cyclical'.", low=1)
    weight_decay: float = setting(1e-4, "Weight decay of 'adamw'.", low=0)
    clip: float = setting(5.0, "Longest gradient, the rest is cut; 0: no limit.", low=0)
    clip_follows_rate: bool = setting(
        False,
        "Let the longest gradient grow as the learning rate falls, so that what a step may change "
        "stays the same.",
    )
    average: float = setting(
        0.999, "Decay of the moving average that the weights become; 0: none.", low=0, high=1
    )
    joint: int = setting(
        0, "Samples of a last stage that trains all levels at the last size together.", low=0
    )
    direct: bool = setting(
        False, "Build all levels at once and train them together at the last size: no growth."
    )
    inherit: bool = setting(
        True, "Start a ring from the layers of the ring inside it that have the same shape."
    )
    lock: bool = setting(True, "Lock the inner layers while a ring is trained.")
    data_start: bool = setting(
        False,
        "Start the gains and biases of weight normalisation from the first batch of the stage that "
        "adds them: outputs of mean 0 and deviation 1.",
        later=True,
    )
    mixed_precision: bool = setting(
        True, "Compute in bfloat16 where the processor has it; weights stay float32."
    )
    threads: int = setting(0, "Threads; 0: one for each core.", low=0, high=1024)
    data_source: Literal["both", "random", "ledger"] = setting(
        "both",
        "What samples are made from when no data is given: random windows, ledgers of synthetic "
        "designs, or both.",
    )
    data_labels: Literal["optimal", "random_ties", "maze"] = setting(
        "optimal",
        "Their labels: optimal trees with ties decided by place, with ties decided at random, or "
        "trees grown pin by pin.",
    )
    data_samples: tuple[int, ...] = setting(
        (1_048_576, 393_216, 131_072, 40_960),
        "Samples made when no data is given, by stage.",
        low=1,
    )

    data_expected_demand: float = setting(
        RouteConfig.expected_demand,
        "Share of the expected demand of nets still to come that half of their ledgers show as "
        "used.",
        low=0,
        high=1,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.clip_follows_rate and not self.clip:
            raise InputError(None, None, "option clip_follows_rate: no clip to follow", "a clip")
        if self.data_start and not self.normalization.startswith("weight"):
            raise InputError(
                None,
                None,
                f"option data_start: nothing to start with normalization {self.normalization}",
                "weight or weight_mean",
            )
        if self.output == "tanh" and self.loss != "adversarial":
            raise InputError(None, None, f"option output: tanh with loss {self.loss}", "sigmoid")

    def stage(self, name: str, index: int) -> int | float:
        """The value of a setting that has one a stage."""
        values: tuple[int | float, ...] = getattr(self, name)
        return value_at(values, index)

    def model(self, sizes: tuple[int, ...] | None = None) -> Shape:
        """The network's shape, with other ``sizes`` if given."""
        names = [field.name for field in dataclasses.fields(Shape)]
        values = {name: getattr(self, name) for name in names}
        if sizes is not None:
            values["sizes"] = sizes
        return Shape(**values)
