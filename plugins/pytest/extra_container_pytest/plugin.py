"""The plugin as pytest sees it: options, fixtures, NixOS tests, and what is shown of containers when a test fails."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from extra_container_pytest.errors import MachineError
from extra_container_pytest.fixtures import (
    FAILED,
    SERVICE,
    _declared_containers,
    containers,
    containers_module,
    containers_session,
)
from extra_container_pytest.program import Program
from extra_container_pytest.runs import identity
from extra_container_pytest.runs.registry import Registry
from extra_container_pytest.service import Service, end_run

if TYPE_CHECKING:
    from extra_container_pytest.machines.machine import Machine
    from extra_container_pytest.nixos.file import NixosTestFile

__all__ = ["_declared_containers", "containers", "containers_module", "containers_session"]

_RUN = pytest.StashKey[str]()
_OF_WORKER = "extra_container_run"
_LINES = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options."""
    group = parser.getgroup("extra-container", "containers (extra-container)")
    group.addoption("--keep-containers", action="store_true", help="leave the containers of tests, to look at them")
    group.addoption(
        "--artifacts", metavar="DIR", type=Path, help="collect journals and state of containers of failed tests"
    )
    group.addoption(
        "--nixpkgs-path", metavar="EXPR", help="Nix expression for the path of nixpkgs, as for extra-container"
    )
    parser.addini(
        "nixos_tests", "names of files that are NixOS tests", type="args", default=["test_*.nix", "*_test.nix"]
    )


def pytest_configure(config: pytest.Config) -> None:
    """Prepare for containers, without touching anything: most runs of tests have none."""
    config.addinivalue_line(
        "markers", "containers(definition, reuse=False): containers of the test; see the fixture of that name"
    )
    worker: dict[str, str] | None = getattr(config, "workerinput", None)
    config.stash[_RUN] = identity.new() if worker is None else worker[_OF_WORKER]
    nixpkgs: str | None = config.getoption("--nixpkgs-path")
    registry = Registry(config.stash[_RUN])
    options = ("--nixpkgs-path", nixpkgs) if nixpkgs else ()
    config.stash[SERVICE] = Service(
        registry,
        Program(build_options=options, descriptors=lambda: registry.descriptors),
        keep=config.getoption("--keep-containers"),
        shares=worker is not None,
        out_dir=(config.getoption("--artifacts") or Path()).absolute(),
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a worker of pytest-xdist which run it is a part of."""
    config = cast("pytest.Config", node.config)  # type: ignore[attr-defined] # xdist has no types for it
    node.workerinput[_OF_WORKER] = config.stash[_RUN]  # type: ignore[attr-defined]


@pytest.hookimpl(trylast=True)  # pytest-xdist ends its workers by this hook
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Destroy what is left. The process that waited for the workers of pytest-xdist does it for all of them."""
    service = session.config.stash[SERVICE]
    if service.registry.is_joined:
        service.close()
    elif session.config.pluginmanager.hasplugin("dsession") and service.registry.mine():
        end_run(service.registry, service.program, keep=session.config.getoption("--keep-containers"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the containers that were kept."""
    service = config.stash[SERVICE]
    slots = service.registry.kept()
    kept = [name for slot in slots for name in slot.of(service.program.installed())]
    if kept:
        terminalreporter.section("kept containers")
        terminalreporter.write_line(f"extra-container root-login {kept[0]}")
        terminalreporter.write_line(f"extra-container destroy {' '.join(kept)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what the containers of a failed test say of themselves to its report, and to the artifacts."""
    report = yield
    if report.failed and report.when != "teardown":
        item.stash[FAILED] = True
        directory: Path | None = item.config.getoption("--artifacts")
        for group in item.config.stash[SERVICE].in_use():
            for machine in group.values():
                title, text = _told(machine)
                report.sections.append((title, text))
                if directory is not None:
                    _collect(directory / re.sub(r"[^\w.-]+", "_", item.nodeid), machine.name, text, machine.journal())
    return report


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> NixosTestFile | None:
    """Take files of the names that the setting ``nixos_tests`` has, or that the command line names, for NixOS tests."""
    if file_path.suffix != ".nix":
        return None
    patterns: list[str] = parent.config.getini("nixos_tests")
    if not (parent.session.isinitpath(file_path) or any(file_path.match(pattern) for pattern in patterns)):
        return None
    from extra_container_pytest.nixos.file import NixosTestFile

    return NixosTestFile.from_parent(parent, path=file_path)


def _told(machine: Machine) -> tuple[str, str]:
    title = f"machine {machine.name} (container {machine.container})"
    about = machine.about()
    if about is None:
        return title, "It is not there."
    failed = about["failed_units"]
    units = " ".join(map(str, failed)) if isinstance(failed, list) else ""
    try:
        journal = machine.journal(lines=_LINES)
    except MachineError as error:
        journal = str(error)
    return title, f"state: {about['state']}\nfailed units: {units or 'none'}\n{journal}"


def _collect(directory: Path, name: str, text: str, journal: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.txt").write_text(text)
    (directory / f"{name}.journal").write_text(journal)
