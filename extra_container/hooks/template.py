"""A new plugin: a complete package, written from templates, that works and passes its own tests as it is."""

from __future__ import annotations

import re
from enum import Enum
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path

from extra_container.model.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# Words of Nix, and options that the commands have already: the plugin's option and argument bear its name.
_TAKEN = frozenset(
    {
        *("assert", "else", "if", "in", "inherit", "let", "or", "rec", "then", "with"),
        *("all", "attr", "base", "build-args", "definition", "expr", "help", "keep-failed", "names", "nixos-path"),
        *("nixpkgs-path", "restart-changed", "run", "start", "update-changed"),
    }
)
# From the file in the package to the template, of the kind or of all; both with placeholders.
_FILES = {
    "pyproject.toml": "../pyproject.toml.in",
    "README.md": "README.md.in",
    "@module@/__init__.py": "__init__.py.in",
    "@module@/py.typed": None,
    "tests/test_@module@.py": "test_plugin.py.in",
}
_PLUGIN = ("extra_container.plugins.v1", "@module@")


class Kind(Enum):
    """What a new plugin is an example of: its description, the group and the value of its entry point, more files."""

    OPTION = ("containers.NAME.extra.@option@", *_PLUGIN, "module.nix")
    COMMAND = ("the command @name@", "extra_container.commands", "@module@.command:@class@", "command.py")
    HOST = ("the host @name@", *_PLUGIN, None)
    OBSERVER = ("notes what happens", *_PLUGIN, None)
    POLICY = ("what may not be installed here", *_PLUGIN, None)

    def __init__(self, description: str, group: str, entry: str, own: str | None) -> None:
        self.description, self.group, self.entry, self.own = description, group, entry, own

    @property
    def word(self) -> str:
        """The kind as people name it."""
        return self.name.lower()


def write(name: str, directory: Path, kind: Kind = Kind.OPTION) -> tuple[Path, ...]:
    """Write a package with a plugin called ``name`` and return its files.

    Raises :class:`.UsageError` if the name is none, or if there is something in the directory.
    """
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise UsageError(
            f"{name!r} cannot be the name of a plugin",
            hint="Use small letters, digits and single dashes, and no word of Nix or option of a command: my-plugin.",
        )
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} is not an empty directory", hint="Name one that does not exist yet.")
    templates = resources.files("extra_container.hooks") / "templates"
    own = {} if kind.own is None else {f"@module@/{kind.own}": f"{kind.own}.in"}
    written = []
    for file, template in {**_FILES, **own}.items():
        path = directory / _filled(file, name, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(templates, template, name, kind) if template else "")
        written.append(path)
    return tuple(written)


def _text(templates: Traversable, template: str, name: str, kind: Kind) -> str:
    of_all = template.removeprefix("../")
    file = templates / of_all if of_all != template else templates / kind.word / template
    return _filled(_filled(file.read_text(encoding="utf-8"), name, kind), name, kind)


def _filled(text: str, name: str, kind: Kind) -> str:
    first, *rest = name.split("-")
    values = {
        "description": kind.description,
        "group": kind.group,
        "entry": kind.entry,
        "class": "".join(word.capitalize() for word in (first, *rest)),
        "name": name,
        "module": f"extra_container_{name.replace('-', '_')}",
        "dest": name.replace("-", "_"),
        "option": first + "".join(word.capitalize() for word in rest),
        "version": metadata.version("extra-container"),
    }
    return re.sub(rf"@({'|'.join(values)})@", lambda match: values[match[1]], text)
