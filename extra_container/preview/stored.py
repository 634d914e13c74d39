"""Plans in files: what was shown, kept so that exactly that is done later."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from extra_container.json_text import loads
from extra_container.model.errors import InstallError, StaleError, UsageError
from extra_container.model.frozen import dataclass, replace
from extra_container.model.plain import one_line
from extra_container.model.plans import Change
from extra_container.model.values import BuiltSource, Request
from extra_container.pipeline.history import origins
from extra_container.preview import agreement
from extra_container.preview.agreement import Agreed
from extra_container.provenance import records
from extra_container.provenance import values as provenance
from extra_container.state import installed
from extra_container.state.plans import file as plan_file
from extra_container.state.plans import roots as plan_roots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extra_container.model.host import Host
    from extra_container.model.values import JSON
    from extra_container.pipeline.context import Context
    from extra_container.preview.look import Preview


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A plan of a file; the request is for its build, ``shown`` and ``pruned`` are what people saw of it."""

    path: Path
    identity: str
    request: Request
    shown: Mapping[str, Agreed]
    pruned: tuple[str, ...] = ()


def store(preview: Preview, path: Path, context: Context) -> None:
    """Write what was shown into a file, and keep its build as long as the file is there.

    Where the containers come from is kept beside the build, since definitions may hold what is secret. Raises
    :class:`.UsageError` if the file cannot be written, and :class:`.InstallError` if the build cannot be kept.
    """
    request = preview.request
    containers: dict[str, JSON] = {
        name: {"actions": [*one.actions], "installed": [*one.installed], "lacking": one.lacking.value}
        for name, one in agreement.agreed(preview).items()
    }
    come_from = origins.come_from(request, preview.result, installed.read(context.host.gc_roots), context)
    known = {name: provenance.as_json(one) for name, one in come_from.items()}
    identity = plan_file.write(
        path,
        containers,
        build=str(preview.result.path),
        start=request.start,
        update_changed=request.update_changed,
        restart_changed=request.restart_changed,
        keep_failed=request.keep_failed,
        rollback_on_failure=request.rollback_on_failure,
        set=request.set_name,
        prune=[*preview.pruned] if request.prune else None,
        keep_data=request.keep_data,
    )
    # The file comes first: whoever cleans up takes a build whose file is missing for one that nobody wants.
    try:
        plan_roots.keep(identity, preview.result.path, path, json.dumps(known), context.host)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise InstallError(f"The build of the plan cannot be kept: {error.filename}: {error.strerror}") from error


def finish(plan: Stored, host: Host) -> None:
    """Remember where the containers come from that a plan has installed, and let its build be collected.

    Raises OSError.
    """
    note = plan_roots.read_note(plan.identity, host)
    if note is not None:
        now = time.time()
        known = {name: provenance.from_json(entry) for name, entry in loads(note).items()}
        records.write({name: replace(one, time=now) for name, one in known.items()}, host)
    plan_roots.forget(plan.identity, host)


def load(path: Path) -> Stored:
    """Return the plan of a file.

    Raises :class:`.UsageError` for one that cannot be understood, and :class:`.StaleError` if its build is gone.
    """
    document = plan_file.read(path)
    try:
        stored = _stored(path, document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(f"{one_line(path)} is a damaged plan", hint="Make it again with `plan --out`.") from error
    build = cast("BuiltSource", stored.request.source).path
    if not os.path.lexists(build / "etc"):
        raise StaleError(
            f"The build of the plan {one_line(path)} is not in the store: {one_line(build)}",
            hint="A build is kept on the machine where the plan was made, as long as the file is there under its name. "
            "Make the plan again.",
        )
    return stored


def _stored(path: Path, document: Mapping[str, JSON]) -> Stored:
    containers = cast("dict[str, dict[str, list[str] | str]]", document["containers"])
    return Stored(
        path=path,
        identity=str(document["id"]),
        request=Request(
            command="create",
            source=BuiltSource(path=Path(str(document["build"]))),
            start=bool(document["start"]),
            update_changed=bool(document["update_changed"]),
            restart_changed=bool(document["restart_changed"]),
            keep_failed=bool(document["keep_failed"]),
            rollback_on_failure=bool(document.get("rollback_on_failure")),
            set_name=cast("str | None", document.get("set")),
            prune=document.get("prune") is not None,
            keep_data=bool(document.get("keep_data")),
        ),
        pruned=tuple(cast("list[str]", document.get("prune") or ())),
        shown={
            name: Agreed(
                actions=tuple(entry["actions"]), installed=tuple(entry["installed"]), lacking=Change(entry["lacking"])
            )
            for name, entry in containers.items()
        },
    )
