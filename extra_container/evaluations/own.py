"""Which files are Nix' own business, or this program's."""

from __future__ import annotations

from collections.abc import Sequence


class Own:
    """The places of Nix and of this program.

    ``store`` and ``state`` are Nix' directories of that name, ``directories`` those of this run.
    """

    def __init__(self, *, store: str, state: str, directories: Sequence[str]) -> None:
        self._in_store = f"{store}/"
        bookkeeping = [f"{state}/{name}" for name in ("db", "temproots", "gcroots", "gc.lock", "gc-socket")]
        self._database = f"{state}/db/"
        self._hidden = tuple(f"{place}/" for place in (*directories, *bookkeeping))
        self._writable = tuple(f"{place}/" for place in (store, state, *directories))

    def writable(self, path: str) -> bool:
        """Whether Nix writes there for its own purposes."""
        return f"{path}/".startswith(self._writable) and not _is_indirect(path)

    def hidden(self, path: str) -> bool:
        """Whether what is there is Nix' own business, or this program's."""
        return f"{path}/".startswith(self._hidden) and not _is_indirect(path)

    def in_database(self, path: str) -> bool:
        """Whether a path is in the directory of Nix' database."""
        return path.startswith(self._database)

    def store_name(self, path: str) -> str | None:
        """Return the name of the store path that a path is of, or in; ``None`` for others."""
        if not path.startswith(self._in_store) or _is_indirect(path):
            return None
        return path[len(self._in_store) :].partition("/")[0]


def _is_indirect(path: str) -> bool:
    """Whether a path goes back up: then it does not tell where it leads."""
    return "/../" in f"{path}/"
