"""Containers of other machines: ``--target-host`` carries a command out there, through Nix and SSH."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from extra_container.plugin import hookimpl

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from extra_container.plugin_command import Call

ec_requires_api = 2


@hookimpl
def ec_add_places(command: str, parser: argparse.ArgumentParser) -> None:
    """Add the options that name other machines."""
    from extra_container_remote import arguments

    arguments.add(command, parser)


@hookimpl
def ec_elsewhere(call: object) -> Callable[[], int] | None:
    """Carry a command out on the machines that its line names."""
    from extra_container_remote import carry_out

    return lambda: carry_out.carry_out(cast("Call", call))
