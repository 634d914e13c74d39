"""Conditions and assertions of units: which of them keep a container from starting.

systemd skips a unit whose conditions are not met, and calls that a success (systemd.unit(5), "Conditions and Asserts").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from extra_container.model.layout import unit_name
from extra_container.process import Runner
from extra_container.systemd.systemctl import PLAIN

_FAILED = re.compile(r"^\S+: ((?:Condition|Assert)\w+=.*) failed\.$")
_VERDICT = re.compile(r"^(Condition|Assert)s failed\.$")


def parse_unmet(text: str) -> tuple[str, ...]:
    """Return the unmet settings from what ``systemd-analyze condition`` says, as they stand in the unit. Pure.

    Of triggering ones (``=|…``) one is enough, so that they are the reason only where no other setting is.
    """
    lines = text.splitlines()
    failed = [match[1] for line in reversed(lines) if (match := _FAILED.match(line))]
    unmet = []
    for kind in (match[1] for line in lines if (match := _VERDICT.match(line))):
        own = [setting for setting in failed if setting.startswith(kind)]
        unmet += [setting for setting in own if not setting.partition("=")[2].startswith("|")] or own
    return tuple(dict.fromkeys(unmet))


def unmet(name: str, runner: Runner) -> tuple[str, ...]:
    """Return the conditions and assertions of a container's unit that are not met at this moment.

    Nothing is returned where ``systemd-analyze`` is missing or older than version 250, which brought ``--unit=``.
    """
    if runner.look("systemd-analyze") is None:
        return ()
    argv = ["systemd-analyze", "condition", f"--unit={unit_name(name)}"]
    done = runner.run(argv, check=False, environment=PLAIN)
    return parse_unmet(done.stdout + done.stderr)


def unmet_of(settings: Sequence[str], runner: Runner) -> tuple[str, ...] | None:
    """Return which of the settings are not met at this moment; ``None`` if ``systemd-analyze`` is missing.

    ``settings`` are those of one unit, without specifiers (``%%`` is a percent sign). It needs no running systemd. A
    kind of condition that it does not know counts as met, as with systemd.
    """
    if runner.look("systemd-analyze") is None:
        return None
    known = list(settings)
    while known:
        done = runner.run(["systemd-analyze", "condition", *known], check=False, environment=PLAIN)
        unknown = [setting for setting in known if f'Cannot parse "{setting}"' in done.stderr]
        if not unknown:
            return parse_unmet(done.stdout + done.stderr)
        known = [setting for setting in known if setting not in unknown]
    return ()


def describe(settings: tuple[str, ...]) -> str:
    """Return unmet settings as the reason of a start that did not happen. Pure."""
    verb = "is" if len(settings) == 1 else "are"
    return f"{' and '.join(settings)} of its unit {verb} not met"
