"""``python -m eda_router.cli``."""

from eda_router.cli import run

run()
