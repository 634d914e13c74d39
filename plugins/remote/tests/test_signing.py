"""Which machines are known not to take what is going to be built."""

import dataclasses
from pathlib import Path

import pytest

from extra_container.plugin import BuildError, BuiltSource, Completed, ExpressionSource, Request
from extra_container.testing import FakeRunner, fake_context, fake_host, hooks_with
from extra_container_remote import fleet
from extra_container_remote.about.values import About, Nix
from extra_container_remote.arguments import Wish
from extra_container_remote.building import signing

DEFINITION = Request(command="create", source=ExpressionSource(text="{ }", origin="test"))
CONFIG = "nix --extra-experimental-features nix-command show-config"
SIGNATURES = "nix --extra-experimental-features nix-command path-info --sigs"


def about(*keys, trusted=False):
    return About(version="1", user="alice", system="x86_64-linux", nix=Nix(trusted=trusted, keys=frozenset(keys)))


ALICE, ROOT = about("site-1"), about(trusted=True)


@pytest.fixture
def there(tmp_path, monkeypatch):
    """What asks who refuses: ``signs`` is the key of this machine, ``built`` whether the result is there already."""
    asked = []

    def ask(machines, request=DEFINITION, *, signs=None, settings="", signature="", built=False):
        if signs is not None:
            (tmp_path / "key").write_text(f"{signs}:c2VjcmV0")
        (tmp_path / "etc").unlink(missing_ok=True)
        if built:
            (tmp_path / "etc").touch()
        config = f"secret-key-files = {tmp_path / 'key' if signs else ''}\npost-build-hook = \nbuilders = @/nowhere\n"
        runner = FakeRunner(
            {
                CONFIG: config + settings,
                "nix-store --query --outputs /d.drv": f"{tmp_path / 'etc'}\n",
                SIGNATURES: f"{tmp_path / 'etc'} {signature}\n",
            }
        )
        return signing.refusing(machines, request, fake_context(fake_host(tmp_path), hooks_with(), runner)[0])

    def evaluate(_request, context, _stack):
        asked.append(context.machine)
        return "/d.drv"

    monkeypatch.setattr(signing, "evaluate", evaluate)
    ask.asked = asked
    return ask


def test_what_nobody_signs_is_refused_before_it_is_built(there):
    found = there({"east": ALICE, "west": ROOT, "north": about()})
    assert set(found) == {"east", "north"}
    assert str(found["east"]) == "Nix on east does not take unsigned store paths from alice"
    assert len(there.asked) == 1  # they get the same


def test_nothing_is_evaluated_for_who_trusts(there):
    assert there({"west": ROOT}) == {}
    assert there({"east": ALICE}, signs="site-1") == {}
    assert there.asked == []


def test_a_key_that_is_not_trusted_there_is_none(there):
    assert set(there({"east": ALICE}, signs="other-1")) == {"east"}


@pytest.mark.parametrize("settings", ["post-build-hook = /sign\n", "builders = ssh://builder\n"])
def test_where_others_may_sign_it_is_not_known(there, settings):
    assert there({"east": ALICE}, settings=settings) == {}


def test_builders_of_a_file(there, tmp_path):
    (tmp_path / "machines").touch()
    assert set(there({"east": ALICE}, settings=f"builders = @{tmp_path / 'machines'}\n")) == {"east"}
    (tmp_path / "machines").write_text("ssh://builder")
    assert there({"east": ALICE}, settings=f"builders = @{tmp_path / 'machines'}\n") == {}


def test_a_key_that_cannot_be_read(there, tmp_path):
    assert there({"east": ALICE}, settings=f"secret-key-files = {tmp_path / 'nowhere'}\n") == {}


def test_nix_that_says_nothing(there, monkeypatch):
    monkeypatch.setattr(signing, "nix_settings", lambda _runner: {})
    assert there({"east": ALICE}) == {}


@pytest.mark.parametrize(("signature", "refused"), [("site-1:abc", set()), ("other-1:abc", {"east"}), ("", {"east"})])
def test_what_is_there_already_may_be_signed(there, signature, refused):
    assert set(there({"east": ALICE}, built=True, signature=signature)) == refused


def test_a_finished_build_and_other_signers_of_this_call(there):
    built = dataclasses.replace(DEFINITION, source=BuiltSource(path=Path("/nix/store/x")))
    assert there({"east": ALICE}, built) == {}
    assert there({"east": ALICE}, dataclasses.replace(DEFINITION, build_args=("--builders", "x"))) == {}


def test_mistakes_in_the_definition_are_told(there, monkeypatch):
    def evaluate(*_):
        raise BuildError("a mistake")

    monkeypatch.setattr(signing, "evaluate", evaluate)
    with pytest.raises(BuildError, match="a mistake"):
        there({"east": ALICE})


def test_settings_that_nix_prints():
    runner = FakeRunner({CONFIG: Completed(argv=(), returncode=0, stdout="a = b = c\nempty = \nnone =\n", stderr="")})
    assert signing.nix_settings(runner) == {"a": "b = c", "empty": "", "none": ""}


def test_nothing_is_done_anywhere_if_one_is_not_fit(there):
    refused = there({"east": ALICE})
    wish = Wish(targets=("west", "east"), parallel=1, batch=(), skip_offline=False, substitutes=False)
    reports = fleet.unfit(wish, refused)
    assert [(one.target, one.outcome.value, one.code) for one in reports] == [
        ("west", "not tried", None),
        ("east", "failed", 5),
    ]
    assert fleet.code_of(reports) == 5
