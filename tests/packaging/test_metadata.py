"""The root project and the plugins' own projects agree."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("extra_container.plugins.v1", "extra_container.commands", "pytest11")
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))


def project(path):
    return tomllib.loads((path / "pyproject.toml").read_text())["project"]


def test_there_are_plugins():
    assert len(PLUGINS) >= 7


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_is_a_complete_package(plugin):
    meta = project(plugin)
    assert meta["name"] == f"extra-container-{plugin.name}"
    assert meta["version"] == project(ROOT)["version"]
    assert (plugin / "README.md").read_text().startswith("# ")
    assert (plugin / f"extra_container_{plugin.name}/__init__.py").exists()
    assert list(plugin.glob("tests/test_*.py"))


def test_the_root_project_repeats_the_plugins_entry_points():
    root = project(ROOT)["entry-points"]
    for group in GROUPS:
        of_plugins = {}
        for plugin in PLUGINS:
            of_plugins |= project(plugin).get("entry-points", {}).get(group, {})
        others = {name: value for name, value in root[group].items() if not value.startswith("extra_container.")}
        assert others == of_plugins, group


def test_the_wheel_takes_in_every_plugin():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    packages = settings["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert packages == ["extra_container", *(packages[1:])]
    assert sorted(packages[1:]) == [f"plugins/{path.name}/extra_container_{path.name}" for path in PLUGINS]
    assert sorted(settings["hatch"]["build"]["dev-mode-dirs"][1:]) == [f"plugins/{path.name}" for path in PLUGINS]
