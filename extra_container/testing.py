"""The test kit for plugins, and for the program itself: stand-ins for planning code, and real Nix for modules.

Nothing here is a mock of Nix or systemd to test *them* with: :class:`FakeRunner` and :class:`FakeManager` record what
the code under test decided to do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import pluggy  # noqa: TID253 -- never imported by the program

from extra_container import hookspecs, nix
from extra_container.context import Context
from extra_container.environment_file import parse_environment_file
from extra_container.events import Event
from extra_container.hooks import Hooks
from extra_container.host import ActiveState, Host, UnitState
from extra_container.model import (
    Base,
    BaseKind,
    BuildInputs,
    BuiltContainer,
    Definition,
    ExpressionSource,
    Failure,
    InstalledContainer,
    Request,
)
from extra_container.process import Completed, Runner, process_error


class FakeRunner(Runner):
    """A runner that starts nothing: it records command lines and gives prepared answers.

    ``answers`` maps the beginning of a command line (words joined by spaces) to what the program says; the longest
    match wins, and a program without an answer succeeds silently.
    """

    def __init__(self, answers: Mapping[str, Completed | str] | None = None) -> None:
        super().__init__(environment={}, trusted=())
        self.answers = dict(answers or {})
        self.calls: list[tuple[str, ...]] = []

    def look(self, program: str) -> str | None:
        """Every program exists."""
        return f"/bin/{program}"

    def run(
        self,
        argv: Sequence[str],
        *,
        check: bool = True,
        stdin: str | None = None,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Completed:
        """Record a call and answer it."""
        del stdin, environment, timeout
        self.calls.append(tuple(argv))
        done = self._answer(argv)
        if check and done.returncode != 0:
            raise process_error(done)
        return done

    def stream(
        self,
        argv: Sequence[str],
        *,
        on_stderr: Callable[[str], None],
        environment: Mapping[str, str] | None = None,
    ) -> Completed:
        """Record a call, hand out the answer's stderr line by line, and answer."""
        del environment
        self.calls.append(tuple(argv))
        done = self._answer(argv)
        for line in done.stderr.splitlines():
            on_stderr(line)
        return done

    def attached(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None) -> int:
        """Record a call and return the answer's code."""
        del environment
        self.calls.append(tuple(argv))
        return self._answer(argv).returncode

    def _answer(self, argv: Sequence[str]) -> Completed:
        line = " ".join(argv)
        matching = [start for start in self.answers if line.startswith(start)]
        answer = self.answers[max(matching, key=len)] if matching else ""
        if isinstance(answer, str):
            return Completed(argv=tuple(argv), returncode=0, stdout=answer, stderr="")
        return answer


@dataclass
class FakeManager:
    """A manager that keeps its containers in memory. Names in ``broken`` fail to start."""

    running: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    calls: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def states(self, names: Sequence[str]) -> Mapping[str, UnitState]:
        """Return ``ACTIVE`` for those that run."""
        return {
            name: UnitState(name=name, active=ActiveState.ACTIVE if name in self.running else ActiveState.INACTIVE)
            for name in names
        }

    def reload(self) -> None:
        """Record the call."""
        self.calls.append(("reload", ()))

    def start(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Start all that are not broken."""
        self.calls.append(("start", tuple(names)))
        self.running |= set(names) - self.broken
        return tuple(Failure(name=name, message="it is broken") for name in names if name in self.broken)

    def stop(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Stop all."""
        self.calls.append(("stop", tuple(names)))
        self.running -= set(names)
        return ()

    def kill(self, names: Sequence[str]) -> tuple[Failure, ...]:
        """Stop all, recorded as another call."""
        self.calls.append(("kill", tuple(names)))
        self.running -= set(names)
        return ()

    def forget(self, names: Sequence[str]) -> None:
        """Record the call."""
        self.calls.append(("forget", tuple(names)))

    def leader(self, name: str) -> int | None:
        """Return None: no real process stands behind a container."""
        del name
        return None

    def journal(self, name: str, lines: int) -> tuple[str, ...]:
        """Return nothing."""
        del name, lines
        return ()

    def login_argv(self, name: str) -> tuple[str, ...]:
        """Return a command that names the container."""
        return ("login", name)


def fake_host(root: Path, manager: FakeManager | None = None, *, auto_start: bool = True) -> Host:
    """Return a host whose files are all below ``root``."""
    return Host(
        name="fake",
        manager=manager or FakeManager(),
        unit_directory=root / "units",
        conf_directory=root / "conf",
        gc_roots=root / "gcroots",
        auto_start=auto_start,
    )


def make_request(text: str = "{ containers.demo = {}; }", **changes: Any) -> Request:  # noqa: ANN401 -- any field
    """Return a request for ``create`` with a definition given as text; ``changes`` are fields of the request."""
    fields: dict[str, Any] = {"command": "create", "source": ExpressionSource(text=text, origin="--expr")}
    return Request(**{**fields, **changes})


def built_container(name: str = "demo", *, system: str = "/nix/store/s1", **changes: Any) -> BuiltContainer:  # noqa: ANN401 -- any field
    """Return a built container as planning code sees one; ``changes`` are fields of it."""
    conf_text = changes.pop("conf_text", f"SYSTEM_PATH={system}\nPRIVATE_USERS=no\n")
    fields: dict[str, Any] = {
        "name": name,
        "unit": Path(f"/nix/store/u1-{name}/container@{name}.service"),
        "conf": Path(f"/nix/store/c1{system.rpartition('/')[2]}-{name}.conf"),
        "unit_text": f"[Service]\nEnvironment=root=/var/lib/nixos-containers/{name}\n",
        "conf_text": conf_text,
        "conf_directory": Path("/etc/nixos-containers"),
        "root": Path(f"/var/lib/nixos-containers/{name}"),
        "settings": MappingProxyType(parse_environment_file(conf_text)),
    }
    return BuiltContainer(**{**fields, **changes})


def as_installed(container: BuiltContainer, host: Host, *, auto_started: bool = False) -> InstalledContainer:
    """Return what is known of a container after it was installed on a host."""
    return InstalledContainer(
        name=container.name,
        unit_link=host.unit_directory / f"container@{container.name}.service",
        conf_link=(host.conf_directory or container.conf_directory) / f"{container.name}.conf",
        unit=container.unit,
        conf=container.conf,
        unit_text=container.unit_text,
        conf_text=container.conf_text,
        settings=container.settings,
        auto_started=auto_started,
    )


def hooks_with(*plugins: ModuleType | object) -> Hooks:
    """Return hooks that call the given plugins, in that order."""
    manager = pluggy.PluginManager("extra_container")
    manager.add_hookspecs(hookspecs)
    for plugin in reversed(plugins):
        manager.register(plugin)
    manager.check_pending()
    return Hooks(manager)


def fake_context(host: Host, hooks: Hooks, runner: Runner | None = None) -> tuple[Context, list[Event]]:
    """Return a context and the list that its events end up in."""
    seen: list[Event] = []
    context = Context(host=host, hooks=hooks, runner=runner or FakeRunner(), emit=seen.append, tell=lambda _: None)
    return context, seen


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
    :class:`~extra_container.errors.ProcessError` with Nix' error.
    """
    definition = Definition(
        source=ExpressionSource(text=text, origin="test"),
        base=base or Base(kind=BaseKind.HOST),
        inputs=BuildInputs(modules=tuple(modules), values=values or {}),  # type: ignore[arg-type]  # JSON by contract
    )
    argv = ["nix-instantiate", "--eval", "--json", "--strict", *nix.arguments(definition), "-A", f"config.{attribute}"]
    return json.loads(Runner().run(argv).stdout)
