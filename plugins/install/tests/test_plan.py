"""What is installed, and what goes."""

from pathlib import Path
from types import MappingProxyType

import pytest

import extra_container_install as plugin
from extra_container.model.plans import Change
from extra_container.model.values import BuildResult, Link, MakeDirectory, Remove, RemoveTree
from extra_container.testing import as_installed, built_container, fake_host


@pytest.fixture
def host(tmp_path):
    return fake_host(tmp_path)


def plan_one(container, host, *installed):
    result = BuildResult(path=Path("/nix/store/b"), containers=(container,))
    known = MappingProxyType({old.name: old for old in installed})
    (item,) = plugin.ec_plan_install(result, host, known).items
    return item


def links(item):
    return {op.path: op.target for op in item.ops if isinstance(op, Link)}


def test_a_new_container(host, tmp_path):
    item = plan_one(built_container(), host)
    unit, conf = tmp_path / "units/container@demo.service", tmp_path / "conf/demo.conf"
    assert item.change is Change.NEW
    assert links(item) == {
        conf: item.container.conf,
        unit: item.container.unit,
        tmp_path / "gcroots/extra-container-demo.conf": conf,
        tmp_path / "gcroots/extra-container-demo": unit,
    }
    assert MakeDirectory(path=Path("/var/lib/nixos-containers"), mode=0o700) in item.ops


def test_gc_roots_come_after_the_links_they_point_to(host, tmp_path):
    paths = [op.path for op in plan_one(built_container(), host).ops if isinstance(op, Link)]
    assert [path.parent.name for path in paths] == ["conf", "units", "gcroots", "gcroots"]


def test_unchanged(host):
    container = built_container()
    item = plan_one(container, host, as_installed(container, host))
    assert (item.change, item.ops) == (Change.UNCHANGED, ())


def test_only_the_system_changed(host):
    old = as_installed(built_container(system="/nix/store/s1"), host)
    assert plan_one(built_container(system="/nix/store/s2"), host, old).change is Change.SYSTEM


def test_with_auto_start_only_the_system_changed(host):
    unit = "[Unit]\nX-Restart-Triggers=/nix/store/{}\n[Service]\nEnvironment=root=/var/lib/nixos-containers/demo\n"
    conf = "SYSTEM_PATH=/nix/store/{}\nAUTO_START=1\n"
    old, new = (
        built_container(
            unit=Path(f"/nix/store/unit-{system}"),
            unit_text=unit.format(system),
            conf_text=conf.format(system),
            conf=Path(f"/nix/store/conf-{system}"),
        )
        for system in ("s1", "s2")
    )
    assert plan_one(new, host, as_installed(old, host, auto_started=True)).change is Change.SYSTEM


def with_triggers(system, *users, auto_start, on_line=False, more=""):
    """Return a container as nixpkgs builds it, with users' restart triggers beside those of autoStart."""
    conf = Path(f"/nix/store/conf-{system}")
    words = (*users, *((f"/nix/store/{system}", str(conf)) if auto_start else ()))
    value = " ".join(words) if on_line else f"/nix/store/file-of-{hash(words)}"
    line = f"X-Restart-Triggers={value}\n" if words else ""
    return built_container(
        unit=Path(f"/nix/store/unit-{hash((words, more))}"),
        unit_text=f"[Unit]\n{line}{more}[Service]\nEnvironment=root=/var/lib/nixos-containers/demo\n",
        conf=conf,
        conf_text=f"SYSTEM_PATH=/nix/store/{system}\n" + ("AUTO_START=1\n" if auto_start else ""),
        restart_triggers=words,
    )


def change(host, before, after):
    return plan_one(after, host, as_installed(before, host)).change


@pytest.mark.parametrize("on_line", [True, False])
@pytest.mark.parametrize("auto_start", [True, False])
def test_a_users_restart_trigger_restarts_and_that_of_auto_start_does_not(host, auto_start, on_line):
    options = {"auto_start": auto_start, "on_line": on_line}
    one, two = (with_triggers("s1", trigger, **options) for trigger in ("key1", "key2"))
    none = with_triggers("s1", **options)
    assert change(host, one, two) is Change.OTHER
    assert change(host, none, one) is Change.OTHER
    assert change(host, one, none) is Change.OTHER
    assert change(host, one, with_triggers("s2", "key2", **options)) is Change.OTHER
    assert change(host, one, with_triggers("s2", "key1", **options)) is Change.SYSTEM
    assert change(host, none, with_triggers("s2", **options)) is Change.SYSTEM


