"""Where installed containers came from: written down, read, and compared with what is installed."""

import json
import os
from pathlib import Path

import pytest

from extra_container.inspection import check
from extra_container.model.errors import AbsentError
from extra_container.model.frozen import replace
from extra_container.model.values import (
    Base,
    BaseKind,
    BuiltSource,
    Evaluation,
    ExpressionSource,
    FileSource,
)
from extra_container.pipeline import destroy
from extra_container.process import Runner
from extra_container.provenance import records, values
from extra_container.provenance.values import Place
from extra_container.state import installed
from extra_container.testing import FakeRunner, built_container, make_request
from tests.unit.world import World

PLACE = Place(directory=Path("/home/me"), nix_path="nixpkgs=/x")
BUILD = Path("/nix/store/b")


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def known(world, name="demo"):
    return records.read(installed.read(world.host.gc_roots)[name], world.host)


def files(world):
    directory = world.host.state_directory / "definitions"
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


@pytest.mark.parametrize(
    "request_",
    [
        make_request(),
        make_request(
            source=FileSource(path=Path("/a b/x.nix")), attr_path=("a", "b c"), options={"ssh": True, "n": None}
        ),
        make_request(source=BuiltSource(path=Path("/result")), evaluation=Evaluation.FULL, build_args=("-I", "x=y")),
        make_request(only=("demo", "b")),
        make_request(base=Base(kind=BaseKind.NIXPKGS, expression="<x>", option="--nixpkgs-path"), start=True),
        make_request(source=ExpressionSource(text='{ a = "\\n"; } # ä', origin="stdin")),
    ],
)
def test_what_is_written_is_what_is_read(request_):
    one = values.of(request_, built_container(), BUILD, PLACE, time=1.5, plugins=("a (b 1)",))
    read = values.from_json(json.loads(json.dumps(values.as_json(one))))
    assert read == one
    assert read.request == replace(request_, command="create", start=False)
    assert read.complete


def test_options_that_cannot_be_kept_are_told():
    one = values.of(
        make_request(options={"a": Path("/x"), "b": 1}), built_container(), BUILD, PLACE, time=0, plugins=()
    )
    assert not one.complete
    assert dict(one.request.options) == {"b": 1}


@pytest.mark.parametrize(
    ("source", "attr_path", "text"),
    [
        (FileSource(path=Path("/a/x.nix")), (), "/a/x.nix"),
        (ExpressionSource(text="{}", origin="--expr"), ("a", "b"), "--expr -A a.b"),
        (BuiltSource(path=Path("/result")), (), "/result"),
    ],
)
def test_what_a_definition_is_called(source, attr_path, text):
    assert values.describe(source, attr_path) == text


def test_create_writes_it_down_for_root_only(world):
    world.create(built_container(), built_container("other"), source=FileSource(path=Path("/x.nix")))
    one = known(world)
    assert values.describe(one.request.source) == "/x.nix"
    assert one.place.directory == Path.cwd()
    assert one.build == BUILD
    assert any(plugin.startswith("extra_container_install") for plugin in one.plugins)
    assert files(world) == ["demo.json", "other.json"]
    directory = world.host.state_directory / "definitions"
    assert (directory.stat().st_mode & 0o777, (directory / "demo.json").stat().st_mode & 0o777) == (0o700, 0o600)


def test_an_unchanged_container_comes_from_where_it_was_last_created_from(world):
    world.create(built_container(), source=FileSource(path=Path("/x.nix")))
    file = world.host.state_directory / "definitions/demo.json"
    before = file.stat().st_mtime_ns
    world.create(built_container(), source=FileSource(path=Path("/x.nix")))
    assert file.stat().st_mtime_ns == before
    world.create(built_container(), source=FileSource(path=Path("/moved.nix")))
    assert values.describe(known(world).request.source) == "/moved.nix"


def test_a_start_that_fails_leaves_what_was_known(world):
    world.create(built_container(), source=FileSource(path=Path("/x.nix")), start=True)
    world.manager.broken = {"demo", "new"}
    containers = built_container(system="/nix/store/s2", unit_text="changed"), built_container("new")
    state = world.create(*containers, source=FileSource(path=Path("/y.nix")), start=True)
    assert state.failures
    assert installed.read(world.host.gc_roots)["demo"].conf.name == "c1s1-demo.conf"
    assert values.describe(known(world).request.source) == "/x.nix"
    assert files(world) == ["demo.json"]


def test_destroy_forgets_it(world):
    world.create(built_container(), built_container("other"))
    destroy.destroy(("demo",), world.context)
    assert files(world) == ["other.json"]
    destroy.destroy(("other",), world.context)
    assert not (world.host.state_directory / "definitions").exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"version": 2, "known": []}', '{"version": 1, "known": [{}]}', "\ud800"]
)
def test_a_record_that_is_none_says_nothing(world, text):
    world.create(built_container())
    file = world.host.state_directory / "definitions/demo.json"
    file.write_text(text, errors="surrogatepass")
    assert known(world) is None
    world.create(built_container())
    assert known(world) is not None


