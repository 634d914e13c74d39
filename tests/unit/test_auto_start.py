"""The warning that nothing would start containers with the host."""

from pathlib import Path

import pytest

from extra_container.model.plans import Change, InstallItem, InstallPlan
from extra_container.model.values import Severity
from extra_container.systemd.checks import auto_start_problems
from extra_container.testing import built_container

AUTOMATIC = built_container(conf_text="AUTO_START=1\n")


def problems(container, root):
    return auto_start_problems(
        InstallPlan(items=(InstallItem(container=container, change=Change.NEW),)), root, hint="do it"
    )


def test_a_host_that_does_not_start_the_target(tmp_path):
    (problem,) = problems(AUTOMATIC, tmp_path)
    assert problem.severity is Severity.WARNING
    assert problem.message.endswith("machines.target: demo")
    assert problem.hint == "do it"


@pytest.mark.parametrize("place", ["etc/systemd/system", "usr/lib/systemd/system"])
def test_a_host_that_does(tmp_path, place):
    link = tmp_path / place / "multi-user.target.wants/machines.target"
    link.parent.mkdir(parents=True)
    link.symlink_to(Path("/usr/lib/systemd/system/machines.target"))
    assert problems(AUTOMATIC, tmp_path) == ()


def test_containers_that_are_started_by_hand(tmp_path):
    assert problems(built_container(), tmp_path) == ()


@pytest.mark.parametrize(
    ("file", "setting"),
    [
        ("multi-user.target", "Wants=machines.target"),
        # NixOS', with and without this program's own module.
        ("multi-user.target.d/overrides.conf", "Wants=machines.target machines.target"),
        ("default.target.d/own.conf", "Requires=network.target machines.target remote-fs.target"),
    ],
)
def test_a_host_whose_units_say_so(tmp_path, file, setting):
    unit = tmp_path / "etc/systemd/system" / file
    unit.parent.mkdir(parents=True)
    unit.write_text(f"[Unit]\nDescription=machines.target\n{setting}\n")
    assert problems(AUTOMATIC, tmp_path) == ()


@pytest.mark.parametrize("setting", ["After=machines.target", "Wants=my-machines.target", "#Wants=machines.target"])
def test_a_host_whose_units_only_name_it(tmp_path, setting):
    unit = tmp_path / "etc/systemd/system/multi-user.target.d/own.conf"
    unit.parent.mkdir(parents=True)
    unit.write_text(f"[Unit]\n{setting}\n")
    assert len(problems(AUTOMATIC, tmp_path)) == 1
