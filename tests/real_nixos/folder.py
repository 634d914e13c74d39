"""A folder that stands where nixpkgs stands: a whole tree, with packages that are links to programs of this host."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

BASE = Path(__file__).parent / "base"
# Programs of Debian packages that a minimal system lacks.
PROGRAMS = {
    "dbus-broker-launch": "dbus-broker",
    "file": "file",
    "gawk": "gawk",
    "getfacl": "acl",
    "getfattr": "attr",
    "jq": "jq",
    "logrotate": "logrotate",
    "modprobe": "kmod",
    "nginx": "nginx-light",
    "resolvconf": "openresolv",
    "setcap": "libcap2-bin",
    "shellcheck": "shellcheck",
    "tcc": "tcc",
    "xsltproc": "xsltproc",
}
# Files of those that have no programs on PATH, below the root.
FILES = {
    "etc/protocols": "netbase",
    "usr/include/linux/capability.h": "linux-libc-dev",
    "usr/include/stdlib.h": "libc6-dev",
    "usr/lib/*/perl5/*/Net/DBus.pm": "libnet-dbus-perl",
    "usr/lib/postgresql/*/bin/postgres": "postgresql",
    "usr/share/perl5/Config/IniFiles.pm": "libconfig-inifiles-perl",
    "usr/share/perl5/File/Slurp.pm": "libfile-slurp-perl",
    "usr/share/perl5/IPC/Run.pm": "libipc-run-perl",
    "usr/share/perl5/JSON.pm": "libjson-perl",
}
# What a tree has beside the modules that it lists.
PARTS = (
    "default.nix",
    "lib/default.nix",
    "nixos/default.nix",
    "nixos/lib/eval-config.nix",
    "nixos/modules/module-list.nix",
    "pkgs/stdenv/generic/default.nix",
    "pkgs/top-level/all-packages.nix",
    "pkgs/top-level/impure.nix",
)


def make(tree: Path, folder: Path) -> Path:
    """Make the folder for a tree of nixpkgs and return it.

    An import whose last component is a link leads out of the folder, one with a link in the middle does not: so what
    modules import from above them (`nixos/`, `nixos/modules/`) are directories, and files that import beside them are
    copies. Raises ValueError for a tree that is not whole.
    """
    _require_whole(tree)
    directories = [folder, folder / "nixos", folder / "nixos/modules"]
    for directory in directories:
        directory.mkdir()
        for entry in (tree / directory.relative_to(folder)).iterdir():
            if directory / entry.name not in directories:
                (directory / entry.name).symlink_to(entry)
    _replace(folder / "default.nix", f"import {BASE}/nixpkgs.nix {{ tree = {tree}; folder = ./.; }}\n")
    _replace(folder / "nixos/default.nix", (tree / "nixos/default.nix").read_text())
    modules = (tree / "nixos/modules/module-list.nix").read_text()
    _replace(folder / "nixos/modules/module-list.nix", f"({modules}) ++ [ {BASE}/module.nix ]\n")
    return folder


def _replace(path: Path, text: str) -> None:
    path.unlink()
    path.write_text(text)


def _require_whole(tree: Path) -> None:
    lacking = next((part for part in PARTS if not (tree / part).is_file()), None) or _lacking_module(tree)
    if lacking:
        raise ValueError(f"{tree} is no whole tree of nixpkgs: it has no {lacking}")


def _lacking_module(tree: Path) -> str | None:
    """Return the first module that the tree lists and does not have, from its root."""
    directory = tree / "nixos/modules"
    listed = re.findall(r"^\s*(?:\./|(?=\.\./))(\S+)", (directory / "module-list.nix").read_text(), re.MULTILINE)
    return next((f"nixos/modules/{module}" for module in listed if not (directory / module).exists()), None)


def require_programs() -> None:
    """Raise LookupError for programs and files that the host lacks, naming the Debian packages that have them."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    lacking = {program: package for program, package in PROGRAMS.items() if shutil.which(program, path=path) is None}
    lacking |= {f"/{file}": package for file, package in FILES.items() if not any(Path("/").glob(file))}
    if lacking:
        names = ", ".join(f"{name} (Debian's {package})" for name, package in lacking.items())
        raise LookupError(f"A real NixOS is made of programs that this host lacks: {names}")
