"""The variants of the study: changes to one base config, each with a name.

Variants of one :class:`Group` see the same data and spend the same budget and are compared with one
another, never with those of other groups. A budget is counted in tiles of windows seen, so that a
variant that trains at the last size alone sees as many as one that grows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CORE, GROWTH, FULL = "8x8", "16x16", "64x64"

DEFAULT = "Default"
"""The row of each group's variant that the others are compared with."""

ROUTED_GROUP = FULL
"""Variants of this group route a design too."""


@dataclass(frozen=True)
class Group:
    """Variants with the same budget.

    Attributes:
        title: for the report.
        settings: changes to the base config: sizes and samples of the stages.
        direct: the same for variants that do not grow.
    """

    title: str
    settings: dict[str, Any]
    direct: dict[str, Any]


GROUPS: dict[str, Group] = {
    CORE: Group(
        "Core alone: windows of 8x8",
        {"sizes": (8,), "samples": (8192,), "epoch": (1024,), "validation": 1024},
        {},
    ),
    GROWTH: Group(
        "Growth: 8x8, then 16x16",
        {
            "sizes": (8, 16),
            "samples": (8192, 2048),
            "epoch": (2048, 512),
            "validation": 512,
        },
        {"samples": (4864,), "pretrain": (0,), "epoch": (512,)},
    ),
    FULL: Group(
        "Full resolution: 64x64",
        {
            "sizes": (8, 16, 32, 64),
            "samples": (16384, 8192, 3072, 1536),
            "epoch": (4096, 2048, 512, 256),
            "validation": 128,
        },
        {"samples": (3216,), "pretrain": (0,), "epoch": (512,)},
    ),
}
"""The groups by name; a variant is measured at its group's last size."""


@dataclass(frozen=True)
class Variant:
    """One way to train.

    Attributes:
        row: what it is compared under.
        group: its budget, of :data:`GROUPS`.
        changes: to the base config after the group's.
        views: symmetric views averaged at inference; 1 is the plain drawing.
        of: variant whose trained model is measured instead of training one.
        against: variant that it is a change of and is compared with; None: the group's default.
    """

    row: str
    group: str = CORE
    changes: dict[str, Any] = field(default_factory=dict)
    views: int = 1
    of: str | None = None
    against: str | None = None


_CYCLICAL = {"optimizer": "rmsprop", "schedule": "cyclical", "cycle": 768}
_PLAIN = {
    "growth": "paper",
    "loss": "squared",
    "skip_scale": 0.0,
    "edge_maps": False,
    "posterior": (1.0,),
    "direct": True,
}
_PAPER = {"growth": "paper", "loss": "paper", "edge_maps": False, **_CYCLICAL}
_DCGAN = {
    "growth": "paper",
    "loss": "adversarial",
    "normalization": "batch",
    "residual": False,
    "skip_scale": 0.0,
    "optimizer": "adam",
    "momentum": 0.5,
    "learning_rate": 2e-4,
    "schedule": "constant",
    "direct": True,
}
_DCGAN_RULES = {"first_weights": "normal", "output": "tanh"}
_SKIPS = {"skip_scale": 1.0}
_NO_SKIPS = {"skip_scale": 0.0}
_FAST = 1e-2
_NO_PRETRAINING = {"pretrain": (0,), "samples": (9216, 2560)}

_PAPER_ROW = "Progressive VAE of the paper, its parts taken away"
_METHODS_ROW = "The paper's methods"
_BARE_ROW = "The paper's methods with and without skip connections"
_RULES_ROW = "The DCGAN's first weights and output"
_GAP_ROW = "Stages passed over for lack of data"
_GROWTH_ROW = "Growth"
_LOSS_ROW = "Losses"
_SWEEP_ROW = "Weights in the paper's loss"
_OUTPUT_ROW = "Linear outputs with boosted gradients"
_NORM_ROW = "Normalisation, learning rate"
_START_ROW = "Weight normalisation started from data"
_DROPOUT_ROW = "Dropout"
_SKIP_ROW = "Weights on skip connections"
_BATCH_ROW = "Batches"
_CONTEXT_ROW = "Context, residuals, views"
_LABEL_ROW = "Labels"
_OPTIMIZER_ROW = "Optimisers"
_DESIGN_ROW = "Parts of the design"

