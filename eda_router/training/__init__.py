"""Training: growth, objective, trainer, measures, evaluation."""

import eda_router.neural  # noqa: F401  Before TensorFlow: it says where TensorFlow's lines go.
