"""A host for tests of the pipeline."""

from pathlib import Path

import extra_container_install
from extra_container.model.events import ProblemFound
from extra_container.model.values import BuildResult
from extra_container.pipeline import create
from extra_container.state import installed
from extra_container.testing import FakeManager, built_container, fake_context, fake_host, hooks_with, make_request


class World:
    """A host below a temporary directory, with real files and an in-memory manager."""

    def __init__(self, root: Path, *plugins: object, runner=None, manager=None) -> None:
        self.root = root
        self.manager = manager or FakeManager()
        self.host = fake_host(root, self.manager)
        self.context, self.events = fake_context(self.host, hooks_with(extra_container_install, *plugins), runner)

    def create(self, *containers, **options):
        result = BuildResult(path=Path("/nix/store/b"), containers=containers)
        return create.create_built(make_request(**options), result, self.context)

    def state(self, name: str) -> Path:
        """Return the state directory of the containers that a test places here."""
        return self.root / "state" / name

    def names(self):
        """Return the installed containers."""
        return installed.names(self.host.gc_roots)

    def system(self, name="demo"):
        """Return the system that an installed container has."""
        return installed.read(self.host.gc_roots)[name].settings["SYSTEM_PATH"]

    def links(self):
        return sorted(path.name for path in self.host.unit_directory.iterdir())

    def roots(self):
        return sorted(path.name for path in self.host.gc_roots.iterdir())

    def records(self):
        """Return the records of changes that were not finished."""
        return list((self.host.state_directory / "containers").glob("*/*"))

    def called(self, verb):
        """Return the names in each call of one kind that the manager got."""
        return [names for called, names in self.manager.calls if called == verb]

    def warnings(self):
        return [event.problem.message for event in self.events if isinstance(event, ProblemFound)]


def container_with_files(root: Path, name: str, system: str, flags: str = "", **changes):
    """Return a built container whose unit and conf exist; ``flags`` are what a live update cannot bring."""
    unit, conf = root / f"{name}.service", root / f"{name}-{system}{flags}.conf"
    unit.write_text(f"[Service]\nEnvironment=root={root}/state/{name}\n")
    conf.write_text(f"SYSTEM_PATH=/nix/store/{system}\n" + (f"EXTRA_NSPAWN_FLAGS={flags}\n" if flags else ""))
    return built_container(
        name,
        unit=unit,
        unit_text=unit.read_text(),
        conf=conf,
        conf_text=conf.read_text(),
        root=root / "state" / name,
        **changes,
    )