ROWS: dict[str, str] = {
    _LOSS_ROW: "losses",
    _SWEEP_ROW: "paper-loss",
    _OUTPUT_ROW: "outputs",
    _OPTIMIZER_ROW: "optimisers",
    _NORM_ROW: "norms",
    _START_ROW: "starts",
    _DROPOUT_ROW: "dropout",
    _SKIP_ROW: "skips",
    _BATCH_ROW: "batches",
    _LABEL_ROW: "labels",
    _DESIGN_ROW: "parts",
    _CONTEXT_ROW: "context",
    _GROWTH_ROW: "growth",
    _PAPER_ROW: "paper-parts",
    _METHODS_ROW: "paper",
    _BARE_ROW: "paper-skips",
    _RULES_ROW: "dcgan",
    _GAP_ROW: "gaps",
}
"""Short name of each row, for the files of its pictures."""

VARIANTS: dict[str, Variant] = {
    "default": Variant(DEFAULT),
    # Losses
    "squared error": Variant(_LOSS_ROW, changes={"loss": "squared"}),
    "focal": Variant(_LOSS_ROW, changes={"loss": "focal"}),
    "Tversky": Variant(_LOSS_ROW, changes={"loss": "tversky"}),
    "cross-entropy and Tversky": Variant(_LOSS_ROW, changes={"loss": "mixed"}),
    "paper's loss": Variant(_LOSS_ROW, changes={"loss": "paper"}),
    "paper's loss, 4 alpha": Variant(
        _SWEEP_ROW, changes={"loss": "paper", "alpha": 0.2}, against="paper's loss"
    ),
    "paper's loss, no alpha": Variant(
        _SWEEP_ROW, changes={"loss": "paper", "alpha": 0.0}, against="paper's loss"
    ),
    "paper's loss, 4 beta": Variant(
        _SWEEP_ROW, changes={"loss": "paper", "beta": 0.4}, against="paper's loss"
    ),
    "paper's loss, no beta": Variant(
        _SWEEP_ROW, changes={"loss": "paper", "beta": 0.0}, against="paper's loss"
    ),
    # Outputs
    "exp-GB": Variant(_OUTPUT_ROW, changes={"loss": "exp_gb", "output": "exp"}),
    "pow3-GB": Variant(_OUTPUT_ROW, changes={"loss": "pow3_gb", "output": "pow3"}),
    "pow3-GB, negative targets": Variant(
        _OUTPUT_ROW,
        changes={"loss": "pow3_gb", "output": "pow3", "output_rest": -4.0},
        against="pow3-GB",
    ),
    "pow3-GB, a quarter of the rate": Variant(
        _OUTPUT_ROW,
        changes={"loss": "pow3_gb", "output": "pow3", "learning_rate": 1e-3},
        against="pow3-GB",
    ),
    # Optimisers
    "SGD": Variant(_OPTIMIZER_ROW, changes={"optimizer": "sgd", "learning_rate": 1e-2}),
    "RMSprop": Variant(_OPTIMIZER_ROW, changes={"optimizer": "rmsprop"}),
    "RMSprop, cyclical": Variant(_OPTIMIZER_ROW, changes=_CYCLICAL),
    "Adadelta": Variant(_OPTIMIZER_ROW, changes={"optimizer": "adadelta", "learning_rate": 1.0}),
    "Adam": Variant(_OPTIMIZER_ROW, changes={"optimizer": "adam"}),
    "SGD, clip follows rate": Variant(
        _OPTIMIZER_ROW,
        changes={"optimizer": "sgd", "learning_rate": 1e-2, "clip_follows_rate": True},
        against="SGD",
    ),
    # Normalisation
    "faster": Variant(_NORM_ROW, changes={"learning_rate": _FAST}),
    "batch normalisation": Variant(_NORM_ROW, changes={"normalization": "batch"}),
    "batch normalisation, faster": Variant(
        _NORM_ROW, changes={"normalization": "batch", "learning_rate": _FAST}
    ),
    "weight normalisation": Variant(_NORM_ROW, changes={"normalization": "weight"}),
    "weight normalisation, faster": Variant(
        _NORM_ROW, changes={"normalization": "weight", "learning_rate": _FAST}
    ),
    "weight normalisation, mean-only batch": Variant(
        _NORM_ROW, changes={"normalization": "weight_mean"}
    ),
    "weight normalisation, started from data": Variant(
        _START_ROW,
        changes={"normalization": "weight", "data_start": True},
        against="weight normalisation",
    ),
    "mean-only batch, started from data": Variant(
        _START_ROW,
        changes={"normalization": "weight_mean", "data_start": True},
        against="weight normalisation, mean-only batch",
    ),
    # Dropout
    "dropout of 0.1": Variant(_DROPOUT_ROW, changes={"dropout": 0.1}),
    "dropout of 0.3": Variant(_DROPOUT_ROW, changes={"dropout": 0.3}),
    # Skips
    "skips at 0.1": Variant(_SKIP_ROW, changes={"skip_scale": 0.1}),
    "skips at 0.5": Variant(_SKIP_ROW, changes={"skip_scale": 0.5}),
    "decoder's side at 0.5": Variant(_SKIP_ROW, changes={"path_scale": 0.5}),
    "decoder's side at 0.1": Variant(_SKIP_ROW, changes={"path_scale": 0.1}),
    "growing skips": Variant(_SKIP_ROW, changes={"skip_growth": 0.5}),
    "growing skips, decoder's side at 0.1": Variant(
        _SKIP_ROW, changes={"skip_growth": 0.5, "path_scale": 0.1}
    ),
    "no skips": Variant(_SKIP_ROW, changes={"skip_scale": 0.0}),
    # Batches
    "AdaBatch": Variant(_BATCH_ROW, changes={"batch_doublings": 2}),
    # Labels
    "random ties": Variant(_LABEL_ROW, changes={"data_labels": "random_ties"}),
    "maze labels": Variant(_LABEL_ROW, changes={"data_labels": "maze"}),
    # Parts of the design
    "no latent": Variant(_DESIGN_ROW, changes={"latent": 0}),
    "plain KL": Variant(_DESIGN_ROW, changes={"free_bits": 0.0, "kl_anneal": 0.0}),
    "no edge maps": Variant(_DESIGN_ROW, changes={"edge_maps": False}),
    "no residuals": Variant(_CONTEXT_ROW, changes={"residual": False}),
    "eight views": Variant(_CONTEXT_ROW, views=8, of="default"),
    # Growth
    "default, grown": Variant(DEFAULT, GROWTH),
    "from scratch": Variant(_GROWTH_ROW, GROWTH, {"direct": True}),
    "not locked": Variant(_GROWTH_ROW, GROWTH, {"lock": False}),
    "joint fine-tuning": Variant(_GROWTH_ROW, GROWTH, {"samples": (8192, 1024), "joint": 1024}),
    "no route-free pretraining": Variant(_GROWTH_ROW, GROWTH, _NO_PRETRAINING),
    "paper's growth": Variant(_GROWTH_ROW, GROWTH, {"growth": "paper"}),
    "no dilation": Variant(_CONTEXT_ROW, GROWTH, {"dilation": False}),
    "eight views, grown": Variant(_CONTEXT_ROW, GROWTH, views=8, of="default, grown"),
    "paper": Variant(_PAPER_ROW, GROWTH, _PAPER),
    "paper, not locked": Variant(_PAPER_ROW, GROWTH, {**_PAPER, "lock": False}, against="paper"),
    "paper, squared error": Variant(
        _PAPER_ROW, GROWTH, {**_PAPER, "loss": "squared"}, against="paper"
    ),
    "paper, no pretraining": Variant(
        _PAPER_ROW, GROWTH, {**_PAPER, **_NO_PRETRAINING}, against="paper"
    ),
    "simple VAE at 16": Variant(_BARE_ROW, GROWTH, {**_PLAIN, **_CYCLICAL}),
    "simple VAE at 16, skips": Variant(
        _BARE_ROW, GROWTH, {**_PLAIN, **_CYCLICAL, **_SKIPS}, against="simple VAE at 16"
    ),
    "GAN at 16": Variant(_BARE_ROW, GROWTH, _DCGAN),
    "GAN at 16, skips": Variant(_BARE_ROW, GROWTH, {**_DCGAN, **_SKIPS}, against="GAN at 16"),
    "paper, no skips": Variant(_BARE_ROW, GROWTH, {**_PAPER, **_NO_SKIPS}, against="paper"),
    "GAN at 16, first weights": Variant(
        _RULES_ROW, GROWTH, {**_DCGAN, "first_weights": "normal"}, against="GAN at 16"
    ),
    "GAN at 16, tanh": Variant(
        _RULES_ROW, GROWTH, {**_DCGAN, "output": "tanh"}, against="GAN at 16"
    ),
    "GAN at 16, both": Variant(_RULES_ROW, GROWTH, {**_DCGAN, **_DCGAN_RULES}, against="GAN at 16"),
    "growing skips in rings": Variant(_SKIP_ROW, GROWTH, {"skip_growth": 0.5, "scaled": "rings"}),
    "growing skips in rings, inside at 0.1": Variant(
        _SKIP_ROW, GROWTH, {"skip_growth": 0.5, "path_scale": 0.1, "scaled": "rings"}
    ),
    "rings' own side at 0.1": Variant(_SKIP_ROW, GROWTH, {"skip_scale": 0.1, "scaled": "rings"}),
    "no data at 8": Variant(
        _GAP_ROW, GROWTH, {"pass_over": True, "samples": (0, 4352), "pretrain": (0, 512)}
    ),
    "max-pooling": Variant(_CONTEXT_ROW, GROWTH, {"pooling": "max"}),
    "batch normalisation, upsampling too": Variant(
        _NORM_ROW, GROWTH, {"normalization": "batch", "normalize_up": True}
    ),
    # Full resolution
    "simple VAE, RMSprop": Variant(_METHODS_ROW, FULL, {**_PLAIN, **_CYCLICAL}),
    "simple VAE, SGD": Variant(
        _METHODS_ROW, FULL, {**_PLAIN, "optimizer": "sgd", "learning_rate": 1e-2}
    ),
    "GAN": Variant(_METHODS_ROW, FULL, _DCGAN),
    "GAN, ten times the rate": Variant(_METHODS_ROW, FULL, {**_DCGAN, "learning_rate": 2e-3}),
    "progressive VAE": Variant(_METHODS_ROW, FULL, _PAPER),
    "simple VAE, skips": Variant(
        _BARE_ROW, FULL, {**_PLAIN, **_CYCLICAL, **_SKIPS}, against="simple VAE, RMSprop"
    ),
    "GAN, skips": Variant(_BARE_ROW, FULL, {**_DCGAN, **_SKIPS}, against="GAN"),
    "progressive VAE, no skips": Variant(
        _BARE_ROW, FULL, {**_PAPER, **_NO_SKIPS}, against="progressive VAE"
    ),
    "GAN, DCGAN's first weights and output": Variant(
        _RULES_ROW, FULL, {**_DCGAN, **_DCGAN_RULES}, against="GAN"
    ),
    "no data at 32": Variant(
        _GAP_ROW,
        FULL,
        {
            "pass_over": True,
            "samples": (16384, 8192, 0, 2336),
            "pretrain": (1024, 512, 0, 64),
        },
    ),
    "default, full": Variant(DEFAULT, FULL),
    "faster, full": Variant(_NORM_ROW, FULL, {"learning_rate": _FAST}),
    "from scratch at 64": Variant(_GROWTH_ROW, FULL, {"direct": True}),
    "from scratch at 32": Variant(
        _GROWTH_ROW,
        FULL,
        {"sizes": (8, 16, 32), "samples": (6464,), "epoch": (1024,), "direct": True},
    ),
}
"""The variants by name."""
