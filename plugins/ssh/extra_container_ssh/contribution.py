"""The session command ``cssh``."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

from extra_container.plugin import BuiltContainer, Network, Session, network_of
from extra_container_ssh.key import key_file


def lets_in(container: BuiltContainer, public_key: str | None) -> bool:
    """Whether the system of a built container accepts the key for root.

    Source: ``nixos/modules/services/networking/ssh/sshd.nix`` writes ``/etc/ssh/authorized_keys.d/USER``.
    """
    keys = Path(container.settings.get("SYSTEM_PATH", "/"), "etc/ssh/authorized_keys.d/root")
    return public_key is not None and keys.is_file() and public_key in keys.read_text().splitlines()


def contribute(container: BuiltContainer, host: str, program: Sequence[str], key_home: Path) -> Session:
    """Return the part of a session that belongs to this plugin. Pure.

    ``host`` is the name that ``--host`` takes, ``program`` the command line that starts extra-container.
    """
    network = network_of(container.settings, container.unit_text)
    script = _script(container.name, network.address, shlex.join([*program, "--host", host]), key_home)
    return Session(
        commands=MappingProxyType({"cssh": script if network.address else _refusal(container.name, network)}),
        help=("cssh CMD ARG…    run a command in the container over SSH; without CMD, open a shell",),
    )


def _refusal(name: str, network: Network) -> str:
    text = (
        f"The container {name} {network.lack}, and SSH needs one.\n"
        "Set privateNetwork and localAddress, or extra.addressPrefix; `c` needs no network."
    )
    return f"#!/bin/sh\nprintf '%s\\n' {shlex.quote(text)} >&2\nexit 255\n"


def _script(name: str, address: str, program: str, key_home: Path) -> str:
    """Return the script.

    The container's host key comes from its files, through the host, so nothing has to be taken on trust. A connection
    stays open for the next call, and ends soon after the container: ssh asks it every 2 seconds whether it is there.
    """
    return f"""\
#!/bin/sh
set -eu
session=${{EXTRA_CONTAINER_SESSION:?there is no session}}
set -- -F none \\
  -o ControlPath="$session/ssh" -o ControlMaster=auto -o ControlPersist=600 \\
  -o ServerAliveInterval=2 -o ServerAliveCountMax=2 -o ConnectTimeout=10 -o ConnectionAttempts=3 \\
  -o IdentityFile={shlex.quote(str(key_file(key_home)))} -o IdentitiesOnly=yes -o PreferredAuthentications=publickey \\
  -o UserKnownHostsFile="$session/known_hosts" -o GlobalKnownHostsFile=none \\
  -o StrictHostKeyChecking=yes -o HostKeyAlias={shlex.quote(name)} -o UpdateHostKeys=no -o LogLevel=ERROR \\
  {shlex.quote(f"root@{address}")} "$@"
if ! ssh -O check "$@" 2>/dev/null; then
  key=$({program} show-host-key {shlex.quote(name)}) || exit 255
  printf '%s %s\\n' {shlex.quote(name)} "$key" >"$session/known_hosts.$$"
  mv "$session/known_hosts.$$" "$session/known_hosts"
fi
exec ssh "$@"
"""
