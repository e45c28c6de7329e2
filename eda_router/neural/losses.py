"""What training makes small. Every loss gives one value a sample, summed over its tiles.

Targets and outputs are ``(batch, size, size)``; targets are 0 or 1, outputs are before the
sigmoid.

References:
    [1] T.-Y. Lin et al.: Focal loss for dense object detection. ICCV 2017. arXiv 1708.02002.
    [2] S. Salehi, D. Erdogmus, A. Gholipour: Tversky loss function for image segmentation.
        MLMI 2017. arXiv 1706.05721.
    [3] A. Øland et al.: Be careful what you backpropagate. 2017. arXiv 1707.04199.
"""

from __future__ import annotations

from typing import Any

from keras import ops

_TILES = (1, 2)


def cross_entropy(targets: Any, logits: Any) -> Any:
    """Binary cross-entropy in nats."""
    return ops.sum(_entropy(targets, logits), axis=_TILES)


def squared(targets: Any, logits: Any) -> Any:
    """Squared error of the probabilities."""
    return ops.sum(ops.square(ops.sigmoid(logits) - targets), axis=_TILES)


def paper(targets: Any, logits: Any, alpha: float, beta: float) -> Any:
    """Squared error + alpha * |drawn - wanted| + beta * max(0, wanted - drawn), in tiles."""
    drawn = ops.sum(ops.sigmoid(logits), axis=_TILES)
    wanted = ops.sum(targets, axis=_TILES)
    return (
        squared(targets, logits)
        + alpha * ops.absolute(drawn - wanted)
        + beta * ops.relu(wanted - drawn)
    )


def focal(targets: Any, logits: Any, focus: float) -> Any:
    """Cross-entropy with each tile weighted by (probability of being wrong) ** focus [1]."""
    drawn = ops.sigmoid(logits)
    wrong = targets * (1.0 - drawn) + (1.0 - targets) * drawn
    return ops.sum(ops.power(wrong + 1e-7, focus) * _entropy(targets, logits), axis=_TILES)


def tversky(targets: Any, logits: Any, miss: float) -> Any:
    """1 - Tversky index [2]: missing tiles weigh ``miss``, surplus ones ``1 - miss``; 0..1."""
    drawn = ops.sigmoid(logits)
    both = ops.sum(targets * drawn, axis=_TILES)
    missing = ops.sum(targets * (1.0 - drawn), axis=_TILES)
    surplus = ops.sum((1.0 - targets) * drawn, axis=_TILES)
    return 1.0 - (both + 1e-6) / (both + miss * missing + (1.0 - miss) * surplus + 1e-6)


def exp_gb(targets: Any, outputs: Any, boost: float, goal: float) -> Any:
    """Linear outputs with the error delta exp(boost * o) - t [3]; t is ``goal`` on the route."""
    return ops.sum(ops.exp(boost * outputs) / boost - goal * targets * outputs, axis=_TILES)


def pow3_gb(targets: Any, outputs: Any, boost: float, goal: float, rest: float = 0.0) -> Any:
    """Linear outputs with the error delta (boost * o)^3 - t [3].

    t is ``goal`` on the route and ``rest`` elsewhere.
    """
    wanted = rest + (goal - rest) * targets
    return ops.sum(ops.power(boost * outputs, 4) / (4.0 * boost) - wanted * outputs, axis=_TILES)


def _entropy(targets: Any, logits: Any) -> Any:
    return ops.relu(logits) - logits * targets + ops.log1p(ops.exp(-ops.absolute(logits)))
