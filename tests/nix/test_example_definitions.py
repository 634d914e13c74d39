"""The examples of definitions, evaluated with the NixOS of today; tests/system/test_guide.py boots what it can."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.nix.evaluator import BASES, ROOT, TREES, VARIABLE, Evaluator
from tests.nix.test_options_from_inside import INPUTS, MODULES
from tests.pages import File, steps

EXAMPLES = ROOT / "examples/definitions"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHxkA1/VWpDSZEmVxTYsUgq2lvy3UeZf2hPnz7dQmhJH me\n"
TODAY = [name for name in ("24.11", "26.11") if name in TREES]
SKIPPED = pytest.param("", marks=pytest.mark.skip(f"{VARIABLE} names neither 24.11 nor 26.11"))

# What each promises: an expression over the evaluation, and its value.
PROMISES = {
    "web-server": (
        '{ ports = conf "web"; inherit (containers.web.config.services.nginx.virtualHosts."example.org") root; }',
        {"ports": "HOST_PORT=tcp:80:80", "root": "/srv/www"},
    ),
    "database": (
        """{
          data = config.containers.database.bindMounts."/var/lib/postgresql".hostPath;
          inherit (containers.database.config.services.postgresql) dataDir;
        }""",
        {"data": "/srv/database", "dataDir": "/var/lib/postgresql/16"},
    ),
    "two": (
        '{ names = conf "frontend"; backend = containers.backend.config.networking.firewall.allowedTCPPorts; }',
        {"names": "LOCAL_ADDRESS=10.250.23.2", "backend": [8000]},
    ),
    "build-machine": (
        '{ limits = (unit "build").text; uid = containers.build.config.users.users.builder.uid; }',
        {"limits": "MemoryMax=4G", "uid": 1000},
    ),
    "desk": (
        """{
          service = containers.desk.config.systemd.services.files.serviceConfig.User;
          keys = builtins.length containers.desk.config.users.users.me.openssh.authorizedKeys.keyFiles;
        }""",
        {"service": "me", "keys": 1},
    ),
    "behind-proxy": ("{ lets = config.containers.app.extra.firewallAllowHost; }", {"lets": True}),
    "project": (
        '{ place = config.containers.project.bindMounts."/project".hostPath; }',
        {"place": "@folder@"},
    ),
    "throw-away": ('{ address = conf "test"; }', {"address": "LOCAL_ADDRESS=10.251.0.2"}),
}
# Those of the guide. `wrong` is about a mistake, and `machines` has no containers itself.
GUIDE = {step.name: step.text for step in steps((ROOT / "docs/guide.md").read_text()) if isinstance(step, File)}
GUIDES_DEFINITIONS = sorted(set(GUIDE) - {"wrong.nix", "machines.nix"})
# Of nixpkgs: nginx, PostgreSQL, compilers.
NEED_NIXPKGS = {"web-server", "database", "build-machine"}


def test_there_are_no_others():
    names = {path.stem for path in EXAMPLES.glob("*.nix")}
    assert names == set(PROMISES)
    listed = re.findall(r"^\| \[([\w-]+)\.nix\]", (EXAMPLES / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(names)


def assert_kept(base: Evaluator, name: str) -> None:
    folder = base.nix.directory / "definitions"
    shutil.copytree(EXAMPLES, folder)
    (folder / "me.pub").write_text(KEY)
    what, promised = PROMISES[name]
    arguments = {"pluginModules": [str(path) for path in MODULES], "inputs": INPUTS}
    found = base.value(f"{{ etc = result.etc.drvPath; told = {what}; }}", folder / f"{name}.nix", **arguments)
    assert found["etc"].endswith(".drv")
    for key, value in promised.items():
        told = found["told"][key]
        if isinstance(told, str) and "\n" in told:  # a conf or a unit: one line of it counts
            assert value in told.splitlines()
        else:
            assert told == (str(folder) if value == "@folder@" else value)


@pytest.mark.parametrize("base", TODAY or [SKIPPED], indirect=True)
@pytest.mark.parametrize("name", list(PROMISES))
def test_an_example_with_the_nixos_of_today(base, name):
    assert_kept(base, name)


@pytest.mark.parametrize("base", [next(iter(BASES))], indirect=True)
@pytest.mark.parametrize("name", sorted(set(PROMISES) - NEED_NIXPKGS))
def test_an_example_with_the_host_base(base, name):
    assert_kept(base, name)


@pytest.mark.parametrize("base", TODAY or [SKIPPED], indirect=True)
@pytest.mark.parametrize("name", GUIDES_DEFINITIONS)
def test_a_definition_of_the_guide_with_the_nixos_of_today(base, name):
    for path, text in GUIDE.items():
        base.nix.file(text, f"guide/{path}")
    arguments = {"pluginModules": [str(path) for path in MODULES], "inputs": INPUTS}
    assert base.value("result.etc.drvPath", base.nix.directory / "guide" / name, **arguments).endswith(".drv")
