"""User namespaces and idmapped mounts: what ``privateUsers`` is made of."""

from __future__ import annotations

from pathlib import Path

from extra_container.doctor import idmap
from extra_container.doctor.subject import Subject
from extra_container.model import layout
from extra_container.model.diagnosis import Finding, Findings, Verdict
from extra_container.nix import store as places

_MEANING = 'Containers with privateUsers = "pick", or a number, do not start.'


def user_namespaces(subject: Subject) -> Findings:
    """Look whether the kernel gives user namespaces to root."""
    if not (subject.root / "proc/self/ns/user").is_symlink():
        return (_lacking("the kernel has no user namespaces", "Boot a kernel with CONFIG_USER_NS."),)
    most = subject.root / "proc/sys/user/max_user_namespaces"
    if most.exists() and most.read_text().strip() == "0":
        return (_lacking("user.max_user_namespaces is 0", "Run `sysctl -w user.max_user_namespaces=15000`."),)
    return (Finding(verdict=Verdict.OK, found="the kernel has them"),)


def idmapped_mounts(subject: Subject) -> Findings:
    """Try whether the file systems of the store and of containers' data show files with other owners."""
    if not subject.is_root:
        return (Finding(verdict=Verdict.UNSEEN, found="only root can try"),)
    data = _existing(layout.STATE_DIRECTORIES[0])
    owners = (
        "The files of a container with privateUsers get other owners when it starts, which takes a while, "
        "and those of its bind mounts keep theirs."
    )
    found = []
    for directory, meaning in ((places.store(subject.runner), _MEANING), (data, owners)):
        if not directory.exists():
            continue
        try:
            idmap.try_mount(directory)
        except OSError as error:
            found.append(
                Finding(
                    verdict=Verdict.WARNING,
                    found=f"{directory} cannot be mounted with other owners: {error.strerror}",
                    meaning=meaning,
                    remedy=f"Have {directory} on ext4, xfs, btrfs or tmpfs, with a kernel that can (overlays cannot).",
                )
            )
    return tuple(found) or (Finding(verdict=Verdict.OK, found="the store and containers' data can be mounted so"),)


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())


def _lacking(found: str, remedy: str) -> Finding:
    return Finding(verdict=Verdict.WARNING, found=found, meaning=_MEANING, remedy=remedy)
