"""What the built-in host base refuses and warns of, with real Nix."""

from __future__ import annotations

import pytest

from tests.nix.evaluator import HOST_BASE, Nix, evaluated


def _error(nix: Nix, expression: str) -> str:
    done = nix.run("nix-instantiate", "--eval", "--strict", "-E", expression, check=False)
    assert done.returncode != 0, done.stdout
    return done.stderr


@pytest.mark.parametrize(
    ("definition", "messages"),
    [
        ("{ containres.demo = { }; }", ["`containres' does not exist", "Did you mean `containers'?", "--nixpkgs-path"]),
        (
            "{ containers.demo.privateNetwrk = true; }",
            ["`containers.demo.privateNetwrk' does not exist", "Did you mean `containers.demo.privateNetwork'?"],
        ),
        (
            "{ containers.demo.config.services.gitlab.enable = true; }",
            ["`containers.demo.config.services.gitlab' does not exist", "built-in host base", "--nixpkgs-path"],
        ),
        (
            "{ containers.demo.config = { pkgs, ... }: { services.gitlab.package = pkgs.bash; }; }",
            ["`containers.demo.config.services.gitlab' does not exist", "package = <derivation host-bash>"],
        ),
        ('{ containers.demo.privateNetwork = "yes"; }', ["`containers.demo.privateNetwork' is not of type `boolean'"]),
        ('{ containers.demo.flake = "x"; }', ["containers.demo.flake", "cannot build flakes"]),
        ("{ containers.demo.config.containers.inner = { }; }", ["does not support containers inside a container"]),
        ("{ containers.demo.config.users.users.bob = { }; }", ["users.users.bob.isNormalUser must be set"]),
        (
            '{ containers.demo.config.assertions = [ { assertion = false; message = "mine failed"; } ]; }',
            ["Failed assertions:", "- mine failed"],
        ),
        (
            '{ containers.demo.config.systemd.services.s = { script = "true"; serviceConfig.ExecStart = "/bin/x"; }; }',
            ["`containers.demo.config.systemd.services.s.serviceConfig.ExecStart' has conflicting definition values"],
        ),
        (
            '{ containers.c.config.systemd.services.s = { postStop = "true"; serviceConfig.ExecStopPost = "/x"; }; }',
            ["`containers.c.config.systemd.services.s.serviceConfig.ExecStopPost' has conflicting definition values"],
        ),
        (
            "{ containers.demo.config = { pkgs, ... }: { environment.systemPackages = [ pkgs.no-such-thing ]; }; }",
            ["attribute 'no-such-thing' missing"],
        ),
    ],
)
def test_refused_definitions(nix: Nix, definition: str, messages: list[str]) -> None:
    error = _error(nix, f"{evaluated(definition)}.config.system.build.etc.drvPath")
    for message in messages:
        assert message in error


def test_missing_host_program_is_named(nix: Nix) -> None:
    base = f"import {HOST_BASE}"
    expression = f"""((import {HOST_BASE}/pkgs/host-programs.nix {{
      lib = import {HOST_BASE}/lib; builders = ({base} {{ }}); knownPackages = {{ lost = [ "no-such-program" ]; }};
    }}).packages.lost).drvPath"""
    error = _error(nix, expression)
    assert "pkgs.lost: the host has no program `no-such-program'" in error
    assert "--nixpkgs-path" in error


def test_warnings_are_shown(nix: Nix) -> None:
    definition = '{ containers.demo.config.warnings = [ "take care" ]; }'
    done = nix.run("nix-instantiate", "-E", f"{evaluated(definition)}.config.system.build.etc")
    assert "take care" in done.stderr
