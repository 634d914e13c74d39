"""Flags and paths that do not survive the way to systemd-nspawn are refused by the name of their option."""

from __future__ import annotations

import json

import pytest

EXTRA_FLAGS = "containers.demo.extraFlags: "
SPLIT = "is split at blanks, and systemd-nspawn would take"


def nix_list(values):
    return f"[ {' '.join(json.dumps(value).replace('${', chr(92) + '${') for value in values)} ]"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--system-call-filter=add_key keyctl bpf"], f'"--system-call-filter=add_key keyctl bpf" {SPLIT} "keyctl"'),
        (["--bind=/srv/my data:/data"], f'"--bind=/srv/my data:/data" {SPLIT} "data:/data"'),
        (["--quiet now"], f'"--quiet now" {SPLIT} "now"'),
        (["--private-users pick"], f'"--private-users pick" {SPLIT} "pick"'),
        (["--bind /a /b"], f'"--bind /a /b" {SPLIT} "/b"'),
        (["-U", "/bin/sh"], f'"/bin/sh" {SPLIT} "/bin/sh"'),
        (['--setenv=A="b"'], "has a double quote"),
        (["--bind=/a\\\\b"], "has a backslash"),
        (["--setenv=A=b\\"], "has a backslash"),
    ],
)
def test_flags_that_would_arrive_as_something_else(host_base, flags, message):
    error = host_base.error(f"{{ containers.demo = {{ extraFlags = {nix_list(flags)}; config = {{ }}; }}; }}")
    assert EXTRA_FLAGS in error
    assert message in error


@pytest.mark.parametrize(
    "flags",
    [
        ["--drop-capability=CAP_CHOWN", "-U"],
        ["--bind /srv/a:/b"],
        ["--bind", "/srv/a:/b"],
        ["--bind=/a --bind-ro=/b  --tmpfs /c"],
        ["-E A=b", "-E", "C=d"],
        ["--bind=/a\\:b:/c"],
        ["--system-call-filter=@keyring", ""],
        ["--setenv=A=it's"],
    ],
)
def test_flags_that_arrive_as_they_stand(host_base, flags):
    definition = f"{{ containers.demo = {{ extraFlags = {nix_list(flags)}; config = {{ }}; }}; }}"
    host_base.warnings(definition)
    assert host_base.value('(conf "demo")', definition).count(" ".join(flags)) == 1


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ('bindMounts."/my data" = { }', 'bindMounts."/my data".mountPoint: "/my data" has a blank'),
        ('bindMounts."/a".hostPath = "/srv/my data"', 'bindMounts."/a".hostPath: "/srv/my data" has a blank'),
        ('bindMounts."/a".hostPath = "/srv/\\"q"', 'bindMounts."/a".hostPath: "/srv/\\"q" has a quote'),
        ('bindMounts."/a".hostPath = "/srv/it\'s"', 'bindMounts."/a".hostPath: "/srv/it\'s" has a quote'),
        ('bindMounts."/a".hostPath = "/srv/x\\ny"', 'bindMounts."/a".hostPath: "/srv/x\\ny" has a blank'),
        ('bindMounts."/a".hostPath = "/srv/x\\\\y"', 'bindMounts."/a".hostPath: "/srv/x\\\\y" has a character'),
        ('tmpfs = [ "/var" "/my data" ]', 'tmpfs: "/my data" has a blank'),
        ('tmpfs = [ "/a;b" ]', 'tmpfs: "/a;b" has a character with a meaning of its own'),
        (
            'allowedDevices = [ { node = "/dev/my dev"; modifier = "rw"; } ]',
            'allowedDevices: "/dev/my dev" has a blank',
        ),
    ],
)
def test_paths_that_cannot_be_handed_on(host_base, setting, message):
    error = host_base.error(f"{{ containers.demo = {{ {setting}; config = {{ }}; }}; }}")
    assert f"containers.demo.{message}" in error


def test_paths_that_can_be_handed_on(host_base):
    host_base.warnings(
        """{ containers.demo = {
          bindMounts = {
            "/a%b$c~d#e" = { hostPath = "/srv/id\\\\:ed"; mountPoint = "/idmapped:idmap,rbind"; };
          };
          tmpfs = [ "/scratch:size=10%,mode=1777" ];
          config = { };
        }; }"""
    )


def test_they_are_refused_with_every_tree(tree):
    error = tree.error('{ containers.demo = { bindMounts."/a".hostPath = "/srv/my data"; config = { }; }; }')
    assert 'containers.demo.bindMounts."/a".hostPath: "/srv/my data" has a blank' in error


def test_only_wanted_containers_are_looked_at(host_base):
    definition = """{
      containers.a.config = { };
      containers.b = { bindMounts."/my data" = { }; config = { }; };
    }"""
    host_base.build(definition, only=["a"])