@pytest.mark.parametrize("auto_start", [True, False])
def test_a_user_may_want_a_restart_with_every_new_system(host, auto_start):
    one, two = (with_triggers(system, f"/nix/store/{system}", auto_start=auto_start) for system in ("s1", "s2"))
    assert change(host, one, two) is Change.OTHER


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("X-Reload-Triggers=/nix/store/r{}\n", Change.SYSTEM),
        ("X-RestartIfChanged={}\n", Change.SYSTEM),
        ("X-ReloadIfChanged={}\n", Change.SYSTEM),
        ("X-StopIfChanged={}\n", Change.OTHER),
        ("X-Version-Of-Key={}\n", Change.OTHER),
    ],
)
def test_other_lines_for_nixos(host, line, meant):
    one, two = (with_triggers("s1", auto_start=True, more=line.format(value)) for value in (1, 2))
    assert change(host, one, two) is meant
    assert change(host, with_triggers("s1", auto_start=True), one) is meant


def test_a_container_of_a_flake_has_no_system_to_switch_to(host):
    conf = "FLAKE=github:x/y\n"
    old = built_container(conf_text=conf, unit=Path("/nix/store/u1"), unit_text="[Unit]\nX-Restart-Triggers=1\n")
    new = built_container(conf_text=conf, unit=Path("/nix/store/u2"), unit_text="[Unit]\nX-Restart-Triggers=2\n")
    assert plan_one(new, host, as_installed(old, host)).change is Change.OTHER


@pytest.mark.parametrize(
    "changes",
    [
        {"conf_text": "SYSTEM_PATH=/nix/store/s1\nPRIVATE_USERS=pick\n", "conf": Path("/nix/store/other.conf")},
        {"unit_text": "[Service]\nDeviceAllow=/dev/kvm\n", "unit": Path("/nix/store/other.service")},
    ],
)
def test_any_other_change(host, changes):
    assert plan_one(built_container(**changes), host, as_installed(built_container(), host)).change is Change.OTHER


def test_auto_start_makes_the_wants_link_and_its_end_removes_it(host, tmp_path):
    wants = tmp_path / "units/machines.target.wants/container@demo.service"
    automatic = built_container(
        conf_text="SYSTEM_PATH=/nix/store/s1\nAUTO_START=1\n", conf=Path("/nix/store/auto.conf")
    )
    assert links(plan_one(automatic, host))[wants] == Path("../container@demo.service")
    manual = plan_one(built_container(), host, as_installed(automatic, host, auto_started=True))
    assert Remove(path=wants) in manual.ops


def test_links_along_with_other_units_come_and_go(host, tmp_path):
    pulled = built_container(pulled_in_by=("app.service.requires", "multi-user.target.wants"))
    item = plan_one(pulled, host)
    for directory in pulled.pulled_in_by:
        link = tmp_path / "units" / directory / "container@demo.service"
        assert links(item)[link] == Path("../container@demo.service")
        assert item.ops.index(MakeDirectory(path=link.parent)) < item.ops.index(
            Link(path=link, target=links(item)[link])
        )
    less = plan_one(built_container(pulled_in_by=("multi-user.target.wants",)), host, as_installed(pulled, host))
    assert less.change is Change.UNCHANGED
    assert less.ops == (Remove(path=tmp_path / "units/app.service.requires/container@demo.service"),)


def test_what_starts_along_with_other_units_is_destroyed_with_its_links(host, tmp_path):
    pulled = as_installed(built_container(pulled_in_by=("b.target.upholds",)), host)
    ops = plugin.ec_plan_destroy(("demo",), host, MappingProxyType({"demo": pulled}))
    assert Remove(path=tmp_path / "units/b.target.upholds/container@demo.service") in ops


def test_auto_start_10_is_not_auto_start(host):
    container = built_container(conf_text="SYSTEM_PATH=/nix/store/s1\nAUTO_START=10\n")
    assert not any("machines.target.wants" in str(path) for path in links(plan_one(container, host)))


def test_a_lost_wants_link_is_made_again(host, tmp_path):
    automatic = built_container(conf_text="AUTO_START=1\n")
    item = plan_one(automatic, host, as_installed(automatic, host, auto_started=False))
    assert item.change is Change.UNCHANGED
    assert [op.path.name for op in item.ops if isinstance(op, Link)] == ["container@demo.service"]


