"""SSH access to containers: ``--ssh``, ``containers.NAME.extra.enableSSH`` and the session command ``cssh``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import HostError, Runner, hookimpl

if TYPE_CHECKING:
    import argparse

    from extra_container.plugin import BuildInputs, Host, Problems, Request, RunState, Session

_COMMANDS = frozenset({"create", "build", "shell", "destroy"})
_NO_KEYGEN = "ssh-keygen was not found, and --ssh needs it to make a key"
_INSTALL = "Install OpenSSH's client programs (Debian: openssh-client)."


@hookimpl
def ec_add_arguments(command: str, parser: argparse.ArgumentParser) -> None:
    """Add ``--ssh``."""
    if command in _COMMANDS:
        parser.add_argument(
            "--ssh", action="store_true", help="let root of this host in over SSH, with a key of its own"
        )


@hookimpl
def ec_check_request(request: Request) -> Problems:
    """Find out whether a key can be made."""
    if _wanted(request) and Runner().look("ssh-keygen") is None:
        from extra_container.plugin import Problem

        return (Problem(message=_NO_KEYGEN, hint=_INSTALL),)
    return ()


@hookimpl
def ec_before_build(request: Request) -> None:
    """Make the key once for all builds: which containers need it is only known when they are evaluated."""
    from extra_container_ssh.key import HOME, ensure_key

    runner = Runner()
    if runner.look("ssh-keygen") is not None:
        ensure_key(HOME, runner)
    elif _wanted(request):
        raise HostError(_NO_KEYGEN, hint=_INSTALL)


@hookimpl
def ec_build_inputs(request: Request) -> BuildInputs:
    """Contribute the option, its default and the public key."""
    from extra_container.plugin import BuildInputs
    from extra_container_ssh.key import HOME, read_public_key

    return BuildInputs(
        modules=(Path(__file__).parent / "nix" / "module.nix",),
        values={"ssh": {"enable": bool(request.options.get("ssh")), "publicKey": read_public_key(HOME)}},
    )


@hookimpl
def ec_session(state: RunState, request: Request, host: Host) -> Session | None:
    """Contribute ``cssh`` if it was asked for or the container lets our key in."""
    from extra_container.plugin_command import program_argv
    from extra_container_ssh.contribution import contribute, lets_in
    from extra_container_ssh.key import HOME, read_public_key

    container = state.result.containers[0]
    if not request.options.get("ssh") and not lets_in(container, read_public_key(HOME)):
        return None
    return contribute(container, host.name, program_argv(), HOME)


def _wanted(request: Request) -> bool:
    # `destroy` takes the arguments of the call that it undoes.
    return bool(request.options.get("ssh")) and request.command != "destroy"
