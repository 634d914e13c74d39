"""systemd reads its unit files again where it would start old ones otherwise, and only there.

What is installed comes from the Nix store, where every file has the modification time 1.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from extra_container import variables
from extra_container.model.host import UnitChanges
from extra_container.model.layout import unit_name
from extra_container.process import Runner
from extra_container.systemd.manager import SystemdManager
from tests.containers.conftest import write_definition
from tests.system.hand_written import UNITS

TEMPLATE = "container@.service"
HOLDER = "ec-holder.service"
NAMES = ("ec-one", "ec-two")


class Counting(Runner):
    """A runner that counts how often systemd had to read its unit files again."""

    reloads = 0

    def run(self, argv, **options):
        self.reloads += list(argv) == ["systemctl", "daemon-reload"]
        return super().run(argv, **options)


class World:
    """Units in a store whose files all have the time 1, and a manager that counts."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.runner = Counting()
        # The shortcut is what is looked at, also where a run of tests has turned all of them off.
        self.runner.environment.pop(variables.SHORTCUTS_OFF, None)
        self.manager = SystemdManager(self.runner)

    def built(self, version: str, name: str = "%i", more: str = "", kind: str = "oneshot\nRemainAfterExit=yes") -> Path:
        """Write a unit that leaves its version behind, and return its file."""
        file = self.store / version / unit_name("" if name == "%i" else name)
        file.parent.mkdir(exist_ok=True)
        text = f"[Unit]\n{more}\n[Service]\nType={kind}\nExecStart=sh -c 'echo {version} >{self.store}/ran-%i'\n"
        file.write_text(text)
        os.utime(file, (1, 1))
        os.utime(file.parent, (1, 1))
        return file

    def link(self, target: Path, name: str = "ec-one") -> Path:
        """Put a unit in the place of another one, as an installation does."""
        link, new = UNITS / unit_name(name), UNITS / ".new"
        new.symlink_to(target)
        new.replace(link)
        return link

    def install(self, version: str, name: str = "ec-one", **more) -> int:
        """Install a version, tell the manager, and return how often it read all unit files."""
        return self.told(name, link=self.link(self.built(version, name, **more), name))

    def told(self, *names: str, link: Path | None = None, pulling: bool = False) -> int:
        """Tell the manager of changes; return how often it read all unit files."""
        before = self.runner.reloads
        links = {} if link is None else dict.fromkeys(names, link)
        self.manager.reload_for(UnitChanges(names=names, links=links, pulling=pulling))
        return self.runner.reloads - before

    def started(self, name: str = "ec-one") -> str:
        """Start a container and return which version ran."""
        ran = self.store / f"ran-{name}"
        ran.unlink(missing_ok=True)
        systemctl("restart", unit_name(name))
        return ran.read_text().strip()


def systemctl(*argv, check=True):
    return subprocess.run(["systemctl", *argv], check=check, capture_output=True, text=True).stdout


def shown(name, fact):
    return systemctl("show", "-P", fact, unit_name(name)).strip()


def in_memory(name):
    return bool(systemctl("list-units", "--all", "--plain", "--no-legend", unit_name(name)).strip())


@pytest.fixture
def world(tmp_path):
    """A world whose units are gone afterwards."""
    UNITS.mkdir(parents=True, exist_ok=True)
    store = tmp_path / "store"
    store.mkdir()
    yield World(store)
    units = [*map(unit_name, NAMES), HOLDER]
    for unit in units:  # systemd 262 does nothing for any of them if one is not loaded
        systemctl("stop", unit, check=False)
        systemctl("reset-failed", unit, check=False)
    for unit in (*units, TEMPLATE):
        (UNITS / unit).unlink(missing_ok=True)
    for name in NAMES:
        for file in drop_in(name).parent.glob("*"):
            file.unlink()
        if drop_in(name).parent.is_dir():
            drop_in(name).parent.rmdir()
    systemctl("daemon-reload")


def drop_in(name):
    return UNITS / f"{unit_name(name)}.d" / "more.conf"


def hold(name):
    """Have a running unit name a container's, so that this stays in memory whatever becomes of it."""
    (UNITS / HOLDER).write_text(f"[Unit]\nAfter={unit_name(name)}\n[Service]\nExecStart=sleep infinity\n")
    systemctl("start", HOLDER)


def test_a_unit_that_nobody_asked_for_is_read_when_it_is_started(world):
    assert world.install("v1") == 0
    assert world.started() == "v1"


def test_a_unit_that_was_stopped_is_read_anew(world):
    world.install("v1")
    assert world.started() == "v1"
    systemctl("stop", unit_name("ec-one"))
    assert world.install("v2") == 0
    assert world.started() == "v2"


def test_a_unit_that_runs_is_not_and_its_times_do_not_tell(world):
    world.install("v1")
    assert world.started() == "v1"
    world.link(world.built("v2", "ec-one"))
    assert shown("ec-one", "NeedDaemonReload") == "no", "the reason why nothing here relies on that"
    assert world.started() == "v1", "the reason for all this"
    assert world.told("ec-one") == 1
    assert world.started() == "v2"


def test_a_unit_that_failed_is_not(world):
    world.install("v1", kind="oneshot\nExecStartPre=false")
    systemctl("start", unit_name("ec-one"), check=False)
    assert shown("ec-one", "ActiveState") == "failed"
    assert world.install("v2") == 1
    assert world.started() == "v2"


