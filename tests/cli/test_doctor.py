"""The command ``doctor``, on a host where nothing is as it should be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("extra-container")


def rows(shell, *words):
    code = shell.run("doctor", "-f", "json", *words)
    return code, {row["check"]: row for row in json.loads(shell.out)}


def test_what_prevents_containers_is_an_exit_code(shell):
    (shell.programs / "systemd-nspawn").unlink()
    shell.environment["PATH"] = str(shell.programs)
    code, found = rows(shell)
    assert code == 5
    for check in ("host", "nspawn", "Nix"):
        assert found[check]["state"] == "error"
        assert found[check]["meaning"]
        assert found[check]["remedy"]
    assert set(found["Nix"]) == {"check", "state", "found", "meaning", "remedy", "fix"}


def test_the_same_as_text(shell):
    shell.environment["PATH"] = str(shell.programs)
    (shell.programs / "systemd-nspawn").unlink()
    assert shell.run("doctor") == 5
    assert "\nerror    nspawn " in shell.out
    assert "         -> Install the package systemd-container.\n" in shell.out
    assert shell.out.splitlines()[-1].startswith("Something prevents containers (")


def test_a_disabled_host_plugin_is_no_reason_to_stop(shell):
    code = shell.run("--disable-plugin", "standalone", "doctor")
    assert code == 5
    assert "error    host" in shell.out
    assert "No plugin knows this kind of host" in shell.out


def test_nobody_is_asked_without_a_terminal(shell, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    assert shell.run("doctor", "--fix") == 2
    assert "Without a terminal nobody can be asked" in shell.err
    assert shell.out == ""


def test_yes_is_for_fix(shell):
    assert shell.run("doctor", "--yes") == 2


@pytest.mark.parametrize("words", [("doctor", "--help"), ("help", "doctor")])
def test_the_help_has_the_states_and_the_exit_code(words):
    done = subprocess.run([PROGRAM, *words], check=True, capture_output=True, text=True)
    assert "The exit code is 5 if there is an error, and 0 otherwise." in done.stdout
