"""The test kit for plugins, and for the program itself: stand-ins for planning code, and real Nix for modules.

Nothing here is a mock of Nix or systemd to test *them* with: :class:`FakeRunner` and :class:`FakeManager` record what
the code under test decided to do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from extra_container.hooks.facade import Hooks
from extra_container.model import layout
from extra_container.model.events import Event
from extra_container.model.host import Host
from extra_container.model.plans import Change, InstallItem, InstallPlan, RunPlan, RunState
from extra_container.model.values import (
    Base,
    BaseKind,
    BuildInputs,
    BuildResult,
    BuiltContainer,
    Definition,
    ExpressionSource,
    InstalledContainer,
    Request,
)
from extra_container.nix import command
from extra_container.pipeline.context import Context
from extra_container.process import Runner
from extra_container.state.environment_file import parse_environment_file
from extra_container.testing.calling import Called, call_command, hooks_with, manager_with
from extra_container.testing.fakes import FakeManager, FakeRunner, fake_usage

__all__ = [
    "Called",
    "FakeManager",
    "FakeRunner",
    "as_installed",
    "built_container",
    "call_command",
    "evaluate",
    "fake_context",
    "fake_host",
    "fake_usage",
    "hooks_with",
    "make_request",
    "manager_with",
    "place_container",
    "run_state",
]


def fake_host(root: Path, manager: FakeManager | None = None, *, auto_start: bool = True) -> Host:
    """Return a host whose files are all below ``root``."""
    return Host(
        name="fake",
        manager=manager or FakeManager(),
        unit_directory=root / "units",
        conf_directory=root / "conf",
        gc_roots=root / "gcroots",
        auto_start=auto_start,
        runtime_directory=root / "run",
        state_directory=root / "var",
        cache_directory=root / "cache",
        root=root,
    )


def make_request(text: str = "{ containers.demo = {}; }", **changes: Any) -> Request:  # noqa: ANN401 -- any field
    """Return a request for ``create`` with a definition given as text; ``changes`` are fields of the request."""
    fields: dict[str, Any] = {"command": "create", "source": ExpressionSource(text=text, origin="--expr")}
    return Request(**{**fields, **changes})


def built_container(name: str = "demo", *, system: str = "/nix/store/s1", **changes: Any) -> BuiltContainer:  # noqa: ANN401 -- any field
    """Return a built container as planning code sees one; ``changes`` are fields of it."""
    confs = layout.CONF_DIRECTORIES[0]
    root = changes.get("root") or layout.container_root(changes.get("unit_text", ""), confs, name)
    conf_text = changes.pop("conf_text", f"SYSTEM_PATH={system}\nPRIVATE_USERS=no\n")
    fields: dict[str, Any] = {
        "name": name,
        "unit": Path(f"/nix/store/u1-{name}", layout.unit_name(name)),
        "conf": Path(f"/nix/store/c1{system.rpartition('/')[2]}-{name}.conf"),
        "unit_text": f"[Service]\nEnvironment=root={root}\n",
        "conf_text": conf_text,
        "conf_directory": confs,
        "root": root,
        "settings": MappingProxyType(parse_environment_file(conf_text)),
    }
    return BuiltContainer(**{**fields, **changes})


def as_installed(container: BuiltContainer, host: Host, *, auto_started: bool = False) -> InstalledContainer:
    """Return what is known of a container after it was installed on a host."""
    return InstalledContainer(
        name=container.name,
        unit_link=host.unit_directory / layout.unit_name(container.name),
        conf_link=(host.conf_directory or container.conf_directory) / layout.conf_name(container.name),
        unit=container.unit,
        conf=container.conf,
        unit_text=container.unit_text,
        conf_text=container.conf_text,
        settings=container.settings,
        auto_started=auto_started,
        pulled_in_by=container.pulled_in_by,
        restart_triggers=container.restart_triggers,
    )


def place_container(container: BuiltContainer, host: Host) -> InstalledContainer:
    """Install a built container on a host below a directory of the test: files, links and GC roots as the program does.

    Returns what is known of it; commands find it where the program looks for installed containers. Raises ValueError
    for a root that the program would not take for the container's, since it does not bear its name.
    """
    placed = as_installed(container, host)
    if placed.root != container.root:
        raise ValueError(f"the root {container.root} would not be taken for that of {container.name}: {placed.root}")
    for link, text, root in (
        (placed.unit_link, placed.unit_text, layout.gc_root(host.gc_roots, placed.name)),
        (placed.conf_link, placed.conf_text, layout.conf_gc_root(host.gc_roots, placed.name)),
    ):
        file = link.parent / "store" / link.name
        for path in (file, root):
            path.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        link.symlink_to(file)
        root.symlink_to(link)
    return placed


def run_state(*containers: BuiltContainer) -> RunState:
    """Return the state after a request that installed and started the given containers."""
    result = BuildResult(path=Path("/nix/store/b1-etc"), containers=containers)
    items = tuple(InstallItem(container=container, change=Change.NEW) for container in containers)
    started = RunPlan(start=tuple(container.name for container in containers))
    return RunState(result=result, plan=InstallPlan(items=items), done=started)


def fake_context(host: Host, hooks: Hooks, runner: Runner | None = None) -> tuple[Context, list[Event]]:
    """Return a context and the list that its events end up in; plugins among the hooks observe them, too.

    As in the program, observers get also what people are not told of: phases, and programs that ended.
    """
    seen: list[Event] = []

    def emit(event: Event) -> None:
        seen.append(event)
        for error in hooks.observe(event):
            raise error

    def follow(event: Event) -> None:
        for error in hooks.observe(event):
            raise error

    return Context(
        host=host,
        hooks=hooks,
        runner=runner or FakeRunner(),
        emit=emit,
        tell=lambda _: None,
        follow=follow if hooks.observed else None,
    ), seen


def evaluate(
    text: str,
    attribute: str,
    *,
    modules: Sequence[Path] = (),
    values: Mapping[str, object] | None = None,
    base: Base | None = None,
) -> Any:  # noqa: ANN401 -- whatever the option holds
    """Evaluate a definition with real Nix and return ``config.ATTRIBUTE`` as JSON value.

    ``modules`` and ``values`` are what a plugin contributes. Without ``base`` the built-in host base is used. Raises
    :class:`.ProcessError` with Nix' error.
    """
    definition = Definition(
        source=ExpressionSource(text=text, origin="test"),
        base=base or Base(kind=BaseKind.HOST),
        inputs=BuildInputs(modules=tuple(modules), values=values or {}),  # type: ignore[arg-type]  # JSON by contract
    )
    argv = [
        "nix-instantiate",
        "--eval",
        "--json",
        "--strict",
        *command.arguments(definition),
        "-A",
        f"config.{attribute}",
    ]
    return json.loads(Runner().run(argv).stdout)
