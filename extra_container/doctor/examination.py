"""The examination of a machine: what runs on it is found out first, then every check is looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from extra_container.doctor import cgroups, containers, kernel, leftovers, machine, nix, users
from extra_container.doctor.looking import look
from extra_container.doctor.subject import Subject
from extra_container.hooks import specs
from extra_container.model.diagnosis import Check, Checks, Diagnosis, Finding, Findings, Repair, Verdict
from extra_container.model.errors import ExtraContainerError, PluginError
from extra_container.model.host import RUNTIME_DIRECTORY
from extra_container.pipeline.context import Context
from extra_container.process import Runner
from extra_container.state import lock

if TYPE_CHECKING:
    from extra_container.hooks.facade import Hooks
    from extra_container.model.events import Event

# Before those of plugins, and after them.
_FIRST: Mapping[str, Callable[[Subject], Findings]] = MappingProxyType(
    {
        "nspawn": machine.nspawn,
        "Nix": nix.program,
        "Nix store": nix.store,
        "nixpkgs": nix.nixpkgs,
        "strace": nix.strace,
        "namespaces": kernel.namespaces,
        "limits": kernel.limits,
        "user namespaces": users.user_namespaces,
        "idmapped mounts": users.idmapped_mounts,
        "cgroups": cgroups.controllers,
    }
)
_LAST: Mapping[str, Callable[[Subject], Findings]] = MappingProxyType(
    {
        "directories": machine.directories,
        "containers": containers.installed_ones,
        "traces": containers.traces,
        "other containers": containers.others,
        "leftovers": leftovers.left,
    }
)


@dataclass(slots=True, kw_only=True)
class Examination:
    """An examination that can be repeated.

    ``hooks`` hand errors of third parties to :meth:`blame`; ``broken`` are the errors of plugins that cannot be used at
    all. ``wanted_host`` is the plugin that is to drive the machine, None for the one that recognises it. ``seconds``
    is how long a check may take, instead of as long as the hook.
    """

    environment: Mapping[str, str]
    hooks: Callable[[Callable[[PluginError], None]], Hooks]
    broken: Callable[[], tuple[PluginError, ...]]
    wanted_host: str | None
    emit: Callable[[Event], None]
    tell: Callable[[str], None]
    seconds: float | None = None
    _blamed: list[PluginError] = field(default_factory=list)
    _context: Context | None = None

    def examine(self) -> tuple[Diagnosis, ...]:
        """Look at everything."""
        return tuple(self._examine())

    def repair(self, wanted: tuple[Repair, ...], failed: Callable[[Repair, str], None]) -> None:
        """Carry out repairs one after the other, with the machine's lock held.

        One that fails keeps no other from it: it is handed to ``failed`` with the reason. Raises what
        :func:`.machine_lock` raises.
        """
        home = None if self._context is None else self._context.host.runtime_directory
        with lock.machine_lock("doctor", self.emit, home or RUNTIME_DIRECTORY):
            for one in wanted:
                try:
                    one.act()
                except ExtraContainerError as error:
                    failed(one, error.message)
                except OSError as error:
                    failed(one, f"{error.filename}: {error.strerror}" if error.filename else str(error))

    def _examine(self) -> Iterator[Diagnosis]:
        self._blamed.clear()
        is_root = os.geteuid() == 0
        runner = Runner(environment=self.environment)
        yield Diagnosis(check="rights", finding=machine.rights(is_root=is_root))
        hooks = self.hooks(self._blamed.append)
        yield self._host(hooks, runner)
        subject = Subject(runner=runner, context=self._context, is_root=is_root)
        try:
            of_plugins = hooks.doctor_checks(runner, subject.host)
        except PluginError as error:
            of_plugins = ()
            self._blamed.append(error)
        for check in (*_checks(_FIRST, subject), *of_plugins, *_checks(_LAST, subject)):
            for finding in look(check, self.seconds or specs.kind_of("ec_doctor_checks").seconds):
                yield Diagnosis(check=check.name, finding=finding)
        yield from (Diagnosis(check="plugins", finding=finding) for finding in self._plugins())

    def _host(self, hooks: Hooks, runner: Runner) -> Diagnosis:
        """Recognise the host, and keep what a repair works with."""
        self._context = None
        try:
            host = hooks.detect_host(Path("/"), runner, self.wanted_host)
        except ExtraContainerError as error:
            return Diagnosis(check="host", finding=machine.unknown(error))
        self._context = Context(host=host, hooks=hooks, runner=runner, emit=self.emit, tell=self.tell)
        return Diagnosis(check="host", finding=machine.kind(host))

    def _plugins(self) -> Findings:
        """Return what is wrong with plugins: those that are broken altogether, and those that failed here."""
        errors = {error.message: error for error in (*self.broken(), *self._blamed)}
        if not errors:
            return (Finding(verdict=Verdict.OK, found="all of them can be used"),)
        return tuple(
            Finding(
                verdict=Verdict.ERROR,
                found=error.message,
                meaning="Commands that change something refuse to work without it.",
                remedy=f"{error.hint}." if error.hint else "",
            )
            for error in errors.values()
        )


def _checks(looks: Mapping[str, Callable[[Subject], Findings]], subject: Subject) -> Checks:
    return tuple(Check(name=name, look=partial(of, subject)) for name, of in looks.items())
