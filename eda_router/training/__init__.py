"""Training: samples, teacher, growth, trainer, evaluation."""
