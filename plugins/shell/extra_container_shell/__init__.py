"""The command ``shell``: a container that lives as long as a shell or a command does."""

from __future__ import annotations

from extra_container.plugin import Host, RunState, Session, hookimpl


@hookimpl
def ec_session(state: RunState, host: Host) -> Session:
    """Contribute ``c``, ``h`` and the variables that describe the container."""
    from extra_container.plugin_command import program_argv
    from extra_container_shell.contribution import contribute

    return contribute(state.result.containers[0], host.name, program_argv())