def test_a_host_without_auto_start_gets_no_wants_link(tmp_path):
    automatic = built_container(conf_text="AUTO_START=1\n")
    item = plan_one(automatic, fake_host(tmp_path, auto_start=False))
    assert not any("wants" in str(path) for path in links(item))


def test_links_of_another_layout_go(host, tmp_path):
    container = built_container()
    elsewhere = as_installed(container, fake_host(tmp_path / "elsewhere"))
    item = plan_one(container, host, elsewhere)
    assert item.change is Change.OTHER
    assert {Remove(path=elsewhere.unit_link), Remove(path=elsewhere.conf_link)} <= set(item.ops)


def test_destroy_removes_the_data_first_and_the_gc_root_last(host, tmp_path):
    container = built_container()
    known = MappingProxyType({"demo": as_installed(container, host)})
    ops = plugin.ec_plan_destroy(("demo",), host, known)
    assert ops[0] == RemoveTree(path=Path("/var/lib/nixos-containers/demo"))
    assert ops[-1] == Remove(path=tmp_path / "gcroots/extra-container-demo")
    removed = {op.path for op in ops}
    assert {
        Path("/nix/var/nix/profiles/per-container/demo"),
        Path("/nix/var/nix/gcroots/per-container/demo"),
        tmp_path / "conf/demo.conf",
        tmp_path / "units/container@demo.service",
        tmp_path / "units/machines.target.wants/container@demo.service",
        tmp_path / "gcroots/extra-container-demo.conf",
    } <= removed


def test_destroy_removes_what_a_killed_nspawn_leaves(host, tmp_path, monkeypatch):
    disk, states, journal = tmp_path / "disk", tmp_path / "states", tmp_path / "journal"
    (disk / "demo").mkdir(parents=True)
    states.symlink_to(disk)
    journal.mkdir()
    (journal / "ours").symlink_to(disk / "demo/var/log/journal/ours")
    (journal / "theirs").symlink_to(disk / "demo2/var/log/journal/theirs")
    monkeypatch.setattr(plugin, "_JOURNAL", journal)
    container = built_container(unit_text=f"[Service]\nEnvironment=root={states}/demo\n")
    status = (disk / "demo").stat()
    ops = plugin.ec_plan_destroy(("demo",), host, MappingProxyType({"demo": as_installed(container, host)}))
    assert RemoveTree(path=Path("/run/systemd/nspawn/propagate/demo")) in ops
    removed = {op.path for op in ops}
    assert {states / ".#demo.lck", journal / "ours"} <= removed
    assert Path(f"/run/systemd/nspawn/locks/inode-{status.st_dev}:{status.st_ino}") in removed
    assert journal / "theirs" not in removed


def test_what_differs_is_told_line_by_line(host, tmp_path):
    def version(number, conf, unit, **more):
        return built_container(
            unit=Path(f"/nix/store/u{number}"),
            conf=Path(f"/nix/store/c{number}"),
            unit_text="".join(f"{line}\n" for line in ("[Service]", *unit)),
            conf_text="".join(f"{line}\n" for line in (f"SYSTEM_PATH=/nix/store/s{number}", *conf)),
            **more,
        )

    old = version(1, ["A=1", "B=1"], ['Environment="x=1"', "X-Reload-Triggers=1"], restart_triggers=("k1",))
    new = version(2, ["B=2", "C=1"], ['Environment="y=1"', 'Environment="x=2"'], restart_triggers=("k2",))
    found = plan_one(new, host, as_installed(old, host)).differences
    assert {(one.place.value, one.before, one.after, one.live) for one in found} == {
        ("conf", "SYSTEM_PATH=/nix/store/s1", "SYSTEM_PATH=/nix/store/s2", True),
        ("conf", "A=1", None, False),
        ("conf", "B=1", "B=2", False),
        ("conf", None, "C=1", False),
        ("unit", 'Environment="x=1"', 'Environment="x=2"', False),
        ("unit", None, 'Environment="y=1"', False),
        ("unit", "X-Reload-Triggers=1", None, True),
        ("trigger", "k1", None, False),
        ("trigger", None, "k2", False),
    }
    assert plan_one(new, host).differences == ()
    assert plan_one(new, host, as_installed(new, host)).differences == ()
    moved = plan_one(new, host, as_installed(new, fake_host(tmp_path / "elsewhere"))).differences
    assert {one.place.value for one in moved} == {"link"}
