"""The installed command, with real Nix, real systemd-nspawn and real containers.

The same tests run on a machine without a booted systemd and inside a booted one.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = shutil.which("extra-container", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
BOOTED = Path("/run/systemd/system").is_dir()
# The path of another nixpkgs than the built-in host base, for the whole run.
NIXPKGS = "EXTRA_CONTAINER_TEST_NIXPKGS"


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


class Started(subprocess.Popen):
    """A command that goes on; one whose test fails in its block is killed, not waited for."""

    def __exit__(self, kind, *more):
        if kind is not None:
            self.kill()
        return super().__exit__(kind, *more)


class Tool:
    """Runs the command, in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {name: value for name, value in os.environ.items() if name != "NIX_PATH"}
        if nixpkgs := os.environ.get(NIXPKGS):
            self.environment["NIX_PATH"] = f"nixpkgs={nixpkgs}"
        self._started: list[Started] = []

    def command_line(self, *words):
        """Return a whole command line, for who starts it in another way."""
        return [PROGRAM, *map(str, words)]

    def __call__(self, *argv, stdin="", code=0, timeout=120, **environment):
        """Run a command line; its exit code must be ``code`` (None: any)."""
        done = subprocess.run(
            self.command_line(*argv),
            check=False,
            input=stdin,
            capture_output=True,
            text=True,
            cwd=self.directory,
            env={**self.environment, **environment},
            timeout=timeout,
        )
        if code is not None:
            assert done.returncode == code, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *argv, **options):
        """Start a command line without waiting for it."""
        self._started.append(
            Started([PROGRAM, *map(str, argv)], cwd=self.directory, env=self.environment, text=True, **options)
        )
        return self._started[-1]

    @contextmanager
    def create_until(self, line, *argv):
        """Give a ``create`` that has just printed a line, in a process group that SIGINT reaches; the block ends it."""
        process = self.start(
            "create", *argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        try:
            if f"{line}\n" not in process.stdout:
                raise AssertionError(process.stderr.read())
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def close(self):
        """Kill what was started and has not ended."""
        for process in self._started:
            process.kill()
            process.wait()


@pytest.fixture
def tool(tmp_path):
    """The installed command; what a test started with it ends with the test."""
    tool = Tool(tmp_path)
    yield tool
    tool.close()


@pytest.fixture
def name(tool):
    """A container name of its own; whatever is left under it after the test is destroyed."""
    chosen = f"t{secrets.token_hex(3)}"
    yield chosen
    if chosen in tool("list").out.split():
        tool("destroy", chosen)


@pytest.fixture
def prefix():
    """A private subnet of its own, as the first three bytes of an address."""
    return f"10.{secrets.randbelow(100) + 100}.{secrets.randbelow(250)}"


def write_definition(path, name, config="", options=""):
    """Write a definition of one container and return its path."""
    path.write_text(f"{{ containers.{name} = {{ {options} config = {{ pkgs, ... }}: {{ {config} }}; }}; }}")
    return path


def web_service(text):
    """Return the configuration of a web server on port 50 that says ``text``."""
    return f"""
      systemd.services.hello = {{
        wantedBy = [ "multi-user.target" ];
        script = ''
          cd ${{pkgs.writeTextDir "index.html" "{text}"}}
          exec ${{pkgs.python3}}/bin/python3 -m http.server 50
        '';
      }};
      networking.firewall.allowedTCPPorts = [ 50 ];
    """


def fetch(address, port=50, tries=50, path=""):
    """Return what a web server says, asking again until it has started."""
    for _ in range(tries):
        done = subprocess.run(
            ["curl", "-s", "--max-time", "3", f"{address}:{port}/{path}"], check=False, capture_output=True, text=True
        )
        if done.returncode == 0:
            return done.stdout
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}:{port}")


def leader(name):
    """Return the PID of a container's PID 1, as seen from outside."""
    (pid,) = leaders(name)
    return pid


def leaders(name):
    """Return the PIDs of what is PID 1 of a container: one, or none if it does not run."""
    return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cgroup") if _is_leader(path, name)]


def _is_leader(cgroup, name):
    try:
        if f"container@{name}.service" not in cgroup.read_text():
            return False
        numbers = [line for line in (cgroup.parent / "status").read_text().splitlines() if line.startswith("NSpid:")]
    except OSError:
        return False
    return numbers[0].split()[-1] == "1" and len(numbers[0].split()) > 2


def leftovers(name):
    """Return everything on this machine that still bears a container's name.

    What one that did not start wrote is kept for `logs`, and is none of it.
    """
    found = []
    places = [
        "/etc/nixos-containers",
        "/etc/systemd-mutable",
        "/usr/lib/systemd/system",
        "/nix/var/nix/gcroots",
        "/nix/var/nix/profiles",
        "/run/extra-container",
        "/run/nixos-containers",
        "/run/systemd/machines",
        "/run/systemd/nspawn",
        "/var/lib/nixos-containers",
        "/sys/class/net",
        "/sys/fs/cgroup",
    ]
    for place in places:
        for directory, directories, files in os.walk(place):
            if directory == "/run/extra-container/journals":
                continue
            found += [f"{directory}/{entry}" for entry in [*directories, *files] if name in entry]
    for table in ("/proc/mounts", "/etc/hosts"):
        found += [f"{table}: {line}" for line in Path(table).read_text().splitlines() if name in line]
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_text().replace("\0", " ")
        except OSError:
            continue
        if name in line and str(os.getpid()) != process.parent.name:
            found.append(f"{process}: {line}")
    return found
