"""Points in time as people write them: those of systemd.time(7) that are in common use. Pure.

They are understood here, and not by each journalctl, since hosts without a journal have logs as well, and containers
have time zones of their own.
"""

from __future__ import annotations

import datetime as dt
import re

from extra_container.model.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds", ""), "s"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)\s*")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


def span(text: str) -> float:
    """Return the seconds of a span like ``90``, ``90s`` or ``1h30min``. Raises :class:`.UsageError`."""
    seconds, end = 0.0, 0
    lowered = text.strip().lower()
    for match in _SPAN.finditer(lowered):
        if match.start() != end or match[2] not in _UNITS:
            break
        seconds += float(match[1]) * _SECONDS[_UNITS[match[2]]]
        end = match.end()
    if not lowered or end != len(lowered):
        raise UsageError(f"{text!r} is no span of time", hint="Examples: 90, 90s, 1h30min, 2 days.")
    return seconds


def since(text: str, now: dt.datetime) -> float:
    """Return the time that a text means, in seconds since the epoch; ``now`` has the user's time zone.

    Raises :class:`.UsageError` for a text that means none.
    """
    try:
        return _time(text.strip(), now)
    except (ValueError, OverflowError, UsageError) as error:
        raise UsageError(
            f"{text!r} is no point in time",
            hint="Examples: -1h, '10 min ago', yesterday, '2026-11-26 08:00', 08:00, @1764144000.",
        ) from error


def _time(word: str, now: dt.datetime) -> float:
    if word.startswith("@"):
        return float(word[1:])
    if word.startswith("-") or word.endswith(" ago"):
        return now.timestamp() - span(word.removeprefix("-").removesuffix(" ago"))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"now": now, "today": midnight, "yesterday": midnight - dt.timedelta(days=1)}
    if _CLOCK.fullmatch(word):
        found = dt.datetime.combine(now.date(), dt.time.fromisoformat(word if word[1] != ":" else f"0{word}"))
    else:
        found = days.get(word) or dt.datetime.fromisoformat(word)
    return (found if found.tzinfo else found.replace(tzinfo=now.tzinfo)).timestamp()
