"""A host that is NixOS: a container of the test host that has its store, and in which containers run."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from extra_container.trees.removal import remove_tree

NAME = "nixos-host"
BASE = Path(__file__).parent / "base"
ROOT = Path("/var/lib", NAME)
# As NixOS has them for its containers. systemd-nspawn ends with 133 when what it runs reboots.
PROPERTIES = (
    "Delegate=yes",
    "KillMode=mixed",
    "RestartForceExitStatus=133",
    "SuccessExitStatus=133",
    "TimeoutStartSec=180",
    "Type=notify",
)
# The program, the checkout, and what texts in the store name.
SEEN = ("/opt", "/src", "/trees", "/var/tmp/extra-container-nixpkgs")
SHELL = "/run/current-system/sw/bin/bash"
SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


class NixosHost:
    """The host; a call runs a command line in it, as root after a login."""

    def __init__(self, folder: Path, version: str, **environment: str) -> None:
        host = f'(import {BASE}/host.nix {{ folder = {folder}; version = "{version}"; }})'
        argv = ["nix-build", "--no-out-link", "-E", f"[ {host}.system {host}.pkgs.systemd ]"]
        self._system, self._systemd = _run(argv, environment=environment).stdout.split()

    def up(self) -> None:
        """Boot it."""
        for directory in ("bin", "etc", "var/lib", "root"):
            (ROOT / directory).mkdir(parents=True, exist_ok=True)
        (ROOT / "etc/os-release").touch()
        # What packages are built with.
        (ROOT / "bin/bash").symlink_to("/usr/bin/bash")
        nspawn = [
            *(f"{self._systemd}/bin/systemd-nspawn", "--keep-unit", "--notify-ready=yes", "--kill-signal=SIGRTMIN+3"),
            *(f"--machine={NAME}", "-D", str(ROOT), "--link-journal=no", "--private-network", "--capability=all"),
            # NixOS has its systemd look into its own directories first, and then into all others.
            "--tmpfs=/usr/lib/systemd/system:ro",
            *("--bind=/nix", *(f"--bind-ro={place}" for place in SEEN), f"{self._system}/init"),
        ]
        properties = [f"--property={word}" for word in PROPERTIES]
        _run(["systemd-run", "--quiet", f"--unit={NAME}", *properties, "--", *nspawn])
        self._await_boot()

    def down(self) -> None:
        """Halt it, and remove what it wrote."""
        for verb in ("stop", "reset-failed"):
            subprocess.run(["systemctl", verb, NAME], check=False, capture_output=True)
        remove_tree(ROOT)

    def reboot(self) -> None:
        """Reboot it, and wait until it is back."""
        before = self._boot_id()
        self("systemctl", "reboot", code=None)
        deadline = time.monotonic() + SECONDS
        while self._boot_id() in {before, ""}:
            assert time.monotonic() < deadline, "it does not come back"
            time.sleep(0.1)
        self._await_boot()

    def __call__(self, *argv: object, stdin: str = "", code: int | None = 0) -> Done:
        """Run a command line; its exit code must be ``code`` (None: any)."""
        entered = ["systemd-run", f"--machine={NAME}", "--quiet", "--pipe", "--wait", "--collect"]
        words = [*entered, "--expand-environment=no", "--setenv=HOME=/root"]
        done = _run([*words, "--", SHELL, "-lc", 'cd; exec "$@"', "bash", *map(str, argv)], code=None, stdin=stdin)
        if code is not None:
            assert done.returncode == code, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def _boot_id(self) -> str:
        """Return what identifies this boot; nothing between two."""
        return self("cat", "/proc/sys/kernel/random/boot_id", code=None).out

    def _await_boot(self) -> None:
        state = self("systemctl", "is-system-running", "--wait", code=None).out
        failed = self("systemctl", "--failed", "--no-legend", "--plain").out
        assert (state, failed) == ("running\n", "")


def _run(
    argv: list[str], *, code: int | None = 0, stdin: str = "", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        argv,
        check=False,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=1200,  # tests that it runs take minutes on a busy machine
        env={**os.environ, **(environment or {})},
    )
    assert code in {None, done.returncode}, f"{argv}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done
