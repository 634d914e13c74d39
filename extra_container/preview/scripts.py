"""What differs in the scripts that a unit names, where the unit itself names them in the same way but for the hash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from extra_container.model.frozen import dataclass
from extra_container.model.plans import Difference, Place
from extra_container.state import text_file

_STORE_PATH = re.compile(r"(/[^\s\"']*/)[0-9a-z]{32}-")
_WORD = re.compile(r"/[^\s\"']+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptChange:
    """The lines that one script of a unit loses and gains; ``key`` is the unit's, as ``ExecStartPost``."""

    key: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


def is_other_script(difference: Difference) -> bool:
    """Whether nothing but the hash of a store path differs. Pure."""
    before, after = difference.before, difference.after
    if difference.place is not Place.UNIT or before is None or after is None:
        return False
    return without_hashes(before) == without_hashes(after)


def without_hashes(text: str) -> str:
    """Return text whose store paths are shown without what nobody can read. Pure."""
    return _STORE_PATH.sub(r"\1…-", text)


def changes(differences: Iterable[Difference]) -> tuple[ScriptChange, ...]:
    """Return what differs in scripts; hashes of store paths do not count, and what cannot be read is left out."""
    return tuple(found for one in differences if is_other_script(one) for found in _of_line(one))


def _of_line(difference: Difference) -> Iterator[ScriptChange]:
    before, after = (_WORD.findall(line or "") for line in (difference.before, difference.after))
    for one, other in zip(before, after, strict=True):
        if one == other:
            continue
        try:
            texts = [without_hashes(text_file.read(Path(path), errors="replace")).splitlines() for path in (one, other)]
        except OSError:
            continue
        removed, added = (tuple(line for line in mine if line not in its) for mine, its in (texts, reversed(texts)))
        if removed or added:
            yield ScriptChange(key=(difference.after or "").partition("=")[0], removed=removed, added=added)
