"""Where is written down what of this machine belongs to which run of tests. Imported by all commands that destroy."""

from __future__ import annotations

import os

ROOT = "/var/lib/extra-container-pytest"
SLOTS = "slots"


def slot_of(container: str) -> str:
    """Return the name of the slot that a container is in, if it is one of tests."""
    return container.partition("-")[0]


def has_slot_of(container: str) -> bool:
    """Whether the slot that a container's name begins with is taken."""
    return os.path.exists(f"{ROOT}/{SLOTS}/{slot_of(container)}.json")  # noqa: PTH110 -- pathlib is slower
