"""What a restricted key may call, and what not."""

import pytest

from extra_container.plugin import PolicyError
from extra_container_remote.serving import policy
from extra_container_remote.serving.policy import Wanted

PATH = "/nix/store/73ngvcc437xli0zrh57kz2j3nra3na1q-etc"
OTHER = "/nix/store/ia6hyy81gcr2h80pklb4wkkg0r7c4wz8-container-init"


@pytest.mark.parametrize("line", ["nix-daemon --stdio", "nix-store --serve --write"])
def test_the_protocol_of_stores(line):
    assert policy.understand(line) == Wanted(words=tuple(line.split()), is_nix=True)


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("extra-container job remote-1 -- create --format=json --start -- PATH", (PATH,)),
        ("extra-container job --root=PATH remote-1 -- create '--check=curl -f localhost' PATH", (PATH,)),
        (f"extra-container job --root={OTHER} --confirm-within=30 --skip 10 2 r -- create PATH", (OTHER, PATH)),
        ("extra-container job --confirm remote-1", ()),
        ("extra-container job remote-1 -- destroy -- web db", ()),
        ("extra-container plan --start PATH", (PATH,)),
        ("extra-container run web -- sh -c 'rm -rf /tmp/*; id'", ()),
        ("extra-container status --format=json -- web", ()),
        ("extra-container rollback --to=3 -- web", ()),
    ],
)
def test_what_root_does(line, paths):
    wanted = policy.understand(line.replace("PATH", PATH))
    assert wanted.needs_root
    assert wanted.paths == paths
    assert policy.allowed(wanted.words) == wanted


@pytest.mark.parametrize("line", ["extra-container about --json", "extra-container --version"])
def test_what_is_done_as_who_logged_in(line):
    assert not policy.understand(line).needs_root


@pytest.mark.parametrize(
    "line",
    [
        None,
        "",
        "  ",
        "sh",
        "'unclosed",
        "nix-daemon --stdio; id",
        "nix-daemon --stdio --option build-users-group root",
        "nix-daemon",
        "sh -c extra-container",
        "/tmp/extra-container list",
        "extra-container",
        "extra-container; id",
        "extra-container list; id",
        "extra-container list && id",
        "extra-container list $(id)",
        "extra-container --plugin /tmp/x.py list",
        "extra-container --log-file /etc/passwd list",
        "extra-container -v list",
        "extra-container shell -E {}",
        "extra-container build PATH",
        "extra-container install",
        "extra-container root-login web",
        "extra-container copy web:/etc/shadow /etc/shadow",
        "extra-container restore /tmp/x",
        "extra-container serve-ssh -- list",
        "extra-container job x -- job y -- create PATH",
        "extra-container job x -- run web -- id",
        "extra-container job x -- shell PATH",
        "extra-container job --carry-out x -- create PATH",
        "extra-container job --settle x",
        "extra-container job --root=/etc x -- create PATH",
        "extra-container job --root=PATH/../x x -- create PATH",
        "extra-container job --root PATH x -- create PATH",
        "extra-container job ../x -- create PATH",
        "extra-container job --skip 1 x",
        "extra-container create -E {}",
        "extra-container job x -- create --expr={}",
        "extra-container job x -- create -E {}",
        "extra-container job x -- create /home/deploy/web.nix",
        "extra-container job x -- create PATH/../../../home/deploy",
        "extra-container job x -- create PATH /tmp",
        "extra-container job x -- create PATH --json-into=/etc/passwd",
        "extra-container job x -- create --json-into=/etc/passwd PATH",
        "extra-container job x -- create --build-args PATH",
        "extra-container job x -- create --nixpkgs-path=/tmp PATH",
        "extra-container job x -- create --target-host=db1 PATH",
        "extra-container job x -- create -- PATH --build-args",
        "extra-container job x -- create -",
        "extra-container job x -- create",
        "extra-container job x -- destroy /home/deploy/web.nix",
        "extra-container job x -- destroy ./web.nix",
        "extra-container job x -- destroy -- -E",
        "extra-container plan --out=/etc/passwd PATH",
        "extra-container plan -o /etc/passwd PATH",
        "extra-container doctor --fix",
        "extra-container status --check web",
        "extra-container status --json-into=/etc/passwd",
        "extra-container run",
        "extra-container run web",
        "extra-container run --target-host=db1 web -- id",
        "extra-container run web --target-host=db1 id",
        "extra-container run ../web -- id",
        "extra-container logs 'web\nx'",
    ],
)
def test_what_is_refused(line):
    with pytest.raises(PolicyError):
        policy.understand(line and line.replace("PATH", PATH))
