"""How many processes evaluate a definition."""

import pytest

from extra_container.nix.parts import available_mib, plan_parts

NAMES = tuple("abcdefgh")


@pytest.mark.parametrize(
    ("count", "cores", "mib", "parts"),
    [
        (1, 8, 64_000, 1),
        (2, 8, 64_000, 2),
        (8, 2, 64_000, 2),
        (8, 8, 64_000, 8),
        (8, 8, 10_000, 8),
        (8, 8, 6_700, 4),
        (4, 4, 4_000, 2),
        (8, 8, 4_000, 1),
        (8, 8, 500, 1),
        (8, 1, 64_000, 1),
        (0, 4, 64_000, 1),
    ],
)
def test_the_number_of_parts(count, cores, mib, parts):
    assert len(plan_parts(NAMES[:count], cores=cores, available_mib=mib)) == parts


def test_every_container_is_in_one_part():
    parts = plan_parts(NAMES, cores=3, available_mib=64_000)
    assert sorted(name for part in parts for name in part) == list(NAMES)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_available_memory(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 9000000 kB\nMemFree: 1 kB\nMemAvailable:    2048000 kB\n")
    assert available_mib(tmp_path / "meminfo") == 2000
    assert available_mib() > 0
