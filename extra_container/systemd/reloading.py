"""When systemd has to read all unit files again, and when what it reads anyway is enough.

``systemctl daemon-reload`` takes long on hosts with many units and generators. systemd reads the file of a unit that is
not in its memory when the unit is next asked for. So it is told only of units in memory, which are those that run, that
failed or that another one names, and of links in directories like ``machines.target.wants``. ``NeedDaemonReload`` is no
guide: it compares modification times, and everything in the Nix store has the same one.

systemd looks into its directories again when their times have changed. A link that was made in the same moment as the
last look is overlooked, so each new one is looked for. Sources: systemd's ``unit_may_gc`` (src/core/unit.c),
``unit_file_build_name_map`` (src/shared/unit-file.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from extra_container.model.layout import unit_name
from extra_container.systemd.checks import same_file

if TYPE_CHECKING:
    from pathlib import Path

    from extra_container.model.host import UnitChanges
    from extra_container.systemd.systemctl import Systemctl, UnitFacts


def reload_for(changes: UnitChanges, systemctl: Systemctl, *, always: bool = False) -> None:
    """Have systemd read all unit files again if the changes would not reach it otherwise, or ``always``.

    What it says of the changed links is kept for who asks for it next.
    """
    if not (always or changes.pulling or systemctl.in_memory(changes.names)):
        facts = systemctl.show(tuple(changes.links))
        if all(uses(facts[name], name, link) for name, link in changes.links.items()):
            systemctl.keep_seen(facts)
            return
    systemctl.daemon_reload()


def uses(facts: UnitFacts, name: str, link: Path) -> bool:
    """Whether systemd takes a container's unit from a link, and knows of nothing that it should read again. Pure."""
    fragment = facts.state.fragment
    found = facts.load != "not-found" and fragment is not None and fragment.name == unit_name(name)
    return found and fragment is not None and same_file(fragment, link) and not facts.outdated
