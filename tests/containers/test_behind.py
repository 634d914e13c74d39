"""Containers that run something older than what is installed, or that are still booting, and what a failure leaves."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

_SLOW = """
  config.systemd.services.slow = {
    wantedBy = [ "multi-user.target" ];
    before = [ "multi-user.target" ];
    serviceConfig.Type = "oneshot";
    script = "until [ -e /go ]; do sleep 0.1; done";
  };
"""


def version(name, text):
    """Return a definition of one container that says ``text``."""
    return f'{{ containers.{name}.config.environment.etc.version.text = "{text}"; }}'


def runs(tool, name):
    """Return what the running container says."""
    return tool("run", name, "--", "cat", "/etc/version").out


@pytest.fixture
def names(tool, name):
    """The names of two containers; whatever is left of them after the test is destroyed."""
    chosen = (name, f"{name}slow")
    yield chosen
    installed = set(tool("list").out.split())
    if left := [each for each in chosen if each in installed]:
        tool("destroy", *left)


def await_boot(tool, name):
    """Wait until a container boots, as far as its directory tells."""
    deadline = time.monotonic() + 60
    while not Path("/var/lib/nixos-containers", name, "etc").is_dir():
        assert time.monotonic() < deadline, tool("status", name)
        time.sleep(0.05)


@pytest.mark.parametrize(("option", "does"), [("-s", "Updating"), ("-u", "Updating"), ("-r", "Restarting")])
def test_what_was_only_installed_reaches_the_container_with_the_next_create(tool, name, option, does):
    tool("create", "-s", "-E", version(name, 1))
    tool("create", "-E", version(name, 2))
    assert runs(tool, name) == "1"
    again = tool("create", "-E", version(name, 2))
    assert again.out == f"\nInstalling containers:\n{name} (installed, but what runs is older)\n\n"
    assert f"{does} containers:\n{name}\n" in tool("create", option, "-E", version(name, 2)).out
    assert runs(tool, name) == "2"
    assert tool("create", option, "-E", version(name, 2)).out.endswith(f"{name} (unchanged, skipped)\n\n")


def test_a_restart_brings_what_was_only_installed(tool, name):
    tool("create", "-s", "-E", version(name, 1))
    tool("create", "-E", version(name, 2))
    tool("restart", name)
    assert runs(tool, name) == "2"
    assert tool("create", "-s", "-E", version(name, 2)).out.endswith(f"{name} (unchanged, skipped)\n\n")


def test_a_failed_update_fails_again_until_it_succeeds(tool, name):
    tool("create", "-s", "-E", version(name, 1))
    broken = f'{{ containers.{name}.path = "/nonexist"; }}'
    for _ in range(2):
        failed = tool("create", "-s", "-E", broken, code=4)
        assert f"Container {name} did not update" in failed.err
        assert f"{name} still runs" in failed.err
    tool("create", "-s", "-E", version(name, 2))
    assert runs(tool, name) == "2"


@pytest.mark.parametrize("part", ["unit", "snippet"])
def test_an_update_of_which_something_failed_is_told_as_one_and_repeated(tool, name, part):
    tool("create", "-s", "-E", version(name, 1))
    bad = {
        "unit": 'systemd.services.bad = { wantedBy = [ "multi-user.target" ]; script = "test -e /ok"; };',
        "snippet": 'system.activationScripts.bad.text = "test -e /ok";',
    }[part]
    text = f'{{ containers.{name}.config = {{ environment.etc.version.text = "2"; {bad} }}; }}'
    failed = tool("create", "-s", "-E", text, code=4)
    what = "bad.service" if part == "unit" else "the activation snippet bad"
    assert f"Container {name} was updated, but {what} failed\n" in failed.err
    assert f"{name} runs the new system;" in failed.err
    assert runs(tool, name) == "2"
    again = tool("create", "-E", text)
    assert again.out == f"\nInstalling containers:\n{name} (unchanged, but something of it failed)\n\n"
    tool("run", name, "--", "touch", "/ok")
    assert f"Updating containers:\n{name}\n" in tool("create", "-s", "-E", text).out
    assert tool("create", "-s", "-E", text).out.endswith(f"{name} (unchanged, skipped)\n\n")


def test_an_update_that_a_killed_run_did_not_come_to(tool, names):
    name, slow = names
    tool("create", "-s", "-E", version(name, 1))
    both = f"{version(name, 2)[:-1]} containers.{slow} = {{ {_SLOW} }}; }}"
    with tool.create_until("Starting containers:", "-s", "-E", both) as process:
        process.kill()
        process.wait()
    assert runs(tool, name) == "1"
    tool("stop", slow)
    done = tool("create", "-s", "-E", version(name, 2))
    assert f"Updating containers:\n{name}\n" in done.out
    assert runs(tool, name) == "2"


def test_ctrl_c_tells_what_goes_on_and_the_next_create_waits_for_it(tool, names):
    name, slow = names
    tool("create", "-s", "-E", version(name, 1))
    both = f"{version(name, 2)[:-1]} containers.{slow} = {{ {_SLOW} }}; }}"
    with tool.create_until("Starting containers:", "-s", "-E", both) as process:
        await_boot(tool, slow)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read().splitlines()[-1] == (
            f"Interrupted. {slow} is installed and goes on booting; `extra-container stop {slow}` ends it. "
            f"{name} is installed, but what runs may lack the update; "
            "`extra-container create --update-changed` makes up for it."
        )
    assert tool("status", slow).out == "down\n"
    with tool.create_until("Starting containers:", "-s", "-E", both) as process:
        assert process.poll() is None
        Path("/var/lib/nixos-containers", slow, "go").touch()
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert f"Updating containers:\n{name}\n" in out
    assert tool("status", slow).out == "up\n"
    assert runs(tool, name) == "2"


def test_a_kept_container_that_fails_fails_again(tool, name):
    broken = f'{{ containers.{name}.bindMounts."/y".hostPath = "/nonexist"; }}'
    kept = tool("create", "-s", "--keep-failed", "-E", broken, code=4)
    assert f"{name} stays installed; `extra-container destroy {name}` removes it." in kept.err
    again = tool("create", "-s", "-E", broken, code=4)
    assert f"Starting containers:\n{name}\n" in again.out
    assert f"{name} is installed as before and does not run." in again.err
    assert tool("status", name).out == "down\n"


def test_one_that_fails_is_told_apart_from_one_that_runs(tool, name):
    fails = f"{name}f"
    text = f'{{ containers.{name} = {{}}; containers.{fails}.bindMounts."/y".hostPath = "/nonexist"; }}'
    done = tool("create", "-s", "-E", text, code=4)
    assert f"{fails} is not installed, as before; --keep-failed leaves it installed, to look at it." in done.err
    assert tool("status", name).out == "up\n"
    assert fails not in tool("list").out.split()


def test_what_cannot_be_taken_back_is_told_beside_its_reason(tool, name):
    roots = Path("/nix/var/nix/gcroots/auto")
    pre_start = f"{shutil.which('chattr')} +i {roots}; exit 1"
    text = f'{{ containers.{name} = {{}}; systemd.services."container@{name}".preStart = "{pre_start}"; }}'
    try:
        failed = tool("create", "-s", "-E", text, code=4)
    finally:
        subprocess.run(["chattr", "-i", roots], check=True)
    assert f"Container {name} did not start: " in failed.err
    assert "Taking it back failed: Removing " in failed.err
    assert f"{name} is still installed; `extra-container destroy {name}` tries again to remove it." in failed.err
    tool("destroy", name)


def test_an_interrupted_start_command(tool, name):
    tool("create", "-E", f"{{ containers.{name} = {{ {_SLOW} }}; }}")
    process = tool.start(
        "start", name, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        await_boot(tool, name)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert err == f"Interrupted. {name} goes on booting; `extra-container stop {name}` ends it.\n"
