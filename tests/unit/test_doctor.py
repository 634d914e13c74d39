"""The examination of a host: what each check makes of what it sees, and that nothing in it keeps the rest from it."""

import dataclasses
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from extra_container.cli.output import diagnosis
from extra_container.doctor import cgroups, containers, idmap, kernel, leftovers, machine, nix, systemd, users
from extra_container.doctor.examination import Examination
from extra_container.doctor.looking import look
from extra_container.doctor.subject import Subject
from extra_container.hooks.facade import Hooks
from extra_container.hooks.found import PluginInfo
from extra_container.model.diagnosis import Check, Diagnosis, Finding, Repair, Verdict
from extra_container.model.errors import HostError, PluginError
from extra_container.model.layout import gc_root, unit_name
from extra_container.plugin import hookimpl
from extra_container.process import Completed, Runner
from extra_container.testing import (
    FakeRunner,
    built_container,
    fake_context,
    fake_host,
    hooks_with,
    manager_with,
    place_container,
)

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def subject(tmp_path):
    host = fake_host(tmp_path)
    context, _ = fake_context(host, hooks_with(), Runner())
    return Subject(runner=context.runner, context=context, is_root=True)


def verdicts(findings):
    return [finding.verdict for finding in findings]


def checking(answer):
    def look_at():
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return Check(name="it", look=look_at)


# --- one check -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (ValueError("odd"), "the check failed: ValueError: odd"),
        (SystemExit(3), "the check failed: SystemExit: 3"),
        (HostError("no\nway", hint="Try."), "no way"),
        (PermissionError(13, "no", "/etc/x"), "it cannot be looked at without root's rights (/etc/x)"),
        (KeyboardInterrupt(), "the check interrupted itself"),
        ("text", "the check failed: TypeError: it returned str instead of a tuple of findings"),
        (("text",), "the check failed: TypeError: it returned tuple instead of a tuple of findings"),
    ],
)
def test_a_check_that_fails_is_a_finding(answer, told):
    [finding] = look(checking(answer), 5)
    assert (finding.verdict, finding.found) == (Verdict.UNSEEN, told)


def test_a_check_that_does_not_end_is_a_finding():
    [finding] = look(Check(name="it", look=lambda: time.sleep(60)), 0.05)
    assert finding.found == "the check did not end within 0.05 s"


def test_whoever_presses_ctrl_c_ends_the_examination():
    with pytest.raises(KeyboardInterrupt):
        look(checking(KeyboardInterrupt(signal.SIGINT)), 5)


# --- the examination -----------------------------------------------------------------------------------------------


class Greeting:
    def __init__(self, *checks, host=None):
        self.checks, self.host = checks, host

    @hookimpl
    def ec_detect_host(self):
        return self.host

    @hookimpl
    def ec_doctor_checks(self, host):
        if isinstance(self.checks[0], Exception):
            raise self.checks[0]
        return self.checks


def examination(*plugins, broken=()):
    manager = manager_with(*plugins)

    def hooks(tolerate):
        info = [
            PluginInfo(name=name, package="greetings", version="1", first_party=False)
            for name, _ in manager.list_name_plugin()
        ]
        return Hooks(manager, info, tolerate=tolerate)

    return Examination(
        environment=dict(os.environ),
        hooks=hooks,
        broken=lambda: broken,
        wanted_host=None,
        emit=lambda _event: None,
        tell=lambda _line: None,
    )


def by_check(found):
    return {one.check: one.finding for one in found}


def test_plugins_bring_checks_and_one_that_fails_keeps_no_other_from_it(tmp_path):
    good = checking((Finding(verdict=Verdict.OK, found="all is well"),))
    bad = dataclasses.replace(checking(RuntimeError("odd")), name="odd")
    found = by_check(examination(Greeting(bad, good, host=fake_host(tmp_path))).examine())
    assert found["it"].found == "all is well"
    assert found["odd"].verdict is Verdict.UNSEEN
    assert found["host"].verdict is Verdict.OK
    assert found["plugins"].verdict is Verdict.OK
    assert {"nspawn", "Nix", "namespaces", "containers"} <= set(found)


