"""``python -m eda_router.cli``."""

import sys

from eda_router.cli import main

sys.exit(main())
