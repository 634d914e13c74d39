"""A folder that stands where nixpkgs stands: a whole tree, with packages that are links to programs of this host."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

BASE = Path(__file__).parent / "base"
# Programs of Debian packages that a minimal system lacks.
PROGRAMS = {
    "dbus-broker-launch": "dbus-broker",
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
    for place in ("pkgs/top-level/impure.nix", "nixos/modules/config/users-groups.nix", "lib/default.nix"):
        if not (tree / place).is_file():
            raise ValueError(f"{tree} is no whole tree of nixpkgs: it has no {place}")


def require_programs() -> None:
    """Raise LookupError for programs that the host lacks, naming the Debian packages that have them."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    lacking = {program: package for program, package in PROGRAMS.items() if shutil.which(program, path=path) is None}
    if lacking:
        names = ", ".join(f"{program} (Debian's {package})" for program, package in lacking.items())
        raise LookupError(f"A real NixOS is made of programs that this host lacks: {names}")
