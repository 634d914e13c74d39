"""A few trials of the crash harness, so that it keeps working; `dev/crash` does them all."""

import pytest

from tests.system.crashes.trial import Trials


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    made = Trials(tmp_path_factory.mktemp("trials"))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("scenario", "fault", "kind", "what"),
    [
        ("create --restart-changed", "kill after", "os.rename", " /etc/nixos-containers/"),
        ("create --restart-changed", "kill before", "subprocess.Popen", "/systemctl start "),
        ("create --restart-changed", "EIO", "os.rename", " /usr/lib/systemd/system/"),
        ("create --restart-changed", "systemd times out", "subprocess.Popen", "/systemctl start "),
        ("destroy after a kill", "kill after", "os.rename", ".removed"),
        ("destroy after a kill", "kill after", "os.remove", "/nix/var/nix/gcroots/auto/extra-container-crashed"),
    ],
)
def test_what_is_left_is_whole_and_the_same_command_finishes_it(trials, scenario, fault, kind, what):
    *_, changes = trials.reference(scenario)
    assert [change for change in changes if change["kind"] == kind and what in change["what"]]
    verdict = trials.try_one(scenario, fault, kind=kind, what=what)
    assert verdict.change is not None
    assert verdict.complaints == []
