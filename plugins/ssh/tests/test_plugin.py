"""What the hooks contribute."""

import argparse
import subprocess
from pathlib import Path
from types import MappingProxyType

import pytest

import extra_container_ssh
from extra_container.plugin import BuildResult, HostError, InstallPlan, Runner, RunPlan, RunState
from extra_container.testing import built_container, fake_host, hooks_with, make_request
from extra_container_ssh import key
from extra_container_ssh.contribution import contribute, lets_in

NETWORK = "SYSTEM_PATH={system}\nPRIVATE_NETWORK=1\nLOCAL_ADDRESS=10.250.0.2/24\n"
WITH_SSH = MappingProxyType({"ssh": True})


@pytest.fixture
def hooks(tmp_path, monkeypatch):
    monkeypatch.setattr(key, "HOME", tmp_path / "ssh")
    return hooks_with(extra_container_ssh)


@pytest.fixture
def host(tmp_path):
    return fake_host(tmp_path)


@pytest.fixture
def no_keygen(monkeypatch):
    monkeypatch.setattr(Runner, "look", lambda _self, _program: None)


@pytest.mark.parametrize("command", ["create", "build", "shell", "destroy"])
def test_the_option(hooks, command):
    parser = argparse.ArgumentParser()
    hooks.add_arguments(command, parser)
    assert parser.parse_args(["--ssh"]).ssh
    assert not parser.parse_args([]).ssh


def test_inputs(hooks, host):
    assert hooks.build_inputs(make_request(), host).values == {"ssh": {"enable": False, "publicKey": None}}
    hooks.before_build(make_request(), host)
    inputs = hooks.build_inputs(make_request(options=WITH_SSH), host)
    assert inputs.values == {"ssh": {"enable": True, "publicKey": key.read_public_key(key.HOME)}}
    assert all(path.is_file() for path in inputs.modules)


def test_without_keygen(hooks, host, no_keygen):
    wanted = make_request(options=WITH_SSH)
    assert "ssh-keygen was not found" in hooks.check_request(wanted, host)[0].message
    with pytest.raises(HostError, match="ssh-keygen"):
        hooks.before_build(wanted, host)
    for request in (make_request(), make_request(command="destroy", options=WITH_SSH)):
        assert hooks.check_request(request, host) == ()
        hooks.before_build(request, host)
    assert not key.HOME.exists()


def state(container):
    result = BuildResult(path=Path("/nix/store/b"), containers=(container,))
    return RunState(result=result, plan=InstallPlan(items=()), done=RunPlan())


def test_cssh_is_there_if_the_container_lets_us_in(hooks, host, tmp_path):
    container = built_container(conf_text=NETWORK.format(system=tmp_path / "system"))
    assert "cssh" not in hooks.session(state(container), make_request(), host).commands
    assert "cssh" in hooks.session(state(container), make_request(options=WITH_SSH), host).commands

    hooks.before_build(make_request(), host)
    keys = tmp_path / "system/etc/ssh/authorized_keys.d/root"
    keys.parent.mkdir(parents=True)
    keys.write_text(f"ssh-ed25519 AAAA another\n{key.read_public_key(key.HOME)}\n")
    assert "cssh" in hooks.session(state(container), make_request(), host).commands
    keys.write_text("ssh-ed25519 AAAA another\n")
    assert not lets_in(container, key.read_public_key(key.HOME))


def run(script, *arguments, tmp_path, environment):
    path = tmp_path / "cssh"
    path.write_text(script)
    return subprocess.run(["sh", str(path), *arguments], check=False, capture_output=True, text=True, env=environment)


def test_without_address_it_says_so(tmp_path):
    script = contribute(built_container("demo"), "fake", ("/bin/false",), tmp_path).commands["cssh"]
    done = run(script, tmp_path=tmp_path, environment={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 255
    assert done.stderr.startswith("The container demo has no address of its own")


def test_without_host_key_nothing_is_connected(tmp_path):
    container = built_container("demo", conf_text=NETWORK.format(system="/"))
    says = ("sh", "-c", 'echo "$*" >&2; exit 1', "ec")
    script = contribute(container, "fake", says, tmp_path).commands["cssh"]
    done = run(
        script,
        "true",
        tmp_path=tmp_path,
        environment={"PATH": "/usr/bin:/bin", "EXTRA_CONTAINER_SESSION": str(tmp_path)},
    )
    assert done.returncode == 255
    assert done.stderr == "--host fake show-host-key demo\n"


def test_outside_a_session_it_says_so(tmp_path):
    container = built_container("demo", conf_text=NETWORK.format(system="/"))
    script = contribute(container, "fake", ("/bin/false",), tmp_path).commands["cssh"]
    done = run(script, tmp_path=tmp_path, environment={"PATH": "/usr/bin:/bin"})
    assert done.returncode != 0
    assert "there is no session" in done.stderr
