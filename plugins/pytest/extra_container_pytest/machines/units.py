"""Units of a machine's systemd."""

from __future__ import annotations

import shlex

from extra_container_pytest.errors import MachineError
from extra_container_pytest.machines.changes import Changes
from extra_container_pytest.machines.commands import TIMEOUT, Commands


class Units(Commands):
    """What tests ask and want of units; ``user`` is whose systemd it is, None for the system's."""

    def systemctl(self, query: str, user: str | None = None) -> tuple[int, str]:
        """Run ``systemctl QUERY`` and return its code and what it wrote on stdout."""
        if user is None:
            return self.execute(f"systemctl {query}")
        call = f"XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user {query}"
        return self.execute(f"su -l {shlex.quote(user)} --shell /bin/sh -c {shlex.quote(call)}")

    def get_unit_info(self, unit: str, user: str | None = None) -> dict[str, str]:
        """Return all properties of a unit."""
        code, out = self.systemctl(f"--no-pager show {shlex.quote(unit)}", user)
        if code:
            raise MachineError(f"{self.name}: systemctl show {unit} failed (exit code {code})")
        return _properties(out)

    def get_unit_property(self, unit: str, property: str, user: str | None = None) -> str:  # noqa: A002 -- NixOS' name
        """Return a property of a unit; raises MachineError for one that it does not have."""
        code, out = self.systemctl(f"--no-pager show {shlex.quote(unit)} --property={shlex.quote(property)}", user)
        found = _properties(out)
        if code or property not in found:
            raise MachineError(f"{self.name}: unit {unit} has no property {property}")
        return found[property]

    def require_unit_state(self, unit: str, require_state: str = "active") -> None:
        """Check the state of a unit at this moment; raises MachineError."""
        state = self.get_unit_property(unit, "ActiveState")
        if state != require_state:
            raise MachineError(f"{self.name}: unit {unit} is {state}, not {require_state}{self._why(unit, state)}")

    def wait_for_unit(self, unit: str, user: str | None = None, timeout: float = TIMEOUT) -> None:
        """Wait until a unit is active; raises MachineError at once for one that failed, or that nothing will start."""
        state = ""

        def check(_: float) -> bool:
            nonlocal state
            state = self.get_unit_property(unit, "ActiveState", user)
            if state == "failed" or (state == "inactive" and not self._is_coming(unit, user)):
                told = "and nothing is about to start it" if state == "inactive" else ""
                raise MachineError(f"{self.name}: unit {unit} is {state} {told}{self._why(unit, state)}")
            return state == "active"

        with Changes() as changes:
            # A user's systemd has its own socket, which is not looked for.
            if user is None:
                changes.watch_systemd(self._inside())
            self._wait_for(changes, check, timeout, lambda: f"unit {unit} does not become active: it is {state}")

    def start_job(self, jobname: str, user: str | None = None) -> tuple[int, str]:
        """Start a unit and wait until its job is done, as ``systemctl start`` does."""
        return self.systemctl(f"start {shlex.quote(jobname)}", user)

    def stop_job(self, jobname: str, user: str | None = None) -> tuple[int, str]:
        """Stop a unit and wait until its job is done."""
        return self.systemctl(f"stop {shlex.quote(jobname)}", user)

    def _is_coming(self, unit: str, user: str | None) -> bool:
        """Whether an inactive unit may become active by itself: some job waits, or it became active just now."""
        _, jobs = self.systemctl("list-jobs --full --no-legend --plain", user)
        return bool(jobs.strip()) or self.get_unit_property(unit, "ActiveState", user) != "inactive"

    def _why(self, unit: str, state: str) -> str:
        if state != "failed":
            return ""
        _, lines = self.execute(f"journalctl --no-pager -o cat -n 15 -u {shlex.quote(unit)} 2>/dev/null")
        return f"\nits last lines:\n{lines.rstrip()}" if lines.strip() else ""


def _properties(text: str) -> dict[str, str]:
    """Return what ``systemctl show`` prints, by property; lines of a value with several go on."""
    found: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.isidentifier():
            found[name] = value
            last = name
        elif last:
            found[last] += f"\n{line}"
    return found