def test_another_installation_makes_it_void(world):
    world.create(built_container())
    link = world.host.unit_directory / "container@demo.service"
    link.unlink()
    link.symlink_to("/nix/store/u9-demo/container@demo.service")
    assert known(world) is None


def test_that_it_cannot_be_written_is_a_warning(world):
    world.host.state_directory.mkdir()
    (world.host.state_directory / "definitions").write_text("")
    world.create(built_container())
    assert world.names() == ["demo"]
    assert [line for line in world.warnings() if "cannot be written down" in line]


UNIT, CONF = "/nix/store/1-unit-container-demo.service", "/nix/store/2-etc-demo.conf"


@pytest.mark.parametrize(
    ("paths", "as_defined"),
    [
        ({UNIT, CONF, "/nix/store/3-etc-other.conf"}, True),
        ({UNIT, "/nix/store/4-etc-demo.conf"}, False),
        ({"/nix/store/5-unit-container-demo.service", "/nix/store/4-etc-demo.conf"}, False),
        ({"/nix/store/3-etc-other.conf"}, False),
        (set(), False),
    ],
)
def test_what_a_definition_says_and_what_is_installed(world, paths, as_defined):
    world.create(built_container(unit=Path(UNIT, "container@demo.service"), conf=Path(CONF)))
    container = installed.read(world.host.gc_roots)["demo"]
    verdict = check._verdict(container, frozenset(map(Path, paths)))
    assert verdict.as_defined is as_defined
    left_out = "does not have it" in (verdict.reason or "")
    assert left_out is not any("demo" in path for path in paths)


def test_what_cannot_be_known_has_a_reason(world, tmp_path):
    world.create(built_container("lost"), source=FileSource(path=tmp_path / "lost.nix"))
    world.create(built_container("odd"), options={"x": Path("/")})
    world.create(built_container("unknown"))
    (world.host.state_directory / "definitions/unknown.json").unlink()
    verdicts = check.check(list(installed.read(world.host.gc_roots).values()), world.context)
    assert all(verdict.as_defined is None for verdict in verdicts.values())
    assert {name: verdict.reason for name, verdict in verdicts.items()} == {
        "lost": "its definition is not there any more",
        "odd": "an option of a plugin that it was made with cannot be given again",
        "unknown": "nobody wrote down which definition it came from",
    }


def test_those_that_are_left_of_a_definition_are_looked_at_without_the_others(world, monkeypatch):
    asked = []

    def evaluate(request, _context, _stack):
        asked.append(request.only)
        if "gone" in request.only:
            raise AbsentError(["gone"], ["demo", "other"])
        return "/nix/store/e.drv"

    monkeypatch.setattr(check.build, "evaluate", evaluate)
    monkeypatch.setattr(check, "_outputs", lambda _drv, _runner: frozenset({Path(UNIT), Path(CONF)}))
    both = built_container(unit=Path(UNIT, "container@demo.service"), conf=Path(CONF)), built_container("gone")
    world.create(*both, only=("demo", "gone"))
    verdicts = check.check(list(installed.read(world.host.gc_roots).values()), world.context)
    assert {name: verdict.as_defined for name, verdict in verdicts.items()} == {"demo": True, "gone": False}
    assert asked == [("demo", "gone"), ("demo",)]
    world.create(built_container("gone"), only=("gone",))
    gone = installed.read(world.host.gc_roots)["gone"]
    assert check.check([gone], world.context)["gone"].reason == "its definition does not have it any more"


def test_a_definition_is_evaluated_where_it_was_read(world, tmp_path, monkeypatch):
    there = tmp_path / "there"
    there.mkdir()
    monkeypatch.setenv("NIX_PATH", "of-the-caller")
    context = replace(world.context, runner=Runner())
    before = Path.cwd()
    for nix_path in ("a=b", None):
        with check._in_place(Place(directory=there, nix_path=nix_path), context) as placed:
            assert Path.cwd() == there
            assert placed.runner.environment.get("NIX_PATH") == nix_path
    with pytest.raises(FileNotFoundError), check._in_place(Place(directory=there / "x", nix_path=None), context):
        raise AssertionError
    assert Path.cwd() == before
    assert context.runner.environment["NIX_PATH"] == "of-the-caller"
    assert os.environ["NIX_PATH"] == "of-the-caller"


def test_outputs_of_a_derivation():
    runner = FakeRunner(
        {
            "nix-store --query --references /nix/store/e.drv": "/nix/store/a.drv\n/nix/store/x.sh\n/nix/store/b.drv\n",
            "nix-store --query --outputs /nix/store/a.drv /nix/store/b.drv": "/nix/store/a\n/nix/store/b\n",
        }
    )
    assert check._outputs("/nix/store/e.drv", runner) == {Path("/nix/store/a"), Path("/nix/store/b")}
