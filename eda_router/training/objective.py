"""From a batch to the number that training makes small."""

from __future__ import annotations

from typing import Any

from keras import ops

from eda_router.neural import losses
from eda_router.neural.architecture import Architecture, Batch
from eda_router.training.config import TrainConfig


def route_loss(config: TrainConfig, targets: Any, logits: Any) -> Any:
    """The config's loss of one output channel, ``(batch,)``.

    Args:
        config: names the loss and its weights.
        targets: ``(batch, size, size)``, 0 or 1.
        logits: of the same shape.
    """
    match config.loss:
        case "cross_entropy":
            return losses.cross_entropy(targets, logits)
        case "squared":
            return losses.squared(targets, logits)
        case "paper":
            return losses.paper(targets, logits, config.alpha, config.beta)
        case "focal":
            return losses.focal(targets, logits, config.focus)
        case "tversky":
            return losses.tversky(targets, logits, config.miss)
        case "mixed":
            return losses.cross_entropy(targets, logits) + config.tversky * losses.tversky(
                targets, logits, config.miss
            )
        case "exp_gb":
            return losses.exp_gb(targets, logits, config.output_boost, config.output_goal)
        case "pow3_gb":
            return losses.pow3_gb(
                targets, logits, config.output_boost, config.output_goal, config.output_rest
            )
        case "adversarial":
            raise ValueError("a discriminator judges all channels together")


def objective(
    config: TrainConfig, model: Architecture, batch: Batch, stage: int
) -> tuple[Any, dict[str, Any]]:
    """The whole loss and its parts, each a mean over the batch.

    Args:
        config: of the training.
        model: that draws, and charges itself.
        batch: of the step.
        stage: of the training.
    """
    drawn = model.draw_batch(batch, config, stage)
    targets, logits = batch.targets, drawn.logits
    total = ops.mean(route_loss(config, targets[..., 0], logits[..., 0]))
    parts = {"route": total}
    if config.edge_maps:
        edges = sum(ops.mean(losses.cross_entropy(targets[..., i], logits[..., i])) for i in (1, 2))
        parts["edges"] = edges
        total = total + config.edge_weight * edges
    charge, figures = model.charge(drawn, batch.weight, config)
    return total if charge is None else total + charge, parts | figures