def test_a_plugin_that_fails_and_one_that_is_broken_are_findings(tmp_path):
    broken = PluginError("The plugin x is broken", hint="Go on without it: --disable-plugin x")
    found = examination(Greeting(RuntimeError("odd"), host=fake_host(tmp_path)), broken=(broken,)).examine()
    told = [one.finding for one in found if one.check == "plugins"]
    assert [finding.verdict for finding in told] == [Verdict.ERROR, Verdict.ERROR]
    assert told[0].found == "The plugin x is broken"
    assert "ec_doctor_checks raised RuntimeError: odd" in told[1].found


def test_a_machine_that_nobody_knows_is_looked_at_all_the_same():
    found = by_check(examination(Greeting(checking(()))).examine())
    assert found["host"].verdict is Verdict.ERROR
    assert found["containers"].verdict is not Verdict.UNSEEN
    assert "leftovers" not in found


@ROOT_ONLY
def test_repairs_are_done_one_by_one_and_one_that_fails_keeps_no_other_from_it(tmp_path):
    work, failed = examination(Greeting(checking(()), host=fake_host(tmp_path))), []
    work.examine()

    def fail():
        raise OSError(30, "Read-only file system", "/x")

    done = Repair(what="make a", act=(tmp_path / "a").mkdir)
    work.repair((Repair(what="fail", act=fail), done), lambda repair, reason: failed.append((repair.what, reason)))
    assert failed == [("fail", "/x: Read-only file system")]
    assert (tmp_path / "a").is_dir()


# --- the program's own checks --------------------------------------------------------------------------------------


def test_an_installed_container_is_whole(subject):
    place_container(built_container("web", system=str(subject.root)), subject.host)
    [finding] = containers.installed_ones(subject)
    assert (finding.verdict, finding.found) == (Verdict.OK, "web; all of their files are there")


def test_a_container_whose_unit_was_collected_cannot_be_started(subject):
    placed = place_container(built_container("web", system=str(subject.root)), subject.host)
    shutil.rmtree(placed.unit_link.parent / "store")
    [finding] = containers.installed_ones(subject)
    assert finding.verdict is Verdict.ERROR
    assert finding.found.startswith(f"container web: {placed.unit_link} leads to ")
    assert "extra-container destroy web" in finding.remedy


def test_a_container_whose_system_was_collected_cannot_be_started(subject):
    place_container(built_container("web", system="/nix/store/gone"), subject.host)
    [finding] = containers.installed_ones(subject)
    assert finding.found == "container web: its system /nix/store/gone is gone"


def test_a_root_that_leads_nowhere_can_be_removed(subject):
    placed = place_container(built_container("web", system=str(subject.root)), subject.host)
    for link in (placed.unit_link, placed.conf_link):
        link.unlink()
    [finding] = containers.traces(subject)
    assert finding.verdict is Verdict.WARNING
    root = gc_root(subject.gc_roots, "web")
    assert finding.repair.what == f"rm {root} {root}.conf"
    finding.repair.act()
    assert list(subject.gc_roots.iterdir()) == []
    assert verdicts(containers.traces(subject)) == [Verdict.OK]


def test_what_is_left_with_a_conf_is_not_removed_unasked(subject):
    placed = place_container(built_container("web", system=str(subject.root)), subject.host)
    placed.unit_link.unlink()
    [finding] = containers.traces(subject)
    assert finding.repair is None
    assert "`extra-container destroy web` removes all that is left" in finding.remedy


def test_containers_of_others_are_named(subject):
    place_container(built_container("ours", system=str(subject.root)), subject.host)
    for name in ("theirs", "ours", "also-theirs"):
        (subject.host.conf_directory / f"{name}.conf").touch()
    [finding] = containers.others(subject)
    assert (finding.verdict, finding.found) == (Verdict.NOTE, "also-theirs, theirs")


def test_a_hundred_containers_are_a_line(subject):
    for number in range(100):
        place_container(built_container(f"c{number:02}", system=str(subject.root)), subject.host)
    [finding] = containers.installed_ones(subject)
    assert finding.found == "c00, c01, c02, c03, c04, c05, c06, c07 and 92 more; all of their files are there"


