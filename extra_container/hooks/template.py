"""A new plugin: a complete package, written from templates, that works and passes its own tests as it is."""

from __future__ import annotations

import re
from importlib import metadata, resources
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
# From the file in the package to the template; both with placeholders.
_FILES = {
    "pyproject.toml": "pyproject.toml.in",
    "README.md": "README.md.in",
    "@module@/__init__.py": "__init__.py.in",
    "@module@/module.nix": "module.nix.in",
    "@module@/py.typed": None,
    "tests/test_@module@.py": "test_plugin.py.in",
}


def write(name: str, directory: Path) -> tuple[Path, ...]:
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
    templates = resources.files("extra_container.hooks") / "templates" / "plugin"
    written = []
    for file, template in _FILES.items():
        path = directory / _filled(file, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled((templates / template).read_text(encoding="utf-8"), name) if template else "")
        written.append(path)
    return tuple(written)


def _filled(text: str, name: str) -> str:
    first, *rest = name.split("-")
    values = {
        "name": name,
        "module": f"extra_container_{name.replace('-', '_')}",
        "dest": name.replace("-", "_"),
        "option": first + "".join(word.capitalize() for word in rest),
        "version": metadata.version("extra-container"),
    }
    return re.sub(r"@(name|module|dest|option|version)@", lambda match: values[match[1]], text)
