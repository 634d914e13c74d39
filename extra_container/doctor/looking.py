"""Looking at one check: its time limited, and whatever goes wrong a finding, so that it keeps no other from it."""

from __future__ import annotations

from typing import cast

from extra_container.hooks.guard import TimeUpError, guarded, was_asked_for
from extra_container.model.diagnosis import Check, Finding, Findings, Verdict
from extra_container.model.errors import ExtraContainerError


def look(check: Check, seconds: float) -> Findings:
    """Return what a check finds within ``seconds``."""
    try:
        with guarded(seconds):
            return _checked(check.look())
    except PermissionError as error:
        place = f" ({error.filename})" if error.filename else ""
        return (_unseen(f"it cannot be looked at without root's rights{place}"),)
    except KeyboardInterrupt as interrupt:
        if was_asked_for(interrupt) or type(interrupt) is not KeyboardInterrupt:
            raise
        return (_unseen("the check interrupted itself"),)
    except TimeUpError:
        return (_unseen(f"the check did not end within {seconds:g} s"),)
    except ExtraContainerError as error:
        return (_unseen(error.message, error.hint or ""),)
    except BaseException as error:  # noqa: BLE001 -- SystemExit, too: only the program itself ends the program
        return (_unseen(f"the check failed: {type(error).__name__}: {error}"),)


def _checked(answer: object) -> Findings:
    # What comes from a plugin has the type that it has.
    if not isinstance(answer, tuple) or not all(isinstance(one, Finding) for one in answer):
        raise TypeError(f"it returned {type(answer).__name__} instead of a tuple of findings")
    return cast("Findings", answer)


def _unseen(reason: str, remedy: str = "") -> Finding:
    return Finding(verdict=Verdict.UNSEEN, found=" ".join(reason.split()), remedy=remedy)
