"""What a changed restart trigger of a container's unit means: the host base, and with each nixpkgs tree.

Newer releases put the triggers into a file. With a tree nothing can be built, so the file is written here as its
derivation says.
"""

import re
from pathlib import Path
from types import MappingProxyType

import pytest

import extra_container_install as plugin
from extra_container.model.plans import Change
from extra_container.model.values import BuildResult
from extra_container.state import unit
from extra_container.state.environment_file import parse_environment_file
from extra_container.testing import as_installed, built_container, fake_host


def definition(trigger, system, *, auto_start):
    triggers = f'[ (builtins.toFile "key" "{trigger}") ]' if trigger else "[ ]"
    return f"""{{
      containers.c = {{ path = "/nix/store/{system}"; autoStart = {str(auto_start).lower()}; }};
      systemd.services."container@c".restartTriggers = {triggers};
    }}"""


def write_file_of_triggers(base):
    """Write the files of triggers of all that was instantiated."""
    for derivation in (base.nix.directory / "store").glob("*-X-Restart-Triggers-*.drv"):
        text = derivation.read_text()
        (words,) = re.findall(r'\("text","((?:[^"\\]|\\.)*)"\)', text)
        (output,) = re.findall(r'\[\("out","([^"]*)"', text)
        Path(output).write_text(words)


def container(base, text):
    what = '{ unit = (unit "c").text; conf = conf "c"; source = toString (confFile "c").source; }'
    confs = 'config.environment.etc."nixos-containers/${name}.conf" or config.environment.etc."containers/${name}.conf"'
    found = base.value(f"let confFile = name: {confs}; in {what}", text)
    assert base.instantiate(text).returncode == 0
    write_file_of_triggers(base)
    return built_container(
        "c",
        unit=Path(f"/nix/store/unit-{hash(found['unit'])}"),
        unit_text=found["unit"],
        conf=Path(found["source"]),
        conf_text=found["conf"],
        settings=MappingProxyType(parse_environment_file(found["conf"])),
        restart_triggers=unit.restart_triggers(found["unit"]),
    )


@pytest.mark.parametrize("auto_start", [True, False])
def test_a_users_trigger_restarts_and_that_of_auto_start_does_not(base, auto_start, tmp_path):
    host = fake_host(tmp_path)

    def made(trigger, system):
        return container(base, definition(trigger, system, auto_start=auto_start))

    def change(before, after):
        known = MappingProxyType({"c": as_installed(before, host)})
        return plugin.ec_plan_install(BuildResult(path=Path("/b"), containers=(after,)), host, known).items[0].change

    one, two, other_system, none = made("1", "s1"), made("2", "s1"), made("1", "s2"), made("", "s1")
    assert len(one.restart_triggers) == len(none.restart_triggers) + 1, "each trigger is a word"
    assert change(one, two) is Change.OTHER
    assert change(one, other_system) is Change.SYSTEM
    assert change(none, one) is Change.OTHER
    assert change(none, made("", "s2")) is Change.SYSTEM
