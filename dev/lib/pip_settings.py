"""Turn the machine's pip settings into systemd-nspawn arguments, one a line.

A tree that systemd-nspawn runs has its own /etc and environment, but must reach the same package indexes as
the machine. So every setting becomes a PIP_* variable, and what a setting names in the file system (wheel
folders, indexes below file://, certificates) is bound at the same place.

Reads the output of `pip config list` on stdin.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

_SETTING = re.compile(r"(?P<section>[^.]+)\.(?P<name>[^=]+)=(?P<value>.+)")
_SECTIONS = ("global", "install", ":env:")


def _settings(text: str) -> dict[str, str]:
    """Name settings as pip's variables; a section later in `_SECTIONS` wins, as it does in pip."""
    found: dict[str, dict[str, str]] = {section: {} for section in _SECTIONS}
    for line in text.splitlines():
        match = _SETTING.fullmatch(line)
        if match and match["section"] in found:
            name = "PIP_" + match["name"].lstrip(".").upper().replace("-", "_")
            found[match["section"]][name] = " ".join(str(ast.literal_eval(match["value"])).split())
    return {name: value for section in _SECTIONS for name, value in found[section].items()}


def _path(word: str) -> Path:
    """Give what a word of a setting may name; an index below file:// may lead to files beside it."""
    return Path(word.removeprefix("file://")).parent if word.startswith("file://") else Path(word)


def _main() -> None:
    variables = _settings(sys.stdin.read())
    words = {word for value in variables.values() for word in value.split()}
    paths = sorted({path for path in map(_path, words) if path.is_absolute() and path.exists()})
    arguments = [f"--setenv={name}={value}" for name, value in variables.items()]
    arguments += [f"--bind-ro={path.resolve()}:{path}" for path in paths]
    sys.stdout.writelines(f"{argument}\n" for argument in arguments)


if __name__ == "__main__":
    _main()
