"""What people set in files: defaults of options, and tables of plugins.

The host's file is read first, then that of the user who runs the program; of one key the latter counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from extra_container.model.errors import UsageError

HOST_FILE = Path("/etc/extra-container/config.toml")
# What each table of a file holds, by its name: tables by the name of a command, or of a plugin.
_TABLES = ("options", "plugins")


class Settings:
    """The settings of one call: by table, by the name of a command or plugin, and by key, each with its file."""

    def __init__(self, values: Mapping[tuple[str, str, str], tuple[object, Path]]) -> None:
        self._values = dict(values)

    def of(self, table: str, name: str) -> Mapping[str, object]:
        """Return what is set for a command (``options``) or for a plugin (``plugins``)."""
        return {key: value for (its, owner, key), (value, _) in self._values.items() if (its, owner) == (table, name)}

    def file_of(self, table: str, name: str, key: str) -> Path:
        """Return the file that a setting comes from. Raises KeyError for none."""
        return self._values[table, name, key][1]

    def of_options(self, names: Iterable[str]) -> Mapping[str, tuple[object, Path]]:
        """Return what is set for the options of a command with several names, with the files; the last name counts."""
        found = ((key, its, value) for (table, its, key), value in self._values.items() if table == "options")
        ranks = {name: rank for rank, name in enumerate(names)}
        ordered = sorted((one for one in found if one[1] in ranks), key=lambda one: ranks[one[1]])
        return {key: value for key, _, value in ordered}

    def __iter__(self) -> Iterator[tuple[tuple[str, str, str], object, Path]]:
        """Yield each setting with its file, sorted."""
        return iter([(place, *self._values[place]) for place in sorted(self._values)])


def files(environment: Mapping[str, str], host_file: Path = HOST_FILE) -> tuple[Path, ...]:
    """Return where settings may be, those that count for less first."""
    home = environment.get("HOME", "")
    directory = environment.get("XDG_CONFIG_HOME") or (home and os.path.join(home, ".config"))  # noqa: PTH118 -- text
    return (host_file, *((Path(directory, "extra-container/config.toml"),) if directory else ()))


def read(environment: Mapping[str, str], host_file: Path = HOST_FILE) -> Settings:
    """Return the settings of the host and of the user, none where there is no file.

    Raises :class:`.UsageError` for a file that cannot be read or understood, naming it and the place.
    """
    found: dict[tuple[str, str, str], tuple[object, Path]] = {}
    for path in files(environment, host_file):
        # What is in a directory that the caller may not enter is somebody else's.
        if os.path.exists(path):  # noqa: PTH110 -- pathlib's raises there
            found.update({place: (value, path) for place, value in _read(path)})
    return Settings(found)


def _read(path: Path) -> Iterator[tuple[tuple[str, str, str], object]]:
    import tomllib

    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no UTF-8 is a ValueError, too; brackets may be nested too deeply
        raise UsageError(f"{path} is no TOML: {error}", hint="docs/guide.md shows what it may hold.") from error
    for table, owners in document.items():
        if table not in _TABLES:
            raise UsageError(f"{path} has a table {table!r}", hint=f"Tables are {' and '.join(_TABLES)}.")
        for owner, values in owners.items() if isinstance(owners, dict) else [("", owners)]:
            if not isinstance(values, dict):
                raise UsageError(f"{path}: {table} holds a value, not a table", hint=f"Example: [{table}.NAME]")
            for key, value in values.items():
                yield (table, owner, key), value
