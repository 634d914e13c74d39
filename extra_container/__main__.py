"""Run the program: ``python -m extra_container``."""

from __future__ import annotations

import sys

from extra_container.cli import main

sys.exit(main())
