"""What tests get: containers for a test, a module and a whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extra_container_pytest.declared import Declared, declared_by
from extra_container_pytest.service import Service

if TYPE_CHECKING:
    from extra_container_pytest.definitions import Definition
    from extra_container_pytest.group import Group
    from extra_container_pytest.machines.machine import Machine

SERVICE = pytest.StashKey[Service]()


class Containers:
    """Makes containers that end with the fixture's scope; called with a definition, it returns its machines.

    Machines that the test's marker ``containers`` declares are there already, as attributes.
    """

    def __init__(self, service: Service, base: Path, declared: Group | None = None) -> None:
        self._service, self._base = service, base
        self._declared = declared
        self._made: list[Group] = []

    def __call__(self, definition: Definition, *, start: bool = True) -> Group:
        """Create the containers of a definition, and boot them unless ``start`` says otherwise.

        ``definition`` is a path, Nix text, or a mapping, see :func:`.definitions.source`; relative paths begin at the
        directory of the test. Raises ContainersError for what cannot be built or started.
        """
        group = self._service.create(definition, base=self._base, start=start)
        self._made.append(group)
        return group

    def __getattr__(self, name: str) -> Machine:
        declared: Group | None = vars(self).get("_declared")
        if declared is None:
            raise AttributeError(f"no machine {name!r}: the test has no marker `containers`; call the fixture instead")
        return getattr(declared, name)  # type: ignore[no-any-return] # the group's own

    def __getitem__(self, name: str) -> Machine:
        return self.group[name]

    @property
    def group(self) -> Group:
        """The machines that the test's marker declares. Raises LookupError if it has none."""
        if self._declared is None:
            raise LookupError("the test has no marker `containers`")
        return self._declared

    def close(self) -> None:
        """Destroy what the fixture has made."""
        while self._made:
            self._service.destroy(self._made.pop())


class SharedContainers(Containers):
    """The same for a whole run: a definition's containers are made once, for all processes of pytest-xdist."""

    def __call__(self, definition: Definition, *, start: bool = True) -> Group:  # noqa: ARG002 -- others may use them
        """Return the containers of a definition that all tests of the run share, started."""
        return self._service.share(definition, self._base)


@pytest.fixture
def containers(request: pytest.FixtureRequest, _declared_containers: Declared) -> Iterator[Containers]:
    """Containers that end with the test."""
    service, base = request.config.stash[SERVICE], request.path.parent
    wanted = declared_by(request.node)
    group = None if wanted is None else _declared_containers.bring(wanted)
    made = Containers(service, base, group)
    yield made
    try:
        made.close()
    finally:
        if wanted is not None:
            _declared_containers.take_back(wanted, failed=request.node.stash.get(FAILED, False))


@pytest.fixture(scope="module")
def containers_module(request: pytest.FixtureRequest) -> Iterator[Containers]:
    """Containers that end with the module."""
    made = Containers(request.config.stash[SERVICE], request.path.parent)
    yield made
    made.close()


@pytest.fixture(scope="session")
def containers_session(request: pytest.FixtureRequest) -> Containers:
    """Containers that end with the run; with pytest-xdist all workers have the same ones."""
    return SharedContainers(request.config.stash[SERVICE], request.config.rootpath)


@pytest.fixture(scope="module")
def _declared_containers(request: pytest.FixtureRequest) -> Iterator[Declared]:
    """Make what the markers of the module's tests declare, in one build."""
    module = request.path
    items = [item for item in request.session.items if item.path == module]
    declared = Declared(request.config.stash[SERVICE], module, [declared_by(item) for item in items])
    yield declared
    declared.close()


FAILED = pytest.StashKey[bool]()
