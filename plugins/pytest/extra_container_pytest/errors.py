"""What can go wrong in a test that is not the test's own assertion."""

from __future__ import annotations


class ContainersError(Exception):
    """Containers could not be built, started or asked; the text is what the program tells people."""


class MachineError(AssertionError):
    """A machine did not do what a test wants of it: a command, a unit, a file, a port."""


class UnsupportedError(NotImplementedError):
    """A word of NixOS' test driver that a container cannot follow: it has no screen, no kernel and no hardware."""
