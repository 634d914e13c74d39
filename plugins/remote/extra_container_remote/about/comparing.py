"""What a request needs of a machine's program and plugins, and what of that it lacks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from extra_container.plugin import HostError, dataclass
from extra_container_remote.about.values import About, numbers

if TYPE_CHECKING:
    from extra_container.plugin_command import PluginReport

# The plugins of this package are modules of NixOS that work without it; those of others may do the rest of their work
# by one of these hooks, on the machine that the container is installed on.
_AT_WORK_THERE = frozenset(
    {
        *("ec_wrap_host", "ec_plan_install", "ec_extra_install", "ec_check_install", "ec_verify"),
        *("ec_before_start", "ec_before_update", "ec_after_start", "ec_after_update", "ec_after_run"),
    }
)
_SHAPES_THE_BUILD = "ec_build_inputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a request needs there: the command, and for which of what plugins add it needs them.

    ``changes`` is whether it changes the machine, which a broken plugin of any kind keeps it from.
    ``here`` are the plugins of this machine that can be used, with their versions, and ``version`` is its program's.
    ``root`` is whether it is root's business.
    """

    version: str
    command: str
    changes: bool
    plugins: Mapping[str, str]
    here: Mapping[str, str]
    root: bool = False


def needs(
    version: str,
    command: str,
    options: Mapping[str, str],
    reports: Iterable[PluginReport],
    *,
    changes: bool,
    builds: bool,
    root: bool = False,
) -> Needs:
    """Return what a request needs there.

    ``options`` are those that are given there, with the plugins that have them. ``builds`` is whether something
    is built here and installed there: plugins of others that took part in the one take part in the other.
    """
    loaded = [report for report in reports if report.state == "loaded"]
    why = {
        report.plugin.name: f"what it adds to the build needs it: {', '.join(sorted(at_work))}"
        for report in loaded
        if builds
        and not report.plugin.first_party
        and _SHAPES_THE_BUILD in report.hooks
        and (at_work := _AT_WORK_THERE & set(report.hooks))
    }
    why |= {plugin: f"the option {option} needs it" for option, plugin in sorted(options.items())}
    return Needs(
        version=version,
        command=command,
        changes=changes,
        plugins=why,
        here={report.plugin.name: report.plugin.version for report in loaded},
        root=root,
    )


def require(wanted: Needs, there: About, target: str) -> None:
    """Raise :class:`.HostError` if a machine cannot do what is asked of it."""
    if wanted.command not in there.commands:
        raise HostError(
            f"{target} has no command {wanted.command}",
            hint=f"It has extra-container {there.version}, here it is {wanted.version}; `ssh {target} extra-container "
            "help` shows what there is.",
        )
    states = {plugin.name: plugin for plugin in there.plugins}
    for name, why in wanted.plugins.items():
        found = states.get(name)
        if found is None:
            raise HostError(f"{target} has no plugin {name}, and {why}", hint=_install(name, target))
        if found.state != "loaded":
            said = f": {found.error}" if found.error else ""
            raise HostError(f"The plugin {name} is {found.state} on {target}{said}, and {why}", hint=_look(target))
    if wanted.root and there.root is False:
        raise HostError(
            f"{there.user} does not become root on {target} without being asked for a password",
            hint=f"Log in as root, or let sudo call extra-container for {there.user} without one (NOPASSWD, SETENV).",
        )
    broken = next((plugin for plugin in there.plugins if plugin.state == "broken"), None)
    if wanted.changes and broken is not None:
        raise HostError(f"The plugin {broken.name} is broken on {target}: {broken.error}", hint=_look(target))


def differences(wanted: Needs, there: About, target: str) -> Sequence[str]:
    """Return what of a machine's program and plugins is not as it is here, in sentences, where that is no obstacle."""
    found = []
    if numbers(there.version) < numbers(wanted.version):
        found.append(f"{target} has extra-container {there.version}, which is older than {wanted.version} here")
    versions = {plugin.name: plugin.version for plugin in there.plugins if plugin.state == "loaded"}
    lacking = sorted(set(wanted.here) - set(versions))
    if lacking:
        found.append(f"{target} lacks the {_plugins(lacking)}, which {'is' if len(lacking) == 1 else 'are'} here")
    more = sorted(set(versions) - set(wanted.here))
    if more:
        found.append(f"{target} has the {_plugins(more)}, which {'is' if len(more) == 1 else 'are'} not here")
    found += [
        f"The plugin {name} is {versions[name]} on {target} and {version} here"
        for name, version in sorted(wanted.here.items())
        # Those of the program's own package are as old as that, which is told.
        if name in versions and versions[name] != version and (version, versions[name]) != _programs(wanted, there)
    ]
    return found


def _programs(wanted: Needs, there: About) -> tuple[str, str]:
    return wanted.version, there.version


def _plugins(names: Sequence[str]) -> str:
    return f"plugin {names[0]}" if len(names) == 1 else f"plugins {', '.join(names)}"


def _install(name: str, target: str) -> str:
    return f"Install it there, or disable it here with --disable-plugin {name}; `ssh {target} extra-container plugins`."


def _look(target: str) -> str:
    return f"`ssh {target} extra-container plugins` says more."
