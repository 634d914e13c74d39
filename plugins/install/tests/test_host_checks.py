"""What `doctor` is told of the paths that containers need and of sudo, and the repair that it is offered."""

from extra_container.plugin import Verdict
from extra_container.testing import FakeRunner, fake_host
from extra_container_install import host_checks, prerequisites


def test_what_containers_need_is_missing_and_can_be_made(tmp_path):
    host = fake_host(tmp_path)
    [finding] = host_checks.needed_paths(host)
    assert finding.verdict is Verdict.NOTE
    assert finding.found == f"{tmp_path}/etc/static/os-release and {tmp_path}/nix/var/nix/daemon-socket are missing"
    finding.repair.act()
    assert prerequisites.missing(tmp_path) == ()
    assert host_checks.needed_paths(host)[0].verdict is Verdict.OK


def test_one_that_is_missing(tmp_path):
    prerequisites.provide(tmp_path)
    (tmp_path / "nix/var/nix/daemon-socket").rmdir()
    [finding] = host_checks.needed_paths(fake_host(tmp_path))
    assert finding.found == f"{tmp_path}/nix/var/nix/daemon-socket is missing"


def test_a_host_without_sudo():
    [finding] = host_checks.sudo_settings(FakeRunner(missing=["sudo"]))
    assert (finding.verdict, finding.found) == (
        Verdict.NOTE,
        "sudo is not installed: only root can use extra-container",
    )


def test_a_machine_that_nobody_knows_has_no_place_to_look_at():
    assert host_checks.checks(FakeRunner(), None) == ()
