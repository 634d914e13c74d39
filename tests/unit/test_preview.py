"""What a preview says is what `create` then does: the same decisions, and nothing touched."""

from itertools import product
from pathlib import Path

import pytest

from extra_container.cli.output import preview as text
from extra_container.model import events
from extra_container.model.plans import Change
from extra_container.model.values import BuildResult
from extra_container.nix.switch import Rehearsal, Update
from extra_container.pipeline import inside
from extra_container.pipeline.plan import Action, Cause
from extra_container.preview import document, look
from extra_container.state import pending
from extra_container.testing import built_container, make_request
from tests.unit.world import World

OPTIONS = ("start", "update_changed", "restart_changed")


class Built:
    """Containers whose files exist, so that links to them can be read."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(self, name, system, *, unit="1", more=""):
        files = {
            "unit": f"[Service]\nEnvironment=root={self.root}/state/{name}\nDeviceAllow=/dev/{unit}\n",
            "conf": f"SYSTEM_PATH=/nix/store/{system}\n{more}",
        }
        paths = {kind: self.root / f"{name}-{hash(content)}.{kind}" for kind, content in files.items()}
        for kind, path in paths.items():
            path.write_text(files[kind])
        return built_container(
            name, **paths, unit_text=files["unit"], conf_text=files["conf"], root=self.root / "state" / name
        )


@pytest.fixture
def built(tmp_path):
    return Built(tmp_path)


def looked(world, *containers, **options):
    result = BuildResult(path=Path("/nix/store/b"), containers=containers)
    return look.preview(make_request(**options), result, world.context)


def told(world):
    """Return for each container what the events of a run say that was done with it."""
    done = {}
    for event in world.events:
        match event:
            case events.InstallPlanned(plan=plan):
                done = {item.name: ["install"] if item.change is not Change.UNCHANGED else [] for item in plan.items}
            case events.Starting(names=names):
                kind = "start"
            case events.Updating(names=names):
                kind = "update"
            case events.Restarting(names=names):
                kind = "restart"
        if isinstance(event, events.Starting | events.Updating | events.Restarting):
            for name in names:
                done[name].append(kind)
    return done


def files_below(directory):
    return sorted(
        (str(path), path.readlink() if path.is_symlink() else path.read_text() if path.is_file() else "")
        for path in directory.rglob("*")
    )


CASES = {
    "new": (None, "s1", "1"),
    "same": ("s1", "s1", "1"),
    "system": ("s1", "s2", "1"),
    "other": ("s1", "s2", "2"),
}


@pytest.mark.parametrize(
    "options", [dict(zip(OPTIONS, chosen, strict=True)) for chosen in product([False, True], repeat=3)]
)
def test_a_preview_says_what_create_does(tmp_path, built, options):
    world = World(tmp_path / "host")
    names = [f"{kind}-{state}" for kind, state in product(CASES, ("up", "down", "behind", "far-behind"))]
    names = [name for name in names if not name.startswith("new") or name == "new-down"]
    for name in names:
        kind, _, state = name.partition("-")
        before = CASES[kind][0]
        if before is None:
            continue
        world.create(built(name, before))
        if state != "down":
            world.manager.running.add(name)
        if "behind" in state:
            pending.write({name: Change.OTHER if state == "far-behind" else Change.SYSTEM}, world.host)
    containers = [
        built(name, CASES[name.partition("-")[0]][1], unit=CASES[name.partition("-")[0]][2]) for name in names
    ]
    was = files_below(tmp_path / "host")
    calls = list(world.manager.calls)
    world.events.clear()
    found = looked(world, *containers, **options)
    assert world.events == []
    assert world.manager.calls == calls
    assert files_below(tmp_path / "host") == was

    world.create(*containers, **options)
    assert {one.name: document.actions(one) for one in found.containers} == told(world)
    assert found.changes
    if options["start"]:
        # No process stands behind a container here, so that updates fail and remain to be done.
        again = looked(world, *containers, **options)
        assert {one.name for one in again.containers if one.changes} == {
            one.name for one in found.containers if one.decision.action is Action.UPDATE
        }


def test_a_record_of_an_instance_that_has_ended_is_left_to_create(tmp_path, built):
    world = World(tmp_path / "host")
    world.create(built("demo", "s1"))
    world.manager.running.add("demo")
    record = world.host.runtime_directory / "pending/demo.json"
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text('{"change": "system", "instance": [1, 1]}')
    assert not looked(world, built("demo", "s1"), start=True).changes
    assert record.exists()


def test_the_differences_and_the_options_behind_them(tmp_path, built):
    world = World(tmp_path / "host")
    world.create(built("demo", "s1", more='EXTRA_NSPAWN_FLAGS=" --bind-ro=/a --x"\nLOCAL_ADDRESS=10.0.0.2\n'))
    world.manager.running.add("demo")
    changed = built("demo", "s2", unit="2", more='EXTRA_NSPAWN_FLAGS=" --bind-ro=/b --x"\nLOCAL_ADDRESS=10.0.1.2\n')
    (container,) = document.document(looked(world, changed, start=True))["containers"]
    found = {(part["before"], part["after"]): (part["live"], part["option"]) for part in container["differences"]}
    assert found == {
        ("SYSTEM_PATH=/nix/store/s1", "SYSTEM_PATH=/nix/store/s2"): (True, "containers.demo.config"),
        ("--bind-ro=/a", None): (False, "containers.demo.bindMounts"),
        (None, "--bind-ro=/b"): (False, "containers.demo.bindMounts"),
        ("LOCAL_ADDRESS=10.0.0.2", "LOCAL_ADDRESS=10.0.1.2"): (False, "containers.demo.localAddress"),
        ("DeviceAllow=/dev/1", "DeviceAllow=/dev/2"): (False, "containers.demo.allowedDevices"),
    }
    assert (container["actions"], container["causes"]) == (["install", "restart"], ["changed", "needed"])


def rehearsed(monkeypatch, tmp_path, built, check):
    """Return a preview of an update whose new system answers with ``check``."""
    world = World(tmp_path / "host")
    world.create(built("demo", "s1"))
    world.manager.running.add("demo")
    monkeypatch.setattr(world.manager, "leader", lambda _name: 1)
    monkeypatch.setattr(inside, "rehearse", lambda *_: Rehearsal(stop=("a.service",), check=check))
    (one,) = looked(world, built("demo", "s2"), start=True).containers
    return one


def test_what_only_a_restart_can_bring_is_a_restart(monkeypatch, tmp_path, built):
    check = Update(name="demo", code=1, output=("Pre-switch check 'switchInhibitors' failed",))
    one = rehearsed(monkeypatch, tmp_path, built, check)
    assert one.decision.action is Action.RESTART
    assert Cause.INHIBITED in one.decision.causes
    assert one.refused is None


def test_a_check_that_refuses_the_new_system_is_told(monkeypatch, tmp_path, built):
    check = Update(name="demo", code=1, output=("Pre-switch check 'database' failed",))
    one = rehearsed(monkeypatch, tmp_path, built, check)
    assert one.decision.action is Action.UPDATE
    assert one.refused == "its check database refuses the new system"


def test_the_text(tmp_path, built):
    world = World(tmp_path / "host")
    world.create(built("same", "s1"), built("demo", "s1"), start=True)
    found = looked(world, built("demo", "s1", unit="\x1b[2J"), built("new", "s1"), built("same", "s1"), start=True)
    assert text.render(found) == (
        "demo: install and restart\n"
        "  only a restart brings:\n"
        "    unit: DeviceAllow=/dev/1 -> DeviceAllow=/dev/\\x1b[2J  (allowedDevices)\n"
        "\n"
        "new: install and start (new)\n"
        "\n"
        "Unchanged: same\n"
        "\n"
        "Plan: 2 to install, 1 to start, 1 to restart.\n"
    )


def test_many_of_which_the_same_is_said(tmp_path, built):
    world = World(tmp_path / "host")
    names = [f"container-{number}" for number in range(12)]
    shown = text.render(looked(world, *(built(name, "s1") for name in names)), 80)
    assert shown == (
        "container-0, container-1, container-2, container-3, container-4, container-5,\n"
        "container-6, container-7, container-8, container-9, container-10, container-11:\n"
        "install only (new)\n"
        "  it does not run; --start starts it\n"
        "\n"
        "Plan: 12 to install.\n"
    )
    assert max(map(len, shown.splitlines())) <= 80


def test_nothing_to_do(tmp_path, built):
    world = World(tmp_path / "host")
    world.create(built("demo", "s1"), start=True)
    assert text.render(looked(world, built("demo", "s1"), start=True)) == "Unchanged: demo\n\nNothing to do.\n"
    assert text.render(looked(world)) == "Nothing to do.\n"


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 40, "5120.0 GiB")]
)
def test_sizes(number, shown):
    assert text.size(number) == shown