def test_a_unit_that_another_one_names_is_not(world):
    hold("ec-one")
    assert in_memory("ec-one")
    assert world.install("v1") == 1
    assert world.started() == "v1"
    systemctl("stop", unit_name("ec-one"))
    assert in_memory("ec-one")
    assert world.install("v2") == 1
    assert world.started() == "v2"


def test_links_that_pull_need_it_always(world):
    assert world.told("ec-one", pulling=True) == 1


def test_one_of_many_is_enough(world):
    world.install("v1")
    assert world.started() == "v1"
    assert world.install("v1", "ec-two") == 0
    world.link(world.built("v2", "ec-two"), "ec-two")
    world.link(world.built("v2", "ec-one"))
    assert world.told("ec-two", "ec-one") == 1
    assert (world.started("ec-one"), world.started("ec-two")) == ("v2", "v2")


def test_masks_come_and_go(world):
    world.told("ec-one", link=world.link(Path("/dev/null")))
    assert shown("ec-one", "LoadState") == "masked"
    assert world.install("v1") == 0
    assert world.started() == "v1"
    assert world.told("ec-one", link=world.link(Path("/dev/null"))) == 1
    assert shown("ec-one", "LoadState") == "masked"
    assert world.install("v2") == 1
    assert world.started() == "v2"


def test_a_template_does_not_answer_for_a_container_of_its_own_unit(world):
    (UNITS / TEMPLATE).symlink_to(world.built("template"))
    systemctl("daemon-reload")
    assert world.started() == "template"
    assert world.install("v1") == 1, "what runs came from the template"
    assert world.started() == "v1"
    assert world.install("v1", "ec-two") == 0
    assert world.started("ec-two") == "v1"


@pytest.mark.parametrize("template", [False, True])
def test_a_link_that_systemd_overlooks_is_found_all_the_same(world, template):
    """It looks into a directory again when its time has changed, and two links may come within the same moment."""
    if template:
        (UNITS / TEMPLATE).symlink_to(world.built("template"))
    world.install("v1")
    assert world.started() == "v1"
    times = UNITS.stat()
    link = world.link(world.built("v1", "ec-two"), "ec-two")
    os.utime(UNITS, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert Path(shown("ec-two", "FragmentPath")).name == (TEMPLATE if template else "")
    assert world.told("ec-two", link=link) == 1
    assert world.started("ec-two") == "v1"


def test_drop_ins_of_others_are_not_forgotten(world):
    world.install("v1")
    drop_in("ec-one").parent.mkdir()
    drop_in("ec-one").write_text("[Service]\nEnvironment=MORE=1\n")
    link = UNITS / unit_name("ec-one")
    assert world.told("ec-one", link=link) == 0
    assert shown("ec-one", "Environment") == "MORE=1"
    assert world.started() == "v1"
    drop_in("ec-one").write_text("[Service]\nEnvironment=MORE=2\n")
    os.utime(drop_in("ec-one"))
    before = world.runner.reloads
    world.manager.reload_for(UnitChanges(names=(), links={"ec-one": link}))
    assert world.runner.reloads == before + 1, "its unit is as it was, but what runs lacks the drop-in"
    assert shown("ec-one", "Environment") == "MORE=2"


def test_what_is_removed_is_not_found_any_more(world):
    world.install("v1")
    assert world.started() == "v1"
    systemctl("stop", unit_name("ec-one"))
    (UNITS / unit_name("ec-one")).unlink()
    assert world.told("ec-one") == 0
    assert shown("ec-one", "LoadState") == "not-found"
    world.install("v2")
    hold("ec-one")
    (UNITS / unit_name("ec-one")).unlink()
    assert world.told("ec-one") == 1
    assert shown("ec-one", "LoadState") == "not-found"


@pytest.mark.parametrize("switch", [variables.ALWAYS_RELOAD, variables.SHORTCUTS_OFF])
def test_the_switch_has_everything_read_again_each_time(world, switch):
    world.runner.environment[switch] = "reload"
    assert world.install("v1") == 1
    assert world.started() == "v1"


@pytest.mark.parametrize("off", ["", "reload"])
def test_the_life_of_a_container(tool, name, tmp_path, off):
    """Whether or not the shortcut is taken, what runs is what was created."""
    log, definition = tmp_path / "log", tmp_path / "c.nix"

    def reloads(*argv):
        log.unlink(missing_ok=True)
        tool("--log-file", log, *argv, **{variables.SHORTCUTS_OFF: off})
        events = map(json.loads, log.read_text().splitlines())
        return sum(map(is_reload, events))

    def is_reload(event):
        return event["event"] == "process.finished" and event["argv"][-1] == "daemon-reload"

    def greeting():
        return tool("run", name, "--", "cat", "/etc/greeting").out

    def create(text, options="", *more):
        config = f'environment.etc.greeting.text = "{text}";'
        return reloads("create", write_definition(definition, name, config, options), "--start", *more)

    flags = 'extraFlags = [ "--setenv=x=y" ];'
    found = [create("one"), create("one"), create("two")]
    assert greeting() == "two"
    found += [create("three", flags)]
    assert greeting() == "three"
    found += [create("four", f"{flags} autoStart = true;")]
    assert greeting() == "four"
    found += [create("five", f"{flags} autoStart = true;"), reloads("destroy", name)]
    assert shown(name, "LoadState") == "not-found"
    if off:
        assert found == [1, 0, 1, 1, 1, 1, 1]
    else:
        assert found == [0, 0, 0, 0, 1, 1, 1]
