"""The public API for plugins that bring commands of their own. Version 1.

A command is a class named by an entry point of the group ``extra_container.commands``; it is imported only when it is
called. Its base parses, its ``take_action`` calls the functions here and renders what they return. The module is apart
from :mod:`extra_container.plugin` because plugins without commands should not pay for the command framework; what only
some commands need is imported when it is asked for.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container import late
from extra_container.cli.command import Command, NameCommand, NamesCommand
from extra_container.cli.definition import DefinitionCommand
from extra_container.cli.grammar.elsewhere import Call
from extra_container.cli.grammar.writing import words_of
from extra_container.cli.output.document import as_text as json_text
from extra_container.cli.output.document import written_into
from extra_container.cli.parser import Meaning, count, is_of_running, meaning, of_running
from extra_container.cli.root import program_argv
from extra_container.model.errors import Interrupted
from extra_container.pipeline import create
from extra_container.pipeline.build import build, defined_names, evaluate, machine_here
from extra_container.pipeline.context import Context
from extra_container.pipeline.control import expel, require_leader, shut_down, start
from extra_container.pipeline.control import root as state_directory
from extra_container.pipeline.create import Outlook, StartInterrupted, create_built
from extra_container.pipeline.destroy import destroy
from extra_container.pipeline.inside import entry_argv, login_shell_argv, run_argv
from extra_container.pipeline.run import require_success
from extra_container.process import shell_code
from extra_container.provenance.records import read as read_provenance
from extra_container.provenance.records import write as write_provenance
from extra_container.provenance.values import Place as DefinitionPlace
from extra_container.provenance.values import Provenance
from extra_container.provenance.values import as_json as provenance_as_json
from extra_container.provenance.values import from_json as provenance_from_json
from extra_container.standstill import standstill
from extra_container.state.installed import find_all as find_installed
from extra_container.state.installed import read as read_installed
from extra_container.state.installed import read_traces
from extra_container.state.names import check_known as check_names
from extra_container.state.names import creatable
from extra_container.state.runtime import runtime_directory

if TYPE_CHECKING:
    from extra_container.cli.app import Application
    from extra_container.cli.invocation import Invocation
    from extra_container.cli.options import Options
    from extra_container.cli.output.display import ListCommand, ShowCommand
    from extra_container.cli.output.log import Log, LogFormat
    from extra_container.cli.output.messages import Messages
    from extra_container.cli.output.preview import render as preview_text
    from extra_container.cli.plugin_policy import Plugins
    from extra_container.cli.registry import Registry
    from extra_container.cli.results import shape as results
    from extra_container.cli.results.collector import Collector
    from extra_container.cli.results.command import ResultCommand
    from extra_container.cli.views.amounts import moment as moment_text
    from extra_container.cli.views.amounts import size as size_text
    from extra_container.cli.views.amounts import timestamp
    from extra_container.cli.views.table import Column
    from extra_container.cli.views.table import lines as table_lines
    from extra_container.generations.store import forget as forget_generations
    from extra_container.generations.store import iterate as all_generations
    from extra_container.generations.store import mark as mark_generation
    from extra_container.generations.store import read as read_generations
    from extra_container.generations.store import remove as remove_generations
    from extra_container.generations.values import Generation, History, Verdict
    from extra_container.hooks.facade import Hooks
    from extra_container.hooks.found import LoadedPlugins, PluginFailure, PluginInfo
    from extra_container.hooks.info import PluginReport
    from extra_container.hooks.own import Own
    from extra_container.journals.moments import span as parse_span
    from extra_container.nix.path_info import PathInfo, closure
    from extra_container.nix.path_info import of_closures as closures_of
    from extra_container.nix.switch import Rehearsal, Update
    from extra_container.pipeline.history.generations import running as running_generation
    from extra_container.pipeline.history.generations import with_running_system, with_running_systems
    from extra_container.pipeline.history.origins import in_place
    from extra_container.pipeline.history.returning import BeforeChange, OvertakenError
    from extra_container.pipeline.history.returning import built as return_build
    from extra_container.pipeline.history.returning import holding as return_check
    from extra_container.pipeline.history.returning import request_for as return_request
    from extra_container.pipeline.plan import Action, Cause, Decision
    from extra_container.pipeline.recovery import Forecast
    from extra_container.pipeline.removal.discarding import machine_lock, put_away
    from extra_container.preview.closures import ClosureChange, PackageChange
    from extra_container.preview.document import document as preview_document
    from extra_container.preview.look import Preview, Prospect, preview
    from extra_container.preview.scripts import ScriptChange
    from extra_container.progress.followed import Progress
    from extra_container.progress.work import Work
    from extra_container.settings import Settings
    from extra_container.state.record import Links, Transition
    from extra_container.state.runtime import Kind as RuntimeKind

# Where the names stand that only some commands need. NAME=OTHER is one that is called OTHER there.
_LATE = MappingProxyType(
    {
        "cli.app": "Application",
        "cli.invocation": "Invocation",
        "cli.options": "Options",
        "cli.output.log": "Log LogFormat",
        "cli.output.messages": "Messages",
        "cli.plugin_policy": "Plugins",
        "cli.registry": "Registry",
        "cli.results.collector": "Collector",
        "hooks.own": "Own",
        "nix.switch": "Rehearsal Update",
        "pipeline.plan": "Action Cause Decision",
        "pipeline.recovery": "Forecast",
        "pipeline.removal.discarding": "machine_lock put_away",
        "preview.closures": "ClosureChange PackageChange",
        "preview.scripts": "ScriptChange",
        "progress.followed": "Progress",
        "progress.work": "Work",
        "settings": "Settings",
        "state.record": "Links Transition",
        "cli.output.display": "ListCommand ShowCommand",
        "cli.output.preview": "preview_text=render",
        "cli.results.command": "ResultCommand",
        "cli.views.amounts": "moment_text=moment size_text=size timestamp",
        "cli.views.table": "Column table_lines=lines",
        "generations.store": "all_generations=iterate forget_generations=forget mark_generation=mark "
        "read_generations=read remove_generations=remove",
        "generations.values": "Generation History Verdict",
        "hooks.facade": "Hooks",
        "hooks.found": "LoadedPlugins PluginFailure PluginInfo",
        "hooks.info": "PluginReport",
        "state.runtime": "RuntimeKind=Kind",
        "journals.moments": "parse_span=span",
        "nix.path_info": "PathInfo closure closures_of=of_closures",
        "pipeline.history.generations": "running_generation=running with_running_system with_running_systems",
        "pipeline.history.origins": "in_place",
        "pipeline.history.returning": "BeforeChange OvertakenError return_build=built return_check=holding "
        "return_request=request_for",
        "preview.document": "preview_document=document",
        "preview.look": "Preview Prospect preview",
    }
)

_MODULES = MappingProxyType({"results": "cli.results.shape"})

if not TYPE_CHECKING:
    __getattr__, __dir__ = late.offer(__name__, _LATE, _MODULES)


__all__ = [
    "Action",
    "Application",
    "BeforeChange",
    "Call",
    "Cause",
    "ClosureChange",
    "Collector",
    "Column",
    "Command",
    "Context",
    "Decision",
    "DefinitionCommand",
    "DefinitionPlace",
    "Forecast",
    "Generation",
    "History",
    "Hooks",
    "Interrupted",
    "Invocation",
    "Links",
    "ListCommand",
    "LoadedPlugins",
    "Log",
    "LogFormat",
    "Meaning",
    "Messages",
    "NameCommand",
    "NamesCommand",
    "Options",
    "Outlook",
    "OvertakenError",
    "Own",
    "PackageChange",
    "PathInfo",
    "PluginFailure",
    "PluginInfo",
    "PluginReport",
    "Plugins",
    "Preview",
    "Progress",
    "Prospect",
    "Provenance",
    "Registry",
    "Rehearsal",
    "ResultCommand",
    "RuntimeKind",
    "ScriptChange",
    "Settings",
    "ShowCommand",
    "StartInterrupted",
    "Transition",
    "Update",
    "Verdict",
    "Work",
    "all_generations",
    "build",
    "check_names",
    "closure",
    "closures_of",
    "count",
    "creatable",
    "create",
    "create_built",
    "defined_names",
    "destroy",
    "entry_argv",
    "evaluate",
    "expel",
    "find_installed",
    "forget_generations",
    "in_place",
    "is_of_running",
    "json_text",
    "login_shell_argv",
    "machine_here",
    "machine_lock",
    "mark_generation",
    "meaning",
    "moment_text",
    "of_running",
    "parse_span",
    "preview",
    "preview_document",
    "preview_text",
    "program_argv",
    "provenance_as_json",
    "provenance_from_json",
    "put_away",
    "read_generations",
    "read_installed",
    "read_provenance",
    "read_traces",
    "remove_generations",
    "require_leader",
    "require_success",
    "results",
    "return_build",
    "return_check",
    "return_request",
    "run_argv",
    "running_generation",
    "runtime_directory",
    "shell_code",
    "shut_down",
    "size_text",
    "standstill",
    "start",
    "state_directory",
    "table_lines",
    "timestamp",
    "with_running_system",
    "with_running_systems",
    "words_of",
    "write_provenance",
    "written_into",
]
