"""The command ``generations``, with a host and containers of the test kit."""

import json
from pathlib import Path

import pytest

from extra_container.plugin import Change, Difference, Place, UsageError
from extra_container.plugin_command import Generation
from extra_container.testing import call_command, fake_host
from extra_container_generations import words
from extra_container_generations.generations import Generations
from extra_container_generations.sizes import sizes


@pytest.fixture
def host(tmp_path):
    return fake_host(tmp_path)


def one(number=1, **changes):
    fields = {"container": "web", "number": number, "unit": Path("/u"), "conf": Path("/c"), "time": 0.0}
    return Generation(**{**fields, **changes})


def difference(place, after):
    return Difference(place=place, before=None, after=after, live=False)


def test_what_changed_in_a_word():
    found = one(
        change=Change.OTHER,
        differences=(
            difference(Place.UNIT, "Wants=x"),
            difference(Place.CONF, "LOCAL_ADDRESS=10.0.0.2"),
            difference(Place.CONF, "HOST_ADDRESS=10.0.0.1"),
            difference(Place.CONF, "SYSTEM_PATH=/nix/store/s"),
            difference(Place.CONF, "SOMETHING=new"),
        ),
    )
    assert words.changed(found) == ("system", "SOMETHING", "network", "unit")
    assert words.changed(one(change=Change.NEW)) == ("new",)
    assert words.changed(one()) == ()


def test_the_sizes(monkeypatch):
    roots = {1: {"/a"}, 2: {"/b"}}
    monkeypatch.setattr("extra_container_generations.sizes.store_paths", lambda one: roots[one.number])
    references = {"/a": (1, ("/a", "/lib")), "/b": (2, ("/lib", "/more")), "/lib": (10, ()), "/more": (100, ("/b",))}
    found = sizes([one(1), one(2)], references)
    assert {number: (size.whole, size.own) for number, size in found.items()} == {1: (11, 1), 2: (112, 102)}


def place(host, number):
    profile = host.gc_roots.with_name("profiles") / "extra-container/web"
    profile.mkdir(parents=True, exist_ok=True)
    for part, target in (("system", "/nix/store/s"), ("unit", "/nix/store/u"), ("conf", "/nix/store/c")):
        (profile / f"{part}-{number}-link").symlink_to(target)


def test_the_table_and_the_document(host):
    place(host, 3)
    place(host, 12)
    called = call_command(Generations, "web", host=host)
    title, first, second = called.out.splitlines()
    assert title.split()[:3] == ["NUMBER", "DATE", "STATE"]
    assert (first.split()[0], second.split()[0]) == ("3", "12")
    found = json.loads(call_command(Generations, "web", "-f", "json", host=host).out)
    assert [(row["number"], row["installed"], row["running"], row["verdict"]) for row in found] == [
        (3, False, False, "untried"),
        (12, False, False, "untried"),
    ]


def test_a_container_that_is_not_there(host):
    with pytest.raises(UsageError, match="nobody does not exist"):
        call_command(Generations, "nobody", host=host)
