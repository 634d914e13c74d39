"""Becoming root: a call of an ordinary user runs itself again through sudo."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from extra_container import variables
from extra_container.model.errors import HostError
from extra_container.process import Runner

# What Nix needs and heeds, what names the definition, and what is set for plugins.
_KEPT_VARIABLES = (
    "PATH",
    "NIX_PATH",
    "GC_INITIAL_HEAP_SIZE",
    "GC_MAXIMUM_HEAP_SIZE",
    variables.ETC,
    variables.DISABLE_PLUGINS,
    variables.PLUGIN_SECONDS,
    variables.ALWAYS_RELOAD,
    variables.EVAL_RECORD,
    variables.SHORTCUTS_OFF,
)


def program_argv() -> list[str]:
    """Return the command line that starts this program again, without its arguments.

    An installed script is called as it was (a package may have wrapped it to be complete); otherwise the module is
    run with an isolated interpreter, which neither the caller's environment nor the working directory can influence.
    """
    script = Path(sys.argv[0])
    if script.name != "__main__.py" and os.access(script, os.X_OK) and script.is_file():
        return [os.fspath(script.absolute())]
    return [sys.executable, "-I", "-m", "extra_container"]


def sudo_argv(argv: Sequence[str], environment: Mapping[str, str], kept_variables: Sequence[str] = ()) -> list[str]:
    """Return the sudo call that repeats ``argv`` as root with the variables that matter.

    ``kept_variables`` are those that commands want beside the program's own.
    """
    names = (*_KEPT_VARIABLES, *kept_variables)
    kept = [f"{name}={environment[name]}" for name in names if environment.get(name)]
    return ["sudo", *kept, *program_argv(), *argv]


def become_root(
    argv: Sequence[str], environment: Mapping[str, str], kept_variables: Callable[[], Sequence[str]]
) -> None:
    """Replace this process by the same call as root, see :func:`sudo_argv`; return if it is root's already.

    ``kept_variables`` is asked only by who is not root.

    Raises :class:`.HostError` where sudo is missing.
    """
    if os.geteuid() == 0:
        return
    runner = Runner(environment=environment)
    if runner.look("sudo") is None:
        raise HostError("Root rights are needed, and sudo was not found", hint="Run the command as root.")
    runner.replace(sudo_argv(argv, environment, kept_variables()))
