"""Limits as values, and the options with the real Nix."""

from pathlib import Path

import pytest

import extra_container_resources
from extra_container.plugin import BuildResult, RemoveTree, UsageError
from extra_container.testing import built_container, evaluate, fake_host, hooks_with
from extra_container_resources import limits

MODULE = Path(extra_container_resources.__file__).parent / "nix/module.nix"


@pytest.mark.parametrize(
    ("word", "setting", "value", "nix"),
    [
        ("memory=512M", "MemoryMax", "512M", 'memory = "512M";'),
        ("memory=1073741824", "MemoryMax", "1073741824", 'memory = "1073741824";'),
        ("memory=25%", "MemoryMax", "25%", 'memory = "25%";'),
        ("memory=max", "MemoryMax", "infinity", "memory = null;"),
        ("cpu=1.5", "CPUQuota", "150%", "cpu = 1.5;"),
        ("cpu=2", "CPUQuota", "200%", "cpu = 2;"),
        ("cpu=0.25", "CPUQuota", "25%", "cpu = 0.25;"),
        ("cpu=150%", "CPUQuota", "150%", "cpu = 1.5;"),
        ("cpu=max", "CPUQuota", "", "cpu = null;"),
        ("tasks=200", "TasksMax", "200", "tasks = 200;"),
        ("tasks=10%", "TasksMax", "10%", 'tasks = "10%";'),
        ("tasks=none", "TasksMax", "infinity", "tasks = null;"),
    ],
)
def test_words(word, setting, value, nix):
    found = limits.parse([word])
    assert dict(limits.settings(found)) == {setting: value}
    assert limits.definition("web", found) == f"containers.web.extra.resources = {{ {nix} }};"


def test_several():
    found = limits.parse(["memory=1G", "cpu=1", "tasks=9"])
    assert limits.definition("2web", found) == (
        'containers."2web".extra.resources = { memory = "1G"; cpu = 1; tasks = 9; };'
    )


@pytest.mark.parametrize(
    "words",
    [
        ["memory"], ["memory="], ["memory=0"], ["memory=1GB"], ["memory=-1"], ["memory=101%"], ["memory=1M\n"],
        ["cpu=0"], ["cpu=x"], ["cpu=0.001"], ["cpu=-1"], ["cpu=nan"], ["tasks=0"], ["tasks=1.5"], ["tasks=x"],
        ["disk=1G"], ["=1"], [""], ["cpu=1", "cpu=2"], ["MemoryMax=1G"],
    ],
)  # fmt: skip
def test_words_that_mean_nothing(words):
    with pytest.raises(UsageError):
        limits.parse(words)


@pytest.mark.parametrize(
    ("quota", "percent"),
    [("infinity", ""), ("2s", "200%"), ("500ms", "50%"), ("1s 500ms", "150%"), ("1min 4s", "6400%")],
)
def test_what_systemctl_shows(quota, percent):
    text = f"MemoryMax=1073741824\nCPUQuotaPerSecUSec={quota}\nTasksMax=infinity\n"
    assert limits.shown(text) == {"MemoryMax": "1073741824", "CPUQuota": percent, "TasksMax": "infinity"}


def config(resources):
    return evaluate(
        f"{{ containers.demo.extra.resources = {resources}; }}",
        'systemd.services."container@demo".serviceConfig',
        modules=[MODULE],
    )


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ("{ }", {}),
        (
            '{ memory = "512M"; cpu = 1.5; tasks = 100; }',
            {"MemoryMax": "512M", "CPUQuota": "150%", "TasksMax": "100"},
        ),
        ('{ memory = "25%"; cpu = 2; tasks = "10%"; }', {"MemoryMax": "25%", "CPUQuota": "200%", "TasksMax": "10%"}),
        ("{ cpu = 0.29; }", {"CPUQuota": "29%"}),
    ],
)
def test_options_are_settings_of_the_unit(resources, expected):
    found = config(resources)
    assert {name: found[name] for name in ("MemoryMax", "CPUQuota", "TasksMax") if name in found} == expected


@pytest.mark.parametrize("resources", ['{ memory = "1GB"; }', "{ cpu = 0; }", "{ cpu = -1; }", "{ tasks = 0; }"])
def test_values_that_cannot_be(resources):
    with pytest.raises(Exception, match="is not of type"):
        config(resources)


def test_limits_that_nobody_enforces_are_told(tmp_path):
    hooks = hooks_with(extra_container_resources)
    result = BuildResult(
        path=Path("/nix/store/b"),
        containers=(built_container(), built_container("held", unit_text="[Service]\nMemoryMax=1G\n")),
    )
    assert hooks.check_build(result, fake_host(tmp_path)) == ()
    import dataclasses

    (problem,) = hooks.check_build(result, dataclasses.replace(fake_host(tmp_path), name="standalone"))
    assert problem.message.startswith("held: limits of memory")


def test_what_was_set_goes_with_the_container(tmp_path):
    found = hooks_with(extra_container_resources).plan_destroy(("web",), fake_host(tmp_path), {})
    assert found == (RemoveTree(path=tmp_path / "run/systemd/system.control/container@web.service.d"),)