@ROOT_ONLY
def test_what_a_killed_installation_left_is_named_and_can_be_removed(subject, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    subject.host.unit_directory.mkdir()
    left = subject.host.unit_directory / f".{unit_name('web')}.0123abcd.tmp"
    left.symlink_to("/nix/store/x")
    dead = subject.host.runtime_directory / "build-abc"
    dead.mkdir(parents=True)
    [finding] = leftovers.left(subject)
    assert finding.found == f"killed runs left {dead}, {left}"
    finding.repair.act()
    assert not left.is_symlink()
    assert not dead.exists()
    assert verdicts(leftovers.left(subject)) == [Verdict.OK]


def test_what_a_killed_destruction_left_is_named_and_can_be_removed(subject):
    place = subject.host.root / "var/lib/nixos-containers"
    left = place / ".web.9999999999-1-0a1b2c3d.removed"
    for directory in (left / "etc", place / "web"):
        directory.mkdir(parents=True)
    [finding] = leftovers.left(subject)
    assert finding.found == f"killed runs left {left}"
    finding.repair.act()
    assert not left.exists()
    assert (place / "web").is_dir()
    assert verdicts(leftovers.left(subject)) == [Verdict.OK]


def test_an_ordinary_user_is_told_that_leftovers_are_not_seen(subject):
    assert verdicts(leftovers.left(dataclasses.replace(subject, is_root=False))) == [Verdict.UNSEEN]


def test_namespaces_that_the_kernel_has_not(subject):
    place = subject.root / "proc/self/ns"
    place.mkdir(parents=True)
    for kind in ("mnt", "uts", "ipc"):
        (place / kind).symlink_to(f"{kind}:[1]")
    [finding] = kernel.namespaces(subject)
    assert (finding.verdict, finding.found) == (Verdict.ERROR, "the kernel has no namespaces of the kind pid")
    assert verdicts(users.user_namespaces(subject)) == [Verdict.WARNING]


def test_user_namespaces_that_are_forbidden(subject):
    (subject.root / "proc/self/ns").mkdir(parents=True)
    (subject.root / "proc/self/ns/user").symlink_to("user:[1]")
    most = subject.root / "proc/sys/user/max_user_namespaces"
    most.parent.mkdir(parents=True)
    most.write_text("0\n")
    assert users.user_namespaces(subject)[0].found == "user.max_user_namespaces is 0"
    most.write_text("100\n")
    assert verdicts(users.user_namespaces(subject)) == [Verdict.OK]


@ROOT_ONLY
def test_an_idmapped_mount_is_tried_on_the_file_system_itself():
    with pytest.raises(OSError, match="Invalid argument"):
        idmap.try_mount(Path("/proc"))  # no process file system can be mapped
    mounts = Path("/proc/self/mountinfo").read_bytes()
    try:
        idmap.try_mount(Path("/dev/shm"))
    except OSError as error:
        pytest.skip(f"tmpfs cannot be mapped here: {error}")
    assert Path("/proc/self/mountinfo").read_bytes() == mounts


@pytest.mark.parametrize(
    ("told", "lacking"),
    [
        ({"memory.max": "67108864", "pids.max": "77", "cpu.max": "50000"}, None),
        ({"memory.limit_in_bytes": "67108864", "pids.max": "77", "cpu.cfs_quota_us": "50000"}, None),
        ({"memory.limit_in_bytes": "9223372036854771712", "pids.max": "77", "cpu.max": "50000"}, "memory"),
        ({"memory.max": "67108864", "pids.max": "max"}, "pids, cpu"),
        ({}, "memory, pids, cpu"),
    ],
)
def test_limits_are_enforced_if_the_kernel_has_them(told, lacking):
    finding = cgroups.verdict(told)
    if lacking is None:
        assert finding.verdict is Verdict.OK
    else:
        assert finding.found == f"limits of {lacking} do not reach the kernel"


@pytest.mark.parametrize(
    ("text", "is_old"), [("2.8.1", False), ("2.3.16", True), ("2.24pre20240429_1234", False), ("2.34", False)]
)
def test_an_old_nix_is_told_apart(text, is_old):
    assert (nix.version_of(text) < (2, 8)) is is_old


def test_without_nix_nothing_can_be_built(subject):
    bare = Runner(environment={"PATH": ""}, trusted=())
    poor = dataclasses.replace(subject, runner=bare)
    assert verdicts(nix.program(poor)) == [Verdict.ERROR]
    assert nix.nixpkgs(poor) == ()
    assert verdicts(machine.nspawn(poor)) == [Verdict.ERROR]


def test_a_daemon_that_is_wanted_and_does_not_answer(subject, tmp_path):
    (tmp_path / "store").mkdir()
    places = {"NIX_STORE_DIR": str(tmp_path / "store"), "NIX_STATE_DIR": str(tmp_path)}
    without = dataclasses.replace(subject, runner=Runner(environment=places))
    wanted = dataclasses.replace(subject, runner=Runner(environment={**places, "NIX_REMOTE": "daemon"}))
    if os.geteuid() == 0:
        assert verdicts(nix.store(without)) == [Verdict.NOTE]
        assert verdicts(nix.store(wanted)) == [Verdict.ERROR]
    else:
        assert "belongs to user" in nix.store(without)[0].found


# --- as text -------------------------------------------------------------------------------------------------------

FOUND = (
    Diagnosis(check="a", finding=Finding(verdict=Verdict.OK, found="well")),
    Diagnosis(
        check="long name",
        finding=Finding(
            verdict=Verdict.WARNING,
            found="some words that need more room than there is on a line of this terminal",
            meaning="It means something.",
            remedy="Do something.",
            repair=Repair(what="do it", act=lambda: None),
        ),
    ),
)


def test_a_diagnosis_on_a_narrow_terminal():
    assert diagnosis.text(FOUND, 60, offers_fix=True) == (
        "ok       a          well\n"
        "warning  long name  some words that need more room than\n"
        "                    there is on a line of this terminal\n"
        "         It means something.\n"
        "         -> Do something.\n"
        "         -> --fix would: do it\n"
        "\n"
        "Nothing seen prevents containers (1 warning).\n"
        "`extra-container doctor --fix` shows, and does, what is\n"
        "safe.\n"
    )


def test_a_diagnosis_in_a_file_has_a_line_for_each_thing():
    text = diagnosis.text(FOUND, None, offers_fix=False)
    assert max(map(len, text.splitlines())) > 80
    assert "--fix" not in text


# --- systemd -------------------------------------------------------------------------------------------------------


def completed(code=0, out="", err=""):
    return Completed(argv=(), returncode=code, stdout=out, stderr=err)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (completed(0, "running\n"), Verdict.OK),
        (completed(1, "degraded\n"), Verdict.NOTE),
        (completed(1, "maintenance\n"), Verdict.ERROR),
        (completed(1, "offline\n"), Verdict.ERROR),
        (completed(1, "", "Failed to connect to bus: No such file or directory\n"), Verdict.ERROR),
    ],
)
def test_the_state_of_systemd(answer, expected):
    answers = {"systemctl is-system-running": answer, "systemctl --version": "systemd 257 (257.9)\n+PAM\n"}
    [finding] = systemd.running(FakeRunner(answers))
    assert finding.verdict is expected
    assert "systemd 257" in finding.found or "does not answer" in finding.found


