"""What `dry-activate` and `check` of the releases print, and what that means."""

import subprocess

import pytest

from extra_container.nix import switch
from extra_container.nix.switch import Outcome, Update

DRY = (
    "would stop the following units: a.service, b.service",
    "would NOT stop the following changed units: dbus.service",
    "would activate the configuration...",
    "would restart systemd",
    "would reload the following units: c.service",
    "would restart the following units: d.service",
    "would start the following units: a.service",
)
USAGE = ("Usage: /nix/store/x/bin/switch-to-configuration [switch|boot|test|dry-activate]", "…")


def ended(code, *output):
    return Update(name="demo", code=code, output=output)


def test_the_units():
    found = switch.rehearsal_of(ended(0, *DRY), ended(0))
    assert (found.stop, found.start) == (("a.service", "b.service"), ("a.service",))
    assert (found.restart, found.reload, found.skip) == (("d.service",), ("c.service",), ("dbus.service",))
    assert found.problem is None


@pytest.mark.parametrize(
    ("dry", "check", "outcome"),
    [
        (ended(0), ended(0), Outcome.DONE),
        (ended(0), ended(1, "Pre-switch check 'switchInhibitors' failed", "Pre-switch checks failed"), Outcome.RESTART),
        (ended(1, "Pre-switch check 'x' failed"), ended(1, "Pre-switch check 'x' failed"), Outcome.FAILED),
        (ended(100), ended(100), Outcome.RESTART),
        (ended(100), ended(1, *USAGE), Outcome.RESTART),
        (ended(1, "Pre-switch check 'x' failed"), ended(1, *USAGE), Outcome.FAILED),
        (ended(127), ended(127, "sh: not found"), Outcome.FAILED),
        (ended(0), ended(1, *USAGE), None),
        (ended(1, "something else"), ended(1, *USAGE), None),
    ],
)
def test_the_checks(dry, check, outcome):
    found = switch.rehearsal_of(dry, check).check
    assert (None if found is None else switch.outcome_of(found)) is outcome


def test_a_rehearsal_that_fails_says_so():
    found = switch.rehearsal_of(ended(2, *DRY), ended(0))
    assert found.stop == ()
    assert found.problem == "switch-to-configuration dry-activate ended with code 2"


def switched(system, action="test"):
    done = subprocess.run(switch.switch_argv(str(system), action), check=False, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_a_system_without_the_means_to_switch_asks_for_a_restart(tmp_path):
    code, said = switched(tmp_path)
    assert (code, said) == (
        switch.NEEDS_RESTART,
        "The new system has no switch-to-configuration (system.switch.enable is off): only a restart brings it.\n",
    )
    assert switch.outcome_of(ended(code, said)) is Outcome.RESTART
    code, _ = switched(tmp_path / "is-not-there")
    assert code == 127
    program = tmp_path / "bin/switch-to-configuration"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho $1; echo wrong >&2; exit 3\n")
    program.chmod(0o755)
    assert switched(tmp_path, "dry-activate") == (3, "dry-activate\nwrong\n")
