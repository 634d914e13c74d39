"""The host for machines without a booted systemd: CI images, rescue systems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.plugin import Host, dataclass, hookimpl, layout

if TYPE_CHECKING:
    from extra_container.plugin import BuildResult, Problems, Runner


@dataclass(frozen=True, slots=True, kw_only=True)
class StandaloneHost(Host):
    """A host without a booted systemd. ``evaluates_conditions`` is whether it has systemd-analyze."""

    evaluates_conditions: bool


@hookimpl(trylast=True)
def ec_detect_host(root: Path, runner: Runner) -> StandaloneHost | None:
    """Recognise a machine without a booted systemd that has systemd-nspawn and nsenter."""
    if (root / "run/systemd/system").is_dir():
        return None
    if runner.look("systemd-nspawn") is None or runner.look("nsenter") is None:
        return None
    from extra_container_standalone.manager import StandaloneManager
    from extra_container_standalone.places import Places

    places = Places.below(root)
    return StandaloneHost(
        name="standalone",
        manager=StandaloneManager(places, runner),
        unit_directory=places.units,
        conf_directory=places.confs,
        gc_roots=root / layout.GC_ROOTS.relative_to("/"),
        auto_start=False,
        # The links are gone after a boot, and what is remembered of them with them.
        state_directory=places.confs.parent,
        root=root,
        evaluates_conditions=runner.look("systemd-analyze") is not None,
    )


@hookimpl
def ec_check_build(result: BuildResult, host: Host) -> Problems:
    """Warn of each thing that a definition asks for and only systemd can give."""
    if not isinstance(host, StandaloneHost):
        return ()
    from extra_container_standalone.unit.missing import missing_features

    return tuple(
        problem
        for container in result.containers
        for problem in missing_features(container, evaluates_conditions=host.evaluates_conditions)
    )
