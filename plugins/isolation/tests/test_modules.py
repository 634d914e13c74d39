"""The modules, evaluated by real Nix with the host base and with every tree of EXTRA_CONTAINER_TEST_TREES."""

import json
from pathlib import Path

import pytest

import extra_container_isolation
from tests.nix.evaluator import BASES, NIX_FILES, Evaluator, empty_store

MODULE = Path(extra_container_isolation.__file__).parent / "nix/module.nix"
ON = {"pluginModules": [str(MODULE)]}


@pytest.fixture(params=list(BASES))
def base(request):
    """The host base, and each nixpkgs tree."""
    with empty_store() as nix:
        yield Evaluator(nix=nix, name=request.param)


@pytest.fixture
def host_base():
    """The host base, which is all that errors need."""
    with empty_store() as nix:
        yield Evaluator(nix=nix, name="host base")


def definition(extra, config="{ }"):
    return f"{{ containers.one = {{ extra = {extra}; config = {config}; }}; }}"


def test_without_an_option_everything_is_as_without_the_plugin(base):
    what = f"""
      let without = import {NIX_FILES}/eval.nix (builtins.fromJSON given // {{ pluginModules = "[]"; }}); in
      {{ on = result.etc.drvPath; without = without.etc.drvPath; }}
    """
    found = base.value(what, '{ containers.one.config = { }; containers.two.path = "/system"; }', **ON)
    assert found["on"] == found["without"]


def test_the_start_script_hands_its_command_line_to_the_program(base):
    what = """{
      inherit (service "one") script;
      program = "${(service "one").environment.EXTRA_CONTAINER_ISOLATION}";
      reload = (service "one").serviceConfig.ExecReload;
      unit = (unit "one").text;
      path = containers.one.path;
      other = (service "two").environment.EXTRA_CONTAINER_ISOLATION or null;
    }"""
    text = '{ containers.one = { extra.storeView = "closure"; config = { }; }; containers.two.config = { }; }'
    found = base.value(what, text, **ON)
    ours, _, nixpkgs = found["script"].partition("}\n")
    assert "exec()" in ours
    assert "systemd-nspawn" in nixpkgs, "the function is there before it is called"
    assert found["reload"] == f"{found['program']} reload"
    # What the plugin finds in a unit that is installed.
    assert f'Environment="EXTRA_CONTAINER_ISOLATION={found["program"]}"\n' in found["unit"]
    assert found["other"] is None


def test_the_system_has_what_starts_it(base):
    if base.is_host_base:
        pytest.skip("what starts containers of the host base is the host's")
    what = "map (one: one.name) containers.one.config.system.extraDependencies"
    names = base.value(what, definition('{ storeView = "closure"; }'), **ON)
    assert {name.rpartition("-")[0].split("-")[0] for name in names} >= {"bash", "iproute2"}


def test_options_may_be_taken_from_inside(base):
    text = """{ config, ... }: { containers.one = {
      extra.storeView = config.containers.one.config.networking.domain;
      config = { networking.domain = "closure"; };
    }; }"""
    assert base.value('(service "one").environment ? EXTRA_CONTAINER_ISOLATION', text, **ON) is True


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ('{ storeView = "none"; }', "containers.one.extra.storeView"),
        ('{ storeViewPaths = [ "/nix/store/x" ]; }', "is for containers with extra.storeView"),
        ("{ privateUsers = 1; }", "containers.one.extra.privateUsers"),
        ("{ credentials.a = { }; }", "takes one of source and command, and has none"),
        ('{ credentials.a = { source = "/x"; command = "y"; }; }', "and has both"),
        ('{ credentials.a.source = "x"; }', "the absolute path of a file on the host"),
        ('{ credentials.a.source = "${builtins.toFile "secret" "x"}"; }', "every user of the host can read"),
        ("{ credentials.a.source = /etc/passwd; }", "containers.one.extra.credentials.a.source"),
        ('{ credentials."a b".source = "/x"; }', "a name has letters"),
        ('{ storeView = "closure"; storeViewPaths = [ "/etc" ]; }', "containers.one.bindMounts"),
    ],
)
def test_what_cannot_be_is_refused_by_name(host_base, extra, says):
    assert says in json.dumps(host_base.error(definition(extra), **ON)).replace("`", "").replace("'", "")


def test_users_of_its_own(base):
    text = definition("{ privateUsers = true; }")
    if base.release < "25.05":
        assert "needs a nixpkgs that has containers.NAME.privateUsers" in base.error(text, **ON)
    else:
        assert "PRIVATE_USERS=pick\n" in base.value('conf "one"', text, **ON)


def test_users_that_the_definition_chose_stay_and_those_that_it_forbade_are_a_conflict(host_base):
    chosen = "{ containers.one = { privateUsers = 655360; extra.privateUsers = true; config = { }; }; }"
    assert "PRIVATE_USERS=655360\n" in host_base.value('conf "one"', chosen, **ON)
    forbidden = '{ containers.one = { privateUsers = "no"; extra.privateUsers = true; config = { }; }; }'
    said = host_base.error(forbidden, **ON)
    assert "containers.one.extra.privateUsers" in said
    assert 'containers.one.privateUsers = "no" forbids' in said


def test_the_hardened_profile(base):
    text = definition('{ profile = "hardened"; }')
    if base.release < "18.09":
        assert "needs a nixpkgs with systemd 239" in base.error(text, **ON)
        return
    what = """{ inherit (service "one") serviceConfig; users = containers.one.privateUsers or null; }"""
    found = base.value(what, text, **ON)
    assert found["serviceConfig"]["NoNewPrivileges"] is True
    assert "CAP_SYS_MODULE" in found["serviceConfig"]["CapabilityBoundingSet"]
    assert found["users"] == (None if base.release < "25.05" else "pick")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ('additionalCapabilities = [ "CAP_SYS_PTRACE" "CAP_NET_ADMIN" ];', "takes away CAP_SYS_PTRACE, which"),
        ('privateUsers = "no";', 'extra.profile = "hardened" asks for users of the container\'s own'),
        ('extra.profile = "nixos";', "containers.one.extra.profile"),
    ],
)
def test_what_contradicts_the_profile_is_named(host_base, options, says):
    one = '{ containers.one = { extra.profile = "hardened"; config = { }; }; }'
    said = host_base.error(f"{{ imports = [ {one} {{ containers.one = {{ {options} }}; }} ]; }}", **ON)
    assert says in said.replace("`", "").replace("'containers", "containers")
    assert "hardened" in said, "both are named"


def test_the_profile_without_users_of_its_own(host_base):
    text = definition('{ profile = "hardened"; privateUsers = false; }')
    assert "PRIVATE_USERS=no\n" in host_base.value('conf "one"', text, **ON)
