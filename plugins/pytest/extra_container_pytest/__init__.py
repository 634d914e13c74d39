"""Tests in booted NixOS containers: fixtures for pytest, and NixOS tests as they are."""

from __future__ import annotations

from extra_container.plugin import hookimpl

ec_requires_api = 2


@hookimpl
def ec_after_destroy(names: tuple[str, ...]) -> None:
    """Remove the bridge of containers that a run of tests kept, if the last of them was destroyed."""
    from extra_container_pytest.runs import places

    if not any(places.has_slot_of(name) for name in names):
        return
    from extra_container_pytest.service import free_kept

    free_kept()