def test_a_unit_directory_that_systemd_does_not_read(tmp_path):
    paths = f"/etc/systemd/system {tmp_path}/link\n"
    (tmp_path / "link").symlink_to("units")
    runner = FakeRunner({"systemctl show -p UnitPath": paths})
    assert verdicts(systemd.unit_path(runner, tmp_path / "units", "Set it.")) == [Verdict.OK]
    [finding] = systemd.unit_path(runner, tmp_path / "mutable", "Set it.")
    assert (finding.verdict, finding.remedy) == (Verdict.ERROR, "Set it.")


def test_a_machined_that_is_masked_is_told_with_the_way_out():
    busctl = completed(1)
    runner = FakeRunner({"busctl": busctl, "systemctl show": "masked\ninactive\n"})
    [finding] = systemd.machined(runner)
    assert (finding.verdict, finding.remedy) == (Verdict.WARNING, "Run `systemctl unmask systemd-machined`.")
    assert verdicts(systemd.machined(FakeRunner(missing=["machinectl"]))) == [Verdict.ERROR]
    assert verdicts(systemd.machined(FakeRunner({"busctl": '{"data":[[]]}'}))) == [Verdict.OK]


def test_auto_start_needs_a_target(tmp_path):
    assert verdicts(systemd.auto_start(tmp_path, "Enable it.")) == [Verdict.WARNING]
    wants = tmp_path / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True)
    (wants / "machines.target").symlink_to("/usr/lib/systemd/system/machines.target")
    assert verdicts(systemd.auto_start(tmp_path, "Enable it.")) == [Verdict.OK]
