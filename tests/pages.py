"""Pages of the documentation, followed as a reader would.

Files are written, commands are typed at a terminal, and what comes back is compared with what the page shows.

A paragraph that begins with the name of a file in backticks, directly before a block, gives the file's text. In a block
of `console`, a line that begins with a prompt is typed, and the lines below it are the output; `...` stands for any.
A command that fails is followed by ``echo $?``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.containers.shell.conftest import Terminal

_BLOCK = re.compile(
    r"^(?:`(?P<name>[\w./-]+)`[^\n]*\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
# That of a shell on the host, or of one inside of a container.
_PROMPT = re.compile(r"(?P<prompt>[#$]|\[root@[\w-]+:~\]#) (?P<command>.+)")
_PROMPTS_OF_HOST = {"#", "$"}
_HOST_PROMPT = r"<ready (\d+)> "
# A service may not answer yet when its container is up; whoever asks too early asks again.
_SETUP = """PS1='<ready $?> '
curl() { command curl -s --retry 60 --retry-connrefused --retry-all-errors --retry-delay 1 "$@"; }
"""
_FOREIGN = {"NIX_PATH", "PROMPT_COMMAND", "EXTRA_CONTAINER_ETC", "runningShellContainer"}
_CODE = "echo $?"
# The one line more that pages speak of, on hosts without nixpkgs.
_HOST_BASE = re.compile(r"^No nixpkgs in NIX_PATH: .*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that the reader writes."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A line that the reader types, at which prompt, and what the page shows below it."""

    prompt: str
    text: str
    output: str


def steps(text: str) -> list[File | Command]:
    """Return what a page, or a part of one, has its reader do, in order."""
    return list(_steps(text))


def _steps(text: str) -> Iterator[File | Command]:
    for block in _BLOCK.finditer(text):
        if block["kind"] == "console":
            yield from _commands(block["text"])
        elif block["name"]:
            yield File(name=block["name"], text=block["text"])


def _commands(block: str) -> Iterator[Command]:
    typed: re.Match[str] | None = None
    output: list[str] = []
    for line in block.splitlines():
        if (match := _PROMPT.fullmatch(line)) is None:
            assert typed or not line, f"output before a command: {line!r}"
            output.append(line)
            continue
        if typed:
            yield _command(typed, output)
        typed, output = match, []
    if typed:
        yield _command(typed, output)


def _command(typed: re.Match[str], output: list[str]) -> Command:
    return Command(prompt=typed["prompt"], text=typed["command"], output="\n".join(output).strip("\n"))


def part(page: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of the same level."""
    level = heading.split(maxsplit=1)[0]
    return re.split(rf"^{level} ", page.partition(f"{heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def matches(shown: str, seen: str) -> bool:
    """Whether the output is what the page shows."""
    lines = [r"(.*\n)*?" if line == "..." else _pattern(line) for line in shown.splitlines()]
    return re.fullmatch("".join(lines), seen.strip("\n") + "\n" if seen.strip("\n") else "") is not None


def _pattern(line: str) -> str:
    return re.escape(line).replace(re.escape("..."), ".*") + r"\n"


class Reader:
    """Somebody at a terminal, in a directory, with a shell of the host."""

    def __init__(self, directory: Path, *, setup: str = "", **environment: str) -> None:
        self.directory = directory
        home = directory / ".home"
        home.mkdir()
        (home / ".bashrc").write_text(f"{_SETUP}{setup}\n")
        variables = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        argv = ["/bin/sh", "-c", 'stty cols 1000; cd "$1"; exec bash', "sh", str(directory)]
        self._terminal = Terminal(argv, {**variables, "HOME": str(home), **environment})
        self._terminal.expect(_HOST_PROMPT)

    def close(self) -> None:
        """Leave the terminal; whatever runs in it ends."""
        self._terminal.close()

    def follow(self, page: list[File | Command]) -> None:
        """Do what the page says, and compare."""
        for step, following in zip(page, [*page[1:], None], strict=True):
            if isinstance(step, File):
                self._write(step)
                continue
            code, seen = self.type(step.text, prompt=following.prompt if isinstance(following, Command) else "#")
            assert matches(step.output, seen), (
                f"{step.text}\n--- the page shows:\n{step.output}\n--- what came:\n{seen}"
            )
            told = isinstance(following, Command) and following.text == _CODE
            assert told or code in {0, None}, f"{step.text}: exit code {code}\n{seen}"

    def type(self, command: str, *, prompt: str = "#") -> tuple[int | None, str]:
        """Type a line and wait for a prompt; return its exit code, which the host's shell tells, and its output."""
        self._terminal.type(f"{command}\n")
        self._terminal.expect(r"\n")  # the echo
        seen = self._terminal.expect(_HOST_PROMPT if prompt in _PROMPTS_OF_HOST else re.escape(f"{prompt} "))
        output = re.sub(rf"(?:{_HOST_PROMPT}|{re.escape(prompt)} )\Z", "", seen).replace("\r", "")
        code = re.search(rf"{_HOST_PROMPT}\Z", seen)
        return (int(code[1]) if code else None), _HOST_BASE.sub("", output)

    def _write(self, file: File) -> None:
        target = self.directory / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.text)
