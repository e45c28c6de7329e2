"""Placed designs made up from a seed: for tests, benchmarks and training."""
