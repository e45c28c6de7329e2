"""Training: growth, objective, trainer, measures, evaluation."""
