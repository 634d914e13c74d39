"""What a definition asks for and a host without systemd cannot give."""

from __future__ import annotations

from extra_container.plugin import BuildError, BuiltContainer, Problem, Problems, Severity, layout
from extra_container_standalone.unit import conditions
from extra_container_standalone.unit.unit_file import UnitFile, UnitFileError, parse_unit

# Prefixes of the settings in systemd.resource-control(5) that limit or weigh, and of rlimits in systemd.exec(5).
_LIMITS = (
    "AllowedCPUs", "AllowedMemoryNodes", "BlockIO", "CPUQuota", "CPUShares", "CPUWeight", "IOAccounting", "IODevice",
    "IOReadBandwidthMax", "IOReadIOPSMax", "IOWeight", "IOWriteBandwidthMax", "IOWriteIOPSMax", "IPAddressAllow",
    "IPAddressDeny", "Limit", "MemoryHigh", "MemoryLimit", "MemoryLow", "MemoryMax", "MemoryMin", "MemorySwapMax",
    "MemoryZSwapMax", "StartupCPU", "StartupIO", "StartupMemory", "TasksMax",
)  # fmt: skip
# Every container's unit has this one, so only something else was asked for.
_DEFAULT_RESTART = "on-failure"
_NO_RESTART = "no"
_BY_HAND = "Start it with: extra-container start"


def missing_features(container: BuiltContainer, *, evaluates_conditions: bool) -> Problems:
    """Return a warning for each missing feature. A plain container gives none.

    ``evaluates_conditions`` is whether the host can tell if they are met. Raises :class:`.BuildError` for a unit that
    cannot be understood.
    """
    if container.masked:
        return ()
    try:
        unit = parse_unit(container.unit_text)
    except UnitFileError as error:
        raise BuildError(f"The unit of the container {container.name} cannot be understood: {error}") from error
    problems = []
    if container.auto_start:
        problems.append(_warning(container, "autoStart is not possible", _BY_HAND))
    elif container.pulled_in_by:
        links = ", ".join(container.pulled_in_by)
        problems.append(_warning(container, f"what starts it along with other units has no effect: {links}", _BY_HAND))
    if not evaluates_conditions and (found := conditions.settings(unit, layout.unit_name(container.name))):
        hint = "systemd-analyze, which would evaluate them, was not found."
        problems.append(_warning(container, f"conditions have no effect: {', '.join(found)}", hint))
    if devices := unit.values("Service", "DeviceAllow"):
        hint = "Access to devices is not restricted on this host."
        problems.append(_warning(container, f"DeviceAllow={', '.join(devices)} has no effect", hint))
    if limits := _limits(unit):
        problems.append(_warning(container, f"limits are not enforced: {', '.join(limits)}", None))
    if (restart := unit.value("Service", "Restart") or _NO_RESTART) not in {_DEFAULT_RESTART, _NO_RESTART}:
        hint = "It is only started again when it reboots."
        problems.append(_warning(container, f"Restart={restart} has no effect", hint))
    return tuple(problems)


def _limits(unit: UnitFile) -> tuple[str, ...]:
    keys = [key for key in unit.keys("Service") if key.startswith(_LIMITS)]
    return tuple(f"{key}={value}" for key in keys if (value := unit.value("Service", key)) is not None)


def _warning(container: BuiltContainer, what: str, hint: str | None) -> Problem:
    return Problem(message=f"{container.name}: {what} on a host without systemd", hint=hint, severity=Severity.WARNING)
