"""The order of a session's steps, with an in-memory manager and real commands."""

import io
import os
import signal
from pathlib import Path

import pytest

import extra_container_shell
from extra_container.model.errors import ContainerError
from extra_container.plugin import BuildResult, UsageError
from extra_container.plugin_command import runtime_directory
from extra_container.state import installed
from extra_container.testing import (
    built_container,
    make_request,
)
from extra_container_shell.interruptions import Interruptions
from extra_container_shell.life import Life, only_container
from extra_container_shell.plan import make_plan
from tests.unit.world import World

PLAIN = {"never_destroy": False, "always_destroy": False, "keep_failed": False}


class Session(World):
    """A host, and a definition of one container for a session on it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, extra_container_shell)
        self.stdout, self.stderr = io.StringIO(), io.StringIO()
        unit, conf = root / "u.service", root / "demo.conf"
        unit.write_text(f"[Service]\nEnvironment=root={root}/state/demo\n")
        conf.write_text("SYSTEM_PATH=/nix/store/s1\n")
        self.container = built_container(
            unit=unit, unit_text=unit.read_text(), conf=conf, conf_text=conf.read_text(), root=root / "state/demo"
        )

    def live(self, *command, within=False, keep_failed=False, **options):
        run = command or None
        plan = make_plan(
            within=within, runs_command=run is not None, **{**PLAIN, "keep_failed": keep_failed, **options}
        )
        with Interruptions() as interruptions, runtime_directory("session", home=self.root / "sessions") as directory:
            return Life(
                name="demo",
                command=run,
                plan=plan,
                request=make_request(command="shell", start=True, keep_failed=keep_failed),
                result=BuildResult(path=Path("/nix/store/b"), containers=(self.container,)),
                context=self.context,
                caller={"PATH": os.environ["PATH"], "SHELL": str(self.shell)},
                directory=directory,
                interruptions=interruptions,
                stdout=self.stdout,
                stderr=self.stderr,
            ).run()

    def interactive(self, script: str) -> None:
        """Make the user's shell a program that runs a script."""
        self.shell.write_text(f"#!/bin/sh\n{script}\n")
        self.shell.chmod(0o755)

    @property
    def shell(self) -> Path:
        return self.root / "zsh"

    def is_installed(self) -> bool:
        return "demo" in installed.names(self.host.gc_roots)

    def verbs(self):
        return [verb for verb, _ in self.manager.calls if verb in {"start", "kill", "stop"}]


@pytest.fixture
def world(tmp_path):
    return Session(tmp_path)


def test_run(world):
    seen = world.root / "seen"
    code = world.live("sh", "-c", f'echo "$name $ip." >{seen}; exit 3')
    assert code == 3
    assert seen.read_text() == "demo .\n"
    assert world.stdout.getvalue() == "Running command.\n"
    assert world.verbs() == ["start", "kill"]
    assert not world.is_installed()
    assert list((world.root / "sessions").iterdir()) == []


def test_interactive(world):
    world.interactive("test -x $(command -v c) || exit 9; exit 4")
    assert world.live() == 4
    assert world.stdout.getvalue() == 'Starting shell.\nEnter "h" for documentation.\n\nDestroying container.\n'
    assert not world.is_installed()


def test_leftovers_are_destroyed_first(world):
    world.live("true", never_destroy=True)
    assert world.is_installed()
    world.manager.calls.clear()
    world.live("true")
    assert world.verbs() == ["kill", "start", "kill"]


def data_of_nobody(world):
    data = world.container.root / "root/data"
    data.parent.mkdir(parents=True)
    data.write_text("precious")
    return data


@pytest.mark.parametrize("options", [{}, {"within": True, "always_destroy": True}], ids=str)
def test_data_of_no_installed_container_is_neither_used_nor_removed(world, options):
    data = data_of_nobody(world)
    with pytest.raises(UsageError, match=f"^{world.container.root} holds data of no installed container") as caught:
        world.live("true", **options)
    assert f"rm -r --one-file-system {world.container.root}" in caught.value.hint
    assert data.read_text() == "precious"
    assert world.manager.calls == []


def test_a_link_in_place_of_the_directory_is_refused(world):
    world.container.root.parent.mkdir()
    world.container.root.symlink_to("/nowhere")
    with pytest.raises(UsageError, match="holds data"):
        world.live("true")


def test_an_empty_directory_is_nobodys_data(world):
    world.container.root.mkdir(parents=True)
    assert world.live("true") == 0


def test_without_destroying_data_that_is_there_is_used(world):
    data = data_of_nobody(world)
    assert world.live("true", never_destroy=True) == 0
    assert data.read_text() == "precious"


