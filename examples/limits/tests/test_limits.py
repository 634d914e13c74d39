"""Hooks as functions of values, the options with the real Nix."""

from dataclasses import replace
from pathlib import Path

import pytest

import extra_container_limits
from extra_container.plugin import BuiltSource
from extra_container.testing import built_container, evaluate, fake_host, hooks_with, make_request, run_state

MODULE = Path(extra_container_limits.__file__).with_name("module.nix")


def service_config(limits, memory=None):
    text = f"{{ containers.demo.extra.limits = {limits}; }}"
    unit = 'systemd.services."container@demo".serviceConfig'
    config = evaluate(text, unit, modules=[MODULE], values={"limits": {"memory": memory}})
    return {name: config[name] for name in ("MemoryMax", "CPUQuota", "TasksMax") if name in config}


def test_without_limits_there_are_none():
    assert service_config("{ }") == {}


def test_every_limit_becomes_a_setting():
    wanted = {"MemoryMax": "512M", "CPUQuota": "150%", "TasksMax": "100"}
    assert service_config('{ memory = "512M"; cpus = 1.5; tasks = 100; }') == wanted


def test_the_command_line_is_the_default():
    assert service_config("{ cpus = 2; }", memory="1G") == {"MemoryMax": "1G", "CPUQuota": "200%"}
    assert service_config('{ memory = "2G"; }', memory="1G") == {"MemoryMax": "2G"}


def test_the_argument_reaches_the_evaluation(tmp_path):
    inputs = hooks_with(extra_container_limits).build_inputs(
        make_request(options={"memory": "1G"}), fake_host(tmp_path)
    )
    assert inputs.modules == (MODULE,)
    assert dict(inputs.values) == {"limits": {"memory": "1G"}}


@pytest.mark.parametrize(("size", "problems"), [("512M", 0), ("25%", 0), ("2G", 0), ("much", 1), ("1GB", 1), ("0", 1)])
def test_a_size_that_is_none_is_refused(tmp_path, size, problems):
    found = hooks_with(extra_container_limits).check_request(
        make_request(options={"memory": size}), fake_host(tmp_path)
    )
    assert len(found) == problems


def test_a_size_cannot_change_a_finished_build(tmp_path):
    request = make_request(options={"memory": "1G"}, source=BuiltSource(path=tmp_path))
    (problem,) = hooks_with(extra_container_limits).check_request(request, fake_host(tmp_path))
    assert problem.message == "--memory cannot change a finished build"


def test_the_session_command_prints_the_limits(tmp_path):
    container = built_container()
    limited = replace(container, unit_text=container.unit_text + "MemoryMax=1G\nTasksMax=9\n")
    hooks = hooks_with(extra_container_limits)
    assert hooks.session(run_state(container), make_request(), fake_host(tmp_path)).commands == {}
    session = hooks.session(run_state(limited), make_request(), fake_host(tmp_path))
    assert session.commands["limits"] == "#!/bin/sh\nprintf '%s\\n' MemoryMax=1G TasksMax=9\n"
