"""What scripts of NixOS tests may say, and what they are told of the rest."""

import pytest

from extra_container_pytest.errors import MachineError, UnsupportedError
from extra_container_pytest.machines import unsupported
from extra_container_pytest.machines.machine import Machine
from extra_container_pytest.nixos import driver
from extra_container_pytest.program import Program


def machine():
    return Machine("web", "t0-web", Program(), None)


def test_every_word_of_the_issue_is_there():
    words = (
        "start shutdown reboot crash succeed fail execute wait_until_succeeds wait_until_fails wait_for_unit "
        "wait_for_open_port "
        "wait_for_closed_port wait_for_open_unix_socket wait_for_file systemctl get_unit_info get_unit_property "
        "require_unit_state start_job stop_job copy_from_machine copy_from_host block unblock ip journal update restart"
    )
    assert [word for word in words.split() if not hasattr(Machine, word)] == []


def test_a_word_that_needs_a_screen_says_so():
    with pytest.raises(UnsupportedError, match=r"^web\.screenshot: a container has no screen"):
        machine().screenshot("x")
    with pytest.raises(AttributeError, match="a machine has no 'suceed_all'"):
        machine().suceed_all("true")


def test_what_a_script_cannot_do_is_known_before_it_runs():
    script = (
        "start_all()\nweb.send_key('a')\nweb.send_key('b')\nwith polling_condition: pass\nopen(web.shared_dir / 'x')\n"
    )
    assert [line.partition(": ")[0] for line in unsupported.problems(script)] == ["line 2", "line 4", "line 5"]
    assert unsupported.problems("this is no Python") == []


class Group(dict):
    """Machines by name, as a group is."""

    start_all = None


def test_names_of_a_script():
    names = driver.names_for(Group({"my-web": machine()}))
    assert names["machine"] is names["my_web"]
    names["t"].assertIn(1, [1])  # noqa: PT009 -- as scripts call it


def test_a_subtest_that_failed_is_named(capsys):
    with pytest.raises(ValueError, match="no"), driver.Log().subtest("the part"):
        raise ValueError("no")
    assert "subtest failed: the part" in capsys.readouterr().out


def test_retry_tells_the_last_call():
    calls = []
    with pytest.raises(MachineError):
        driver.retry(calls.append, timeout=0)
    assert calls == [True]
