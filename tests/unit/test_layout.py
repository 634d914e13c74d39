"""Names of units, confs and GC roots: what is made is parsed again, and nothing else is."""

from pathlib import Path

import pytest

from extra_container.model import layout

ROOTS = Path("/roots")


@pytest.mark.parametrize("name", ["web", "a-b", "a.conf", "a_b.c", "x" * 63])
def test_what_is_made_is_parsed(name):
    unit = Path("/units") / layout.unit_name(name)
    conf = Path("/confs") / layout.conf_name(name)
    assert layout.container_of_unit(unit.name) == name
    assert layout.rooted(layout.gc_root(ROOTS, name).name, unit) == (name, True)
    assert layout.rooted(layout.conf_gc_root(ROOTS, name).name, conf) == (name, False)
    assert layout.container_of_conf_root(layout.conf_gc_root(ROOTS, name).name) == name


@pytest.mark.parametrize(
    ("root", "link"),
    [
        ("extra-container", "/units/container@web.service"),
        ("extra-container-web", "/units/container@other.service"),
        ("extra-container-web", "/confs/web.conf"),
        ("extra-container-web.conf", "/confs/other.conf"),
        ("web", "/units/container@web.service"),
    ],
)
def test_roots_of_others(root, link):
    assert layout.rooted(root, Path(link)) is None


@pytest.mark.parametrize(
    "unit", ["container@.service", "container@web.socket", "web.service", "xcontainer@web.service"][:4]
)
def test_units_of_others(unit):
    assert layout.container_of_unit(unit) is None
