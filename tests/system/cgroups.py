"""The kernel's controllers in the test host, so that limits of units are enforced there."""

import errno
import secrets
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


class Controllers:
    """The controllers that the host's systemd has to itself while this is open.

    Where the machine has them in the unified hierarchy, systemd has them anyway. Those of version 1 are read-only in a
    container such as the test host; there they are replaced by a group of their own, and systemd looks again. The
    hierarchy is the machine's, which other test hosts share, so the group has a name of its own.
    """

    def __init__(self, directory, controllers):
        self._directory = directory
        self._group = f"ec-limits-{secrets.token_hex(4)}"
        self._replaced = [controller for controller in controllers if (ROOT / controller).is_dir()]

    def __enter__(self):
        with ExitStack() as undo:
            if self._replaced:
                undo.callback(run, "systemctl", "daemon-reexec")
            for controller in self._replaced:
                hierarchy = self._directory / controller
                hierarchy.mkdir()
                run("mount", "-t", "cgroup", "-o", controller, "none", hierarchy)
                # Lazily, since systemd may be looking at it just then.
                undo.callback(run, "umount", "--lazy", hierarchy)
                (hierarchy / self._group).mkdir()
                undo.callback(leave, hierarchy / self._group, hierarchy)
                run("mount", "--bind", hierarchy / self._group, ROOT / controller)
                undo.callback(run, "umount", "--lazy", ROOT / controller)
            if self._replaced:
                run("systemctl", "daemon-reexec")
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_error):
        self._undo.close()

    def value(self, process, controller, *files):
        """Return what one of the files says of the group that a process is in; which one depends on the version."""
        groups = dict(line.split(":", 2)[1:] for line in Path(f"/proc/{process}/cgroup").read_text().splitlines())
        if controller in groups:
            hierarchy = self._directory / controller
            # The path is as seen from the root of the namespace, which the hierarchy was mounted at.
            places = [hierarchy / groups[controller].lstrip("/")]
        else:
            group = ROOT / groups[""].lstrip("/")
            places = [group, *group.parents]  # the limits are those of the container's unit, further up
        for place in places:
            for file in files:
                if (place / file).exists():
                    return (place / file).read_text().strip()
        raise AssertionError(f"no {files} in {places}")


def run(*argv):
    subprocess.run([*map(str, argv)], check=True)


def leave(group, above, seconds=20):
    """Move all processes from a group to the one above it and remove the group, once the kernel lets go of it."""
    deadline = time.monotonic() + seconds
    while group.exists():
        for directory in sorted((path.parent for path in group.rglob("cgroup.procs")), reverse=True):
            for process in (directory / "cgroup.procs").read_text().split():
                move(process, above)
            remove(directory)
        assert time.monotonic() < deadline, f"{group} does not go"


def move(process, group):
    try:
        (group / "cgroup.procs").write_text(process)
    except ProcessLookupError:
        return  # it ended by itself


def remove(group):
    try:
        group.rmdir()
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
