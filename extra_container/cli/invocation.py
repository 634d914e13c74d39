"""One call of the program: what the command line, the environment and the streams are, and how to talk to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from extra_container.model.frozen import dataclass

if TYPE_CHECKING:
    from extra_container.cli.options import Options
    from extra_container.cli.output.messages import Messages
    from extra_container.cli.plugin_policy import Plugins


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call, as everything below the application sees it.

    ``argv`` are all words after the program's name, ``environment`` the caller's. Results go to ``stdout``; everything
    else goes through ``messages``.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    options: Options
    stdout: TextIO
    stderr: TextIO
    messages: Messages
    plugins: Plugins
