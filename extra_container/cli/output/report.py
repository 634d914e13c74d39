"""What people see while a command runs. Results go to stdout, progress and warnings to stderr."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from extra_container.model import events
from extra_container.model.plans import Change, InstallItem
from extra_container.model.values import Problem

if TYPE_CHECKING:
    from extra_container.cli.waiting.progress import TerminalProgress

_PROGRESS: Mapping[type[events.Event], str] = MappingProxyType(
    {
        events.BuildStarted: "Building containers...",
        events.HostBaseChosen: "No nixpkgs in NIX_PATH: using the built-in host base (see --base).",
    }
)


class Report:
    """Renders events as text. With ``quiet`` only warnings are told. ``progress`` draws on the same terminal."""

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        *,
        quiet: bool = False,
        silent_stderr: bool = False,
        progress: TerminalProgress | None = None,
    ) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._quiet = quiet
        self._silent_stderr = silent_stderr
        self._progress = progress

    def event(self, event: events.Event) -> None:
        """Render one event; those that only the log wants are passed over."""
        match event:
            case events.BuildStarted() | events.HostBaseChosen():
                self.progress(_PROGRESS[type(event)])
            case events.EvaluationFellBack(missing=missing):
                self._err(
                    f"Warning: the small evaluation does not work with this nixpkgs ({missing}); "
                    "evaluating with all of NixOS, which takes longer (--eval=full does so at once).\n"
                )
            case events.InstallPlanned(plan=plan) if plan.items:
                lines = [item.name + _remark(item, event) for item in plan.items]
                self._block("Installing containers:", lines, before="\n")
            case events.Starting(names=names):
                self._block("Starting containers:", names)
            case events.Restarting(names=names):
                self._block("Restarting containers:", names)
            case events.Updating(names=names):
                self._block("Updating containers:", names)
            case events.NothingToUpdate(names=names):
                self.progress(_at_rest(names))
            case events.ContainerUpdated(name=name, output=output):
                self._block(f"Updating {name}", [f"  {line}" for line in output])
            case events.Destroying(names=names):
                self._out("\n".join(["Destroying containers:", *names]) + "\n")
            case events.ProblemFound(problem=problem):
                self._warn(problem)
            case events.LockAwaited(holder=holder):
                self._err(f"{holder} is changing this machine; waiting for it.\n")
            case _:
                return

    def progress(self, line: str) -> None:
        """Tell people what goes on."""
        if not self._quiet:
            self._err(line + "\n")

    def _block(self, title: str, lines: list[str] | tuple[str, ...], *, before: str = "") -> None:
        self._out(before + "\n".join([title, *lines]) + "\n\n")

    def _warn(self, problem: Problem) -> None:
        end = "" if problem.message.endswith((".", "!", "?")) else "."
        hint = f"{end} {problem.hint}" if problem.hint else ""
        self._err(f"Warning: {problem.message}{hint}\n")

    def _out(self, text: str) -> None:
        if self._stdout is not self._stderr:
            self._write(text, self._stdout)
        elif not self._quiet:
            self._err(text)

    def _err(self, text: str) -> None:
        if not self._silent_stderr:
            self._write(text, self._stderr)

    def _write(self, text: str, stream: TextIO) -> None:
        with nullcontext() if self._progress is None else self._progress.paused():
            stream.write(text)
            stream.flush()


def _at_rest(names: tuple[str, ...]) -> str:
    one = len(names) == 1
    return (
        f"{', '.join(names)} {'does' if one else 'do'} not run, so that nothing is updated; "
        f"`extra-container start {' '.join(names)}` starts {'it' if one else 'them'} as installed."
    )


def _remark(item: InstallItem, planned: events.InstallPlanned) -> str:
    if item.change is not Change.UNCHANGED:
        return ""
    if item.name in planned.unfinished:
        return " (unchanged, but something of it failed)"
    return " (installed, but what runs is older)" if item.name in planned.behind else " (unchanged, skipped)"
