"""The command ``shell``: a container that lives as long as a shell or a command does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.plugin import hookimpl

if TYPE_CHECKING:
    from extra_container.plugin import Host, RunState, Session


@hookimpl
def ec_session(state: RunState, host: Host) -> Session:
    """Contribute ``c``, ``h`` and the variables that describe the container."""
    from extra_container.plugin_command import entry_argv, program_argv
    from extra_container_shell.contribution import by_name, contribute

    container = state.result.containers[0]
    again = by_name(container.name, host.name, program_argv())
    leader = host.manager.leader(container.name)
    entry = () if leader is None else entry_argv(leader, again, runtime=host.runtime_directory)
    return contribute(container, again, entry)
