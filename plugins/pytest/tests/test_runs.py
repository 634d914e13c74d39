"""Whole runs of pytest with the plugin: what they share, what they leave, and what they say, with real containers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DECLARED = """
import pytest

WEB = "{ containers.web.config.environment.etc.who.text = \\"%s\\"; }"

@pytest.mark.containers(WEB % "one")
def test_one(containers):
    assert containers.web.succeed("cat /etc/who; touch /seen") == "one"

@pytest.mark.containers(WEB % "two")
def test_two(containers):
    assert containers.web.succeed("cat /etc/who") == "two"

@pytest.mark.containers(WEB % "one")
def test_fresh(containers):
    containers["web"].fail("test -e /seen")

@pytest.mark.containers(WEB % "three", reuse=True)
def test_first(containers):
    assert containers.web.succeed("cat /etc/who; touch /seen /run/boot") == "three"

@pytest.mark.containers(WEB % "four", reuse=True)
def test_reused(containers):
    assert containers.web.succeed("cat /etc/who; test -e /seen -a -e /run/boot") == "four"

def test_fails(containers):
    bad = {"wantedBy": ["multi-user.target"], "script": "exit 3"}
    machine = containers({"bad": {"systemd": {"services": {"bad": bad}}}}).bad
    machine.wait_until_succeeds("systemctl is-failed bad")
    assert False
"""
SHARED = """
import pytest

@pytest.fixture
def web(containers_session):
    return containers_session({"web": {}}).web

@pytest.mark.parametrize("number", range(4))
def test_shared(web, number):
    web.succeed(f"echo {number} >>/shared")
    print("CONTAINER", web.container)
    assert number < 3
"""


HANGING = """
import os, signal

def test_it(containers):
    containers({"left": {}}, start=False)
    os.write(int(os.environ["HANGS"]), b".")
    signal.pause()
"""


@pytest.fixture
def run(tmp_path):
    """Give a function that runs pytest on a module, in a directory of its own."""

    def run(text, *options, wait=True, pass_fds=(), **variables):
        (tmp_path / "test_it.py").write_text(text)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("NIX_PATH", "PYTEST"))}
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", *options, "test_it.py"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path, env=kept | variables,
            pass_fds=pass_fds,
        )  # fmt: skip
        if not wait:
            return process
        return subprocess.CompletedProcess(process.args, stdout=process.communicate()[0], returncode=process.returncode)

    return run


def bridges():
    """Return the bridges that containers of tests are on."""
    return {link.name for link in Path("/sys/class/net").glob("ec-*")}


def containers():
    done = subprocess.run(
        [sys.executable, "-I", "-m", "extra_container", "list"], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_declared_containers_reuse_and_what_a_failed_test_shows(run, tmp_path):
    before = containers()
    done = run(DECLARED, "--artifacts", "kept")
    assert "1 failed, 5 passed" in done.stdout, done.stdout
    told = re.search(
        r"machine bad \(container t\d+-bad\) -*\nstate: up\nfailed units: bad\.service\n((?:.*\n)*)", done.stdout
    )
    assert "bad.service: Failed with result" in told[1]
    assert "bad.service" in (tmp_path / "kept/test_it.py_test_fails/bad.journal").read_text()
    assert containers() == before


def test_workers_share_one_container_and_leave_none(run):
    before = containers()
    done = run(SHARED, "-n", "2", "-rP")
    assert "1 failed, 3 passed" in done.stdout, done.stdout
    assert len(set(re.findall(r"CONTAINER (\S+)", done.stdout))) == 1
    assert containers() == before


def test_what_is_kept_stays_what_a_killed_run_left_goes(run, tmp_path):
    before, before_bridges = containers(), bridges()
    done = run("def test_it(containers):\n    containers({'kept': {}})\n", "--keep-containers")
    command = re.search(r"^extra-container (destroy (t\d+-kept))$", done.stdout, re.MULTILINE)
    kept = {command[2]}
    assert containers() - before == kept

    reader, writer = os.pipe()
    process = run(HANGING, wait=False, HANGS=str(writer), pass_fds=[writer])
    os.close(writer)
    assert os.read(reader, 1) == b"."
    assert {name.partition("-")[2] for name in containers() - before} == {"kept", "left"}
    process.kill()
    process.communicate()

    run("def test_it(containers):\n    containers('{ }')\n")
    assert containers() - before == kept
    assert bridges() - before_bridges == {f"ec-{command[2].partition('-')[0]}"}
    subprocess.run(
        [sys.executable, "-I", "-m", "extra_container", *command[1].split()], check=True, capture_output=True
    )
    assert (containers(), bridges()) == (before, before_bridges)
