"""The public API for plugins that bring commands of their own. Version 1.

A command is a class named by an entry point of the group ``extra_container.commands``; it is imported only when it is
called. Its base parses, its ``take_action`` calls the functions here and renders what they return. The module is apart
from :mod:`extra_container.plugin` because plugins without commands should not pay for the command framework; what only
some commands need is imported when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.cli.command import Command, NameCommand, NamesCommand
from extra_container.cli.definition import DefinitionCommand
from extra_container.cli.parser import Meaning, meaning
from extra_container.cli.root import program_argv
from extra_container.model.errors import Interrupted
from extra_container.pipeline import create
from extra_container.pipeline.build import build
from extra_container.pipeline.context import Context
from extra_container.pipeline.control import expel, shut_down, start
from extra_container.pipeline.control import root as state_directory
from extra_container.pipeline.create import StartInterrupted, create_built
from extra_container.pipeline.destroy import destroy
from extra_container.pipeline.inside import entry_argv, login_shell_argv, run_argv
from extra_container.pipeline.run import require_success
from extra_container.process import shell_code
from extra_container.provenance.records import read as read_provenance
from extra_container.provenance.records import write as write_provenance
from extra_container.provenance.values import Provenance
from extra_container.provenance.values import as_json as provenance_as_json
from extra_container.provenance.values import from_json as provenance_from_json
from extra_container.standstill import standstill
from extra_container.state.installed import read as read_installed
from extra_container.state.installed import read_traces
from extra_container.state.names import check_known as check_names
from extra_container.state.runtime import runtime_directory

if TYPE_CHECKING:
    from extra_container.cli.output.display import ListCommand, ShowCommand
else:

    def __getattr__(name: str) -> object:
        if name not in {"ListCommand", "ShowCommand"}:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from extra_container.cli.output import display

        return getattr(display, name)


__all__ = [
    "Command",
    "Context",
    "DefinitionCommand",
    "Interrupted",
    "ListCommand",
    "Meaning",
    "NameCommand",
    "NamesCommand",
    "Provenance",
    "ShowCommand",
    "StartInterrupted",
    "build",
    "check_names",
    "create",
    "create_built",
    "destroy",
    "entry_argv",
    "expel",
    "login_shell_argv",
    "meaning",
    "program_argv",
    "provenance_as_json",
    "provenance_from_json",
    "read_installed",
    "read_provenance",
    "read_traces",
    "require_success",
    "run_argv",
    "runtime_directory",
    "shell_code",
    "shut_down",
    "standstill",
    "start",
    "state_directory",
    "write_provenance",
]
