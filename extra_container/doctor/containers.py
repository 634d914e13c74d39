"""The containers on a host: those of this program that are not whole, and those of others."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from extra_container.doctor.subject import Subject
from extra_container.model import layout
from extra_container.model.diagnosis import Finding, Findings, Repair, Verdict
from extra_container.model.values import InstalledContainer, Remove
from extra_container.state import files, installed
from extra_container.state.names import known

_SHOWN = 8  # of a list of names


def installed_ones(subject: Subject) -> Findings:
    """Look for installed containers whose unit or conf leads nowhere."""
    containers = installed.read(subject.gc_roots)
    broken = [
        Finding(
            verdict=Verdict.ERROR,
            found=f"container {name}: {lost}",
            meaning="It cannot be started.",
            remedy=f"Run `extra-container create` with its definition again, or `extra-container destroy {name}`.",
        )
        for name, container in sorted(containers.items())
        if (lost := _lost(container))
    ]
    if broken:
        return tuple(broken)
    text = "none is installed" if not containers else f"{_named(sorted(containers))}; all of their files are there"
    return (Finding(verdict=Verdict.OK, found=text),)


def _lost(container: InstalledContainer) -> str:
    """Return what of a container is gone, as words; empty for one that is whole."""
    gone = [
        f"{link} leads to {link.readlink() if link.is_symlink() else 'nothing'}, which is gone"
        for link in (container.unit_link, container.conf_link)
        if not link.exists()
    ]
    system = container.settings.get("SYSTEM_PATH", "")
    if not gone and system and not Path(system).exists():
        gone.append(f"its system {system} is gone")
    return "; ".join(gone)


def traces(subject: Subject) -> Findings:
    """Look for what is left of containers that are not installed: GC roots that lead nowhere, units without a root."""
    if subject.host is None:
        return ()
    left: list[Finding] = []
    if parts := installed.trace_names(subject.host).difference(installed.names(subject.gc_roots)):
        found = installed.read_traces(subject.host)
        left = [_trace(found[name], subject.gc_roots) for name in sorted(parts.intersection(found))]
    return tuple(left) or (Finding(verdict=Verdict.OK, found="nothing is left of containers that are gone"),)


def _trace(left: InstalledContainer, gc_roots: Path) -> Finding:
    """Return what is told of a container of which only some traces are there."""
    own = (layout.gc_root(gc_roots, left.name), layout.conf_gc_root(gc_roots, left.name))
    present = [path for path in (*own, left.unit_link, left.conf_link) if path.is_symlink()]
    meaning = "A removal or an installation was broken off, or somebody removed a link."
    # With nothing else left, there is nothing that anybody could miss.
    repair = None
    if not left.root.exists() and set(present) <= set(own):
        ops = tuple(Remove(path=path) for path in present)
        repair = Repair(what=f"rm {shlex.join(map(str, present))}", act=partial(files.remove, ops))
    data = f", its data in {left.root} included" if left.root.exists() else ""
    return Finding(
        verdict=Verdict.WARNING,
        found=f"container {left.name} is not installed, and this is left of it: {', '.join(map(str, present))}",
        meaning=meaning,
        remedy=f"`extra-container destroy {left.name}` removes all that is left{data}; create it again to keep it.",
        repair=repair,
    )


def others(subject: Subject) -> Findings:
    """Tell which containers of the same kind somebody else made: the host's configuration, or nixos-container."""
    ours = set(installed.names(subject.gc_roots))
    if subject.host is not None:
        ours |= installed.trace_names(subject.host)
    confs = (conf for directory in subject.conf_directories if directory.is_dir() for conf in directory.iterdir())
    found = {layout.container_of_conf(conf.name) for conf in confs}
    names = sorted({name for name in found if name is not None and known(name)} - ours)
    if not names:
        return (Finding(verdict=Verdict.OK, found="there are none"),)
    return (
        Finding(
            verdict=Verdict.NOTE,
            found=_named(names),
            meaning="The host's configuration or nixos-container made them, and this program does not touch them.",
            remedy="`nixos-container list` shows them. Give containers of yours other names.",
        ),
    )


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
