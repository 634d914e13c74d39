"""Containers across a reboot of their host."""

import pytest

NETWORK = 'privateNetwork = true; hostAddress = "10.252.9.1"; localAddress = "10.252.9.2";'


def status(machine, *names):
    return [machine("extra-container", "status", name) for name in names]


def change_and_do_not_confirm(machine):
    """Have a job change a container and make another, as other machines do, and wait for its confirmation."""
    changed = f'autoStart = true; {NETWORK} config.environment.etc.unconfirmed.text = "";'
    text = f"{{ containers.auto = {{ {changed} }}; containers.new.autoStart = true; }}"
    build = machine("extra-container", "build", "-E", text).strip()
    machine(
        *("extra-container", "job", f"--root={build}", "--confirm-within=600", "unconfirmed"), *("--", "create", build)
    )
    assert "new" in machine("extra-container", "list").split()


@pytest.mark.parametrize(("machine", "again"), [("debian", "soft_reboot"), ("nixos", "reboot")], indirect=["machine"])
def test_auto_start_survives_a_reboot_and_nothing_else_starts(machine, again):
    machine(
        *("extra-container", "create", "-s", "-E"),
        f"{{ containers.auto = {{ autoStart = true; {NETWORK} }}; containers.manual = {{ }}; }}",
    )
    machine("extra-container", "create", "-E", "{ containers.later.autoStart = true; }")
    machine("extra-container", "run", "auto", "touch", "/kept")
    machine("touch", "/run/not-kept")
    assert status(machine, "auto", "manual", "later") == ["up\n", "up\n", "down\n"]

    change_and_do_not_confirm(machine)

    machine.reboot()
    assert machine("sh", "-c", "test -e /run/not-kept || echo gone") == "gone\n"
    assert machine("extra-container", "job", "--confirm", "unconfirmed", code=12) == ""
    assert machine("extra-container", "run", "auto", "sh", "-c", "test -e /etc/unconfirmed || echo gone") == "gone\n"
    assert machine("find", "/etc/systemd", "/usr/lib/systemd", "-name", "extra-container-unconfirmed*") == ""
    assert status(machine, "auto", "manual", "later") == ["up\n", "down\n", "up\n"]
    assert machine("extra-container", "run", "auto", "ls", "/kept") == "/kept\n"
    assert "10.252.9.1" in machine("ip", "addr", "show", "ve-auto")
    assert machine("extra-container", "list").split() == ["auto", "later", "manual"]

    machine("extra-container", "create", "-s", "-E", f"{{ containers.auto = {{ {NETWORK} }}; }}")
    machine("extra-container", "destroy", "later")
    getattr(machine, again)()
    assert status(machine, "auto", "manual") == ["down\n", "down\n"]
    machine("extra-container", "start", "auto")
    assert machine("extra-container", "run", "auto", "ls", "/kept") == "/kept\n"
    assert machine("systemctl", "list-units", "--failed", "--plain", "--no-legend") == ""
