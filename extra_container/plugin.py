"""The public API: everything that a plugin imports. Version 1.

A plugin that needs something which came after 1.0 sets ``ec_requires_api`` to the level of the API that brought it (see
:data:`extra_container.hooks.loader.API_LEVEL`), and is refused with that reason where it is missing.

Names that are not in ``__all__``, and every other module of the package but :mod:`extra_container.plugin_command` and
:mod:`extra_container.testing`, may change at any time. ``help(extra_container.plugin.Host)`` tells of one of them, and
``docs/api.md`` of all:

Hooks, and what observers get
    hookimpl; dataclass, replace; events, Event, Origin, Phase, PhaseEnd
The command line
    Request, Source, BuiltSource, ExpressionSource, FileSource, Base, BaseKind, Evaluation, CarryOut
Checks
    Problem, Problems, ProblemKind, Severity; Check, Checks, Finding, Findings, Repair, Verdict
Builds
    BuildInputs, BuildResult, BuiltContainer, Bind, JSON
What is installed
    Installed, InstalledContainer, network_of, Network, layout, parse_environment_file, read_text_file
What runs
    cgroup_of, usage_of, Usage, limits_of, Limits, health_check, read_health_check, HealthCheck, proc
Plans
    InstallPlan, InstallItem, Change, Difference, Place, RunPlan, RunState, Failure, Left, Session
Files
    FileOp, FileOps, MakeDirectory, Link, WriteFile, Remove, RemoveTree, remove_tree, read_mounts, parse_mounts, Mount
Hosts
    Host, Machine, Manager, wrap_manager, leaders, Journaled, Logged, ActiveState, UnitState, UnitDetails, UnitChanges,
    SystemdManager, Nspawn, systemd_checks, auto_start_problems, fragment_problems, describe_conditions,
    unmet_conditions, boots_at_once, known_cause, console_lines, without_good_news
Programs and people
    Runner, Completed, wait_for, plain
Errors
    ExtraContainerError; UsageError, BuildError, ContainerError, HostError, InstallError, MountedError, PluginError,
    PolicyError, ProcessError, RollbackError, RolledBackError, UnreachableError
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container import late
from extra_container.hooks.specs.kinds import hookimpl

if TYPE_CHECKING:
    from extra_container import proc
    from extra_container.doctor.systemd import checks as systemd_checks
    from extra_container.health.check import HealthCheck
    from extra_container.health.check import read as read_health_check
    from extra_container.health.report import health_check
    from extra_container.inspection.cgroup import Limits, Usage, cgroup_of, limits_of, usage_of
    from extra_container.model import events, layout
    from extra_container.model.diagnosis import Check, Checks, Finding, Findings, Repair, Verdict
    from extra_container.model.errors import (
        BuildError,
        ContainerError,
        ExtraContainerError,
        HostError,
        InstallError,
        PluginError,
        PolicyError,
        ProcessError,
        RollbackError,
        RolledBackError,
        UnreachableError,
        UsageError,
    )
    from extra_container.model.events import Event
    from extra_container.model.frozen import dataclass, replace
    from extra_container.model.host import (
        ActiveState,
        Host,
        Journaled,
        Logged,
        Machine,
        Manager,
        UnitChanges,
        UnitDetails,
        UnitState,
        leaders,
        wrap_manager,
    )
    from extra_container.model.known import Bind
    from extra_container.model.origin import Origin, Phase, PhaseEnd
    from extra_container.model.plain import plain
    from extra_container.model.plans import (
        Change,
        Difference,
        Failure,
        InstallItem,
        InstallPlan,
        Left,
        Place,
        RunPlan,
        RunState,
        Session,
    )
    from extra_container.model.values import (
        JSON,
        Base,
        BaseKind,
        BuildInputs,
        BuildResult,
        BuiltContainer,
        BuiltSource,
        CarryOut,
        Evaluation,
        ExpressionSource,
        FileOp,
        FileOps,
        FileSource,
        Installed,
        InstalledContainer,
        Link,
        MakeDirectory,
        Problem,
        ProblemKind,
        Problems,
        Remove,
        RemoveTree,
        Request,
        Severity,
        Source,
        WriteFile,
    )
    from extra_container.process import Completed, Runner
    from extra_container.process import result as wait_for
    from extra_container.state.addresses import Network, network_of
    from extra_container.state.environment_file import parse_environment_file
    from extra_container.state.text_file import read as read_text_file
    from extra_container.systemd.capacity import boots_at_once
    from extra_container.systemd.checks import auto_start_problems, fragment_problems
    from extra_container.systemd.conditions import describe as describe_conditions
    from extra_container.systemd.conditions import unmet_of as unmet_conditions
    from extra_container.systemd.console import console_lines, without_good_news
    from extra_container.systemd.manager import SystemdManager
    from extra_container.systemd.nspawn import Nspawn
    from extra_container.systemd.reasons import known_cause
    from extra_container.trees.mounts import Mount, MountedError, parse_mounts, read_mounts
    from extra_container.trees.removal import remove_tree

# Where the names stand. NAME=OTHER is one that is called OTHER there.
_LATE = MappingProxyType(
    {
        "doctor.systemd": "systemd_checks=checks",
        "health.check": "HealthCheck read_health_check=read",
        "health.report": "health_check",
        "inspection.cgroup": "Limits Usage cgroup_of limits_of usage_of",
        "model.diagnosis": "Check Checks Finding Findings Repair Verdict",
        "model.errors": "BuildError ContainerError ExtraContainerError HostError InstallError PluginError "
        "PolicyError ProcessError RollbackError RolledBackError UnreachableError UsageError",
        "model.events": "Event",
        "model.frozen": "dataclass replace",
        "model.host": "ActiveState Host Journaled Logged Machine Manager UnitChanges UnitDetails UnitState "
        "leaders wrap_manager",
        "model.known": "Bind",
        "model.origin": "Origin Phase PhaseEnd",
        "model.plain": "plain",
        "model.plans": "Change Difference Failure InstallItem InstallPlan Left Place RunPlan RunState Session",
        "model.values": "JSON Base BaseKind BuildInputs BuildResult BuiltContainer BuiltSource CarryOut Evaluation "
        "ExpressionSource FileOp FileOps FileSource Installed InstalledContainer Link MakeDirectory Problem "
        "ProblemKind Problems Remove RemoveTree Request Severity Source WriteFile",
        "process": "Completed Runner wait_for=result",
        "state.addresses": "Network network_of",
        "state.environment_file": "parse_environment_file",
        "state.text_file": "read_text_file=read",
        "systemd.capacity": "boots_at_once",
        "systemd.checks": "auto_start_problems fragment_problems",
        "systemd.conditions": "describe_conditions=describe unmet_conditions=unmet_of",
        "systemd.console": "console_lines without_good_news",
        "systemd.manager": "SystemdManager",
        "systemd.nspawn": "Nspawn",
        "systemd.reasons": "known_cause",
        "trees.mounts": "Mount MountedError parse_mounts read_mounts",
        "trees.removal": "remove_tree",
    }
)
_MODULES = MappingProxyType({"events": "model.events", "layout": "model.layout", "proc": "proc"})

if not TYPE_CHECKING:
    __getattr__, __dir__ = late.offer(__name__, _LATE, _MODULES)


__all__ = [
    "JSON",
    "ActiveState",
    "Base",
    "BaseKind",
    "Bind",
    "BuildError",
    "BuildInputs",
    "BuildResult",
    "BuiltContainer",
    "BuiltSource",
    "CarryOut",
    "Change",
    "Check",
    "Checks",
    "Completed",
    "ContainerError",
    "Difference",
    "Evaluation",
    "Event",
    "ExpressionSource",
    "ExtraContainerError",
    "Failure",
    "FileOp",
    "FileOps",
    "FileSource",
    "Finding",
    "Findings",
    "HealthCheck",
    "Host",
    "HostError",
    "InstallError",
    "InstallItem",
    "InstallPlan",
    "Installed",
    "InstalledContainer",
    "Journaled",
    "Left",
    "Limits",
    "Link",
    "Logged",
    "Machine",
    "MakeDirectory",
    "Manager",
    "Mount",
    "MountedError",
    "Network",
    "Nspawn",
    "Origin",
    "Phase",
    "PhaseEnd",
    "Place",
    "PluginError",
    "PolicyError",
    "Problem",
    "ProblemKind",
    "Problems",
    "ProcessError",
    "Remove",
    "RemoveTree",
    "Repair",
    "Request",
    "RollbackError",
    "RolledBackError",
    "RunPlan",
    "RunState",
    "Runner",
    "Session",
    "Severity",
    "Source",
    "SystemdManager",
    "UnitChanges",
    "UnitDetails",
    "UnitState",
    "UnreachableError",
    "Usage",
    "UsageError",
    "Verdict",
    "WriteFile",
    "auto_start_problems",
    "boots_at_once",
    "cgroup_of",
    "console_lines",
    "dataclass",
    "describe_conditions",
    "events",
    "fragment_problems",
    "health_check",
    "hookimpl",
    "known_cause",
    "layout",
    "leaders",
    "limits_of",
    "network_of",
    "parse_environment_file",
    "parse_mounts",
    "plain",
    "proc",
    "read_health_check",
    "read_mounts",
    "read_text_file",
    "remove_tree",
    "replace",
    "systemd_checks",
    "unmet_conditions",
    "usage_of",
    "wait_for",
    "without_good_news",
    "wrap_manager",
]
