"""Other machines: booted copies of this host, each with a systemd, a Nix store and an SSH server of its own.

A copy is an overlay over this host's root, so it costs what it writes.
"""

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

HERE = "10.66.0.1"
_FLAGS = (
    *("--quiet", "--boot", "--capability=all", "--link-journal=no", "--keep-unit", "--register=no"),
    *("--resolv-conf=off", "--timezone=off", "--console=read-only"),
)
_SERVER = "HostKey /root/host_key\nPermitRootLogin yes\nStrictModes no\nSubsystem sftp internal-sftp\nUsePAM no\n"


def run(*argv, **options):
    return subprocess.run(argv, check=True, text=True, capture_output=True, **options)


class Machine:
    """One of them; ``address`` is where its SSH server listens."""

    def __init__(self, name, number, home, public_key):
        self.name = name
        self.address = f"10.66.0.{number}"
        self.interface = f"ve-{name}"
        self.unit = f"machine-{name}"
        self._home = home
        run("mount", "-t", "tmpfs", name, home)
        for part in ("upper", "work", "root"):
            (home / part).mkdir()
        self.root = home / "root"
        options = f"lowerdir=/,upperdir={home}/upper,workdir={home}/work"
        run("mount", "-t", "overlay", name, "-o", options, self.root)
        (self.root / "etc/machine-id").write_text("")
        # A database of the overlay's own from the start: what this host builds from here on is not valid there.
        run("nix-store", "--init")
        for file in (self.root / "nix/var/nix/db").iterdir():
            os.utime(file)
        # What belongs to this host's containers is not the copy's.
        for place in ("nix/var/nix/gcroots/auto", "etc/nixos-containers", "var/lib/extra-container"):
            shutil.rmtree(self.root / place, ignore_errors=True)
        for unit in (self.root / "etc/systemd/system").glob("container@*"):
            unit.unlink() if unit.is_symlink() else shutil.rmtree(unit, ignore_errors=True)
        self._prepare_server(public_key)

    def _prepare_server(self, public_key):
        ssh = self.root / "root/.ssh"
        ssh.mkdir(exist_ok=True)
        (ssh / "authorized_keys").write_text(public_key)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.root / "root/host_key"))
        (self.root / "root/sshd_config").write_text(f"{_SERVER}ListenAddress {self.address}\n")
        text = "[Service]\nRuntimeDirectory=sshd\nExecStart=/usr/sbin/sshd -D -f /root/sshd_config\n"
        (self.root / "etc/systemd/system/machine-sshd.service").write_text(text)

    @property
    def host_key(self):
        kind, key, *_ = (self.root / "root/host_key.pub").read_text().split()
        return f"{self.address} {kind} {key}\n"

    def boot(self):
        unit = ("systemd-run", "--quiet", f"--unit={self.unit}", "--collect", "--property=Type=notify")
        flags = (
            *_FLAGS,
            f"--machine={self.name}",
            f"--directory={self.root}",
            f"--network-veth-extra={self.interface}:mv0",
        )
        run(*unit, "--property=Delegate=yes", "--property=KillMode=mixed", "--", "systemd-nspawn", *flags)
        run("ip", "link", "set", self.interface, "master", "machines", "up")
        deadline = time.monotonic() + 60
        while self.inside("systemctl", "is-system-running", check=False).stdout.strip() not in {"running", "degraded"}:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        self.inside("ip", "address", "add", f"{self.address}/24", "dev", "mv0")
        self.inside("ip", "link", "set", "mv0", "up")
        self.inside("systemctl", "start", "machine-sshd")

    @property
    def leader(self):
        main = int(run("systemctl", "show", "--property=MainPID", "--value", self.unit).stdout)
        return int(Path(f"/proc/{main}/task/{main}/children").read_text().split()[0])

    def inside(self, *argv, check=True):
        """Run a command in it, not by SSH."""
        enter = ("nsenter", f"--target={self.leader}", "--all", "--root", "--wdns=/")
        path = f"PATH={os.environ['PATH']}"
        command = [*enter, "env", "-i", path, "HOME=/root", "LANG=C.UTF-8", *argv]
        return subprocess.run(command, check=check, text=True, capture_output=True)

    def let_in(self, user, authorized_keys):
        """Let another user in by these lines of authorized_keys."""
        self.inside("usermod", "--password", "*", user)  # without PAM, SSH takes no account that is locked
        home = self.inside("sh", "-c", f"echo ~{user}").stdout.strip()
        self.inside("install", "-d", "-o", user, f"{home}/.ssh")
        (self.root / home.lstrip("/") / ".ssh/authorized_keys").write_text(authorized_keys)

    @contextmanager
    def room(self, size):
        """Leave it so many bytes of disk."""
        whole = os.statvfs(self._home)
        used = (whole.f_blocks - whole.f_bfree) * whole.f_frsize
        run("mount", "-o", f"remount,size={used + size}", self._home)
        try:
            yield
        finally:
            run("mount", "-o", f"remount,size={whole.f_blocks * whole.f_frsize}", self._home)

    def halt(self):
        subprocess.run(
            ["systemctl", "kill", "--kill-whom=main", "-s", "SIGTERM", self.unit], check=False, capture_output=True
        )
        subprocess.run(["systemctl", "stop", self.unit], check=False, capture_output=True)
        subprocess.run(["umount", "--recursive", "--lazy", str(self._home)], check=True)


class Machines:
    """A network with machines in it, and a user whose SSH knows them."""

    def __init__(self, directory):
        self._directory = directory
        self.up = {}
        run("ip", "link", "add", "machines", "type", "bridge")
        run("ip", "address", "add", f"{HERE}/24", "dev", "machines")
        run("ip", "link", "set", "machines", "up")
        self.ssh = directory / "ssh"
        self.ssh.mkdir(mode=0o700)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.ssh / "key"))
        self.configuration = self.ssh / "config"
        self.known = self.ssh / "known_hosts"
        self.known.touch()
        self.configuration.write_text("")
        # OpenSSH's own configuration of the user, whose home is root's.
        home = Path("/root/.ssh")
        home.mkdir(mode=0o700, exist_ok=True)
        (home / "config").write_text(f"Include {self.configuration}\n")

    def add(self, *names):
        for name in names:
            home = self._directory / name
            home.mkdir()
            machine = Machine(name, 10 + len(self.up), home, (self.ssh / "key.pub").read_text())
            self.up[name] = machine
            self.alias(name, machine.address)
            with self.known.open("a") as known:
                known.write(machine.host_key)
            machine.boot()

    def alias(self, name, address, *settings, user="root", key="key"):
        """Let SSH know a name: keys and addresses are its configuration's business."""
        lines = [f"HostName {address}", f"User {user}", f"UserKnownHostsFile {self.known}", "StrictHostKeyChecking yes"]
        if key is not None:
            lines.append(f"IdentityFile {self.ssh}/{key}")
        with self.configuration.open("a") as file:
            file.writelines(f"{line}\n" for line in (f"Host {name}", *lines, *settings))

    def close(self):
        for machine in self.up.values():
            machine.halt()
        Path("/root/.ssh/config").unlink()
        run("ip", "link", "del", "machines")
