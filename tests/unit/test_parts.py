"""How many processes evaluate a definition, and with how much memory."""

import itertools

import pytest

from extra_container.nix.parts import guess_parts, plan_parts

NAMES = tuple("abcdefgh")


@pytest.mark.parametrize(
    ("count", "cores", "mib", "parts"),
    [
        (1, 8, 64_000, 1),
        (2, 8, 64_000, 2),
        (8, 2, 64_000, 2),
        (8, 8, 64_000, 8),
        # Four that collect no garbage are hardly later than eight that do.
        (8, 8, 10_000, 4),
        (8, 8, 6_700, 4),
        # Two that collect garbage are not done before one that does not.
        (4, 4, 4_000, 1),
        (4, 4, 3_400, 2),
        (8, 8, 4_000, 1),
        (8, 8, 500, 1),
        (8, 1, 64_000, 1),
        (0, 4, 64_000, 1),
    ],
)
def test_the_number_of_parts(count, cores, mib, parts):
    assert len(plan_parts(NAMES[:count], cores=cores, available_mib=mib)) == parts


def test_every_container_is_in_one_part():
    parts = [part.names for part in plan_parts(NAMES, cores=3, available_mib=64_000)]
    assert sorted(name for part in parts for name in part) == list(NAMES)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(("count", "heap"), [(1, 1100), (2, 1600), (4, 2600)])
def test_one_process_gets_what_it_needs_to_collect_no_garbage(count, heap):
    (part,) = plan_parts(NAMES[:count], cores=1, available_mib=64_000)
    assert part.heap_mib == heap


@pytest.mark.parametrize(
    ("count", "cores", "mib"),
    list(itertools.product(range(1, 9), (1, 2, 3, 8), (600, 900, 1_500, 3_000, 6_000, 12_000))),
)
def test_all_heaps_together_leave_room_for_others(count, cores, mib):
    parts = plan_parts(NAMES[:count], cores=cores, available_mib=mib)
    assert sum(part.heap_mib or 0 for part in parts) <= mib * 0.7


def test_a_heap_smaller_than_that_of_nix_itself_is_left_to_nix():
    (part,) = plan_parts(NAMES[:1], cores=1, available_mib=500)
    assert part.heap_mib is None
    assert part.variables({}) == {}


def test_where_memory_cannot_be_reserved_it_is_left_to_nix():
    parts = plan_parts(NAMES, cores=2, available_mib=64_000, reservable=False)
    assert [part.heap_mib for part in parts] == [None, None]


@pytest.mark.parametrize("variable", ["GC_INITIAL_HEAP_SIZE", "GC_MAXIMUM_HEAP_SIZE"])
def test_what_the_user_says_of_memory_is_not_overruled(variable):
    (part,) = plan_parts(NAMES[:1], cores=1, available_mib=64_000)
    assert part.variables({"PATH": "/bin"}) == {"GC_INITIAL_HEAP_SIZE": "1100M"}
    assert part.variables({variable: "500M"}) == {}


@pytest.mark.parametrize(
    ("cores", "mib", "first"),
    [
        (1, 64_000, 1),
        (2, 64_000, 2),
        (16, 64_000, 2),
        # Not enough for two that collect no garbage.
        (2, 2_500, 1),
        (2, 100, 1),
    ],
)
def test_what_begins_before_the_containers_are_known_is_part_of_the_plan_for_them(cores, mib, first):
    guess = guess_parts(cores=cores, available_mib=mib)
    assert guess.first == first
    for count in range(20):
        plan = plan_parts(NAMES[:1] * count, cores=cores, available_mib=mib)
        if guess.fits(plan):
            assert [part.heap_mib for part in plan[: guess.first]] == [guess.heap_mib] * min(guess.first, len(plan))
    assert guess.fits(plan_parts(NAMES[:1], cores=cores, available_mib=mib))


def test_more_containers_than_cores_need_more_memory_from_the_beginning():
    guess = guess_parts(cores=2, available_mib=64_000)
    fitting = [guess.fits(plan_parts(NAMES[:count], cores=2, available_mib=64_000)) for count in range(1, 5)]
    assert fitting == [True, True, False, False]
