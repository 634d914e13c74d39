"""Looking at this machine, for others."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from extra_container.plugin import ExtraContainerError
from extra_container.plugin_command import program_argv
from extra_container_remote.about.values import About, Nix, Plugin

if TYPE_CHECKING:
    from extra_container.plugin import Machine, Runner
    from extra_container.plugin_command import PluginReport


def look(runner: Runner, machine: Machine, *, commands: Iterable[str], plugins: Iterable[PluginReport]) -> About:
    """Return what there is to know. A Nix that does not work has no version."""
    return About(
        version=version("extra-container"),
        user=_user(),
        root=_becomes_root(runner),
        kernel=machine.kernel_release,
        system=machine.system,
        values=machine.values,
        nix=_nix(runner),
        commands=frozenset(commands),
        plugins=tuple(
            Plugin(
                name=each.plugin.name,
                package=each.plugin.package,
                version=each.plugin.version,
                state=each.state,
                error=each.error,
            )
            for each in plugins
        ),
    )


def _nix(runner: Runner) -> Nix:
    try:
        said = runner.run(["nix", "--version"]).stdout  # nix (Nix) 2.26.3
        config = nix_settings(runner)
    except ExtraContainerError:
        return Nix()
    trusted = set(config.get("trusted-users", "").split())
    return Nix(
        version=said.split()[-1] if said.split() else "",
        # Whoever may write to the store needs no daemon, which is what distrusts others.
        trusted=os.geteuid() == 0 or bool(trusted & _names()),
        keys=frozenset(key.partition(":")[0] for key in config.get("trusted-public-keys", "").split()),
    )


def nix_settings(runner: Runner) -> Mapping[str, str]:
    """Return what is set in nix.conf(5), with what holds otherwise; nothing if Nix does not say."""
    done = runner.run(["nix", "--extra-experimental-features", "nix-command", "show-config"], check=False)
    # Where nothing is set, nothing follows the sign.
    lines = (line.partition(" =") for line in done.stdout.splitlines())
    return {name: value.strip() for name, sign, value in lines if sign}


def _becomes_root(runner: Runner) -> bool | None:
    if os.geteuid() == 0:
        return True
    if "SSH_ORIGINAL_COMMAND" in runner.environment:  # sshd(8), of keys with a command of their own
        return None
    if runner.look("sudo") is None:
        return False
    return runner.run(["sudo", "-n", *program_argv(), "--version"], check=False).returncode == 0


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _names() -> set[str]:
    """Return the words of ``trusted-users``, see nix.conf(5), that this user fits."""
    groups = set()
    for number in {os.getegid(), *os.getgroups()}:
        try:
            groups.add(f"@{grp.getgrgid(number).gr_name}")
        except KeyError:
            continue
    return {"*", _user(), *groups}
