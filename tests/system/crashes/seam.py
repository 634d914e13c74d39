"""Runs the program and sees every change that it is about to make to the host; at one of them something happens.

    python3 seam.py ORDER REPORT WORDS…

ORDER is a JSON object (see :class:`.orders.Order`), REPORT the file that gets a line for each change. Python tells of
what its own functions ask of the system, before they ask (PEP 578): nothing of the program is replaced, and nothing in
it knows of this. What Python does not tell of, signals through a pidfd, is announced here.
"""

import errno
import json
import os
import re
import shutil
import signal
import sys
import threading
from collections import Counter

FILES = frozenset({
    "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.removexattr", "os.rename", "os.rmdir",
    "os.setxattr", "os.symlink", "os.truncate", "os.utime",
})  # fmt: skip
PROCESSES = frozenset({"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "subprocess.Popen"})
SIGNALS = frozenset({"os.kill", "os.killpg", "pidfd_send_signal"})
MAKING = frozenset({"open", "os.link", "os.mkdir", "os.rename", "os.symlink"})
# ioctl_iflags(2), _IOW('f', 2, long)
SET_FLAGS = 0x40086602
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# What is another one each time that the same is done: random names, numbers, and which version it is of.
_BY_CHANCE = re.compile(r"/nix/store/\S+|(?<=-)[0-9a-z_]{8}(?=[/ ]|$)|[0-9a-z]{32,}|\b[0-9a-f]{8}\b|\d+")
# What is no part of the host: devices, and what the kernel shows of processes.
ELSEWHERE = ("/dev/", "/proc/")


def text(value):
    return os.fsdecode(value) if isinstance(value, bytes | str | os.PathLike) else f"<{value}>"


def described(event, args):
    """Return what kind of change an event is and of what, None if it is none."""
    if event == "open":
        path, _, flags = args
        if isinstance(path, int) or not flags & WRITING or text(path).startswith(ELSEWHERE):
            return None
        return "open", text(path)
    if event in FILES:
        return event, " ".join(text(arg) for arg in args if not isinstance(arg, int) or event == "os.truncate")
    if event == "subprocess.Popen":
        return event, " ".join(text(word) for word in args[1])
    if event in PROCESSES | SIGNALS:
        return event, " ".join(text(arg) for arg in args[:2] if not isinstance(arg, dict))
    if event == "fcntl.ioctl" and args[1] == SET_FLAGS:
        return event, text(args[0])
    if event == "the end":
        return event, ""
    if event == "ctypes.dlsym" and args[1] in {"mount", "umount2"}:
        return "umount2", args[1]
    return None


class Seam:
    """What stands between the program and the host."""

    def __init__(self, order, report):
        self.order = order
        self.report = report
        self.seen = 0
        self.often = Counter()
        self.found = False
        self.mine = threading.local()  # what this file itself does is no change of the program's

    def __call__(self, event, args):
        if getattr(self.mine, "busy", False):
            return
        self.mine.busy = True
        try:
            change = described(event, args)
            if change is not None:
                self.at(*change, args)
        finally:
            self.mine.busy = False

    def at(self, kind, what, args):
        self.seen += 1
        alike = f"{kind} {_BY_CHANCE.sub('*', what)}"
        self.often[alike] += 1
        mark = f"{alike} {self.often[alike]}"
        line = json.dumps({"number": self.seen, "mark": mark, "kind": kind, "what": what, **self.watched()})
        os.write(self.report, f"{line}\n".encode())
        here = self.is_here(mark, kind, what)
        match self.order.get("do"):
            case "nspawn" if here:
                # As the kernel does that is out of memory.
                for supervisor in supervisors(self.order["unit"]):
                    os.kill(supervisor, signal.SIGKILL)
            case "kill before" if here:
                os.kill(os.getpid(), signal.SIGKILL)
            case "kill after" if here:
                self.kill_after(started=kind == "subprocess.Popen")
            case "fail" if here:
                self.fail(what)
            case "fail from here" if self.found and self.hit(kind):
                self.fail(what)
            case "refuse" if here and kind == "subprocess.Popen":
                refuse(args[1], self.order["says"])

    def watched(self):
        """Return whether the container runs, if that is asked for: it takes a look at all processes."""
        return {"running": bool(supervisors(self.order["unit"]))} if self.order.get("do") == "watch" else {}

    def is_here(self, mark, kind, what):
        if wanted := self.order.get("mark"):
            here = mark == wanted
        else:
            here = kind == self.order.get("kind") and self.order["what"] in what and not self.found
        self.found |= here
        return here

    def hit(self, kind):
        """Whether a lasting fault hits a change: a full disk only those that make something."""
        only_making = self.order["error"] == "ENOSPC"
        return kind in MAKING or (not only_making and kind in FILES | {"open", "fcntl.ioctl"})

    def fail(self, what):
        number = getattr(errno, self.order["error"])
        raise OSError(number, os.strerror(number), what.split(" ")[0])

    def kill_after(self, *, started):
        """Kill this process as soon as the function has returned that told of the change.

        It tells before it asks, so the first thing that happens outside of this file is what comes after. A program
        is started well after that was told.
        """

        def over(frame, event, arg):
            if frame.f_code.co_filename == __file__:
                return
            if not started or (event == "c_return" and getattr(arg, "__name__", "") == "fork_exec"):
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(over)


def refuse(argv, says):
    """Let another program be started in the place of systemctl and its like: one that says something and fails."""
    begin = argv.index("--") + 1 if "--pdeathsig" in argv else 0
    argv[begin:] = ["/bin/sh", "-c", 'echo "$1" >&2; exit 1', "sh", says]
    if begin == 0:
        raise AssertionError(f"{argv} is not started through setpriv")


def supervisors(unit):
    """Return the processes of a container's unit that are systemd-nspawn."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cgroup") as group, open(f"/proc/{entry}/comm") as name:
                    if f"/{unit}/" in group.read() and name.read() == "systemd-nspawn\n":
                        found.append(int(entry))
            except OSError:
                continue  # it has ended
    return found


def announcing(function, event):
    def announced(*args):
        sys.audit(event, *args)
        return function(*args)

    return announced


def main():
    order, report, *words = sys.argv[1:]
    descriptor = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    # Byte code that Python keeps is no change of the program's.
    sys.dont_write_bytecode = True
    signal.pidfd_send_signal = announcing(signal.pidfd_send_signal, "pidfd_send_signal")
    sys.argv = [shutil.which("extra-container", path=os.path.dirname(sys.executable)), *words]
    from extra_container.cli import main

    seam = Seam(json.loads(order), descriptor)
    sys.addaudithook(seam)
    code = main(words)
    sys.stdout.flush()
    sys.stderr.flush()
    # The last state of all: everything is done, and nobody was told.
    sys.audit("the end")
    os._exit(code)


if __name__ == "__main__":
    main()
