"""What of a container is not as it is installed, and what of that a live update brings. Pure."""

from __future__ import annotations

from pathlib import Path

from extra_container.plugin import BuiltContainer, Difference, InstalledContainer, Place

# Lines that tell NixOS what to do when the unit changes. Restart triggers are compared by what they hold, reload
# triggers call for what a live update does, and the others say how to go from one unit to the next.
_FOR_LIVE_UPDATES = ("X-Restart-Triggers=", "X-Reload-Triggers=", "X-RestartIfChanged=", "X-ReloadIfChanged=")
_SYSTEM = ("SYSTEM_PATH=",)


def differences_of(
    container: BuiltContainer, old: InstalledContainer, unit_link: Path, conf_link: Path
) -> tuple[Difference, ...]:
    """Return how a built container, whose links are to be these, differs from the installed one."""
    moves = _moves(((old.unit_link, unit_link), (old.conf_link, conf_link)))
    if (old.unit, old.conf) == (container.unit, container.conf):
        return moves
    return (
        *moves,
        *_of_texts(Place.CONF, old.conf_text, container.conf_text, _SYSTEM),
        *_of_texts(Place.UNIT, old.unit_text, container.unit_text, _FOR_LIVE_UPDATES),
        *_of_lists(Place.TRIGGER, _triggers_of_user(old), _triggers_of_user(container), live=False),
    )


def _moves(places: tuple[tuple[Path, Path], ...]) -> tuple[Difference, ...]:
    return tuple(
        Difference(place=Place.LINK, before=str(before), after=str(after), live=False)
        for before, after in places
        if before != after
    )


def _of_texts(place: Place, before: str, after: str, live: tuple[str, ...]) -> list[Difference]:
    """Compare the lines that begin with one of ``live``, and all others, apart from each other."""
    found = []
    for is_live in (False, True):
        one, other = (
            [line for line in text.splitlines() if line.startswith(live) is is_live] for text in (before, after)
        )
        found += _of_lists(place, one, other, live=is_live)
    return found


def _of_lists(place: Place, before: list[str], after: list[str], *, live: bool) -> list[Difference]:
    if before == after:
        return []
    from difflib import SequenceMatcher

    found = []
    for kind, start, end, other_start, other_end in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if kind != "equal":
            found += [
                Difference(place=place, before=one, after=other, live=live)
                for one, other in _paired(before[start:end], after[other_start:other_end])
            ]
    return found


def _paired(removed: list[str], added: list[str]) -> list[tuple[str | None, str | None]]:
    """Put lines that set the same thing beside each other."""
    pairs: list[tuple[str | None, str | None]] = []
    left = list(added)
    for line in removed:
        other = next((one for one in left if _key(one) == _key(line)), None)
        if other is not None:
            left.remove(other)
        pairs.append((line, other))
    return [*pairs, *((None, line) for line in left)]


def _key(line: str) -> str:
    key, assigns, _ = line.partition("=")
    # Of several variables in lines of one key, each is another thing.
    return f"{key}={line.split('=')[1]}" if assigns and key == "Environment" else key


def _triggers_of_user(container: BuiltContainer | InstalledContainer) -> list[str]:
    """Return the restart triggers but for those of ``autoStart``: the system, and the conf, which names it."""
    triggers = list(container.restart_triggers)
    if container.settings.get("AUTO_START") == "1":
        for own in (container.settings.get("SYSTEM_PATH"), str(container.conf)):
            if own in triggers:
                triggers.remove(own)
    return triggers
