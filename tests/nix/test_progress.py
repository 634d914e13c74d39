"""With the line that people at a terminal see, Nix says the same, and the same is made of it: with a real Nix."""

import os
import re
from contextlib import nullcontext

import pytest

from extra_container.model.errors import BuildError
from extra_container.model.values import Base, BaseKind, BuildInputs, Definition, ExpressionSource
from extra_container.nix import command
from extra_container.process import Runner
from extra_container.progress.followed import FollowedRunner

SLOW = """
  derivation {
    name = "%s"; system = builtins.currentSystem; builder = "/bin/sh"; PATH = "/usr/bin:/bin";
    args = [ "-c" "%s" ]; now = builtins.currentTime;
  }
"""


class Watched:
    """Keeps all that Nix said of how far it is."""

    def __init__(self):
        self.works = []

    def process(self):
        return nullcontext(self.works.append)


def definition(config, *build_args):
    return Definition(
        source=ExpressionSource(text=f"{{ containers.demo.config = {{ {config} }}; }}", origin="--expr"),
        base=Base(kind=BaseKind.HOST),
        inputs=BuildInputs(),
        build_args=build_args,
    )


def file(name, script):
    return f'environment.etc."{name}".source = {SLOW % (name, script)};'


def outcome(runner, wanted, directory):
    """Return what a build comes to and what was told meanwhile, without what differs from build to build."""
    told = []
    try:
        result = command.build(wanted, directory / "result", runner, told.append).name.partition("-")[2]
    except BuildError as error:
        result = (error.message, error.hint, {**error.details})
    return re.sub(r"/nix/store/[0-9a-z]{32}-|process \d+", "", repr((result, told)))


def both(wanted, tmp_path):
    watched = Watched()
    followed = FollowedRunner(progress=watched, environment=os.environ)
    return outcome(Runner(), wanted, tmp_path), outcome(followed, wanted, tmp_path), watched.works


@pytest.mark.parametrize(
    "config",
    [
        "networking.hostName = 3;",
        "networking.hostNam = builtins.trace ''a\\nb'' ''x'';",
        "environment.etc.x.text = throw ''no\\nway'';",
        "warnings = [ ''beware'' ]; environment.etc.x.text = builtins.trace { a = ''x''; } ''y'';",
        "services.openssh.enable = yes;",
        "environment.etc.x.text = (import ./missing.nix).a;",
    ],
)
def test_mistakes_are_told_in_the_same_words(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain, followed, _ = both(definition(config), tmp_path)
    assert followed == plain


def test_a_syntax_error_is_told_in_the_same_words(tmp_path):
    plain, followed, _ = both(definition("a = ;"), tmp_path)
    assert followed == plain


def test_a_trace_is_told_in_the_same_words(tmp_path):
    plain, followed, _ = both(definition("networking.hostName = throw ''no'';", "--show-trace"), tmp_path)
    assert followed == plain


def test_a_build_that_fails_is_told_in_the_same_words(tmp_path):
    wanted = definition(file("broken", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i; done; exit 3"))
    runner = FollowedRunner(progress=Watched(), environment=os.environ)
    with pytest.raises(BuildError) as followed:
        command.build(wanted, tmp_path / "result", runner, lambda _line: None)
    with pytest.raises(BuildError) as plain:
        command.build(wanted, tmp_path / "result", Runner(), lambda _line: None)

    def without_hashes(text):
        return re.sub(r"[0-9a-z]{32}-", "", text)

    assert without_hashes(followed.value.message) == without_hashes(plain.value.message)
    assert "line 12" in followed.value.message
    assert followed.value.details["log"] == plain.value.details["log"]


def test_how_far_a_build_is(tmp_path):
    watched = Watched()
    runner = FollowedRunner(progress=watched, environment=os.environ)
    wanted = definition(file("quick", "echo from the builder; sleep 1; echo > $out"))
    told = []
    command.build(wanted, tmp_path / "result", runner, told.append)
    assert told == []
    assert any("quick" in work.building for work in watched.works)
    assert any(work.line == "from the builder" for work in watched.works)
    done, expected = watched.works[-1].builds
    assert 0 < done <= expected
    counts = [work.builds[0] for work in watched.works]
    assert counts == sorted(counts)


def test_a_build_that_fails_is_told_while_another_one_goes_on(tmp_path):
    marker = tmp_path / "told"
    tmp_path.chmod(0o755)
    waiting = f"while [ ! -e {marker} ]; do sleep 0.1; done; echo > $out"
    wanted = definition(
        file("broken", "echo the last words; sleep 1; exit 3") + file("patient", waiting),
        *("--max-jobs", "2"),
    )
    runner, told = FollowedRunner(progress=Watched(), environment=os.environ), []

    def tell(line):
        told.append(line)
        if "the last words" in line:
            marker.touch()

    with pytest.raises(BuildError) as raised:
        command.build(wanted, tmp_path / "result", runner, tell)
    assert told[0].startswith("broken could not be built: builder failed with exit code 3. Other builds go on.")
    assert told[1] == "  the last words"
    assert raised.value.details["reason"] == "builder failed with exit code 3"
