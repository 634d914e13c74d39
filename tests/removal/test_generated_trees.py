"""Generated trees with links, mounts and flags, over links and mounts, beside what must survive their removal.

Each run takes 300; EXTRA_CONTAINER_GENERATED_TREES=10000 takes more. `pytest -s` shows what they were.
"""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extra_container.trees.mounts import MountedError, mounts_below, read_mounts
from extra_container.trees.removal import remove_tree
from tests.removal import system_calls
from tests.removal.conftest import in_own_namespace
from tests.removal.trees import ABOVE, STEPS, Builder, Step, clear_away

# What a reader of text takes for the end of a line, and what means something to programs.
SPECIAL = ["\u00a0", "\u2028", "\x85", "\r", "\v", "\x1c", "\n", "\t", " ", "\\", "\\040", "#", "-rf", "...", "x" * 255]
NAMES = st.one_of(
    st.sampled_from([name.encode() for name in SPECIAL]),
    st.binary(min_size=1, max_size=12).filter(lambda name: not {b"/"[0], 0} & {*name} and name not in {b".", b".."}),
)
FEWEST_STEPS, MOST_STEPS = 4, 32
STEP = st.builds(Step, what=st.sampled_from(STEPS), where=st.integers(0, 63), source=st.integers(0, 63), name=NAMES)

done: Counter[str] = Counter()
ends: Counter[str] = Counter()


@given(
    above=st.lists(st.sampled_from(ABOVE), max_size=3).map(tuple),
    steps=st.lists(STEP, min_size=FEWEST_STEPS, max_size=MOST_STEPS),
    small=st.booleans(),
    held=st.integers(0, 63),
)
def check_tree_of(places, above, steps, small, held):
    """``small``: on a tmpfs; ``held`` chooses a mount that is in use at first."""
    base = places[small] / "base"
    base.mkdir()
    try:
        builder = Builder(base.resolve(), above, done)
        builder.build(steps)
        removed(builder, held)
    finally:
        clear_away(base.resolve())


def removed(builder, held):
    before = builder.survivors()
    if builder.is_a_mount():
        with pytest.raises(MountedError, match="is a mount point"):
            remove_tree(builder.path)
        ends["is a mount"] += 1
    else:
        if in_use := used(builder, held):
            with pytest.raises(MountedError, match="is mounted below"):
                remove_tree(builder.path)
            os.close(in_use)
            ends["busy first"] += 1
            assert builder.survivors() == before
        before = remove_at_last(builder, before)
        ends["removed"] += 1
        assert not os.path.lexists(builder.path)
        assert not [mount for mount in read_mounts() if mount.point.is_relative_to(builder.place.resolve() / "tree")]
    assert builder.survivors() == before


def remove_at_last(builder, before):
    """Remove the tree after what the program refuses to unmount; return what must survive, as it is seen then.

    Where a part of the tree is mounted outside, and something on that, the program must not unmount it.
    """
    while True:
        refusal = refusal_of(builder.path)
        if refusal is None:
            return before
        assert f"is mounted on a part of {builder.path}" in refusal
        assert builder.survivors() == before
        for point in {mount.point for mount in read_mounts() if f"{mount.point} is mounted on" in refusal}:
            system_calls.detach(point)
        ends["refused first"] += 1
        before = builder.survivors()


def refusal_of(path):
    try:
        remove_tree(path)
    except MountedError as error:
        return error.message
    return None


def used(builder, held):
    """Return a descriptor of a mount in the tree, None if there is none."""
    tree = os.open(builder.path, os.O_PATH | os.O_DIRECTORY)
    try:
        found = mounts_below(tree, read_mounts())
    finally:
        os.close(tree)
    if not found or held % 3:
        return None
    try:
        return os.open(found[held % len(found)].point, os.O_PATH)
    except OSError:
        return None  # something lies over it


@in_own_namespace
def test_generated_trees(tmp_path):
    places = (tmp_path / "disk", tmp_path / "memory")
    for place in places:
        place.mkdir()
    system_calls.mount_tmpfs(places[1])
    count = int(os.environ.get("EXTRA_CONTAINER_GENERATED_TREES", "300"))
    run = settings(
        max_examples=count, deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck)
    )
    run(check_tree_of)(places)
    print(f"\n{sum(ends.values())} ends of trees: {listed(ends)}\nsteps: {listed(done)}")
    assert set(done) == set(STEPS)
    assert {"removed", "busy first", "is a mount"} <= set(ends)


def listed(counts):
    return ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
