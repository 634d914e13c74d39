"""The state of a container as its supervisor writes it down."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, dataclass
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Any

from extra_container.plugin import ActiveState, HostError, proc


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One container's run: who supervises it, what runs, how it stands.

    ``main`` is systemd-nspawn (the unit's ``ExecStart=``), ``leader`` the container's PID 1. ``result`` has systemd's
    words (``success``, ``exit-code``, ``timeout`` …); ``message`` says in a sentence why a run failed, ``failed_at``
    how long the log was then, in bytes. ``stop_timeout`` is in seconds, ``None`` for unlimited.
    """

    supervisor: proc.Process
    active: ActiveState
    main: proc.Process | None = None
    leader: proc.Process | None = None
    result: str = "success"
    message: str = ""
    failed_at: int | None = None
    stop_timeout: float | None = None

    @property
    def at_rest(self) -> bool:
        """Whether the supervisor ended in order: nothing is left to clean up."""
        return self.active in {ActiveState.INACTIVE, ActiveState.FAILED}

    @property
    def ending(self) -> bool:
        """Whether the run is over, or about to be."""
        return self.at_rest or self.active is ActiveState.DEACTIVATING


def write_record(path: Path, record: Record) -> None:
    """Replace the record at once: a reader sees the old or the new one."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(json.dumps({**asdict(record), "active": record.active.value}), encoding="utf-8")
    draft.replace(path)


def read_record(path: Path) -> Record | None:
    """Return the record, ``None`` if the container was never started since the machine booted.

    Raises :class:`.HostError` for one that cannot be understood: what runs must not be taken for what is down.
    """
    try:
        return _record(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise HostError(
            f"{path} is damaged, so nothing is known of the container",
            hint=f"If it does not run: rm {shlex.quote(os.fspath(path))}",
        ) from error


def _record(written: dict[str, Any]) -> Record:
    # A supervisor may outlive the version of the program that started it.
    fields = {field.name: written[field.name] for field in dataclass_fields(Record) if field.name in written}
    for key in ("supervisor", "main", "leader"):
        fields[key] = None if fields.get(key) is None else proc.Process(**dict(fields[key]))
    fields["active"] = ActiveState(fields["active"])
    return Record(**fields)
