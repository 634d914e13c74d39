"""Manual pages of commands, made from their parsers."""

from __future__ import annotations

import re
import typing

if typing.TYPE_CHECKING:
    from pathlib import Path

_DATE = re.compile(r"^\.Dd (.+)$", re.MULTILINE)


def pages(overview: Path) -> dict[str, str]:
    """Return the text of each page by its file name; all are of the date of the overview's page.

    Those of other packages that are installed beside the program are not among them.
    """
    from extra_container.cli.app import ExtraContainer
    from extra_container.cli.grammar import man, reading
    from extra_container.cli.grammar.aliases import ALIASES
    from extra_container.hooks import bundled
    from extra_container.hooks.entry_points import is_ours

    found = _DATE.search(overview.read_text())
    loaded = bundled.load()
    if found is None or loaded is None:
        raise SystemExit("The manual pages are those of the program and its own plugins: uninstall other plugins")
    app = ExtraContainer()
    app.invocation.plugins.use(loaded)
    commands = app.command_manager.commands
    written: dict[str, str] = {}
    for name, node in reading.program(app).words.items():
        if is_ours(commands[name]):
            other = ALIASES.get(name)
            text = man.page(node, found[1]) if other is None else f".so man1/{man.page_name(other)}.1\n"
            written[f"{man.page_name(name)}.1"] = text
    return written
