"""Times and sizes as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

NOTHING = "-"
_SPANS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_SIZES = ("B", "K", "M", "G", "T")
_STEP = 1024


def span(seconds: float | None) -> str:
    """Return a length of time in its two greatest units (``2d 4h``, ``1min 5s``), a dash for none."""
    if seconds is None:
        return NOTHING
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f}ms"
    left = int(seconds)
    for number, (unit, length) in enumerate(_SPANS[:-1]):
        count, left = divmod(left, length)
        if count:
            smaller, its_length = _SPANS[number + 1]
            rest = left // its_length
            return f"{count}{unit} {rest}{smaller}" if rest else f"{count}{unit}"
    return f"{left}s"


def size(number: float | None) -> str:
    """Return an amount of memory (``128.5M``), a dash for none; a K is 1024 bytes, as with systemctl."""
    if number is None:
        return NOTHING
    for unit in _SIZES[:-1]:
        if number < _STEP:
            return f"{number:.0f}{unit}" if unit == "B" else f"{number:.1f}{unit}"
        number /= _STEP
    return f"{number:.1f}{_SIZES[-1]}"


def moment(seconds: float | None) -> str:
    """Return a time, given in seconds since the epoch, as the clock on the wall shows it, a dash for none."""
    return NOTHING if seconds is None else datetime.fromtimestamp(seconds, tz=UTC).astimezone().strftime("%F %T")


def timestamp(seconds: float | None) -> str | None:
    """Return a time, given in seconds since the epoch, for programs: ISO 8601 with its distance from UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, tz=UTC).astimezone().isoformat(timespec="seconds")
