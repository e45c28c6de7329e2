"""The variants of the study: changes to one base config, each with a name."""

from __future__ import annotations

from typing import Any

VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "simple VAE, squared error, RMSprop cyclical": {
        "loss": "squared",
        "optimizer": "rmsprop",
        "schedule": "cyclical",
        "learning_rate": 1e-3,
        "skip_scale": 0.0,
        "edge_weight": 0.0,
        "posterior": (1.0,),
    },
    "simple VAE, squared error, SGD": {
        "loss": "squared",
        "optimizer": "sgd",
        "learning_rate": 1e-2,
        "skip_scale": 0.0,
        "edge_weight": 0.0,
        "posterior": (1.0,),
    },
    "paper: Algorithm 1": {
        "growth": "paper",
        "loss": "paper",
        "optimizer": "rmsprop",
        "schedule": "cyclical",
        "learning_rate": 1e-3,
        "edge_weight": 0.0,
    },
    "paper, not locked": {"growth": "paper", "loss": "paper", "edge_weight": 0.0, "lock": False},
    "paper, no count terms": {
        "growth": "paper",
        "loss": "squared",
        "edge_weight": 0.0,
    },
    "paper, no route-free pretraining": {
        "growth": "paper",
        "loss": "paper",
        "edge_weight": 0.0,
        "pretrain": (0,),
    },
    "no route-free pretraining": {"pretrain": (0,)},
    "rings start afresh": {"inherit": False},
    "squared error": {"loss": "squared"},
    "paper's loss": {"loss": "paper"},
    "focal": {"loss": "focal"},
    "Tversky": {"loss": "tversky"},
    "cross-entropy and Tversky": {"loss": "mixed"},
    "exp-GB": {"loss": "exp_gb", "output": "exp"},
    "pow3-GB": {"loss": "pow3_gb", "output": "pow3"},
    "batch normalisation": {"normalization": "batch"},
    "weight normalisation": {"normalization": "weight"},
    "skips at 0.1": {"skip_scale": 0.1},
    "skips at 0.5": {"skip_scale": 0.5},
    "decoder's side at 0.5": {"path_scale": 0.5},
    "no skips": {"skip_scale": 0.0},
    "AdaBatch": {"batch_doublings": 2},
    "no dilation": {"dilation": False},
    "no residuals": {"residual": False},
    "no latent": {"latent": 0},
    "no edge maps": {"edge_weight": 0.0},
    "SGD": {"optimizer": "sgd", "learning_rate": 1e-2},
    "RMSprop": {"optimizer": "rmsprop", "learning_rate": 1e-3},
    "Adadelta": {"optimizer": "adadelta", "learning_rate": 1.0},
    "Adam": {"optimizer": "adam"},
}
"""Changes to the base config by the name of the variant."""
