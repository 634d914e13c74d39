"""What was seen a moment ago is not asked of systemd again; what was seen before something was done, is."""

import pytest

from extra_container.process import Completed
from extra_container.systemd.systemctl import Systemctl
from extra_container.testing import FakeRunner

SHOWN = "LoadState=loaded\nActiveState={}\nSubState=dead\n"


class Answering(FakeRunner):
    """systemd, in which units are up once somebody has started any."""

    def run(self, argv, **_options):
        self.calls.append(list(argv))
        started = any("start" in call for call in self.calls)
        out = SHOWN.format("active" if started else "inactive") if argv[1] == "show" else ""
        return Completed(argv=tuple(argv), returncode=0, stdout=out, stderr="")


@pytest.fixture
def systemctl():
    systemctl = Systemctl(Answering())
    systemctl.keep_seen(systemctl.show(["a"]))
    return systemctl


def test_it_is_given_once(systemctl):
    assert systemctl.take_seen(["a"]).keys() == {"a"}
    assert systemctl.take_seen(["a"]) == {}


def test_looking_changes_nothing(systemctl):
    systemctl.in_memory(["a"])
    systemctl.show(["a"])
    assert systemctl.take_seen(["a"]).keys() == {"a"}


@pytest.mark.parametrize(
    "act",
    [lambda it: it.start(["a"]), lambda it: it.reset_failed(["b"]), Systemctl.daemon_reload, lambda it: it.kill(["a"])],
)
def test_what_is_done_makes_it_old(systemctl, act):
    act(systemctl)
    assert systemctl.take_seen(["a"]) == {}


def test_of_other_units_nothing_was_seen(systemctl):
    assert systemctl.take_seen(["a", "b"]) == {}
