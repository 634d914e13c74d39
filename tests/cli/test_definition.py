"""The arguments that select and build a definition."""

import pytest

from extra_container.cli.output.report import Report
from extra_container.model import events
from extra_container.model.plans import InstallPlan


@pytest.fixture
def build(tmp_path):
    """A directory that is taken for a finished build."""
    (tmp_path / "build" / "etc").mkdir(parents=True)
    return tmp_path / "build"


@pytest.mark.parametrize("command", ["create", "build", "destroy"])
@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["-A", "web"], "--attr"),
        (["--nixpkgs-path", "<nixpkgs>"], "--nixpkgs-path"),
        (["--nixos-path", "<nixos>"], "--nixos-path"),
        (["--base", "host"], "--base"),
        (["--eval", "full"], "--eval"),
        (["--base", "nixpkgs", "--build-args", "--option", "sandbox", "false"], "--base and --build-args"),
    ],
)
def test_a_finished_build_takes_no_options_of_building(shell, build, command, options, named):
    assert shell.run(command, build, *options) == 2
    assert shell.err.startswith(f"Error: {build} is a finished build, which {named} cannot change\n")


def test_a_build_in_the_environment_takes_none_either(shell, build):
    shell.environment["EXTRA_CONTAINER_ETC"] = str(build)
    assert shell.run("create", "-A", "web") == 2
    assert shell.err.startswith(f"Error: {build} is a finished build, which --attr cannot change\n")


def test_who_asks_for_a_host_that_there_is_not_is_told_which_there_are(shell):
    assert shell.run("--host", "frob", "status", "web") == 5
    assert shell.err == ("Error: No plugin can drive this machine as host 'frob'\nHosts: nixos, standalone, systemd.\n")


def test_no_heading_without_containers(capsys):
    import sys

    Report(sys.stdout, sys.stderr).event(events.InstallPlanned(plan=InstallPlan(items=())))
    assert capsys.readouterr().out == ""
