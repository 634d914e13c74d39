"""Which machines will not take what is going to be built, as far as that is known before it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import BuiltSource, ExtraContainerError, HostError, Request, Runner, replace
from extra_container.plugin_command import evaluate
from extra_container_remote.about.looking import nix_settings
from extra_container_remote.building import machines as building
from extra_container_remote.target import require_trust, unsigned

if TYPE_CHECKING:
    from extra_container.plugin_command import Context
    from extra_container_remote.about.values import About


# Words of `--build-args` that say who builds or signs.
_SIGNING = frozenset({"--builders", "builders", "secret-key-files", "post-build-hook"})


def refusing(there: Mapping[str, About], request: Request, context: Context) -> Mapping[str, ExtraContainerError]:
    """Return the machines that would refuse what a request builds here, with the errors that say so.

    That is known where nothing signs here: neither Nix with a key that they trust, nor what it calls after builds, nor
    another builder. What is there already may have been signed by somebody; to find that out, the request is evaluated.
    Raises what evaluating raises.
    """
    wary = {name: about for name, about in there.items() if not about.nix.trusted}
    if not wary or isinstance(request.source, BuiltSource) or _SIGNING & set(request.build_args):
        return {}
    keys = keys_here(context.runner)
    if keys is None:
        return {}
    wary = {name: about for name, about in wary.items() if about.nix.keys.isdisjoint(keys)}
    machines = {name: about.machine for name, about in wary.items()}
    silent = replace(context, emit=lambda _event: None, tell=lambda _line: None, follow=None)
    with ExitStack() as stack:

        def output(request: Request, context: Context) -> str:
            derivation = evaluate(request, context, stack)
            return context.runner.run(["nix-store", "--query", "--outputs", derivation]).stdout.strip()

        paths = building.build_for(machines, request, silent, output)
    return {name: error for name, path in paths.items() if (error := _refused(name, wary[name], path, context.runner))}


def keys_here(runner: Runner) -> frozenset[str] | None:
    """Return the names of the keys with which Nix here signs what it builds; None where others may sign as well.

    Source: ``secret-key-files``, ``post-build-hook`` and ``builders`` of nix.conf(5).
    """
    settings = nix_settings(runner)
    if "secret-key-files" not in settings or settings.get("post-build-hook") or _others_build(settings):
        return None
    names = set()
    for file in settings["secret-key-files"].split():
        try:
            names.add(Path(file).read_text(encoding="ascii").partition(":")[0].strip())
        except (OSError, UnicodeDecodeError):
            return None
    return frozenset(names)


def _others_build(settings: Mapping[str, str]) -> bool:
    builders = settings.get("builders", "")
    if not builders.startswith("@"):
        return bool(builders)
    try:
        return Path(builders[1:]).stat().st_size > 0
    except OSError:
        return False


def _refused(name: str, about: About, path: str, runner: Runner) -> HostError | None:
    if not os.path.lexists(path):
        return unsigned(name, about)
    try:
        require_trust(name, about, path, runner)
    except HostError as error:
        return error
    return None
