"""Limits as people write them, as systemd takes them, and as a definition has them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from extra_container.plugin import UsageError, dataclass

_NONE = frozenset({"max", "infinity", "none"})
# What systemd.resource-control(5) takes, but for signs, fractions and zero, which nobody means.
_MEMORY = re.compile(r"[1-9][0-9]{0,18}[KMGT]?|(100|[1-9][0-9]?)%")
_CPU = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,2})?|[1-9][0-9]{0,5}%)")
_SPAN = re.compile(r"([0-9.]+)(us|ms|s|min|h)")
_UNITS = {"us": 1, "ms": 10**3, "s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6}
_TASKS = re.compile(r"[1-9][0-9]{0,8}|(100|[1-9][0-9]?)%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit: ``setting`` is systemd's name for it, with its ``value``; ``nix`` is the value of ``option``."""

    setting: str
    value: str
    option: str
    nix: str


def parse(words: Sequence[str]) -> tuple[Limit, ...]:
    """Return the limits that words like ``memory=512M`` mean. Raises :class:`.UsageError`."""
    found: dict[str, Limit] = {}
    for word in words:
        key, equals, text = word.partition("=")
        parser = _PARSERS.get(key)
        if not equals or parser is None:
            raise UsageError(f"{word!r} is no limit", hint="Limits look like memory=512M, cpu=1.5 and tasks=200.")
        if key in found:
            raise UsageError(f"{key} is given twice")
        found[key] = parser(text)
    return tuple(found.values())


def settings(limits: Sequence[Limit]) -> Mapping[str, str]:
    """Return the settings of a unit."""
    return {limit.setting: limit.value for limit in limits}


def shown(text: str) -> Mapping[str, str]:
    """Return the settings of a unit that ``systemctl show`` tells of."""
    found = dict(line.partition("=")[::2] for line in text.splitlines())
    quota = found.pop("CPUQuotaPerSecUSec", "infinity")
    microseconds = sum(float(number) * _UNITS[unit] for number, unit in _SPAN.findall(quota))
    percent = "" if quota == "infinity" else f"{max(1, round(microseconds / 10_000))}%"
    return {"CPUQuota": percent, **{key: value for key, value in found.items() if key in {"MemoryMax", "TasksMax"}}}


def definition(name: str, limits: Sequence[Limit]) -> str:
    """Return what to write into a definition."""
    lines = " ".join(f"{limit.option} = {limit.nix};" for limit in limits)
    return f"containers.{_attribute(name)}.extra.resources = {{ {lines} }};"


def _memory(text: str) -> Limit:
    if text in _NONE:
        return Limit(setting="MemoryMax", value="infinity", option="memory", nix="null")
    if not _MEMORY.fullmatch(text):
        raise UsageError(f"memory={text} is no size", hint="Sizes look like 512M, 2G or 25%; max is no limit.")
    return Limit(setting="MemoryMax", value=text, option="memory", nix=f'"{text}"')


def _cpu(text: str) -> Limit:
    if text in _NONE:
        return Limit(setting="CPUQuota", value="", option="cpu", nix="null")
    # systemd measures in periods of at least a millisecond, of which it wants a hundredth.
    hundredths = round(float(text.rstrip("%")) * (1 if text.endswith("%") else 100)) if _CPU.fullmatch(text) else 0
    if hundredths < 1:
        raise UsageError(
            f"cpu={text} is no number of processors", hint="Numbers look like 0.5, 2 or 150%; max is no limit."
        )
    whole, part = divmod(hundredths, 100)
    nix = str(whole) if part == 0 else f"{whole}.{part:02}".rstrip("0")
    return Limit(setting="CPUQuota", value=f"{hundredths}%", option="cpu", nix=nix)


def _tasks(text: str) -> Limit:
    if text in _NONE:
        return Limit(setting="TasksMax", value="infinity", option="tasks", nix="null")
    if not _TASKS.fullmatch(text):
        raise UsageError(f"tasks={text} is no number of tasks", hint="Numbers look like 200 or 10%; max is no limit.")
    return Limit(setting="TasksMax", value=text, option="tasks", nix=text if text.isdecimal() else f'"{text}"')


_PARSERS = {"memory": _memory, "cpu": _cpu, "tasks": _tasks}


def _attribute(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name) else f'"{name}"'
