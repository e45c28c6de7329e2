"""edaroute: a global router with a neural core."""

__version__ = "0.1.0"