@pytest.mark.parametrize("left", ["", ".conf"])
def test_what_a_killed_session_left_is_cleared_away(world, left):
    world.live("true", never_destroy=True)
    data_of_nobody(world)
    for path in (world.host.unit_directory, world.host.conf_directory):
        for link in path.iterdir():
            link.unlink()
    (world.host.gc_roots / f"extra-container-demo{'' if left else '.conf'}").unlink()
    world.manager.calls.clear()
    assert world.live("true") == 0
    assert world.verbs() == ["kill", "start", "kill"]


def test_no_destroy(world):
    world.live("true", never_destroy=True)
    world.live("true", never_destroy=True)
    assert world.verbs() == ["start"]
    assert world.is_installed()


def test_within_a_session_nothing_is_opened_or_destroyed(world):
    world.live("true", never_destroy=True)
    world.manager.calls.clear()
    world.interactive("exit 9")
    assert world.live(within=True) == 0
    assert world.live("sh", "-c", "exit 6", within=True) == 6
    assert world.verbs() == []
    assert world.is_installed()
    assert "Starting shell" not in world.stdout.getvalue()


def test_within_a_session_destroy_makes_a_new_container(world):
    world.live("true", never_destroy=True)
    world.manager.calls.clear()
    assert world.live(within=True, always_destroy=True) == 0
    assert world.verbs() == ["kill", "start"]
    assert world.is_installed()


def test_unknown_command(world):
    assert world.live("no-such-command") == 127
    assert world.stderr.getvalue() == "no-such-command: command not found\n"
    assert not world.is_installed()


def test_a_failed_start_leaves_nothing(world):
    world.manager.broken = {"demo"}
    with pytest.raises(ContainerError, match="demo did not start") as caught:
        world.live("true")
    assert caught.value.hint.startswith("demo is not installed, as before;")
    assert world.verbs() == ["start", "kill"]
    assert not world.is_installed()


def test_a_failed_start_is_kept_if_asked_for(world):
    world.manager.broken = {"demo"}
    with pytest.raises(ContainerError) as caught:
        world.live("true", keep_failed=True)
    assert "stays installed" in caught.value.hint
    assert world.is_installed()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_starts(world, number, monkeypatch):
    class Ended(KeyboardInterrupt):
        pass

    def end(*_):
        raise Ended

    before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def start(names):
        world.manager.running |= set(names)
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), signal.SIGTERM)  # must not interrupt the clean-up
        return ()

    monkeypatch.setattr(world.manager, "start", start)
    try:
        with pytest.raises(Ended):
            world.live("true")
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert world.verbs() == ["kill"]
    assert not world.is_installed()


def interrupted_start(world):
    def start(names):
        world.manager.running |= set(names)
        raise KeyboardInterrupt

    return start


def test_ctrl_c_while_it_starts_opens_the_shell(world, monkeypatch):
    monkeypatch.setattr(world.manager, "start", interrupted_start(world))
    world.interactive(f"ls {world.host.gc_roots} >{world.root}/seen; exit 2")
    assert world.live() == 2
    assert "extra-container-demo\n" in (world.root / "seen").read_text()
    assert world.verbs() == ["kill"]
    assert not world.is_installed()


def test_ctrl_c_while_it_starts_ends_a_command(world, monkeypatch):
    monkeypatch.setattr(world.manager, "start", interrupted_start(world))
    with pytest.raises(KeyboardInterrupt) as caught:
        world.live("touch", f"{world.root}/seen")
    assert caught.type is KeyboardInterrupt  # nothing is left to be told of
    assert not (world.root / "seen").exists()
    assert not world.is_installed()


def test_ctrl_c_belongs_to_the_command(world):
    script = f"trap 'echo got >{world.root}/seen; exit 5' INT; kill -INT {os.getpid()}; kill -INT $$; exit 9"
    assert world.live("sh", "-c", script) == 5
    assert (world.root / "seen").read_text() == "got\n"


def test_the_commands_own_death_by_ctrl_c(world):
    assert world.live("sh", "-c", f"kill -INT {os.getpid()}; kill -INT $$") == 130


def test_one_container_only():
    two = BuildResult(path=Path("/b"), containers=(built_container("a"), built_container("b")))
    with pytest.raises(UsageError, match=r"^Command 'shell' requires only one container to be defined$") as caught:
        only_container(two)
    assert "a, b" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        only_container(BuildResult(path=Path("/b"), containers=()))
    assert "none" in caught.value.hint
