"""Breaking what surrounds containers on a host with systemd, and putting it back."""

import subprocess
from contextlib import contextmanager
from pathlib import Path

JOURNAL = ("systemd-journald.socket", "systemd-journald-dev-log.socket", "systemd-journald.service")
DBUS = ("dbus.socket", "dbus.service")
MACHINED = "systemd-machined.service"


def systemctl(*words):
    return subprocess.run(["systemctl", *words], check=True, text=True, capture_output=True).stdout


@contextmanager
def masked_machined():
    """A host whose administrator wants no machined."""
    systemctl("mask", "--now", MACHINED)
    try:
        yield
    finally:
        systemctl("unmask", MACHINED)


@contextmanager
def stopped_dbus():
    """A host without the system's message bus; systemctl has a way of its own for root."""
    systemctl("stop", *DBUS)
    try:
        yield
    finally:
        systemctl("start", *DBUS)


@contextmanager
def stopped_journal():
    """A host without a journal; masked, or a socket would start it again."""
    systemctl("mask", "--runtime", JOURNAL[-1])
    try:
        systemctl("stop", *JOURNAL)
        yield
    finally:
        systemctl("unmask", "--runtime", JOURNAL[-1])
        systemctl("start", *JOURNAL)


@contextmanager
def degraded():
    """A host with a failed unit of somebody else."""
    unit = Path("/run/systemd/system/ec-broken.service")
    unit.write_text("[Service]\nType=oneshot\nExecStart=false\n")
    systemctl("daemon-reload")
    subprocess.run(["systemctl", "start", unit.name], check=False, capture_output=True)
    try:
        yield
    finally:
        systemctl("reset-failed", unit.name)
        unit.unlink()
        systemctl("daemon-reload")


@contextmanager
def read_only(directory):
    """A directory that is mounted read-only."""
    directory.mkdir(parents=True, exist_ok=True)
    run("mount", "--bind", directory, directory)
    try:
        run("mount", "-o", "remount,bind,ro", directory)
        yield
    finally:
        run("umount", directory)


@contextmanager
def without(program):
    """A host that lacks a program."""
    hidden = program.with_name(f"{program.name}.hidden")
    program.rename(hidden)
    try:
        yield
    finally:
        hidden.rename(program)


def run(*argv):
    subprocess.run([*map(str, argv)], check=True)
